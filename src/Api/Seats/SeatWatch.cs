using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;

namespace BookIT.Api.Seats;

/// <summary>Which seats are held in a window, as of a look at the database.</summary>
/// <param name="Version">Of the catalog of seats.</param>
/// <param name="Busy">The ids of the seats.</param>
internal sealed record SeenSeats(long Version, IReadOnlySet<Guid> Busy);

/// <summary>Somebody who watches the seats of a window; ends with its disposal.</summary>
internal sealed class SeatWatcher(Interval window, Guid? userId, Action<SeatWatcher> leave) : IDisposable
{
    private readonly SemaphoreSlim news = new(0);
    private volatile Exception? fault;
    private volatile SeenSeats? seats;
    private int mine;

    public Interval Window => window;

    public Guid? UserId => userId;

    /// <summary>The newest state; null before the first look. What lies between two reads of it is nobody's concern.</summary>
    public SeenSeats? Seats => seats;

    /// <summary>Waits until there may be something new.</summary>
    /// <returns>Whether there may; false when the patience ended first.</returns>
    public async Task<bool> WaitAsync(TimeSpan patience, CancellationToken cancellation)
    {
        var isNew = await news.WaitAsync(patience, cancellation);
        return fault is null ? isNew : throw new InvalidOperationException("The first look failed.", fault);
    }

    /// <summary>Whether something has happened to a reservation of the watcher since this was last asked.</summary>
    public bool TakeMine() => Interlocked.Exchange(ref mine, 0) == 1;

    public void Show(SeenSeats seen, bool isMine)
    {
        if (ReferenceEquals(seats, seen) && !isMine)
        {
            return;
        }

        seats = seen;
        if (isMine)
        {
            Volatile.Write(ref mine, 1);
        }

        Wake();
    }

    /// <summary>Lets go of somebody who has seen nothing yet. Others keep what they have seen, and wait.</summary>
    public void Fail(Exception exception)
    {
        if (seats is null)
        {
            fault = exception;
            Wake();
        }
    }

    public void Dispose()
    {
        leave(this);
        news.Dispose();
    }

    private void Wake()
    {
        try
        {
            // One is enough, however much is new. Only the one who looks calls this.
            if (news.CurrentCount == 0)
            {
                news.Release();
            }
        }
        catch (ObjectDisposedException)
        {
            // Gone meanwhile.
        }
    }
}

/// <summary>
/// Looks at the seats for all who watch them: one statement for all windows and one for all users, as soon as something
/// has changed here or, as Redis tells, elsewhere, and otherwise about once a second, whatever was or was not heard.
/// Nobody watches, nobody looks. See docs/decisions/seat-live.md.
/// </summary>
internal sealed partial class SeatWatch(
    SeatAvailability availability,
    HolderStates holders,
    SeatChanges changes,
    RateLimitOptions limits,
    TimeProvider time,
    ILogger<SeatWatch> logger
) : BackgroundService
{
    /// <summary>Leaves the look itself some of the second within which everybody is told.</summary>
    private static readonly TimeSpan Period = SeatChanges.MaxAge * 0.8;

    /// <summary>However much happens, the database has the rest of the time for others.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private const int PauseForEachLook = 3;

    private readonly ConcurrentDictionary<SeatWatcher, bool> watchers = new();
    private readonly SemaphoreSlim wake = new(0);
    private Dictionary<Interval, SeenSeats> seen = [];
    private Dictionary<Guid, long> held = [];
    private int count;

    /// <summary>Begins to watch, if there is room for one more.</summary>
    public bool TryWatch(Interval window, Guid? userId, [NotNullWhen(true)] out SeatWatcher? watcher)
    {
        watcher = null;
        if (Interlocked.Increment(ref count) > limits.LiveStreams)
        {
            Interlocked.Decrement(ref count);
            return false;
        }

        watcher = new SeatWatcher(window, userId, Leave);
        watchers.TryAdd(watcher, true);
        Wake();
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        changes.Changed += (_, _) => Wake();
        while (!stoppingToken.IsCancellationRequested)
        {
            await wake.WaitAsync(watchers.IsEmpty ? Timeout.InfiniteTimeSpan : Period, stoppingToken);
            while (wake.CurrentCount > 0)
            {
                // All that has happened before the look goes into it.
                await wake.WaitAsync(stoppingToken);
            }

            var began = time.GetTimestamp();
            await TryLookAsync(stoppingToken);
            var pause = PauseForEachLook * time.GetElapsedTime(began);
            await Task.Delay(pause > ShortestPause ? pause : ShortestPause, time, stoppingToken);
        }
    }

    private async Task TryLookAsync(CancellationToken cancellation)
    {
        var everybody = watchers.Keys;
        try
        {
            await LookAsync(everybody, cancellation);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            if (exception.IsServerAway())
            {
                LogAway(exception.Message);
            }
            else
            {
                LogBug(exception);
            }

            foreach (var watcher in everybody)
            {
                watcher.Fail(exception);
            }
        }
    }

    private async Task LookAsync(ICollection<SeatWatcher> everybody, CancellationToken cancellation)
    {
        var windows = everybody.Select(watcher => watcher.Window).Distinct().ToArray();
        var users = everybody.Select(watcher => watcher.UserId).OfType<Guid>().Distinct().ToArray();
        if (windows.Length == 0)
        {
            return;
        }

        var (version, busy) = await availability.ReadBusyAsync(windows, time.Now(), cancellation);
        var holds = await holders.ReadAsync(users, cancellation);
        var next = new Dictionary<Interval, SeenSeats>(windows.Length);
        for (var i = 0; i < windows.Length; i++)
        {
            // The same state is the same object.
            next[windows[i]] =
                seen.TryGetValue(windows[i], out var last) && last.Version == version && last.Busy.SetEquals(busy[i])
                    ? last
                    : new SeenSeats(version, busy[i]);
        }

        foreach (var watcher in everybody)
        {
            var isMine = watcher.UserId is { } user && held.TryGetValue(user, out var before) && before != holds[user];
            watcher.Show(next[watcher.Window], isMine);
        }

        (seen, held) = (next, holds);
    }

    private void Leave(SeatWatcher watcher)
    {
        if (watchers.TryRemove(watcher, out _))
        {
            Interlocked.Decrement(ref count);
        }
    }

    private void Wake()
    {
        if (!watchers.IsEmpty && wake.CurrentCount == 0)
        {
            wake.Release();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Those who watch the seats see nothing new: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(LogLevel.Error, "Looking at the seats for those who watch them failed")]
    private partial void LogBug(Exception exception);
}
