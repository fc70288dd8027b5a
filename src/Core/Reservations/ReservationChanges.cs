using BookIT.Core.Audit;
using BookIT.Core.Data;
using BookIT.Core.Metrics;
using BookIT.Core.Notifications;
using BookIT.Core.Seats;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace BookIT.Core.Reservations;

/// <summary>What is to change in a reservation; null stays as it is.</summary>
/// <param name="Start">New start (UTC).</param>
/// <param name="End">New end (UTC).</param>
/// <param name="SeatId">Another seat.</param>
/// <param name="Status">Another status. One that ends the reservation is all that is done: the rest is then ignored.</param>
/// <param name="Reason">
/// Why an administrator cancels it, for the owner to read: one line, at most <see cref="MaxReasonLength"/> characters.
/// </param>
public sealed record ReservationChange(
    DateTimeOffset? Start = null,
    DateTimeOffset? End = null,
    Guid? SeatId = null,
    ReservationStatus? Status = null,
    string? Reason = null
)
{
    /// <summary>The longest reason, in UTF-16 code units.</summary>
    public const int MaxReasonLength = 300;
}

/// <summary>
/// Changes reservations that are there: each change under the lock of its row, so that of two at once the second sees
/// what the first did.
/// </summary>
public sealed class ReservationChanges(
    BookItDbContext db,
    ReservationClock clock,
    SeatChanges changes,
    BookingOptions options,
    BookItMetrics metrics
)
{
    private const int MaxAttempts = 3;
    private const string CheckIn = "check_in";
    private const string NoShow = "no_show";

    /// <summary>
    /// Moves, extends or cancels the caller's own reservation. Its status can only become <c>closed</c>. Who is told the
    /// answer in Telegram gets no message besides.
    /// </summary>
    public Task<Result<ReservationView>> ChangeOwnAsync(
        Guid id,
        ReservationChange change,
        Guid userId,
        DateTimeOffset now,
        CancellationToken cancellation,
        bool answeredInTelegram = false
    ) =>
        ChangeAsync(
            id,
            change.SeatId,
            adminId: null,
            reason: null,
            reservation =>
                reservation.UserId != userId ? new Refusal.NotYourReservation()
                : change.Status is ReservationStatus.Closed ? reservation.Cancel(now, options)
                : change.Status is { } status && status != reservation.StatusAt(now, options)
                    ? new Refusal.StatusNotAllowed()
                : reservation.Move(change.SeatId, change.Start, change.End, now, options),
            now,
            cancellation,
            answeredInTelegram
        );

    /// <summary>Moves, extends or ends anybody's reservation, or sets its status along the allowed ways; the owner is told.</summary>
    public Task<Result<ReservationView>> ChangeAnyAsync(
        Guid id,
        ReservationChange change,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        ChangeAsync(
            id,
            change.SeatId,
            adminId,
            string.IsNullOrWhiteSpace(change.Reason) ? null : change.Reason.Trim(),
            reservation =>
                change.Status switch
                {
                    ReservationStatus.Closed => reservation.Cancel(now, options),
                    ReservationStatus.DidNotCome => reservation.Miss(now),
                    ReservationStatus.Active => reservation.Move(change.SeatId, change.Start, change.End, now, options)
                        ?? reservation.CheckIn(now, options),
                    ReservationStatus.Future when reservation.StatusAt(now, options) is not ReservationStatus.Future =>
                        new Refusal.StatusNotAllowed(),
                    _ => reservation.Move(change.SeatId, change.Start, change.End, now, options),
                },
            now,
            cancellation
        );

    /// <summary>Checks the holder in. Twice is once.</summary>
    public Task<Result<ReservationView>> CheckInAsync(
        Guid id,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        ChangeAsync(
            id,
            seatId: null,
            adminId,
            reason: null,
            reservation => reservation.CheckIn(now, options),
            now,
            cancellation
        );

    private async Task<Result<ReservationView>> ChangeAsync(
        Guid id,
        Guid? seatId,
        Guid? adminId,
        string? reason,
        Func<Reservation, Refusal?> verb,
        DateTimeOffset now,
        CancellationToken cancellation,
        bool isAnswered = false
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var result = await Postgres.RetryDeadlocksAsync(() =>
                    TryChangeAsync(id, seatId, adminId, reason, verb, now, isAnswered, cancellation)
                );
                if (result is { } done)
                {
                    return done;
                }
            }
            catch (Exception exception)
                when (exception.PostgresError() is { } error && Booking.RefusalFor(error) is { } refusal)
            {
                if (refusal is not Refusal.SeatTaken || attempt == MaxAttempts)
                {
                    return refusal;
                }

                // What stands in the way may be over, only not marked so yet. Where nothing was, somebody may have
                // marked it since: the first time that is worth another look.
                if (await SettleAllAsync(now, cancellation) == 0 && attempt > 1)
                {
                    return refusal;
                }
            }
        }
    }

    /// <returns>Null where the reservation went to another seat meanwhile, and has to be looked at again.</returns>
    private async Task<Result<ReservationView>?> TryChangeAsync(
        Guid id,
        Guid? seatId,
        Guid? adminId,
        string? reason,
        Func<Reservation, Refusal?> verb,
        DateTimeOffset now,
        bool isAnswered,
        CancellationToken cancellation
    )
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var before = await db
            .Reservations.AsNoTracking()
            .Where(r => r.Id == id)
            .Select(r => new { r.SeatId })
            .SingleOrDefaultAsync(cancellation);
        if (before is null)
        {
            return (Result<ReservationView>)new Refusal.ReservationNotFound();
        }

        var seats = await LockSeatsAsync(before.SeatId, seatId ?? before.SeatId, cancellation);
        var reservation = await db
            .Reservations.FromSql($"SELECT * FROM reservations WHERE id = {id} FOR UPDATE")
            .SingleAsync(cancellation);
        if (reservation.SeatId != before.SeatId)
        {
            return null;
        }

        var wasActive = reservation.Status is ReservationStatus.Active;
        if (verb(reservation) is { } refusal)
        {
            return (Result<ReservationView>)refusal;
        }

        // Whoever checks in, and however: nobody comes in whom no administrator has seen.
        var isCheckIn = reservation.Status is ReservationStatus.Active && !wasActive;
        if (isCheckIn && !await db.Users.AnyAsync(u => u.Id == reservation.UserId && u.Verified, cancellation))
        {
            return (Result<ReservationView>)new Refusal.UserNotVerified(reservation.UserId!.Value);
        }

        if (seats.All(seat => seat.Id != reservation.SeatId))
        {
            return (Result<ReservationView>)new Refusal.SeatNotFound();
        }

        if (db.ChangeTracker.HasChanges())
        {
            Record(reservation, adminId, reason, now, isAnswered);
            var change = ChangeOf(reservation, isCheckIn, wasActive, adminId is not null);
            var held = HeldBefore(reservation);
            await db.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
            changes.Tell(held);
            changes.Tell(reservation.Interval);
            Count(change);
        }

        return reservation.ToView(seats.Single(seat => seat.Id == reservation.SeatId).Name, now, options);
    }

    private Interval HeldBefore(Reservation reservation)
    {
        var before = db.Entry(reservation).OriginalValues;
        return new Interval(
            before.GetValue<DateTimeOffset>(nameof(Reservation.StartsAt)),
            before.GetValue<DateTimeOffset>(nameof(Reservation.EndsAt))
        );
    }

    /// <summary>
    /// Movers of one seat wait for each other. The lock lets bookings pass, whose foreign key only needs the seat to
    /// stay: the two meet at the exclusion constraint, where neither can make the other wait in a circle.
    /// </summary>
    private async Task<List<Seat>> LockSeatsAsync(Guid one, Guid other, CancellationToken cancellation) =>
        await db
            .Seats.FromSql($"SELECT * FROM seats WHERE id IN ({one}, {other}) ORDER BY id FOR NO KEY UPDATE")
            .AsNoTracking()
            .OrderBy(row => row.Id)
            .ToListAsync(cancellation);

    private void Record(Reservation reservation, Guid? adminId, string? reason, DateTimeOffset now, bool isAnswered)
    {
        var entry = db.Entry(reservation);
        var kind =
            !entry.Property(r => r.Status).IsModified ? NotificationKind.ReservationMoved
            : reservation.Status is ReservationStatus.Active ? NotificationKind.CheckedIn
            : reservation.Status is ReservationStatus.DidNotCome ? NotificationKind.NoShow
            : NotificationKind.ReservationClosed;
        reason = kind is NotificationKind.ReservationClosed ? reason : null;
        if (adminId is { } actor)
        {
            var action = kind switch
            {
                NotificationKind.CheckedIn => "reservation.check_in",
                NotificationKind.ReservationClosed or NotificationKind.NoShow => "reservation.close",
                _ => "reservation.update",
            };
            db.Audit.Add(AuditEntry.Of(entry, reservation.Id, actor, action, now, reason: reason));
        }

        // A reservation can move often, also twice in one instant, and end once.
        var key =
            kind is NotificationKind.ReservationMoved
                ? $"{kind}:{Guid.CreateVersion7(now)}"
                : $"{kind}:{reservation.Id}";
        db.Notifications.Add(
            Notification.Now(
                reservation.UserId!.Value,
                kind,
                key,
                new
                {
                    reservation_id = reservation.Id,
                    by_admin = adminId is not null,
                    reason,
                },
                now,
                isAnswered
            )
        );
    }

    /// <summary>What is about to be saved, by the name that it is counted under.</summary>
    private string ChangeOf(Reservation reservation, bool isCheckIn, bool wasActive, bool byAdmin)
    {
        var entry = db.Entry(reservation);
        var end = entry.Property(r => r.EndsAt);
        return isCheckIn ? CheckIn
            : reservation.Status is ReservationStatus.DidNotCome ? NoShow
            : reservation.Status is ReservationStatus.Closed
                ? wasActive ? "ended_early"
                    : byAdmin ? "cancelled_by_admin"
                    : "cancelled"
            : entry.Property(r => r.SeatId).IsModified || entry.Property(r => r.StartsAt).IsModified ? "moved"
            : end.CurrentValue > end.OriginalValue ? "extended"
            : "shortened";
    }

    private void Count(string change)
    {
        switch (change)
        {
            case CheckIn:
                metrics.CheckedIn();
                break;
            case NoShow:
                metrics.Missed(1);
                break;
            default:
                metrics.ReservationChanged(change);
                break;
        }
    }

    private Task<long> SettleAllAsync(DateTimeOffset now, CancellationToken cancellation) =>
        clock.SettleAsync(now, seatId: null, userId: null, cancellation);
}
