using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Hardening;

/// <summary>For tests that take the whole machine: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(Alone))]
public sealed class LoginFloodTests(BookItServer server) : IClassFixture<BookItServer>
{
    /// <summary>More than may wait for a password to be hashed, so that some are turned away.</summary>
    private const int Attackers = 100;
    private const int Bookings = 200;

    [Fact]
    public async Task A_flood_of_sign_ins_does_not_starve_bookings()
    {
        var start = TimeProvider.System.GetUtcNow().AddHours(1);
        var seat = await server.SeatAsync();
        var member = await server.MemberAsync();
        var (hashed, turnedAway, flooding) = (0, 0, true);
        async Task FloodAsync(int attacker)
        {
            var client = server.Anonymous();
            while (Volatile.Read(ref flooding))
            {
                var answer = await client.PostAsync(
                    "/api/auth/login",
                    new { email = $"nobody{attacker}@example.com", password = "guess" }
                );
                if (answer.Code == "wrong_credentials")
                {
                    Interlocked.Increment(ref hashed);
                    continue;
                }

                Assert.Equal((HttpStatusCode.ServiceUnavailable, "sign_in_busy"), (answer.Status, answer.Code));
                Assert.True(answer.Response.Headers.RetryAfter!.Delta > TimeSpan.Zero);
                Interlocked.Increment(ref turnedAway);
                // As it was told, or at least not at once: the test is about hashing, not about refusals.
                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }
        }

        var flood = Task.WhenAll(Enumerable.Range(0, Attackers).Select(FloodAsync));
        await Eventually.TrueAsync(() =>
            Task.FromResult(Volatile.Read(ref hashed) > 0 && Volatile.Read(ref turnedAway) > 0)
        );

        var hashedBefore = Volatile.Read(ref hashed);
        for (var i = 0; i < Bookings; i++)
        {
            var booked = await member.BookAsync(seat, start, start.AddHours(1));
            Assert.Equal(HttpStatusCode.Created, booked.Status);
            await server.ExecuteAsync($"UPDATE reservations SET status = 'closed' WHERE id = '{booked.Id}'");
        }

        var hashedMeanwhile = Volatile.Read(ref hashed) - hashedBefore;
        Volatile.Write(ref flooding, false);
        await flood;

        // A booking never waits in the line of the passwords: if it did, there would be one hash for each of them.
        Assert.True(hashedMeanwhile < Bookings, $"{hashedMeanwhile} passwords were hashed during {Bookings} bookings");
    }
}
