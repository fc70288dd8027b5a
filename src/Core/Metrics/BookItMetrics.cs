using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using BookIT.Core.Auth;

namespace BookIT.Core.Metrics;

/// <summary>Where a process has a list of seats from that it shows.</summary>
public enum SeatListSource
{
    /// <summary>It had it already, or somebody else was asking for it.</summary>
    Cached,

    /// <summary>From Redis, where another process had put it.</summary>
    Shared,

    /// <summary>From the database.</summary>
    Computed,
}

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

    // Up to the farthest ahead that one can book by default.
    private static readonly InstrumentAdvice<double> LeadTimeBuckets = new()
    {
        HistogramBucketBoundaries =
        [
            60,
            600,
            1_800,
            3_600,
            14_400,
            43_200,
            86_400,
            259_200,
            604_800,
            1_209_600,
            2_592_000,
        ],
    };

    // From the shortest booking there is by default to the longest that can be set.
    private static readonly InstrumentAdvice<double> LengthBuckets = new()
    {
        HistogramBucketBoundaries = [900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 28_800, 43_200, 86_400, 604_800],
    };

    // What is shown is at most a second old.
    private static readonly InstrumentAdvice<double> ListAgeBuckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5],
    };

    // News are at once, or wait for a server that is away.
    private static readonly InstrumentAdvice<double> DeliveryDelayBuckets = new()
    {
        HistogramBucketBoundaries = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400],
    };

    private readonly Histogram<double> sessionDuration;
    private readonly Histogram<double> leadTime;
    private readonly Histogram<double> length;
    private readonly Histogram<double> listAge;
    private readonly Histogram<double> deliveryDelay;
    private readonly Counter<long> changes;
    private readonly Counter<long> telegramPolls;
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
    private long checkIns;
    private long noShows;
    private readonly long[] listReads = new long[Enum.GetValues<SeatListSource>().Length];
    private double lastPoll;

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
        meter.CreateObservableCounter(
            "check_ins_total",
            () => Volatile.Read(ref checkIns),
            description: "People who were checked in."
        );
        meter.CreateObservableCounter(
            "no_shows_total",
            () => Volatile.Read(ref noShows),
            description: "Reservations that were released because nobody came."
        );
        meter.CreateObservableCounter(
            "seat_list_reads_total",
            ListReads,
            description: "Answers to who asks for the seats, by where they came from: this process, Redis or the database."
        );
        meter.CreateObservableGauge(
            "telegram_last_poll_timestamp_seconds",
            () => Volatile.Read(ref lastPoll),
            "s",
            "When Telegram last answered this process's question for updates, since 1970; 0 where it has not."
        );
        leadTime = meter.CreateHistogram(
            "booking_lead_time_seconds",
            "s",
            "How long before their start reservations were made.",
            tags: null,
            LeadTimeBuckets
        );
        length = meter.CreateHistogram(
            "booking_length_seconds",
            "s",
            "How long reservations were, as they were made.",
            tags: null,
            LengthBuckets
        );
        listAge = meter.CreateHistogram(
            "seat_list_age_seconds",
            "s",
            "How old the seats were that were shown, since this process got them from the database or from Redis.",
            tags: null,
            ListAgeBuckets
        );
        deliveryDelay = meter.CreateHistogram(
            "notification_delivery_delay_seconds",
            "s",
            "How long after they were due news had arrived.",
            tags: null,
            DeliveryDelayBuckets
        );
        changes = meter.CreateCounter<long>(
            "reservation_changes_total",
            description: "Reservations that were moved, extended, shortened, cancelled or ended, by what was done."
        );
        telegramPolls = meter.CreateCounter<long>(
            "telegram_polls_total",
            description: "Questions to Telegram for updates, by what became of them."
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

    /// <summary>A reservation was made.</summary>
    public void Booked(Interval interval, DateTimeOffset now)
    {
        Interlocked.Add(ref bookedTicks, interval.Duration.Ticks);
        Interlocked.Increment(ref bookings);
        length.Record(interval.Duration.TotalSeconds);
        leadTime.Record(Math.Max(0, (interval.Start - now).TotalSeconds));
    }

    /// <summary>A reservation was changed.</summary>
    /// <param name="change">What was done, by one of a few names.</param>
    public void ReservationChanged(string change) =>
        changes.Add(1, new KeyValuePair<string, object?>("change", change));

    /// <summary>Somebody was checked in.</summary>
    public void CheckedIn() => Interlocked.Increment(ref checkIns);

    /// <summary>Seats were released because nobody came.</summary>
    public void Missed(long count) => Interlocked.Add(ref noShows, count);

    /// <summary>Somebody was shown the seats.</summary>
    /// <param name="source">Where this process had the answer from.</param>
    public void SeatListRead(SeatListSource source) => Interlocked.Increment(ref listReads[(int)source]);

    /// <summary>How long it was then since this process had asked for the seats that it showed.</summary>
    public void SeatListShown(TimeSpan age) => listAge.Record(age.TotalSeconds);

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

    /// <summary>Telegram was asked for updates.</summary>
    /// <param name="result">What became of it, by one of a few names.</param>
    /// <param name="answeredAt">When it was answered; null where it was not.</param>
    public void TelegramPolled(string result, DateTimeOffset? answeredAt)
    {
        telegramPolls.Add(1, new KeyValuePair<string, object?>("result", result));
        if (answeredAt is { } now)
        {
            Volatile.Write(ref lastPoll, now.ToUnixTimeMilliseconds() / 1000.0);
        }
    }

    /// <summary>News have arrived, so long after they were due.</summary>
    public void NewsArrived(TimeSpan delay) => deliveryDelay.Record(Math.Max(0, delay.TotalSeconds));

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

    private IEnumerable<Measurement<long>> ListReads() =>
        Enum.GetValues<SeatListSource>()
            .Select(source => new Measurement<long>(
                Volatile.Read(ref listReads[(int)source]),
                new KeyValuePair<string, object?>(
                    "result",
                    JsonNamingPolicy.SnakeCaseLower.ConvertName(source.ToString())
                )
            ));

    private IEnumerable<Measurement<double>> AverageBookingTime() =>
        Volatile.Read(ref bookings) is > 0 and var made
            ? [new(TimeSpan.FromTicks(Volatile.Read(ref bookedTicks)).TotalSeconds / made)]
            : [];
}
