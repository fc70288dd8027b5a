using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Faults;

/// <summary>A space with a Redis of its own, to be taken away.</summary>
public sealed class ServerWithOwnRedis(TestServers servers) : BookItServer(servers)
{
    public RedisServer Redis { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartNewAsync();
        RedisUrl = Redis.Url();
        await base.InitializeAsync();
    }

    /// <summary>Starts it again, and waits until these tests and the Api, each by a connection of its own, can reach it.</summary>
    public async Task StartRedisAsync()
    {
        await Redis.StartAsync();
        await SignInsAreBackAsync();
        var member = await MemberAsync();
        await Eventually.TrueAsync(async () =>
            (await member.GetAsync("/api/user/sessions")).Status == HttpStatusCode.OK
        );
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await base.DisposeAsync();
        }
        finally
        {
            await Redis.DisposeAsync();
        }
    }
}

public sealed class RedisAwayTests(ServerWithOwnRedis server) : IClassFixture<ServerWithOwnRedis>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Without_redis_bookings_and_reads_work_and_what_needs_it_says_when_to_try_again()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        var account = new
        {
            email = "whole@example.com",
            password = BookItServer.Password,
            first_name = "Whole",
        };
        Assert.Equal(
            HttpStatusCode.Created,
            (await server.Anonymous().PostAsync("/api/auth/register", account)).Status
        );
        server.Redis.Kill();
        try
        {
            // PostgreSQL may be slow to answer for once.
            Answer ready = null!;
            await Eventually.TrueAsync(async () =>
            {
                ready = await server.Anonymous().GetAsync("/health/ready");
                return ready.Status == HttpStatusCode.ServiceUnavailable
                    && !(bool)ready.Body["servers"]!["redis"]!["ok"]!
                    && (bool)ready.Body["servers"]!["postgres"]!["ok"]!;
            });
            Assert.NotNull(ready.Body["servers"]!["redis"]!["missing_for_seconds"]);
            Assert.Equal(HttpStatusCode.OK, (await server.Anonymous().GetAsync("/health/live")).Status);

            var list = await server.Anonymous().GetAsync("/api/seat");
            var booked = await member.BookAsync(seat, now.AddHours(1), now.AddHours(2));
            var after = await server.Anonymous().GetAsync($"/api/seat/{seat}?start={now.AddHours(1):O}");
            var me = await member.GetAsync("/api/user/me");
            Assert.Equal(HttpStatusCode.OK, list.Status);
            Assert.Equal(HttpStatusCode.Created, booked.Status);
            Assert.False((bool)after.Body["is_available"]!);
            Assert.Equal(HttpStatusCode.OK, me.Status);

            var watch = Stopwatch.StartNew();
            var login = await server.Anonymous().PostAsync("/api/auth/login", account);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, login.Status);
            Assert.Equal("service_unavailable", login.Code);
            Assert.True(login.Response.Headers.RetryAfter!.Delta > TimeSpan.Zero);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"It took {watch.Elapsed}");

            var register = await server
                .Anonymous()
                .PostAsync(
                    "/api/auth/register",
                    new
                    {
                        email = "half@example.com",
                        password = BookItServer.Password,
                        first_name = "Half",
                    }
                );
            Assert.Equal(HttpStatusCode.ServiceUnavailable, register.Status);
            Assert.Equal(
                0,
                await server.QueryAsync<long>("SELECT count(*) FROM users WHERE email = 'half@example.com'")
            );
        }
        finally
        {
            await server.StartRedisAsync();
        }

        await Eventually.TrueAsync(async () =>
            (await server.Anonymous().GetAsync("/health/ready")).Status == HttpStatusCode.OK
        );
        Assert.Equal(HttpStatusCode.OK, (await server.Anonymous().PostAsync("/api/auth/login", account)).Status);
    }

    [Fact]
    public async Task Redis_gone_for_a_minute_is_felt_by_nobody_who_books_or_reads_and_comes_back_with_what_it_knew()
    {
        var (start, end) = (now.AddHours(1), now.AddHours(2));
        var window = $"/api/seat?start={start:yyyy-MM-ddTHH:mm:ssZ}&end={end:yyyy-MM-ddTHH:mm:ssZ}";
        Uri[] replicas = [server.Address, (await server.StartApiAsync()).Address];
        var person = await server.RegisterAsync();
        var bookers = new List<(ApiClient Member, Guid Seat, Uri Own, Uri Other)>();
        for (var i = 0; i < 4; i++)
        {
            var (own, other) = (replicas[i % 2], replicas[1 - i % 2]);
            bookers.Add((await server.MemberAsync(address: own), await server.SeatAsync(), own, other));
        }

        await server.WrittenSeatsShowAsync();
        await server.Redis.SaveAsync();
        server.Redis.Kill();
        var gone = Stopwatch.StartNew();
        var (answers, booked) = (new ConcurrentBag<TimeSpan>(), 0);
        try
        {
            await Task.WhenAll(bookers.Select(BookAsync));

            foreach (var replica in replicas)
            {
                var ready = await server.Anonymous(replica).GetAsync("/health/ready");
                Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
                Assert.InRange((double)ready.Body["servers"]!["redis"]!["missing_for_seconds"]!, 45, 600);
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.LoginAsync(person.Email())).Status);
        }
        finally
        {
            await server.StartRedisAsync();
        }

        // Some a second, and of them all few may have waited for a busy machine.
        Assert.True(booked >= 20 && answers.Count >= 120, $"Only {booked} bookings and {answers.Count} answers");
        var sorted = answers.Order().ToList();
        Assert.True(sorted[^1] < TimeSpan.FromSeconds(20), $"The slowest took {sorted[^1]}");
        Assert.True(sorted[sorted.Count / 2] < TimeSpan.FromSeconds(1), $"{sorted[sorted.Count / 2]}");
        Assert.Equal(
            booked,
            await server.QueryAsync<long>(
                $"SELECT count(*) FROM reservations WHERE seat_id IN ({string.Join(',', bookers.Select(one => $"'{one.Seat}'"))})"
            )
        );
        Assert.Equal(0, await server.OverlapsAsync());

        foreach (var replica in replicas)
        {
            await Eventually.TrueAsync(async () =>
                (await server.Anonymous(replica).GetAsync("/health/ready")).Status == HttpStatusCode.OK
            );
        }

        var refreshed = await server.RefreshAsync(person.RefreshToken(), replicas[1]);
        Assert.Equal(HttpStatusCode.OK, refreshed.Status);
        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(person.Email())).Status);
        var devices = await server.As(refreshed).GetAsync("/api/user/sessions");
        Assert.Equal(2, devices.Body.AsArray().Count);

        async Task BookAsync((ApiClient Member, Guid Seat, Uri Own, Uri Other) booker)
        {
            var (member, seat, own, other) = booker;
            while (gone.Elapsed < TimeSpan.FromMinutes(1))
            {
                var answer = await TimedAsync(() => member.BookAsync(seat, start, end));
                Assert.Equal(HttpStatusCode.Created, answer.Status);
                Interlocked.Increment(ref booked);
                Assert.False(await IsFreeAsync(own, seat));
                await ShowsAsync(other, seat, free: false);
                var id = answer.Id;
                answer = await TimedAsync(() =>
                    member.PatchAsync($"/api/reservations/{id}", new { status = "closed" })
                );
                Assert.Equal(HttpStatusCode.OK, answer.Status);
                Assert.True(await IsFreeAsync(own, seat));
                await ShowsAsync(other, seat, free: true);
            }
        }

        // Nobody tells the other: it asks the database again by itself.
        async Task ShowsAsync(Uri other, Guid seat, bool free)
        {
            var watch = Stopwatch.StartNew();
            while (await IsFreeAsync(other, seat) != free)
            {
                Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), "What the other shows is old.");
                await Task.Delay(100);
            }
        }

        async Task<bool> IsFreeAsync(Uri replica, Guid seat)
        {
            var list = await TimedAsync(() => server.Anonymous(replica).GetAsync(window));
            Assert.Equal(HttpStatusCode.OK, list.Status);
            return (bool)list.Body.AsArray().Single(one => (string?)one!["id"] == $"{seat}")!["is_available"]!;
        }

        async Task<Answer> TimedAsync(Func<Task<Answer>> ask)
        {
            var watch = Stopwatch.StartNew();
            var answer = await ask();
            answers.Add(watch.Elapsed);
            return answer;
        }
    }

    [Fact]
    public async Task Redis_stopped_and_started_under_load_hangs_and_fails_nothing()
    {
        var seat = await server.SeatAsync();
        var window = $"/api/seat?start={now.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}";
        var running = true;
        var slowest = TimeSpan.Zero;
        var reads = 0;
        async Task ReadAsync()
        {
            var client = server.Anonymous();
            while (Volatile.Read(ref running))
            {
                var watch = Stopwatch.StartNew();
                var answer = await client.GetAsync(window);
                Assert.Equal(HttpStatusCode.OK, answer.Status);
                slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
                Interlocked.Increment(ref reads);
            }
        }

        async Task BookAsync()
        {
            var member = await server.MemberAsync();
            while (Volatile.Read(ref running))
            {
                var booked = await member.BookAsync(seat, now.AddHours(1), now.AddHours(2));
                Assert.True(booked.Status == HttpStatusCode.Created || booked.Code == "seat_taken", $"{booked}");
                if (booked.Status == HttpStatusCode.Created)
                {
                    var closed = await member.PatchAsync($"/api/reservations/{booked.Id}", new { status = "closed" });
                    Assert.Equal(HttpStatusCode.OK, closed.Status);
                }
            }
        }

        async Task HoldUpAsync()
        {
            try
            {
                for (var round = 0; round < 3; round++)
                {
                    await WaitForReadsAsync(100);
                    server.Redis.Kill();
                    await WaitForReadsAsync(300);
                    await server.StartRedisAsync();
                    await WaitForReadsAsync(100);
                    // Alive but silent is worse than dead.
                    server.Redis.Pause();
                    await WaitForReadsAsync(20);
                    server.Redis.Resume();
                }
            }
            finally
            {
                Volatile.Write(ref running, false);
            }
        }

        async Task WaitForReadsAsync(int more)
        {
            var goal = Volatile.Read(ref reads) + more;
            await Eventually.TrueAsync(() => Task.FromResult(Volatile.Read(ref reads) >= goal));
        }

        await Task.WhenAll([
            HoldUpAsync(),
            .. Enumerable.Range(0, 8).Select(_ => ReadAsync()),
            BookAsync(),
            BookAsync(),
        ]);

        Assert.True(slowest < TimeSpan.FromSeconds(10), $"The slowest read took {slowest}");
        await Eventually.TrueAsync(async () =>
            (await server.Anonymous().GetAsync("/health/ready")).Status == HttpStatusCode.OK
        );
    }
}
