using BookIT.Core.Audit;
using BookIT.Core.Data;
using BookIT.Core.Notifications;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Reservations;

/// <summary>The live reservations that go when their seat or their user does.</summary>
internal static class LiveReservations
{
    // In id order, as everybody locks several of them.
    private const string Locked = "ORDER BY id FOR UPDATE";

    /// <summary>
    /// Ends those of seats that go, as an administrator, and tells their owners. Saved with the rest of the transaction.
    /// </summary>
    public static async Task EndOfSeatsAsync(
        this BookItDbContext db,
        Guid[] seatIds,
        Guid adminId,
        DateTimeOffset now,
        BookingOptions options,
        CancellationToken cancellation
    )
    {
        var live = await db
            .Reservations.FromSqlRaw(
                $"SELECT * FROM reservations WHERE seat_id = ANY({{0}}) AND {ReservationStatusNames.Live} {Locked}",
                seatIds
            )
            .OrderBy(row => row.Id)
            .ToListAsync(cancellation);
        foreach (var reservation in live)
        {
            reservation.End(now, options);
            db.ChangeTracker.DetectChanges();
            db.Audit.Add(AuditEntry.Of(db.Entry(reservation), reservation.Id, adminId, "reservation.close", now));
            db.Notifications.Add(
                Notification.Now(
                    reservation.UserId!.Value,
                    NotificationKind.ReservationClosed,
                    $"{NotificationKind.ReservationClosed}:{reservation.Id}",
                    new
                    {
                        reservation_id = reservation.Id,
                        by_admin = true,
                        seat_gone = true,
                    },
                    now
                )
            );
        }
    }

    /// <summary>Those of a user, locked.</summary>
    public static Task<List<Reservation>> LockOfUserAsync(
        this BookItDbContext db,
        Guid userId,
        CancellationToken cancellation
    ) =>
        db
            .Reservations.FromSqlRaw(
                $"SELECT * FROM reservations WHERE {ReservationStatusNames.LiveByUser} AND user_id = {{0}} {Locked}",
                userId
            )
            .OrderBy(row => row.Id)
            .ToListAsync(cancellation);
}
