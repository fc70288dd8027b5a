using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using BookIT.Core.Redis;
using BookIT.Tests.E2E.Servers;
using Xunit;

namespace BookIT.Tests.E2E.Redis;

public sealed class CommandTests : IAsyncLifetime
{
    private RedisServer server = null!;
    private ConnectionMultiplexer redis = null!;
    private RedisDatabase db = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RedisServer.StartNewAsync();
        // What commands do is asked here, on a machine that may be busy; when they time out, FailureTests asks.
        redis = await RedisTests.ConnectedAsync(server.Url(), timeout: RedisTests.Patience);
        db = redis.GetDatabase();
    }

    public async ValueTask DisposeAsync()
    {
        await redis.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Strings()
    {
        Assert.True((await db.StringGetAsync("k")).IsNull);
        Assert.True(await db.StringSetAsync("k", "привет"));
        Assert.Equal("привет", (string?)await db.StringGetAsync("k"));
        Assert.Equal(-1, (long)await db.ExecuteAsync("PTTL", "k"));

        await db.StringSetAsync("k", "", TimeSpan.FromMinutes(1));
        var empty = await db.StringGetAsync("k");
        Assert.False(empty.IsNull);
        Assert.False(empty.HasValue);
        Assert.InRange((long)await db.ExecuteAsync("PTTL", "k"), 50_000, 60_000);

        Assert.Equal(1, await db.StringIncrementAsync("n"));
        Assert.Equal(-4, await db.StringIncrementAsync("n", -5));
        Assert.Equal(-4, (long)await db.StringGetAsync("n"));
        var waited = Stopwatch.StartNew();
        Assert.InRange(await db.PingAsync(), TimeSpan.FromTicks(1), waited.Elapsed);
    }

    [Fact]
    public async Task Keys()
    {
        await db.StringSetAsync("a", 1);
        await db.StringSetAsync("b", true);
        await db.StringSetAsync("c", 3);
        Assert.True(await db.KeyExpireAsync("a", TimeSpan.FromSeconds(90)));
        Assert.InRange((long)await db.ExecuteAsync("PTTL", "a"), 80_000, 90_000);
        Assert.False(await db.KeyExpireAsync("missing", TimeSpan.FromSeconds(1)));
        Assert.True(await db.KeyDeleteAsync("a"));
        Assert.False(await db.KeyDeleteAsync("a"));
        Assert.Equal(2, await db.KeyDeleteAsync(["a", "b", "c"]));
        Assert.Equal(0, await db.KeyDeleteAsync([]));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => db.KeyExpireAsync("b", TimeSpan.Zero));
    }

    [Fact]
    public async Task Hashes()
    {
        Assert.Empty(await db.HashGetAllAsync("h"));
        await db.HashSetAsync("h", [new("name", "Ада"), new("seat", 7)]);
        await db.HashSetAsync("h", [new("seat", 8)]);
        Assert.Equal("Ада", (string?)await db.HashGetAsync("h", "name"));
        Assert.True((await db.HashGetAsync("h", "missing")).IsNull);
        var all = await db.HashGetAllAsync("h");
        Assert.Equal([new("name", "Ада"), new HashEntry("seat", 8)], all.OrderBy(entry => entry.Name.ToString()));
    }

    [Fact]
    public async Task Sets()
    {
        Assert.True(await db.SetAddAsync("s", "a"));
        Assert.False(await db.SetAddAsync("s", "a"));
        await db.SetAddAsync("s", "b");
        Assert.Equal(["a", "b"], (await db.SetMembersAsync("s")).Select(value => value.ToString()).Order());
        Assert.True(await db.SetRemoveAsync("s", "a"));
        Assert.False(await db.SetRemoveAsync("s", "a"));
        Assert.Empty(await db.SetMembersAsync("missing"));

        Assert.True(await db.SortedSetAddAsync("z", "late", 2.5));
        await db.SortedSetAddAsync("z", "early", double.NegativeInfinity);
        Assert.Equal(["early", "late"], await db.SortedSetRangeByScoreAsync("z"));
        Assert.Equal(["late"], await db.SortedSetRangeByScoreAsync("z", 2.5, 2.5));
        Assert.True(await db.SortedSetRemoveAsync("z", "late"));
        Assert.False(await db.SortedSetRemoveAsync("z", "late"));
    }

    [Fact]
    public async Task Errors_of_the_server_are_thrown_and_harm_nobody_else()
    {
        await db.StringSetAsync("k", "not a number");
        var wrong = db.StringIncrementAsync("k");
        var right = db.StringGetAsync("k");
        var error = await Assert.ThrowsAsync<RedisServerException>(() => wrong);
        Assert.Equal("ERR value is not an integer or out of range", error.Message);
        Assert.Equal("not a number", (string?)await right);
    }

    [Fact]
    public async Task Fire_and_forget_completes_at_once_and_is_done_in_order()
    {
        var set = db.StringSetAsync("k", "x", flags: CommandFlags.FireAndForget);
        var refused = db.StringIncrementAsync("k", flags: CommandFlags.FireAndForget);
        var counted = db.StringIncrementAsync("n", flags: CommandFlags.FireAndForget);
        Assert.True(set.IsCompletedSuccessfully && refused.IsCompletedSuccessfully && counted.IsCompletedSuccessfully);
        Assert.Equal("x", (string?)await db.StringGetAsync("k"));
        Assert.Equal(1, (long)await db.StringGetAsync("n"));
    }

    [Fact]
    public async Task Scripts_give_results_of_any_shape_and_survive_being_forgotten()
    {
        const string Script = "return {KEYS[1], 7, {ARGV[1], false}, redis.status_reply('fine')}";
        for (var time = 0; time < 2; time++)
        {
            var result = await db.ScriptEvaluateAsync(Script, ["key"], ["value"]);
            Assert.Equal(4, result.Length);
            Assert.Equal("key", (string?)result[0]);
            Assert.Equal(7, (long)result[1]);
            Assert.Equal(["value", null], ((string?[]?)result[2])!.AsEnumerable());
            Assert.Equal("fine", (string?)result[3]);
            await db.ExecuteAsync("SCRIPT", "FLUSH");
        }

        Assert.Equal(1, (int)await db.ScriptEvaluateAsync("return redis.call('INCR', KEYS[1])", ["n"]));
        Assert.Equal(2, (int)await db.ScriptEvaluateAsync("return redis.call('INCR', KEYS[1])", ["n"]));
        var error = await Assert.ThrowsAsync<RedisServerException>(() =>
            db.ScriptEvaluateAsync("return redis.error_reply('NO way')")
        );
        Assert.Equal("NO way", error.Message);
    }

    [Fact]
    public async Task A_large_binary_value_comes_back_whole()
    {
        var bytes = RandomNumberGenerator.GetBytes(10 * 1024 * 1024);
        var text = new string('ж', 1_000_000);
        await db.StringSetAsync("bytes", bytes);
        await db.StringSetAsync("text", text);
        Assert.Equal(bytes, (byte[]?)await db.StringGetAsync("bytes"));
        Assert.Equal(text, (string?)await db.StringGetAsync("text"));
    }

    [Fact]
    public async Task Every_caller_gets_its_own_reply_and_many_share_one_packet()
    {
        const int Callers = 64;
        const int Calls = 10_000 / Callers;
        var before = await StatisticAsync("total_reads_processed");
        await Task.WhenAll(
            Enumerable
                .Range(0, Callers)
                .Select(caller =>
                    Task.Run(async () =>
                    {
                        for (var call = 0; call < Calls; call++)
                        {
                            var sent = $"{caller}:{call}";
                            Assert.Equal(sent, (string?)await db.ExecuteAsync("ECHO", sent));
                        }
                    })
                )
        );
        var reads = await StatisticAsync("total_reads_processed") - before;
        Assert.InRange(reads, 1, Callers * Calls / 3);
    }

    [Fact]
    public async Task A_slow_continuation_does_not_hold_up_other_callers()
    {
        using var release = new ManualResetEventSlim();
        // On a reply that is there already the continuation would run here.
        server.Pause();
        var slow = db.PingAsync().ContinueWith(_ => release.Wait(), TaskContinuationOptions.ExecuteSynchronously);
        server.Resume();
        try
        {
            await db.PingAsync().WaitAsync(RedisTests.Patience, TestContext.Current.CancellationToken);
            Assert.False(slow.IsCompleted);
        }
        finally
        {
            release.Set();
            await slow;
        }
    }

    private async Task<long> StatisticAsync(string name)
    {
        var lines = ((string?)await db.ExecuteAsync("INFO", "stats"))!.Split("\r\n");
        var line = lines.Single(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
