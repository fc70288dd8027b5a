using BookIT.Core.Audit;
using BookIT.Core.Data;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using BookIT.Core.Space;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Floor;

/// <summary>A seat of the floor as it shall be.</summary>
/// <param name="Id">Which one; null adds one.</param>
/// <param name="Details">What it is like; what is not given stays.</param>
public sealed record FloorSeat(Guid? Id, SeatDetails Details);

/// <summary>All that was changed on the floor, to be saved at once.</summary>
/// <param name="Version">That of the floor which was changed.</param>
/// <param name="Seats">Those that change, and new ones; no id twice.</param>
/// <param name="Removed">Those that go, none of them among <paramref name="Seats"/>.</param>
/// <param name="Plan">Where the picture lies from now on; null leaves it where it is.</param>
/// <param name="Force">Whether live reservations of the seats that go are closed.</param>
public sealed record FloorChange(
    long Version,
    IReadOnlyList<FloorSeat> Seats,
    IReadOnlyList<Guid> Removed,
    MapRectangle? Plan,
    bool Force
);

/// <summary>Saves what an administrator has made of the floor: all of it or nothing, and only over what they have seen.</summary>
public sealed class FloorEditing(
    BookItDbContext db,
    ReservationClock clock,
    SeatChanges changes,
    BookingOptions options
)
{
    private const int NamesToTell = 10;

    /// <summary>Saves a change, with one audit entry.</summary>
    /// <returns>
    /// Or why not: <see cref="Refusal.FloorChanged"/>, <see cref="Refusal.SeatNotFound"/>,
    /// <see cref="Refusal.SeatsHaveReservations"/>, and <see cref="Refusal.PictureNotFound"/> where there is no picture to
    /// move.
    /// </returns>
    public async Task<Result<Done>> SaveAsync(
        FloorChange change,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (change.Removed.Count > 0)
        {
            await clock.SettleAsync(now, seatId: null, userId: null, cancellation);
        }

        var saved = await Postgres.RetryDeadlocksAsync(() => TrySaveAsync(change, adminId, now, cancellation));
        if (saved.Refusal is null)
        {
            changes.Tell(SeatChanges.AllTime);
        }

        return saved;
    }

    private async Task<Result<Done>> TrySaveAsync(
        FloorChange change,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // Everybody's order: seats by their ids, the version, the space.
        Guid[] removed = [.. change.Removed];
        Guid[] named = [.. change.Seats.Select(seat => seat.Id).OfType<Guid>(), .. removed];
        var seats = await db
            .Seats.FromSql(
                $"SELECT * FROM seats WHERE id = ANY({named}) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE"
            )
            .OrderBy(row => row.Id)
            .ToDictionaryAsync(seat => seat.Id, cancellation);
        // Waits for bookings under way; those that come later find these seats gone.
        await db.Database.ExecuteSqlAsync(
            $"SELECT FROM seats WHERE id = ANY({removed}) ORDER BY id FOR UPDATE",
            cancellation
        );
        var version = await db
            .Database.SqlQuery<long>($"SELECT version AS \"Value\" FROM seat_catalog_version FOR UPDATE")
            .ToListAsync(cancellation);
        if (version.Single() != change.Version)
        {
            return new Refusal.FloorChanged();
        }

        if (named.Any(id => !seats.ContainsKey(id)))
        {
            return new Refusal.SeatNotFound();
        }

        if (!change.Force && await FindOccupiedAsync(removed, cancellation) is { } occupied)
        {
            return occupied;
        }

        if (change.Plan is { } place)
        {
            var space = await db.Space.FromSql($"SELECT * FROM space FOR UPDATE").SingleAsync(cancellation);
            if (space.FloorPlan is not { } plan)
            {
                return new Refusal.PictureNotFound();
            }

            space.SetFloorPlan(plan with { Place = place });
        }

        Change(change, seats, now);
        Record(adminId, now);
        await db.EndOfSeatsAsync(removed, adminId, now, options, cancellation);
        if (db.ChangeTracker.HasChanges())
        {
            await db.SaveChangesAsync(cancellation);
            await db.Database.ExecuteSqlAsync($"UPDATE seat_catalog_version SET version = version + 1", cancellation);
            await transaction.CommitAsync(cancellation);
        }

        return Done.Ok;
    }

    private void Change(FloorChange change, Dictionary<Guid, Seat> seats, DateTimeOffset now)
    {
        for (var i = 0; i < change.Seats.Count; i++)
        {
            var (id, details) = change.Seats[i];
            if (id is { } known)
            {
                seats[known].Change(details);
            }
            else
            {
                // A moment later each, so that they stay in their order.
                db.Seats.Add(Seat.Add(Guid.CreateVersion7(now.AddMilliseconds(i)), details));
            }
        }

        foreach (var id in change.Removed)
        {
            seats[id].Remove(now);
        }
    }

    private void Record(Guid adminId, DateTimeOffset now)
    {
        db.ChangeTracker.DetectChanges();
        var seats = db
            .ChangeTracker.Entries<Seat>()
            .Where(seat => seat.State is not EntityState.Unchanged)
            .Select(seat =>
                (
                    Name: seat.Entity.Id.ToString(),
                    Target: (Microsoft.EntityFrameworkCore.ChangeTracking.EntityEntry)seat,
                    IsRemoval: seat.Entity.DeletedAt is not null
                )
            );
        var plan = db
            .ChangeTracker.Entries<SpaceSettings>()
            .Where(space => space.State is not EntityState.Unchanged)
            .Select(space =>
                (Name: "plan", (Microsoft.EntityFrameworkCore.ChangeTracking.EntityEntry)space, IsRemoval: false)
            );
        if (seats.Concat(plan).ToList() is { Count: > 0 } changed)
        {
            db.Audit.Add(AuditEntry.OfAll(changed, SpaceSettings.FloorId, adminId, "floor.update", now));
        }
    }

    private async Task<Refusal?> FindOccupiedAsync(Guid[] removed, CancellationToken cancellation)
    {
        var occupied = await db
            .Seats.AsNoTracking()
            .Where(seat =>
                removed.Contains(seat.Id)
                && db.Reservations.Any(r =>
                    r.SeatId == seat.Id
                    && (r.Status == ReservationStatus.Future || r.Status == ReservationStatus.Active)
                )
            )
            .OrderBy(seat => seat.Name)
            .ThenBy(seat => seat.Id)
            .Select(seat => new { seat.Id, seat.Name })
            .ToListAsync(cancellation);
        if (occupied.Count == 0)
        {
            return null;
        }

        var names = string.Join(", ", occupied.Take(NamesToTell).Select(seat => seat.Name));
        return new Refusal.SeatsHaveReservations(
            [.. occupied.Select(seat => seat.Id)],
            occupied.Count > NamesToTell ? $"{names}, …" : names
        );
    }
}
