using System.Collections.Concurrent;
using System.Security.Authentication;
using BookIT.Core.Redis;
using BookIT.Tests.E2E.Servers;
using Xunit;

namespace BookIT.Tests.E2E.Redis;

public sealed class FailureTests
{
    [Fact]
    public async Task Without_a_server_a_call_fails_at_once_and_works_when_there_is_one()
    {
        await using var server = await RedisServer.StartNewAsync();
        await server.StopAsync();
        await using var redis = RedisTests.Connect(server.Url());
        var ping = redis.GetDatabase().PingAsync();
        Assert.True(ping.IsCompleted);
        await Assert.ThrowsAsync<RedisConnectionException>(() => ping);
        Assert.True(
            redis.GetDatabase().StringSetAsync("k", 1, flags: CommandFlags.FireAndForget).IsCompletedSuccessfully
        );

        await server.StartAsync();
        await RedisTests.Eventually(() => redis.IsConnected);
        await redis.GetDatabase().PingAsync();
    }

    [Fact]
    public async Task The_password_and_the_database_of_the_URL_hold_after_a_restart_too()
    {
        await using var server = await RedisServer.StartNewAsync("p@ss:w/rd?#%");
        await using var first = await RedisTests.ConnectedAsync(server.Url(1));
        await using var second = await RedisTests.ConnectedAsync(server.Url(63));
        for (var time = 0; time < 2; time++)
        {
            await first.GetDatabase().StringSetAsync("k", "first");
            Assert.True((await second.GetDatabase().StringGetAsync("k")).IsNull);
            Assert.Equal("first", (string?)await first.GetDatabase().StringGetAsync("k"));

            server.Kill();
            await RedisTests.Eventually(() => !first.IsConnected && !second.IsConnected);
            await server.StartAsync();
            await RedisTests.Eventually(() => first.IsConnected && second.IsConnected);
        }
    }

    [Fact]
    public async Task A_wrong_password_is_the_reason_that_calls_give()
    {
        await using var server = await RedisServer.StartNewAsync("right");
        var url = server.Url().Replace("right", "wrong", StringComparison.Ordinal);
        await using var redis = RedisTests.Connect(url);
        RedisException? error = null;
        await RedisTests.Eventually(() =>
        {
            error = redis.GetDatabase().PingAsync().Exception?.InnerException as RedisConnectionException;
            return error?.InnerException is RedisServerException;
        });
        Assert.Contains("WRONGPASS", error!.Message, StringComparison.Ordinal);
        Assert.False(redis.IsConnected);
    }

