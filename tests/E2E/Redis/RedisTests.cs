using System.Diagnostics;
using BookIT.Core.Redis;
using BookIT.Tests.E2E.Servers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace BookIT.Tests.E2E.Redis;

/// <summary>What the tests of the client share.</summary>
internal static class RedisTests
{
    /// <summary>The time-out of a call, what the watchdog may add, and what a busy machine may.</summary>
    public static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(2.5);

    /// <summary>How long to wait for what ends by itself.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static ConnectionMultiplexer Connect(string url, ILogger? logger = null, TimeSpan? timeout = null) =>
        ConnectionMultiplexer.Connect(url, logger ?? NullLogger.Instance, timeout: timeout);

    public static async Task<ConnectionMultiplexer> ConnectedAsync(
        string url,
        ILogger? logger = null,
        TimeSpan? timeout = null
    )
    {
        var redis = Connect(url, logger, timeout);
        await Eventually(() => redis.IsConnected && redis.GetSubscriber().IsConnected);
        return redis;
    }

    /// <summary>Waits for a condition, and fails the test if it does not come true in ten seconds.</summary>
    public static async Task Eventually(Func<bool> condition)
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(10), "The condition did not come true.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>
/// Time as far as this process had it: while the machine stops it, this clock stops as well, so that it measures what a
/// call takes, and not how busy the machine is.
/// </summary>
internal sealed class OwnTime : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource stop = new();
    private readonly Task beating;
    private long ticks;

    public OwnTime() => beating = Task.Run(BeatAsync);

    /// <summary>Since it was made.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref ticks));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await beating;
        stop.Dispose();
    }

    private async Task BeatAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            await Task.Delay(Beat);
            Interlocked.Add(ref ticks, Math.Min(Stopwatch.GetElapsedTime(start).Ticks, 3 * Beat.Ticks));
        }
    }
}
