namespace BookIT.Core.Reservations;

/// <summary>
/// A seat, held for a user for an <see cref="Core.Interval"/>. Its verbs guard every change; that live reservations of
/// one seat never overlap is the database's to say, which sees them all.
/// </summary>
public sealed class Reservation
{
    private Reservation() { }

    /// <summary>Time-ordered (UUID version 7, RFC 9562): descending by id is newest first.</summary>
    public Guid Id { get; private set; }

    /// <summary>Who holds it; null once the account is gone.</summary>
    public Guid? UserId { get; private set; }

    /// <summary>The seat held.</summary>
    public Guid SeatId { get; private set; }

    /// <summary>Start (UTC), part of the reservation.</summary>
    public DateTimeOffset StartsAt { get; private set; }

    /// <summary>End (UTC), no longer part of the reservation.</summary>
    public DateTimeOffset EndsAt { get; private set; }

    /// <summary>As stored. The clock may have outdated it: see <see cref="StatusAt"/>.</summary>
    public ReservationStatus Status { get; private set; }

    /// <summary>Which of the user's places for live reservations it takes, from 1: unique among the live ones of a user.</summary>
    public short Slot { get; private set; }

    /// <summary>When it was made (UTC).</summary>
    public DateTimeOffset MadeAt { get; private set; }

    /// <summary>When it last got another seat or time (UTC); null where it never did.</summary>
    public DateTimeOffset? MovedAt { get; private set; }

    /// <summary>When it was checked in (UTC).</summary>
    public DateTimeOffset? CheckedInAt { get; private set; }

    /// <summary>When it was closed or released (UTC).</summary>
    public DateTimeOffset? ClosedAt { get; private set; }

    /// <summary>When it holds the seat.</summary>
    public Interval Interval => new(StartsAt, EndsAt);

    /// <summary>A reservation as the demo data and the tests need it, in any status. Real ones are made by booking.</summary>
    public static Reservation Recorded(
        Guid id,
        Guid userId,
        Guid seatId,
        Interval interval,
        ReservationStatus status,
        DateTimeOffset madeAt
    ) =>
        new()
        {
            Id = id,
            UserId = userId,
            SeatId = seatId,
            StartsAt = interval.Start,
            EndsAt = interval.End,
            Status = status,
            Slot = 1,
            MadeAt = madeAt,
            CheckedInAt = status is ReservationStatus.Active or ReservationStatus.Closed ? interval.Start : null,
            ClosedAt = status is ReservationStatus.Closed or ReservationStatus.DidNotCome ? interval.End : null,
        };

    /// <summary>The status that the clock leaves: what is stored may be older than the end, or the patience for a no-show.</summary>
    public ReservationStatus StatusAt(DateTimeOffset now, BookingOptions options) =>
        Status switch
        {
            ReservationStatus.Active when EndsAt <= now => ReservationStatus.Closed,
            ReservationStatus.Future when EndsAt <= now || StartsAt <= options.NoShowCutoff(now) =>
                ReservationStatus.DidNotCome,
            _ => Status,
        };

    /// <summary>The reservation as it is shown.</summary>
    public ReservationView ToView(string seatName, DateTimeOffset now, BookingOptions options) =>
        new(Id, UserId, SeatId, seatName, Interval, StatusAt(now, options));

    /// <summary>Why the holder cannot be checked in at this moment: too early, closed, released; null where it is possible, or done.</summary>
    public Refusal? CheckInObstacle(DateTimeOffset now, BookingOptions options)
    {
        var opensAt = StartsAt - options.CheckInOpens;
        return StatusAt(now, options) switch
        {
            ReservationStatus.Closed => new Refusal.ReservationClosed(),
            ReservationStatus.DidNotCome => new Refusal.ReservationMissed(),
            ReservationStatus.Future when now < opensAt => new Refusal.CheckInNotOpen(opensAt),
            _ => null,
        };
    }

    /// <summary>Checks the holder in. A second time changes nothing, so two scans are one check-in.</summary>
    /// <returns>The <see cref="CheckInObstacle"/>; null where the reservation is now active.</returns>
    public Refusal? CheckIn(DateTimeOffset now, BookingOptions options)
    {
        var obstacle = CheckInObstacle(now, options);
        if (obstacle is null && Status is not ReservationStatus.Active)
        {
            Status = ReservationStatus.Active;
            CheckedInAt = now;
        }

        return obstacle;
    }

    /// <summary>Gives the seat back. A second time changes nothing.</summary>
    /// <returns>Why not: nobody came and it was released; null where the reservation is now closed.</returns>
    public Refusal? Cancel(DateTimeOffset now, BookingOptions options)
    {
        switch (StatusAt(now, options))
        {
            case ReservationStatus.DidNotCome:
                return new Refusal.ReservationMissed();
            case ReservationStatus.Closed when Status is ReservationStatus.Closed:
                return null;
        }

        Status = ReservationStatus.Closed;
        ClosedAt = now;
        return null;
    }

    /// <summary>Records that nobody came.</summary>
    /// <returns>Why not: checked in, or closed; null where the reservation is now released.</returns>
    public Refusal? Miss(DateTimeOffset now)
    {
        switch (Status)
        {
            case ReservationStatus.DidNotCome:
                return null;
            case ReservationStatus.Active:
                return new Refusal.StatusNotAllowed();
            case ReservationStatus.Closed:
                return new Refusal.ReservationClosed();
        }

        Status = ReservationStatus.DidNotCome;
        ClosedAt = now;
        return null;
    }

    /// <summary>Ends it because its seat or its user goes: closed, or released where the clock says that nobody came.</summary>
    public void End(DateTimeOffset now, BookingOptions options)
    {
        if (Cancel(now, options) is not null)
        {
            Miss(now);
        }
    }

    /// <summary>Moves it to another seat, another time or both. What is not given stays.</summary>
    /// <returns>Why not: over, a start that is fixed by the check-in, or one of the booking rules; null where it moved.</returns>
    public Refusal? Move(
        Guid? seatId,
        DateTimeOffset? start,
        DateTimeOffset? end,
        DateTimeOffset now,
        BookingOptions options
    )
    {
        var status = StatusAt(now, options);
        if (status is ReservationStatus.Closed)
        {
            return new Refusal.ReservationClosed();
        }

        if (status is ReservationStatus.DidNotCome)
        {
            return new Refusal.ReservationMissed();
        }

        if (status is ReservationStatus.Active && start is { } wanted && wanted != StartsAt)
        {
            return new Refusal.StartFixed();
        }

        var moved = options.ForMove(Interval, start, end, now);
        if (moved.IsRefused(out var refusal))
        {
            return refusal;
        }

        if (moved.Value != Interval || (seatId ?? SeatId) != SeatId)
        {
            SeatId = seatId ?? SeatId;
            StartsAt = moved.Value.Start;
            EndsAt = moved.Value.End;
            MovedAt = now;
        }

        return null;
    }
}