    [Fact]
    public async Task TLS_does_not_fall_back_to_plain()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var redis = RedisTests.Connect(server.Url().Replace("redis:", "rediss:", StringComparison.Ordinal));
        await RedisTests.Eventually(() =>
            redis.GetDatabase().PingAsync().Exception?.InnerException?.InnerException
                is AuthenticationException
                    or IOException
                    or TimeoutException
        );
        Assert.False(redis.IsConnected);
    }

    [Fact]
    public async Task A_killed_server_hangs_no_call_and_mixes_up_no_reply()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var redis = await RedisTests.ConnectedAsync(server.Url());
        var events = new ConcurrentQueue<string>();
        redis.ConnectionFailed += (_, _) => events.Enqueue("failed");
        redis.ConnectionRestored += (_, _) => events.Enqueue("restored");
        await using var load = new Load(redis);
        for (var time = 0; time < 3; time++)
        {
            await load.SucceedsAsync();
            server.Kill();
            await load.FailsAsync();
            await RedisTests.Eventually(() => !redis.IsConnected);
            await server.StartAsync();
        }

        await load.SucceedsAsync();
        await load.AssertAsync();
        // Calls succeed already when the last of them is told.
        await RedisTests.Eventually(() => events.Count >= 6);
        Assert.Equal(["failed", "restored", "failed", "restored", "failed", "restored"], events);
    }

    [Fact]
    public async Task Handlers_that_throw_do_not_keep_it_from_reconnecting()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var redis = await RedisTests.ConnectedAsync(server.Url());
        var called = 0;
        redis.ConnectionFailed += (_, _) => throw new InvalidOperationException($"{++called}");
        redis.ConnectionRestored += (_, _) => throw new InvalidOperationException($"{++called}");
        server.Kill();
        await RedisTests.Eventually(() => !redis.IsConnected);
        await server.StartAsync();
        await RedisTests.Eventually(() => redis.IsConnected && called == 2);
        await redis.GetDatabase().PingAsync();
    }

    [Fact]
    public async Task A_frozen_server_hangs_no_call_and_mixes_up_no_reply()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var redis = await RedisTests.ConnectedAsync(server.Url());
        await using var load = new Load(redis);
        await load.SucceedsAsync();

        // Long enough for calls to time out and for the connection to be given up: in this order for those that were
        // waiting when it froze.
        var timingOut = load.TimesOutAsync();
        server.Pause();
        await timingOut;
        await RedisTests.Eventually(() => !redis.IsConnected);
        server.Resume();

        await load.SucceedsAsync();
        await load.AssertAsync();
    }

    [Fact]
    public async Task A_late_reply_is_discarded_and_not_taken_for_the_next()
    {
        await using var server = await RedisServer.StartNewAsync();
        // After twice the time-out the connection is given up: enough to thaw the server, by a process of its own.
        await using var redis = await RedisTests.ConnectedAsync(server.Url(), timeout: TimeSpan.FromSeconds(5));
        var db = redis.GetDatabase();
        var failed = 0;
        redis.ConnectionFailed += (_, _) => failed++;

        server.Pause();
        await Assert.ThrowsAsync<RedisTimeoutException>(() => db.ExecuteAsync("ECHO", "late"));
        server.Resume();

        Assert.Equal("next", (string?)await db.ExecuteAsync("ECHO", "next"));
        Assert.Equal(0, failed);
    }

    [Fact]
    public async Task A_server_that_does_not_read_ends_the_connection()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var redis = await RedisTests.ConnectedAsync(server.Url());
        var db = redis.GetDatabase();
        server.Pause();
        var large = new byte[30 * 1024 * 1024];
        var calls = Enumerable.Range(0, 4).Select(call => db.StringSetAsync($"{call}", large)).ToArray();
        await using var time = new OwnTime();
        var refused = await Assert.ThrowsAsync<RedisConnectionException>(() => calls[3]);
        Assert.Contains("does not read", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RedisTimeoutException>(() => calls[0]);
        Assert.True(time.Elapsed < RedisTests.LongestCall);

        await RedisTests.Eventually(() => !redis.IsConnected);
        server.Resume();
        await RedisTests.Eventually(() => redis.IsConnected);
        await db.PingAsync();
    }

    [Fact]
    public async Task Disposal_ends_what_waits_and_what_comes_later()
    {
        await using var server = await RedisServer.StartNewAsync();
        var redis = await RedisTests.ConnectedAsync(server.Url());
        server.Pause();
        var waiting = redis.GetDatabase().PingAsync();
        await redis.DisposeAsync();
        await Assert.ThrowsAsync<RedisConnectionException>(() => waiting);
        await Assert.ThrowsAsync<RedisConnectionException>(() => redis.GetDatabase().PingAsync());
    }

    /// <summary>Callers who never stop, and who notice a reply that is not theirs and a call that lasts too long.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly RedisDatabase db;
        private readonly OwnTime time = new();
        private readonly CancellationTokenSource stop = new();
        private readonly Task[] callers;
        private long succeeded;
        private long failed;
        private long timedOut;
        private long mismatched;
        private long longestTicks;

        public Load(ConnectionMultiplexer redis)
        {
            db = redis.GetDatabase();
            callers = [.. Enumerable.Range(0, 32).Select(caller => Task.Run(() => CallAsync(caller)))];
        }

        public Task SucceedsAsync() => GrowsAsync(() => Interlocked.Read(ref succeeded), 1000);

        public Task FailsAsync() => GrowsAsync(() => Interlocked.Read(ref failed), 10);

        public Task TimesOutAsync() => GrowsAsync(() => Interlocked.Read(ref timedOut), 1);

        public async Task AssertAsync()
        {
            await stop.CancelAsync();
            await Task.WhenAll(callers).WaitAsync(RedisTests.Patience, TestContext.Current.CancellationToken);
            Assert.Equal(0, mismatched);
            Assert.True(failed > 0);
            Assert.InRange(TimeSpan.FromTicks(longestTicks), TimeSpan.Zero, RedisTests.LongestCall);
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await Task.WhenAll(callers).WaitAsync(RedisTests.Patience);
            await time.DisposeAsync();
            stop.Dispose();
        }

        private static async Task GrowsAsync(Func<long> count, long by)
        {
            var goal = count() + by;
            await RedisTests.Eventually(() => count() >= goal);
        }

        private async Task CallAsync(int caller)
        {
            for (var call = 0; !stop.IsCancellationRequested; call++)
            {
                var sent = $"{caller}:{call}";
                var start = time.Elapsed;
                try
                {
                    var received = (string?)await db.ExecuteAsync("ECHO", sent);
                    Interlocked.Increment(ref received == sent ? ref succeeded : ref mismatched);
                }
                catch (Exception e) when (e is RedisConnectionException or RedisTimeoutException)
                {
                    Interlocked.Increment(ref failed);
                    if (e is RedisTimeoutException)
                    {
                        Interlocked.Increment(ref timedOut);
                    }

                    await Task.Delay(1);
                }

                InterlockedMax((time.Elapsed - start).Ticks);
            }
        }

        private void InterlockedMax(long ticks)
        {
            var known = Interlocked.Read(ref longestTicks);
            while (ticks > known)
            {
                known = Interlocked.CompareExchange(ref longestTicks, ticks, known);
            }
        }
    }
}
