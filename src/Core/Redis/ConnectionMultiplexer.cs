using Microsoft.Extensions.Logging;

namespace BookIT.Core.Redis;

/// <summary>
/// Redis for the whole process: one connection that any number of callers share, one more for messages. Both connect in
/// the background and reconnect by themselves. Make one and keep it; every member may be called from any thread.
/// </summary>
/// <remarks>
/// A stand-in for the part of StackExchange.Redis that is used here, under the same names: to go back, delete this
/// folder, add its <c>using</c>, and call its own <c>Connect</c>. Commands that block the connection or change its
/// state (BLPOP, MULTI, SELECT, SUBSCRIBE by name) would do so to all callers: do not send them.
/// </remarks>
public sealed class ConnectionMultiplexer : IAsyncDisposable
{
    private readonly ILogger logger;
    private readonly PersistentConnection commands;
    private readonly RedisDatabase database;
    private readonly RedisSubscriber subscriber;

    private ConnectionMultiplexer(RedisUrl url, ILogger logger, TimeProvider time, TimeSpan timeout)
    {
        this.logger = logger;
        commands = new PersistentConnection(url, timeout, logger, time)
        {
            Connected = () => Raise(() => ConnectionRestored?.Invoke(this, EventArgs.Empty)),
            Disconnected = reason => Raise(() => ConnectionFailed?.Invoke(this, new(reason))),
        };
        database = new RedisDatabase(commands, time);
        subscriber = new RedisSubscriber(url, timeout, logger, time);
    }

    /// <summary>Whether a call made now would be sent; if not, it fails at once.</summary>
    public bool IsConnected => commands.IsConnected;

    /// <summary>The connection for commands was lost, or could not be made at first. Handlers should be quick.</summary>
    public event EventHandler<ConnectionFailedEventArgs>? ConnectionFailed;

    /// <summary>The connection for commands was made, the first time or again. Handlers should be quick.</summary>
    public event EventHandler? ConnectionRestored;

    /// <summary>Starts connecting and returns at once; never throws because the server is away.</summary>
    /// <param name="url"><c>redis://[user][:password]@host[:port][/database]</c>, or <c>rediss://</c> for TLS; the port is 6379 and the database 0 unless it says otherwise; a user and password are percent-encoded.</param>
    /// <param name="logger">Is told of connections made and lost, and of handlers that throw.</param>
    /// <param name="time">The clock of time-outs; the system's by default.</param>
    /// <param name="timeout">How long a call waits for its reply and an attempt for a connection: a second by default. A call may end two tenths later.</param>
    /// <exception cref="ArgumentException">The URL is malformed.</exception>
    public static ConnectionMultiplexer Connect(
        string url,
        ILogger logger,
        TimeProvider? time = null,
        TimeSpan? timeout = null
    )
    {
        var address = RedisUrl.Parse(url);
        var redis = new ConnectionMultiplexer(
            address,
            logger,
            time ?? TimeProvider.System,
            timeout ?? TimeSpan.FromSeconds(1)
        );
        redis.commands.Start();
        redis.subscriber.Start();
        return redis;
    }

    /// <summary>The commands on keys.</summary>
    public RedisDatabase GetDatabase() => database;

    /// <summary>The messages.</summary>
    public RedisSubscriber GetSubscriber() => subscriber;

    /// <summary>Closes both connections; calls still waiting, and later ones, fail with <see cref="RedisConnectionException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await commands.DisposeAsync();
        await subscriber.DisposeAsync();
    }

    // A handler that throws must not end the loop that reconnects.
    private void Raise(Action handlers)
    {
        try
        {
            handlers();
        }
        catch (Exception e)
        {
            logger.LogError(e, "A handler of the state of the connection to Redis threw");
        }
    }
}

/// <summary>Why the connection is gone.</summary>
public sealed class ConnectionFailedEventArgs(Exception exception) : EventArgs
{
    /// <summary>What went wrong on the socket, in TLS, in signing in or in the protocol.</summary>
    public Exception Exception { get; } = exception;
}
