namespace BookIT.Core.Reservations;

/// <summary>A reservation as it is shown: with the seat's name, and the status that the clock leaves.</summary>
/// <param name="Id">The reservation.</param>
/// <param name="UserId">Who holds it; null once the account is gone.</param>
/// <param name="SeatId">The seat.</param>
/// <param name="SeatName">Its name, also when it was removed since.</param>
/// <param name="Interval">When it holds the seat.</param>
/// <param name="Status">As of the moment it was read.</param>
public sealed record ReservationView(
    Guid Id,
    Guid? UserId,
    Guid SeatId,
    string SeatName,
    Interval Interval,
    ReservationStatus Status
)
{
    /// <summary>Whether it holds its seat: booked or checked in, and not over.</summary>
    public bool IsLive => Status is ReservationStatus.Future or ReservationStatus.Active;
}
