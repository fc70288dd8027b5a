using System.Globalization;
using System.Threading.Channels;
using BookIT.Core.Redis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BookIT.Core.Seats;

/// <summary>What was known of the seats within a time is old, as far as it was read from the database before.</summary>
public sealed class SeatsChangedEventArgs(Interval window) : EventArgs
{
    /// <summary>Within this time; <see cref="SeatChanges.AllTime"/> where a seat itself has changed.</summary>
    public Interval Window => window;
}

/// <summary>
/// Tells every replica that a seat or a reservation has changed, and for what time, so that nobody goes on showing what
/// was free before. Locally at once, elsewhere through Redis within milliseconds; while Redis is away only locally, and
/// what is kept must not be kept longer than <see cref="MaxAge"/>.
/// </summary>
public sealed partial class SeatChanges(ConnectionMultiplexer redis, TimeProvider time, ILogger<SeatChanges> logger)
    : BackgroundService
{
    /// <summary>How long anything may be shown without asking the database again, whatever was or was not heard.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    /// <summary>All times: a seat itself has changed, or nobody knows what has.</summary>
    public static readonly Interval AllTime = new(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);

    private const string VersionKey = "seats:version";
    private const string ChannelName = "seats:changes";

    /// <summary>More changes than these in one message are told as one of all time.</summary>
    private const int MaxWindows = 64;

    /// <summary>
    /// Raises the version and tells of it in one step, so that messages come in the order of their versions. It is never
    /// less than the time in milliseconds: a Redis that has lost its memory does not begin with old numbers again.
    /// </summary>
    private const string TellScript = """
        local time = redis.call('TIME')
        local version = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) + 1, time[1] * 1000 + math.floor(time[2] / 1000))
        redis.call('SET', KEYS[1], string.format('%.0f', version))
        redis.call('PUBLISH', ARGV[1], string.format('%.0f', version) .. ' ' .. ARGV[2])
        return version
        """;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(250);

    /// <summary>Tells our own messages, which come back to us, from those of the others.</summary>
    private readonly string sender = Guid.CreateVersion7(time.Now()).ToString("N");

    // Holds one wake-up at the most: all that is told before it is heard goes together.
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly Lock guard = new();
    private HashSet<Interval> untold = [];
    private long told;
    private long confirmed = -1;
    private long sharedVersion;

    /// <summary>Something has changed, here or elsewhere. On whatever thread that came about; handlers should be quick.</summary>
    public event EventHandler<SeatsChangedEventArgs>? Changed;

    /// <summary>
    /// Stands for the state of all seats as all replicas together know it, to be part of the keys of what they share in
    /// Redis; null while a change of ours has not arrived there. Read it before reading the database.
    /// </summary>
    public long? SharedVersion =>
        redis.IsConnected && Volatile.Read(ref confirmed) == Volatile.Read(ref told)
            ? Volatile.Read(ref sharedVersion)
            : null;

    /// <summary>To be called after each commit that changed what is free, and when.</summary>
    /// <param name="window">For what time; <see cref="AllTime"/> for a change of seats.</param>
    public void Tell(Interval window)
    {
        lock (guard)
        {
            untold.Add(window);
            if (untold.Count > MaxWindows)
            {
                untold = [AllTime];
            }

            told++;
        }

        Changed?.Invoke(this, new SeatsChangedEventArgs(window));
        wake.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var subscriber = redis.GetSubscriber();
        // Whatever was said while nobody listened is made good by a change of our own.
        subscriber.Resubscribed += (_, _) => Tell(AllTime);
        redis.ConnectionRestored += (_, _) => Tell(AllTime);
        await subscriber.SubscribeAsync(ChannelName, (_, message) => Hear(message.ToString()));
        Tell(AllTime);
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
        HashSet<Interval> windows;
        long upTo;
        lock (guard)
        {
            (windows, untold) = (untold, []);
            upTo = told;
        }

        try
        {
            var message = string.Join(' ', windows.Select(w => $"{w.Start.UtcTicks} {w.End.UtcTicks}").Prepend(sender));
            Know((long)await redis.GetDatabase().ScriptEvaluateAsync(TellScript, [VersionKey], [ChannelName, message]));
            Volatile.Write(ref confirmed, upTo);
            return true;
        }
        catch (RedisException exception)
        {
            LogNotTold(exception.Message);
            lock (guard)
            {
                // Perhaps they were told; twice does no harm.
                untold.UnionWith(windows);
            }

            return false;
        }
    }

    /// <summary>A change elsewhere, or our own once more.</summary>
    private void Hear(string message)
    {
        var words = message.Split(' ');
        Know(Number(words[0]));
        if (words[1] == sender)
        {
            return;
        }

        for (var i = 2; i < words.Length; i += 2)
        {
            var window = new Interval(Instant(words[i]), Instant(words[i + 1]));
            Changed?.Invoke(this, new SeatsChangedEventArgs(window));
        }
    }

    /// <summary>Versions come in any order: the newest counts.</summary>
    private void Know(long version)
    {
        var known = Volatile.Read(ref sharedVersion);
        while (version > known)
        {
            known =
                Interlocked.CompareExchange(ref sharedVersion, version, known) is var seen && seen == known
                    ? version
                    : seen;
        }
    }

    private static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);

    private static DateTimeOffset Instant(string word) => new(Number(word), TimeSpan.Zero);

    [LoggerMessage(LogLevel.Debug, "Other replicas were not told of a change: {Reason}")]
    private partial void LogNotTold(string reason);
}
