using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace BookIT.Core.Redis;

/// <summary>
/// Messages by channel. Handlers run one after another, in the order in which the messages came, away from the
/// connection: a slow one delays later messages, which wait in memory without limit, but no command.
/// </summary>
/// <remarks>Redis keeps no messages: what is published while the connection is down is lost. See <see cref="Resubscribed"/>.</remarks>
public sealed class RedisSubscriber : IAsyncDisposable
{
    private readonly PersistentConnection connection;
    private readonly ILogger logger;

    // Messages on the way to their handlers; one without a channel says that all channels were subscribed again.
    private readonly Channel<Message> messages = Channel.CreateUnbounded<Message>(
        new UnboundedChannelOptions { SingleReader = true }
    );

    // By channel. Arrays are replaced, never changed; the lock also keeps SUBSCRIBE and UNSUBSCRIBE in the order of the changes.
    private readonly Dictionary<string, Action<string, RedisValue>[]> handlers = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private Task dispatching = Task.CompletedTask;

    internal RedisSubscriber(RedisUrl url, TimeSpan timeout, ILogger logger, TimeProvider time)
    {
        this.logger = logger;
        connection = new PersistentConnection(url, timeout, logger, time)
        {
            TakePush = TakeMessage,
            Connected = SubscribeAll,
        };
    }

    /// <summary>Whether messages can arrive now.</summary>
    public bool IsConnected => connection.IsConnected;

    /// <summary>
    /// All channels were subscribed after a time without a connection: messages may have been missed. Raised in turn
    /// with the messages, after those from before and before those that follow.
    /// </summary>
    public event EventHandler? Resubscribed;

    /// <summary>
    /// Calls the handler for every message on a channel from now on. The task completes when Redis has confirmed. With
    /// Redis away it completes at once; the channel is then subscribed when it is back, and <see cref="Resubscribed"/> tells.
    /// </summary>
    /// <param name="channel">The channel's name; not a pattern.</param>
    /// <param name="handler">Gets the channel and the message. What it throws is logged.</param>
    /// <exception cref="RedisServerException">The server refuses, for instance by its access rules.</exception>
    public async Task SubscribeAsync(string channel, Action<string, RedisValue> handler)
    {
        Task confirmed;
        lock (gate)
        {
            handlers[channel] = [.. handlers.GetValueOrDefault(channel, []), handler];
            confirmed = connection.SendAsync(Whole, "SUBSCRIBE", channel);
        }

        await UnlessAway(confirmed);
    }

    /// <summary>Stops calling the handler, or every handler of the channel; messages already taken in may still reach it.</summary>
    public async Task UnsubscribeAsync(string channel, Action<string, RedisValue>? handler = null)
    {
        Task confirmed;
        lock (gate)
        {
            var left = Array.FindAll(
                handlers.GetValueOrDefault(channel, []),
                each => handler is not null && each != handler
            );
            if (left.Length > 0)
            {
                handlers[channel] = left;
                return;
            }

            handlers.Remove(channel);
            confirmed = connection.SendAsync(Whole, "UNSUBSCRIBE", channel);
        }

        await UnlessAway(confirmed);
    }

    /// <summary>Ends the connection and waits for the handler that is running.</summary>
    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        messages.Writer.TryComplete();
        await dispatching;
    }

    internal void Start()
    {
        dispatching = Task.Run(DispatchAsync);
        connection.Start();
    }

    /// <summary>
    /// A channel that was added while there was no connection is among these: the connection is in use before this
    /// takes the lock, so whoever adds one later sends its SUBSCRIBE on it.
    /// </summary>
    private void SubscribeAll()
    {
        lock (gate)
        {
            string[] channels = [.. handlers.Keys];
            for (var i = 0; i < channels.Length; i++)
            {
                // Confirmed in their order: with the last one all are subscribed, and no message can be missed any more.
                Func<RedisResult, RedisResult> confirmed = i < channels.Length - 1 ? Whole : WholeOfTheLast;
                _ = UnlessAway(connection.SendAsync(confirmed, "SUBSCRIBE", channels[i]));
            }
        }
    }

    private bool TakeMessage(RedisResult reply)
    {
        if (reply.Length != 3 || (RedisValue)reply[0] != "message")
        {
            return false;
        }

        messages.Writer.TryWrite(new Message((string?)reply[1], (RedisValue)reply[2]));
        return true;
    }

    private async Task DispatchAsync()
    {
        await foreach (var (channel, value) in messages.Reader.ReadAllAsync())
        {
            if (channel is null)
            {
                Call(() => Resubscribed?.Invoke(this, EventArgs.Empty), "Resubscribed");
                continue;
            }

            Action<string, RedisValue>[]? called;
            lock (gate)
            {
                handlers.TryGetValue(channel, out called);
            }

            foreach (var handler in called ?? [])
            {
                Call(() => handler(channel, value), channel);
            }
        }
    }

    private void Call(Action handler, string what)
    {
        try
        {
            handler();
        }
        catch (Exception e)
        {
            logger.LogError(e, "A handler of {Channel} threw", what);
        }
    }

    private static async Task UnlessAway(Task confirmed)
    {
        try
        {
            await confirmed;
        }
        catch (Exception e) when (e is RedisConnectionException or RedisTimeoutException)
        {
            // Made up for by SubscribeAll once there is a connection; a server that does not answer loses its own.
        }
    }

    private static RedisResult Whole(RedisResult result) => result;

    // On the read loop, so that it stands before every message that follows.
    private RedisResult WholeOfTheLast(RedisResult result)
    {
        messages.Writer.TryWrite(default);
        return result;
    }

    private readonly record struct Message(string? Channel, RedisValue Value);
}
