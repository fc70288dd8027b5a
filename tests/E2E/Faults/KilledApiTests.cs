using System.Collections.Concurrent;
using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Faults;

[Trait("Rerun", "Never")]
public sealed class KilledApiTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task Every_booking_that_a_client_saw_outlives_a_kill_in_the_middle_of_a_thousand()
    {
        const int count = 1000;
        var start = TimeProvider.System.GetUtcNow().AddHours(1);
        var members = new List<ApiClient>();
        var seats = new List<Guid>();
        for (var i = 0; i < count; i++)
        {
            members.Add(await server.MemberAsync());
            seats.Add(await server.SeatAsync());
        }

        var seen = new ConcurrentDictionary<Guid, Guid>();
        var lost = 0;
        async Task BookAsync(int i)
        {
            try
            {
                var answer = await members[i].BookAsync(seats[i], start, start.AddHours(1), $"key-{i}");
                Assert.Equal(HttpStatusCode.Created, answer.Status);
                seen[members[i].UserId] = answer.Id;
            }
            catch (HttpRequestException)
            {
                Interlocked.Increment(ref lost);
            }
        }

        var bookings = Parallel.ForEachAsync(
            Enumerable.Range(0, count - 1),
            new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (i, _) => await BookAsync(i)
        );
        await Eventually.TrueAsync(() => Task.FromResult(seen.Count >= count / 3));
        // However quick the others are, the last one is in the middle.
        await using (await server.HoldSeatAsync(seats[^1], start, start.AddHours(1)))
        {
            var last = BookAsync(count - 1);
            await server.BookingsWaitAsync();
            await server.RestartApiAsync();
            await last;
        }

        await bookings;
        Assert.True(lost > 0, "The kill came too late to be in the middle.");

        foreach (var (user, id) in seen)
        {
            Assert.Equal(
                1,
                await server.QueryAsync<long>(
                    $"SELECT count(*) FROM reservations WHERE user_id = '{user}' AND id = '{id}' AND status = 'future'"
                )
            );
        }

        // Nobody has two, and each reservation has its news.
        Assert.Equal(
            0,
            await server.QueryAsync<long>(
                "SELECT count(*) FROM (SELECT FROM reservations GROUP BY user_id HAVING count(*) > 1) AS twice"
            )
        );
        Assert.Equal(
            await server.QueryAsync<long>("SELECT count(*) FROM reservations"),
            await server.QueryAsync<long>("SELECT count(*) FROM notifications WHERE kind = 'reservation_made'")
        );

        // Whoever asks again under the same key gets one reservation, whether the first attempt was done or not.
        var after = await Task.WhenAll(
            Enumerable
                .Range(0, count)
                .Select(async i =>
                {
                    var client = server.At(server.Address, members[i]);
                    return await client.BookAsync(seats[i], start, start.AddHours(1), $"key-{i}");
                })
        );
        Assert.All(after, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        Assert.Equal(count, await server.QueryAsync<long>("SELECT count(*) FROM reservations"));
    }

    [Fact]
    public async Task A_stop_signal_lets_it_finish_and_ends_with_success()
    {
        var (program, address) = await server.StartApiAsync();
        var answer = await server.Anonymous(address).GetAsync("/health/live");

        var exitCode = await program.StopAsync();

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(0, exitCode);
    }
}
