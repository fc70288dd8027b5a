using System.Diagnostics;
using System.Net;
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
        await base.DisposeAsync();
        await Redis.DisposeAsync();
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
            await Eventually.TrueAsync(async () =>
                (await server.Anonymous().GetAsync("/health/ready")).Status == HttpStatusCode.ServiceUnavailable
            );
            var ready = await server.Anonymous().GetAsync("/health/ready");
            Assert.False((bool)ready.Body["servers"]!["redis"]!["ok"]!);
            Assert.True((bool)ready.Body["servers"]!["postgres"]!["ok"]!);
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
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"It took {watch.Elapsed}");

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

        Assert.True(slowest < TimeSpan.FromSeconds(5), $"The slowest read took {slowest}");
        await Eventually.TrueAsync(async () =>
            (await server.Anonymous().GetAsync("/health/ready")).Status == HttpStatusCode.OK
        );
    }
}
