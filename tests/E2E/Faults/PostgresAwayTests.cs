using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Faults;

public sealed class PostgresAwayTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task Without_postgres_everybody_is_told_when_to_try_again_and_it_recovers_by_itself()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        var now = TimeProvider.System.GetUtcNow();
        var booking = Guid.CreateVersion7(now);
        await using (await server.TakePostgresAwayAsync())
        {
            foreach (
                var answer in new[]
                {
                    await member.BookAsync(seat, now.AddHours(1), now.AddHours(2)),
                    await member.GetAsync("/api/reservations"),
                    await member.GetAsync($"/api/reservations/{booking}"),
                    await member.GetAsync("/api/seat"),
                    await member.GetAsync("/api/user/me"),
                    await server
                        .Anonymous()
                        .PostAsync("/api/auth/login", new { email = "a@example.com", password = "whatever1" }),
                }
            )
            {
                Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (answer.Status, answer.Code));
                Assert.True(answer.Response.Headers.RetryAfter!.Delta > TimeSpan.Zero);
            }

            await Eventually.TrueAsync(async () =>
            {
                var ready = await server.Anonymous().GetAsync("/health/ready");
                return ready.Status == HttpStatusCode.ServiceUnavailable
                    && !(bool)ready.Body["servers"]!["postgres"]!["ok"]!;
            });
        }

        var booked = await member.BookAsync(seat, now.AddHours(1), now.AddHours(2));
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        // Logged by the route: in a path there could be a pass.
        Assert.Contains(": a server is away", server.Api.Output, StringComparison.Ordinal);
        Assert.DoesNotContain($"{booking}", server.Api.Output, StringComparison.Ordinal);
    }
}
