using BookIT.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Reservations;

/// <summary>The live reservations that go when their seat or their user does.</summary>
internal static class LiveReservations
{
    // In id order, as everybody locks several of them.
    private const string Locked = $"AND {ReservationStatusNames.Live} ORDER BY id FOR UPDATE";

    /// <summary>Those of a seat, locked.</summary>
    public static Task<List<Reservation>> LockOfSeatAsync(
        this BookItDbContext db,
        Guid seatId,
        CancellationToken cancellation
    ) =>
        db
            .Reservations.FromSqlRaw($"SELECT * FROM reservations WHERE seat_id = {{0}} {Locked}", seatId)
            .ToListAsync(cancellation);

    /// <summary>Those of a user, locked.</summary>
    public static Task<List<Reservation>> LockOfUserAsync(
        this BookItDbContext db,
        Guid userId,
        CancellationToken cancellation
    ) =>
        db
            .Reservations.FromSqlRaw($"SELECT * FROM reservations WHERE user_id = {{0}} {Locked}", userId)
            .ToListAsync(cancellation);
}
