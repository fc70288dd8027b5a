namespace BookIT.Core.Reservations;

/// <summary>A wish to book.</summary>
/// <param name="UserId">Who will hold the seat.</param>
/// <param name="SeatId">Which seat.</param>
/// <param name="Start">From (UTC). At most <see cref="BookingOptions.StartGrace"/> ago, which counts as now.</param>
/// <param name="End">To (UTC), not included.</param>
/// <param name="IdempotencyKey">The same key with the same wish gives the same answer; at most <see cref="MaxIdempotencyKeyLength"/> characters.</param>
public sealed record BookingRequest(
    Guid UserId,
    Guid SeatId,
    DateTimeOffset Start,
    DateTimeOffset End,
    string? IdempotencyKey = null
)
{
    /// <summary>The longest idempotency key, in UTF-16 code units.</summary>
    public const int MaxIdempotencyKeyLength = 255;
}

/// <summary>s</summary>
public sealed class Booking { }
