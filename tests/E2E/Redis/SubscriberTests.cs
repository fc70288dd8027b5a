using System.Collections.Concurrent;
using System.Diagnostics;
using BookIT.Core.Redis;
using BookIT.Tests.E2E.Servers;
using Microsoft.Extensions.Logging;
using Xunit;

namespace BookIT.Tests.E2E.Redis;

public sealed class SubscriberTests : IAsyncLifetime
{
    private readonly Errors errors = new();
    private readonly ConcurrentQueue<string> heard = new();
    private RedisServer server = null!;
    private ConnectionMultiplexer redis = null!;
    private RedisSubscriber subscriber = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RedisServer.StartNewAsync();
        redis = await RedisTests.ConnectedAsync(server.Url(), errors);
        subscriber = redis.GetSubscriber();
    }

    public async ValueTask DisposeAsync()
    {
        await redis.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Messages_come_in_order_to_every_handler_of_their_channel()
    {
        await subscriber.SubscribeAsync("a", (channel, value) => heard.Enqueue($"{channel}1{value}"));
        await subscriber.SubscribeAsync("a", (channel, value) => heard.Enqueue($"{channel}2{value}"));
        await subscriber.SubscribeAsync("b", (channel, value) => heard.Enqueue($"{channel}{value}"));
        Assert.Equal(1, await PublishAsync("a", "x"));
        await PublishAsync("b", "y");
        await PublishAsync("a", "z");
        await HearsAsync("a1x", "a2x", "by", "a1z", "a2z");
    }

    [Fact]
    public async Task Unsubscribing_takes_away_one_handler_or_all()
    {
        void First(string channel, RedisValue value) => heard.Enqueue($"first{value}");
        void Second(string channel, RedisValue value) => heard.Enqueue($"second{value}");
        await subscriber.SubscribeAsync("a", First);
        await subscriber.SubscribeAsync("a", Second);
        await subscriber.UnsubscribeAsync("a", First);
        await PublishAsync("a", 1);
        await HearsAsync("second1");
        await subscriber.UnsubscribeAsync("a");
        Assert.Equal(0, await PublishAsync("a", 2));
    }

    [Fact]
    public async Task A_handler_that_throws_is_logged_and_the_next_message_comes()
    {
        await subscriber.SubscribeAsync("a", (_, _) => throw new InvalidOperationException("Oh."));
        await subscriber.SubscribeAsync("a", (_, value) => heard.Enqueue($"{value}"));
        await PublishAsync("a", 1);
        await PublishAsync("a", 2);
        await HearsAsync("1", "2");
        Assert.Equal(["Oh.", "Oh."], errors.Messages);
    }

    [Fact]
    public async Task After_a_restart_messages_come_again_and_it_is_told_that_some_may_be_missing()
    {
        subscriber.Resubscribed += (_, _) => heard.Enqueue("resubscribed");
        await subscriber.SubscribeAsync("a", (_, value) => heard.Enqueue($"{value}"));
        await subscriber.SubscribeAsync("b", (_, value) => heard.Enqueue($"{value}"));
        await PublishAsync("a", "before");
        await HearsAsync("before");

        server.Kill();
        await RedisTests.Eventually(() => !subscriber.IsConnected);
        await server.StartAsync();
        await RedisTests.Eventually(() => redis.IsConnected && heard.Contains("resubscribed"));
        await RedisTests.Eventually(() => subscriber.IsConnected);
        await ReachesAsync("a", "after");
        await ReachesAsync("b", "too");
        await HearsAsync("before", "resubscribed", "after", "too");
    }

    [Fact]
    public async Task A_channel_subscribed_while_Redis_is_away_is_made_up_for()
    {
        subscriber.Resubscribed += (_, _) => heard.Enqueue("resubscribed");
        server.Kill();
        await RedisTests.Eventually(() => !subscriber.IsConnected);
        await subscriber.SubscribeAsync("a", (_, value) => heard.Enqueue($"{value}"));
        await server.StartAsync();
        await RedisTests.Eventually(() => redis.IsConnected && heard.Contains("resubscribed"));
        await ReachesAsync("a", "x");
        await HearsAsync("resubscribed", "x");
    }

    private Task<long> PublishAsync(string channel, RedisValue value) =>
        redis.GetDatabase().PublishAsync(channel, value);

    /// <summary>Publishes until somebody is there to hear it.</summary>
    private async Task ReachesAsync(string channel, RedisValue value)
    {
        var waited = Stopwatch.StartNew();
        while (await PublishAsync(channel, value) == 0)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(10), "Nobody is subscribed.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private async Task HearsAsync(params string[] expected)
    {
        await RedisTests.Eventually(() => heard.Count >= expected.Length);
        Assert.Equal(expected, heard);
    }

    private sealed class Errors : ILogger
    {
        public ConcurrentQueue<string> Messages { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (logLevel == LogLevel.Error)
            {
                Messages.Enqueue(exception!.Message);
            }
        }
    }
}
