using System.Globalization;
using BookIT.Core.Redis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BookIT.Core.Seats;

/// <summary>
/// Tells every replica that a seat or a reservation has changed, so that nobody goes on showing what was free before.
/// Locally at once, elsewhere through Redis within milliseconds; while Redis is away only locally, and what is kept
/// must not be kept longer than <see cref="MaxAge"/>.
/// </summary>
public sealed partial class SeatChanges(ConnectionMultiplexer redis, ILogger<SeatChanges> logger) : BackgroundService
{
    /// <summary>How long anything may be shown without asking the database again, whatever was or was not heard.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private const string VersionKey = "seats:version";
    private const string Channel = "seats:changed";

    private readonly SemaphoreSlim wake = new(initialCount: 0, maxCount: 1);
    private long told;
    private long confirmed = -1;
    private long sharedVersion;
    private long epoch;

    /// <summary>
    /// Stands for the state of all seats as this process knows it: what was read before it moved is old. Read it before
    /// reading the database.
    /// </summary>
    public long Epoch => Volatile.Read(ref epoch);

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
        Interlocked.Increment(ref epoch);
        Wake();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var subscriber = redis.GetSubscriber();
        // Whatever was said while nobody listened is made good by a change of our own.
        subscriber.Resubscribed += (_, _) => Tell();
        redis.ConnectionRestored += (_, _) => Tell();
        await subscriber.SubscribeAsync(Channel, (_, message) => Hear((long)message));
        Wake();
        while (true)
        {
            await wake.WaitAsync(stoppingToken);
            // All that is told during the round trip goes into the next one.
            var tellingUpTo = Volatile.Read(ref told);
            try
            {
                var version = await redis.GetDatabase().StringIncrementAsync(VersionKey);
                Hear(version);
                Volatile.Write(ref confirmed, tellingUpTo);
                await redis
                    .GetDatabase()
                    .PublishAsync(Channel, version.ToString(CultureInfo.InvariantCulture), CommandFlags.FireAndForget);
            }
            catch (RedisException exception)
            {
                // Said again when the connection is back.
                LogNotTold(exception.Message);
            }
        }
    }

    private void Hear(long version)
    {
        var known = Volatile.Read(ref sharedVersion);
        // A smaller number means that Redis has lost its memory; it is news as well.
        if (version != known)
        {
            Volatile.Write(ref sharedVersion, version);
            Interlocked.Increment(ref epoch);
        }
    }

    private void Wake()
    {
        try
        {
            wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is about to wake anyway.
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        wake.Dispose();
        base.Dispose();
    }

    [LoggerMessage(LogLevel.Debug, "Other replicas were not told of a change: {Reason}")]
    private partial void LogNotTold(string reason);
}
