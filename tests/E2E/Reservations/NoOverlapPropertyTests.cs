using System.Collections.Concurrent;
using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Reservations;

/// <summary>Random sequences of everything that moves reservations, by many at once: live ones of a seat never overlap.</summary>
[Trait("Rerun", "Never")]
public sealed class NoOverlapPropertyTests(TwoApis server) : IClassFixture<TwoApis>
{
    private const int Actors = 12;
    private const int Steps = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(20_26)]
    [InlineData(4711)]
    public async Task Whatever_happens_no_two_live_reservations_of_a_seat_overlap(int seed)
    {
        var now = TimeProvider.System.GetUtcNow();
        var seats = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.SeatAsync()));
        var admin = await server.AdminAsync(server.SecondAddress);
        var done = new ConcurrentDictionary<string, int>();

        var watching = true;
        var watcher = Task.Run(async () =>
        {
            while (Volatile.Read(ref watching))
            {
                Assert.Equal(0, await server.OverlapsAsync());
            }
        });
        await Task.WhenAll(Enumerable.Range(0, Actors).Select(ActAsync));
        Volatile.Write(ref watching, false);
        await watcher;

        Assert.Equal(0, await server.OverlapsAsync());
        // The sequence must have been worth watching: bookings made and lost, moves made and lost.
        Assert.All(
            ["201", "seat_taken", "PATCH 200"],
            key => Assert.True(done.ContainsKey(key), string.Join(", ", done))
        );

        async Task ActAsync(int actor)
        {
            var random = new Random(seed * 1000 + actor);
            var member = await server.MemberAsync(address: server.Replica(actor));
            Guid? held = null;
            for (var step = 0; step < Steps; step++)
            {
                var start = now.AddMinutes(random.Next(0, 16) * 15);
                var end = start.AddMinutes(15 * random.Next(1, 6));
                var seat = seats[random.Next(seats.Length)];
                Answer answer;
                if (held is not { } id)
                {
                    answer = await member.BookAsync(seat, start, end);
                    Assert.True((int)answer.Status < 500, answer.ToString());
                    held = answer.Status == HttpStatusCode.Created ? answer.Id : null;
                    done.AddOrUpdate(answer.Code ?? $"{(int)answer.Status}", 1, (_, n) => n + 1);
                    continue;
                }

                answer = random.Next(6) switch
                {
                    0 => await member.PatchAsync($"/api/reservations/{id}", new { start, end }),
                    1 => await member.PatchAsync($"/api/reservations/{id}", new { end }),
                    2 => await member.PatchAsync($"/api/reservations/{id}", new { seat_id = seat }),
                    3 => await admin.PatchAsync($"/api/admin/reservation/{id}", new { seat_id = seat, end }),
                    4 => await admin.PostAsync($"/api/admin/check_qr/{id}"),
                    _ => await member.PatchAsync($"/api/reservations/{id}", new { status = "closed" }),
                };
                Assert.True((int)answer.Status < 500, answer.ToString());
                var isOver = answer.Status == HttpStatusCode.OK && (string?)answer.Body["status"] == "closed";
                held = isOver ? null : id;
                done.AddOrUpdate($"PATCH {(int)answer.Status}", 1, (_, n) => n + 1);
            }
        }
    }
}
