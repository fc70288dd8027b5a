namespace BookIT.Core.Reservations;

/// <summary>The rules of booking that an operator sets (section <c>Booking</c>), and what they refuse.</summary>
public sealed class BookingOptions
{
    /// <summary>The longest booking that any space may allow: the database holds it too.</summary>
    public static readonly TimeSpan LongestPossible = TimeSpan.FromDays(7);

    /// <summary>How long ago a start may lie to be taken as now: the time a person needs to pick a seat and an end.</summary>
    public static readonly TimeSpan StartGrace = TimeSpan.FromMinutes(5);

    /// <summary>By how much people extend their time at once.</summary>
    public static readonly IReadOnlyList<TimeSpan> Extensions = [TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(60)];

    /// <summary>The shortest booking.</summary>
    public TimeSpan MinDuration { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The longest booking, extensions included; at most <see cref="LongestPossible"/>.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How far ahead a booking may start.</summary>
    public TimeSpan MaxAhead { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long after its start an empty seat is released; null keeps it until the end.</summary>
    public TimeSpan? NoShowAfter { get; init; }

    /// <summary>How long before the start check-in opens.</summary>
    public TimeSpan CheckInOpens { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How many live reservations one user may hold.</summary>
    public int LiveReservationsPerUser { get; init; } = 1;

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (MinDuration < TimeSpan.FromMinutes(1))
        {
            yield return $"Booking:MinDuration is {MinDuration}, but must be at least one minute.";
        }

        if (MaxDuration < MinDuration || MaxDuration > LongestPossible)
        {
            yield return $"Booking:MaxDuration is {MaxDuration:g}, but must lie between Booking:MinDuration and "
                + "7 days. (24 hours are written 1.00:00:00; 24:00:00 means 24 days.)";
        }

        if (MaxAhead <= TimeSpan.Zero || MaxAhead > TimeSpan.FromDays(366))
        {
            yield return $"Booking:MaxAhead is {MaxAhead:g}, but must be more than nothing and at most 366 days.";
        }

        if (NoShowAfter is { } noShow && noShow < TimeSpan.FromMinutes(1))
        {
            yield return $"Booking:NoShowAfter is {noShow}, but must be at least one minute; leave it out to wait for the end.";
        }

        if (CheckInOpens < TimeSpan.Zero || CheckInOpens > TimeSpan.FromDays(1))
        {
            yield return $"Booking:CheckInOpens is {CheckInOpens:g}, but must lie between nothing and one day.";
        }

        if (LiveReservationsPerUser is < 1 or > 100)
        {
            yield return $"Booking:LiveReservationsPerUser is {LiveReservationsPerUser}, but must lie between 1 and 100.";
        }
    }

    /// <summary>Future reservations that started at or before this instant are released; in the distant past where the option is off.</summary>
    public DateTimeOffset NoShowCutoff(DateTimeOffset now) =>
        NoShowAfter is { } after ? now - after : DateTimeOffset.UnixEpoch;

    /// <summary>
    /// The interval that a new booking gets. A start at most <see cref="StartGrace"/> ago becomes now (in whole seconds).
    /// </summary>
    public Result<Interval> ForBooking(DateTimeOffset start, DateTimeOffset end, DateTimeOffset now)
    {
        if (end <= start)
        {
            return new Refusal.EndNotAfterStart();
        }

        if (start < now - StartGrace)
        {
            return new Refusal.StartInPast();
        }

        // The shortest length is asked of the wish: whoever wants a quarter of an hour from now, and is a minute late with
        // the request, still gets the rest of it.
        if (end - start < MinDuration)
        {
            return new Refusal.TooShort(MinDuration);
        }

        // A start within the present second stays what it was.
        var interval = new Interval(start < now ? Later(start, now.ToSeconds()) : start, end);
        return end <= now ? new Refusal.EndInPast()
            : interval.Duration > MaxDuration ? new Refusal.TooLong(MaxDuration)
            : start - now > MaxAhead ? new Refusal.TooFarAhead(MaxAhead)
            : interval;
    }

    /// <summary>The interval that an existing booking gets when it moves; a start that stays where it is may lie in the past.</summary>
    public Result<Interval> ForMove(Interval current, DateTimeOffset? start, DateTimeOffset? end, DateTimeOffset now)
    {
        var wanted = new Interval(start ?? current.Start, end ?? current.End);
        if (wanted == current)
        {
            return current;
        }

        if (wanted.Start != current.Start)
        {
            return ForBooking(wanted.Start, wanted.End, now);
        }

        return wanted.End <= wanted.Start ? new Refusal.EndNotAfterStart()
            : wanted.End <= now ? new Refusal.EndInPast()
            : wanted.Duration < MinDuration ? new Refusal.TooShort(MinDuration)
            : wanted.Duration > MaxDuration ? new Refusal.TooLong(MaxDuration)
            : wanted;
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
