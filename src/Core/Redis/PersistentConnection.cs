using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace BookIT.Core.Redis;

/// <summary>
/// Keeps one <see cref="RespConnection"/> open, as long as it takes: opens it, signs in, chooses the database, and does
/// so again whenever it ends, after 50 ms at first and at most a second between attempts.
/// </summary>
internal sealed class PersistentConnection : IAsyncDisposable
{
    private const double FirstDelay = 50;
    private const double LongestDelay = 1000;

    private readonly RedisUrl url;
    private readonly TimeSpan timeout;
    private readonly ILogger logger;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stopping = new();
    private volatile RespConnection? current;
    private volatile Exception? whyNot;
    private Task running = Task.CompletedTask;

    public PersistentConnection(RedisUrl url, TimeSpan timeout, ILogger logger, TimeProvider time)
    {
        this.url = url;
        this.timeout = timeout;
        this.logger = logger;
        this.time = time;
    }

    public bool IsConnected => current is { Closed.IsCompleted: false };

    /// <summary>Is shown every reply first, in order, and says whether it was a message and no reply.</summary>
    public Func<RedisResult, bool>? TakePush { get; init; }

    /// <summary>Called when a connection is ready for commands, every time.</summary>
    public Action Connected { get; init; } = () => { };

    /// <summary>Called when a connection was lost or the first attempt failed; not for further failed attempts.</summary>
    public Action<Exception> Disconnected { get; init; } = _ => { };

    public void Start() => running = Task.Run(RunAsync);

    /// <inheritdoc cref="RespConnection.SendAsync"/>
    public Task<T> SendAsync<T>(Func<RedisResult, T> convert, string command, params ReadOnlySpan<RedisValue> arguments)
    {
        if (current is { } connection)
        {
            return RedisTelemetry.Traced(connection.SendAsync(convert, command, arguments), command);
        }

        var reason = whyNot;
        var why = reason is null ? "" : $": {reason.Message}";
        return Task.FromException<T>(
            new RedisConnectionException($"{command} was not sent, Redis at {url} is not connected{why}", reason)
        );
    }

    /// <inheritdoc cref="RespConnection.Send"/>
    public void Send(string command, params ReadOnlySpan<RedisValue> arguments) => current?.Send(command, arguments);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var failures = 0;
        var wasConnected = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection = await OpenAsync();
                logger.LogInformation("Connected to Redis at {Address}", url);
                failures = 0;
                if (wasConnected)
                {
                    RedisTelemetry.Reconnected();
                }

                wasConnected = true;
                current = connection;
                Connected();
                whyNot = await connection.Closed.WaitAsync(stopping.Token);
                current = null;
            }
            catch (Exception e)
            {
                // Whatever it was (no host, a refused password, a broken certificate), the next attempt may fare better.
                current = null;
                whyNot = e;
            }

            if (stopping.IsCancellationRequested)
            {
                break;
            }

            if (failures++ == 0)
            {
                logger.LogWarning(whyNot, "No connection to Redis at {Address}: trying until there is one", url);
                Disconnected(whyNot);
            }

            await DelayAsync(failures);
        }

        whyNot = new ObjectDisposedException(nameof(ConnectionMultiplexer));
    }

    /// <summary>Waits longer the more attempts have failed, give or take, lest all replicas knock at once.</summary>
    private async Task DelayAsync(int failures)
    {
        var longest = Math.Min(FirstDelay * Math.Pow(2, failures - 1), LongestDelay);
        var delay = TimeSpan.FromMilliseconds(longest * (0.5 + (Random.Shared.NextDouble() / 2)));
        await Task.Delay(delay, time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A connection that has answered a PING, so that there is a server behind it that serves.</summary>
    private async Task<RespConnection> OpenAsync()
    {
        var connection = new RespConnection(await ConnectAsync(), TakePush, timeout, time);
        try
        {
            if (url.Password is { } password)
            {
                RedisValue[] login = url.User is { } user ? [user, password] : [password];
                await connection.SendAsync(Whole, "AUTH", login);
            }

            if (url.Database != 0)
            {
                await connection.SendAsync(Whole, "SELECT", [url.Database]);
            }

            await connection.SendAsync(Whole, "PING", []);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task<Stream> ConnectAsync()
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopping.Token);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(url.Host, url.Port, either.Token);
            var plain = new NetworkStream(socket, ownsSocket: true);
            if (!url.Tls)
            {
                return plain;
            }

            var secure = new SslStream(plain);
            var options = new SslClientAuthenticationOptions { TargetHost = url.Host };
            await secure.AuthenticateAsClientAsync(options, either.Token);
            return secure;
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested)
        {
            socket.Dispose();
            throw new TimeoutException($"No connection within {timeout}.", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static RedisResult Whole(RedisResult result) => result;
}
