using BookIT.Core.Audit;
using BookIT.Core.Data;
using BookIT.Core.Reservations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace BookIT.Core.Seats;

/// <summary>What administrators do with seats. Each act is audited and seen by every replica.</summary>
public sealed class SeatEditing(BookItDbContext db, ReservationClock clock, SeatChanges changes, BookingOptions options)
{
    /// <summary>Adds a seat.</summary>
    public async Task<Seat> AddAsync(
        SeatDetails details,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var seat = Seat.Add(Guid.CreateVersion7(now), details);
        db.Seats.Add(seat);
        await CommitAsync(transaction, seat, adminId, "seat.create", now, cancellation);
        return seat;
    }

    /// <summary>Changes a seat; what is not given stays.</summary>
    public async Task<Result<Seat>> ChangeAsync(
        Guid id,
        SeatDetails details,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var seat = await db
            .Seats.FromSql($"SELECT * FROM seats WHERE id = {id} AND deleted_at IS NULL FOR NO KEY UPDATE")
            .SingleOrDefaultAsync(cancellation);
        if (seat is null)
        {
            return new Refusal.SeatNotFound();
        }

        seat.Change(details);
        if (db.ChangeTracker.HasChanges())
        {
            await CommitAsync(transaction, seat, adminId, "seat.update", now, cancellation);
        }

        return seat;
    }

    /// <summary>
    /// Removes a seat. One with live reservations is refused unless <paramref name="force"/>, which closes them and
    /// tells their owners.
    /// </summary>
    public async Task<Result<Done>> RemoveAsync(
        Guid id,
        bool force,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await clock.SettleAsync(now, seatId: id, userId: null, cancellation);
        try
        {
            return await Postgres.RetryDeadlocksAsync(() => TryRemoveAsync(id, force, adminId, now, cancellation));
        }
        catch (DbUpdateException exception)
            when (exception.PostgresError()?.ConstraintName is ReservationConfiguration.SeatInUse)
        {
            return new Refusal.SeatHasReservations();
        }
    }

    private async Task<Result<Done>> TryRemoveAsync(
        Guid id,
        bool force,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // Waits for bookings under way; those that come later find the seat gone.
        var seat = await db
            .Seats.FromSql($"SELECT * FROM seats WHERE id = {id} AND deleted_at IS NULL FOR UPDATE")
            .SingleOrDefaultAsync(cancellation);
        if (seat is null)
        {
            return new Refusal.SeatNotFound();
        }

        if (force)
        {
            await db.EndOfSeatsAsync([seat.Id], adminId, now, options, cancellation);
        }

        seat.Remove(now);
        await CommitAsync(transaction, seat, adminId, "seat.delete", now, cancellation);
        return Done.Ok;
    }

    /// <summary>Saves the seat with its audit entry and a new version of the catalog, and tells of it.</summary>
    private async Task CommitAsync(
        IDbContextTransaction transaction,
        Seat seat,
        Guid adminId,
        string action,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        db.Audit.Add(
            AuditEntry.Of(db.Entry(seat), seat.Id, adminId, action, now, isRemoval: seat.DeletedAt is not null)
        );
        await db.SaveChangesAsync(cancellation);
        // Last, because it makes writers of seats wait for each other until the commit.
        await db.Database.ExecuteSqlAsync($"UPDATE seat_catalog_version SET version = version + 1", cancellation);
        await transaction.CommitAsync(cancellation);
        changes.Tell(SeatChanges.AllTime);
    }
}
