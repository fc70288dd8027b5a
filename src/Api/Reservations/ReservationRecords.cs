using System.ComponentModel;
using BookIT.Api.Http;
using BookIT.Core.Reservations;

namespace BookIT.Api.Reservations;

/// <summary>A seat held for a user.</summary>
public sealed record ReservationResponse(
    Guid Id,
    [property: Description("Null once the account is gone.")] Guid? UserId,
    Guid SeatId,
    string SeatName,
    [property: Description("Start, part of the reservation.")] Instant Start,
    [property: Description("End, no longer part of it.")] Instant End,
    [property: Description(
        "`future`: booked; `active`: checked in; `closed`: cancelled or ended; `did_not_come`: never checked in."
    )]
    [property: OneOf("future", "active", "closed", "did_not_come")]
        string Status
)
{
    public static ReservationResponse Of(ReservationView view) =>
        new(
            view.Id,
            view.UserId,
            view.SeatId,
            view.SeatName,
            view.Interval.Start,
            view.Interval.End,
            view.Status.Name()
        );
}

/// <summary>What to book.</summary>
public sealed record BookingBody(
    [property: Needed] Guid? SeatId,
    [property: Needed] [property: Description("At most five minutes ago, which counts as now.")] Instant? Start,
    [property: Needed] Instant? End,
    [property: Description("The caller; somebody else is refused.")] Guid? UserId
);

/// <summary>What an administrator books, and for whom.</summary>
public sealed record AdminBookingBody(
    [property: Needed] Guid? UserId,
    [property: Needed] Guid? SeatId,
    [property: Needed] Instant? Start,
    [property: Needed] Instant? End
);

/// <summary>What to change; what is absent or null stays.</summary>
public sealed record ReservationPatch(
    Instant? Start,
    Instant? End,
    Guid? SeatId,
    [property: OneOf("future", "active", "closed", "did_not_come")]
    [property: Description("An owner may only set `closed`; then nothing else is changed.")]
        string? Status
)
{
    public ReservationChange ToChange() => new(Start, End, SeatId, ReservationStatusNames.Parse(Status));
}

/// <summary>What an administrator changes; what is absent or null stays.</summary>
public sealed record AdminReservationPatch(
    Instant? Start,
    Instant? End,
    Guid? SeatId,
    [property: OneOf("future", "active", "closed", "did_not_come")]
    [property: Description("With `closed` or `did_not_come` nothing else is changed.")]
        string? Status,
    [property: OneLine]
    [property: LengthBetween(0, ReservationChange.MaxReasonLength)]
    [property: Description("With `closed`: why, for the owner to read.")]
        string? Reason
)
{
    public ReservationChange ToChange() => new(Start, End, SeatId, ReservationStatusNames.Parse(Status), Reason);
}

/// <summary>How an administrator closes a reservation.</summary>
public sealed record ReservationClosing(
    [property: OneLine]
    [property: LengthBetween(0, ReservationChange.MaxReasonLength)]
    [property: Description("Why, for the owner to read.")]
        string? Reason
);

/// <summary>How long the seat stays free.</summary>
public sealed record MaximumAvailableTimeResponse(
    [property: Description("When the seat's next reservation by anybody else begins; -1 if nothing follows.")]
        InstantOrNever MaximumAvailableTime
);
