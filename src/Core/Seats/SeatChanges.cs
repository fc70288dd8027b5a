using System.Threading.Channels;
using BookIT.Core.Redis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BookIT.Core.Seats;

/// <summary>
/// Tells every replica that a seat or a reservation has changed, so that nobody goes on showing what was free before.
/// Locally at once, elsewhere through Redis within milliseconds; while Redis is away only locally, and what is kept
/// must not be kept longer than <see cref="MaxAge"/>.
/// </summary>
public sealed partial class SeatChanges(ConnectionMultiplexer redis, TimeProvider time, ILogger<SeatChanges> logger)
    : BackgroundService
{
    /// <summary>How long anything may be shown without asking the database again, whatever was or was not heard.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private const string VersionKey = "seats:version";
    private const string ChannelName = "seats:changed";

    /// <summary>
    /// Raises the version and tells of it in one step, so that messages come in the order of their versions. It is never
    /// less than the time in milliseconds: a Redis that has lost its memory does not begin with old numbers again.
    /// </summary>
    private const string TellScript = """
        local time = redis.call('TIME')
        local version = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) + 1, time[1] * 1000 + math.floor(time[2] / 1000))
        redis.call('SET', KEYS[1], string.format('%.0f', version))
        redis.call('PUBLISH', ARGV[1], string.format('%.0f', version))
        return version
        """;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(250);

    // Holds one wake-up at the most: all that is told before it is heard goes together.
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private long told;
    private long confirmed = -1;
    private long sharedVersion;
    private long epoch;

    /// <summary>
    /// Stands for the state of all seats as this process knows it: what was read before it moved is old. Read it before
    /// reading the database.
    /// </summary>
    public long Epoch => Volatile.Read(ref epoch);

    /// <summary><see cref="Epoch"/> has moved. On whatever thread that happened; handlers should be quick.</summary>
    public event EventHandler? Changed;

    /// <summary>
    /// The same for all replicas together, to be part of the keys of what they share in Redis; null while a change of
    /// ours has not arrived there. Read it before reading the database.
    /// </summary>
    public long? SharedVersion =>
        redis.IsConnected && Volatile.Read(ref confirmed) == Volatile.Read(ref told)
            ? Volatile.Read(ref sharedVersion)
            : null;

    /// <summary>To be called after each commit that changed what is free, and when.</summary>
    public void Tell()
    {
        Interlocked.Increment(ref told);
        MoveEpoch();
        wake.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var subscriber = redis.GetSubscriber();
        // Whatever was said while nobody listened is made good by a change of our own.
        subscriber.Resubscribed += (_, _) => Tell();
        redis.ConnectionRestored += (_, _) => Tell();
        await subscriber.SubscribeAsync(ChannelName, (_, message) => Hear((long)message));
        Tell();
        while (await wake.Reader.WaitToReadAsync(stoppingToken))
        {
            wake.Reader.TryRead(out _);
            while (!await TryTellOthersAsync())
            {
                await Task.Delay(PauseAfterFailure, time, stoppingToken);
            }
        }
    }

    private async Task<bool> TryTellOthersAsync()
    {
        // All that is told during the round trip goes into the next one.
        var tellingUpTo = Volatile.Read(ref told);
        try
        {
            Hear((long)await redis.GetDatabase().ScriptEvaluateAsync(TellScript, [VersionKey], [ChannelName]));
            Volatile.Write(ref confirmed, tellingUpTo);
            return true;
        }
        catch (RedisException exception)
        {
            LogNotTold(exception.Message);
            return false;
        }
    }

    /// <summary>A change here or elsewhere, seen in any order: the newest version counts, and every one is news.</summary>
    private void Hear(long version)
    {
        var known = Volatile.Read(ref sharedVersion);
        while (version > known)
        {
            known =
                Interlocked.CompareExchange(ref sharedVersion, version, known) is var seen && seen == known
                    ? version
                    : seen;
        }

        MoveEpoch();
    }

    private void MoveEpoch()
    {
        Interlocked.Increment(ref epoch);
        Changed?.Invoke(this, EventArgs.Empty);
    }

    [LoggerMessage(LogLevel.Debug, "Other replicas were not told of a change: {Reason}")]
    private partial void LogNotTold(string reason);
}
