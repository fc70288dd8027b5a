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
