using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using BookIT.Core.Auth;

namespace BookIT.Core.Metrics;

/// <summary>
/// What happens in the space, as numbers: a method an event. They are those of this process; a dashboard adds up the
/// replicas.
/// </summary>
public sealed class BookItMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "BookIT";

    /// <summary>How long after their last request somebody counts as active.</summary>
    public static readonly TimeSpan ActiveFor = TimeSpan.FromMinutes(15);

    // From a minute to the longest that a sign-in can go unused.
    private static readonly InstrumentAdvice<double> SessionBuckets = new()
    {
        HistogramBucketBoundaries =
        [
            60,
            300,
            900,
            1_800,
            3_600,
            7_200,
            14_400,
            28_800,
            86_400,
            259_200,
            604_800,
            Sessions.Lifetime.TotalSeconds,
        ],
    };

    private readonly Histogram<double> sessionDuration;
    private readonly Counter<long> apiErrors;
    private readonly Counter<long> bookingsRefused;
    private readonly Counter<long> telegramCalls;
    private readonly Counter<long> newsSettled;
    private readonly ConcurrentDictionary<Guid, long> lastSeen = new();
    private const int ForgetEvery = 1_000;

    private long newlySeen;
    private long registrations;
    private long logins;
    private long bookings;
    private long bookedTicks;

    /// <summary>Makes the instruments.</summary>
    public BookItMetrics(Meter meter, TimeProvider time)
    {
        // Read when asked, instead of reported: so they are 0, and not absent, before the first event, or the first event
        // would be no increase.
        meter.CreateObservableCounter(
            "user_registrations_total",
            () => Volatile.Read(ref registrations),
            description: "Accounts made."
        );
        meter.CreateObservableCounter(
            "user_logins_total",
            () => Volatile.Read(ref logins),
            description: "Sign-ins by people who had an account already."
        );
        meter.CreateObservableCounter(
            "bookings_total",
            () => Volatile.Read(ref bookings),
            description: "Reservations made."
        );
        meter.CreateObservableGauge(
            "active_users",
            () => CountActive(time.Now()),
            description: "People with a request in the last 15 minutes."
        );
        meter.CreateObservableGauge(
            "average_booking_time_seconds",
            AverageBookingTime,
            "s",
            "Average length of the reservations made since the process started, as they were booked."
        );
        sessionDuration = meter.CreateHistogram(
            "session_duration_seconds",
            "s",
            "How long sign-ins had lasted when they were ended; those that only expire are not in it.",
            tags: null,
            SessionBuckets
        );
        apiErrors = meter.CreateCounter<long>(
            "api_errors_total",
            description: "Requests to the API that failed on our side (5xx)."
        );
        bookingsRefused = meter.CreateCounter<long>(
            "bookings_refused_total",
            description: "Wishes to book that were refused, by the code of the refusal."
        );
        telegramCalls = meter.CreateCounter<long>(
            "telegram_calls_total",
            description: "Calls to Telegram's Bot API, by method and by what became of them."
        );
        newsSettled = meter.CreateCounter<long>(
            "notifications_settled_total",
            description: "News that were delivered by the bot, dropped or given up, by their kind."
        );
    }

    /// <summary>Somebody made an account.</summary>
    public void UserRegistered() => Interlocked.Increment(ref registrations);

    /// <summary>Somebody signed in to an account that was there.</summary>
    public void UserLoggedIn() => Interlocked.Increment(ref logins);

    /// <summary>Somebody who is signed in asked for something.</summary>
    public void UserSeen(Guid userId, DateTimeOffset now)
    {
        if (lastSeen.TryAdd(userId, now.UtcTicks))
        {
            if (Interlocked.Increment(ref newlySeen) % ForgetEvery == 0)
            {
                // Where nobody scrapes.
                CountActive(now);
            }
        }
        else
        {
            lastSeen[userId] = now.UtcTicks;
        }
    }

    /// <summary>A sign-in was ended, by its user or by something that ends sign-ins.</summary>
    public void SessionEnded(TimeSpan duration) => sessionDuration.Record(duration.TotalSeconds);

    /// <summary>A reservation of this length was made.</summary>
    public void Booked(TimeSpan duration)
    {
        Interlocked.Add(ref bookedTicks, duration.Ticks);
        Interlocked.Increment(ref bookings);
    }

    /// <summary>A wish to book was refused.</summary>
    public void BookingRefused(Refusal refusal) =>
        bookingsRefused.Add(1, new KeyValuePair<string, object?>("code", refusal.Code));

    /// <summary>A request failed on our side.</summary>
    /// <param name="endpoint">The route's template, never the path: there are only so many.</param>
    public void ApiFailed(string endpoint) => apiErrors.Add(1, new KeyValuePair<string, object?>("endpoint", endpoint));

    /// <summary>Telegram was asked for something; what was tried several times is one call.</summary>
    /// <param name="method">Of the Bot API: there are only so many.</param>
    /// <param name="result">What became of it, by one of a few names.</param>
    public void TelegramCalled(string method, string result) =>
        telegramCalls.Add(
            1,
            new KeyValuePair<string, object?>("method", method),
            new KeyValuePair<string, object?>("result", result)
        );

    /// <summary>News were delivered by the bot, dropped or given up.</summary>
    /// <param name="kind">Of the news.</param>
    /// <param name="result">What became of them, by one of a few names.</param>
    public void NewsSettled(string kind, string result) =>
        newsSettled.Add(
            1,
            new KeyValuePair<string, object?>("kind", kind),
            new KeyValuePair<string, object?>("result", result)
        );

    /// <summary>Counts, and forgets those who are not active any more.</summary>
    private int CountActive(DateTimeOffset now)
    {
        var active = 0;
        foreach (var seen in lastSeen)
        {
            if (seen.Value > (now - ActiveFor).UtcTicks)
            {
                active++;
            }
            else
            {
                // Unless seen again at this moment.
                lastSeen.TryRemove(seen);
            }
        }

        return active;
    }

    private IEnumerable<Measurement<double>> AverageBookingTime() =>
        Volatile.Read(ref bookings) is > 0 and var made
            ? [new(TimeSpan.FromTicks(Volatile.Read(ref bookedTicks)).TotalSeconds / made)]
            : [];
}
