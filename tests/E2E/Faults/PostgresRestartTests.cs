using System.Collections.Concurrent;
using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Faults;

/// <summary>A space with a PostgreSQL of its own, to be restarted.</summary>
public sealed class ServerWithOwnPostgres(TestServers servers) : BookItServer(servers)
{
    public PostgresServer Server { get; } = new();

    public override async ValueTask InitializeAsync()
    {
        await Server.StartAsync();
        PostgresSetting = Server.Setting;
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await base.DisposeAsync();
        }
        finally
        {
            await Server.DisposeAsync();
        }
    }
}

[Trait("Rerun", "Never")]
public sealed class PostgresRestartTests(ServerWithOwnPostgres server) : IClassFixture<ServerWithOwnPostgres>
{
    [Theory]
    [InlineData("fast")]
    [InlineData("immediate")]
    public async Task Whoever_books_while_postgres_restarts_is_answered_truly_and_soon(string mode)
    {
        const int count = 400;
        var start = TimeProvider.System.GetUtcNow().AddHours(1);
        var bookings = new List<(ApiClient Member, Guid Seat)>();
        for (var i = 0; i < count; i++)
        {
            bookings.Add((await server.MemberAsync(), await server.SeatAsync()));
        }

        var (told, refusals) = (new ConcurrentDictionary<Guid, Guid>(), 0);
        var took = new ConcurrentBag<TimeSpan>();
        var restarted = new TaskCompletionSource();
        async Task BookAsync(int i)
        {
            var (member, seat) = bookings[i];
            while (!told.ContainsKey(member.UserId))
            {
                var asked = TimeProvider.System.GetTimestamp();
                var answer = await member.BookAsync(seat, start, start.AddHours(1), $"key-{i}");
                took.Add(TimeProvider.System.GetElapsedTime(asked));
                if (answer.Status == HttpStatusCode.Created)
                {
                    told[member.UserId] = answer.Id;
                    continue;
                }

                Assert.True(answer.Status == HttpStatusCode.ServiceUnavailable, answer.ToString());
                Assert.Equal("service_unavailable", answer.Code);
                Assert.True(answer.Response.Headers.RetryAfter!.Delta > TimeSpan.Zero);
                Interlocked.Increment(ref refusals);
                await Task.Delay(10, CancellationToken.None);
            }
        }

        var load = Parallel.ForEachAsync(
            Enumerable.Range(0, count - 1),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, _) =>
            {
                if (i > count / 2)
                {
                    // Not all before it.
                    await restarted.Task;
                }

                await BookAsync(i);
            }
        );
        await Eventually.TrueAsync(() => Task.FromResult(told.Count >= count / 8));

        // However quick the others are, the last one is in the middle.
        await using (await server.HoldSeatAsync(bookings[^1].Seat, start, start.AddHours(1)))
        {
            var last = BookAsync(count - 1);
            await server.BookingsWaitAsync();
            await server.Server.RestartAsync(mode);
            restarted.SetResult();
            await Task.WhenAll(load, last);
        }

        Assert.True(refusals > 0, "The restart came too late to be in the middle.");
        Assert.True(took.Max() < TimeSpan.FromSeconds(15), $"The slowest answer took {took.Max()}");
        server.Postgres.Clear(); // the tests' own connections were cut as well
        foreach (var (user, id) in told)
        {
            Assert.Equal(
                1,
                await server.QueryAsync<long>(
                    $"SELECT count(*) FROM reservations WHERE id = '{id}' AND user_id = '{user}' AND status = 'future'"
                )
            );
        }

        Assert.Equal(
            await server.QueryAsync<long>("SELECT count(*) FROM reservations"),
            await server.QueryAsync<long>("SELECT count(*) FROM notifications WHERE kind = 'reservation_made'")
        );
        Assert.Equal(
            0,
            await server.QueryAsync<long>(
                "SELECT count(*) FROM (SELECT FROM reservations GROUP BY user_id HAVING count(*) > 1) AS twice"
            )
        );
        await Eventually.TrueAsync(async () =>
            (await server.Anonymous().GetAsync("/health/ready")).Status == HttpStatusCode.OK
        );
    }
}
