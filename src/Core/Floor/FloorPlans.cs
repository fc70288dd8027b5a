using BookIT.Core.Audit;
using BookIT.Core.Avatars;
using BookIT.Core.Data;
using BookIT.Core.Seats;
using BookIT.Core.Space;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BookIT.Core.Floor;

/// <summary>A rectangle in map coordinates.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Upper edge.</param>
/// <param name="Width">More than nothing.</param>
/// <param name="Height">More than nothing.</param>
public readonly record struct MapRectangle(double X, double Y, double Width, double Height);

/// <summary>The picture under the map.</summary>
/// <param name="Id">Of the stored picture; the same id always is the same picture.</param>
/// <param name="Place">Where it lies.</param>
public sealed record FloorPlan(Guid Id, MapRectangle Place);

/// <summary>The floor beside its seats.</summary>
/// <param name="Version">Of the catalog of seats; rises with every change of a seat or of the plan.</param>
/// <param name="Plan">The picture under the map; null where there is none.</param>
public sealed record FloorState(long Version, FloorPlan? Plan);

/// <summary>
/// The picture under the map: kept as avatars are, in a place of its own, stored before it is named and deleted after it is
/// named no longer.
/// </summary>
public sealed class FloorPlans(
    BookItDbContext db,
    [FromKeyedServices(FloorPlans.Store)] AvatarStore store,
    SeatChanges changes
)
{
    /// <summary>The name of the store of these pictures among those of its kind.</summary>
    public const string Store = "floor";

    /// <summary>The plan and the version, as of one moment.</summary>
    public async Task<FloorState> ReadAsync(CancellationToken cancellation)
    {
        var row = await (
            from space in db.Space.AsNoTracking()
            from version in db.Set<SeatCatalogVersion>()
            select new { Space = space, version.Version }
        ).SingleAsync(cancellation);
        return new FloorState(row.Version, row.Space.FloorPlan);
    }

    /// <summary>
    /// Lays a picture under the map: the first one from 0, 0 on, a pixel a unit; a later one where its predecessor lay, as
    /// wide as that.
    /// </summary>
    /// <exception cref="AvatarStoreException">The store is away; the plan is the one it was.</exception>
    public async Task<FloorState> SetAsync(
        ReceivedPicture picture,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var id = Guid.CreateVersion7(now);
        await store.PutAsync(id, picture.Content, cancellation);
        var (_, width, height) = picture.Facts;
        return await ChangeAsync(
            before => new FloorPlan(
                id,
                before is { Place: var place }
                    ? place with
                    {
                        Height = place.Width * height / width,
                    }
                    : new MapRectangle(0, 0, width, height)
            ),
            adminId,
            "floor_plan.update",
            now,
            cancellation
        );
    }

    /// <summary>Takes the picture away. Doing it twice changes nothing.</summary>
    public Task<FloorState> RemoveAsync(Guid adminId, DateTimeOffset now, CancellationToken cancellation) =>
        ChangeAsync(_ => null, adminId, "floor_plan.delete", now, cancellation);

    /// <summary>A picture that lies, or lay until a moment ago, under the map.</summary>
    /// <param name="id">Which one.</param>
    /// <param name="isKnown">Whether the reader has the picture of this id.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>Or <see cref="Refusal.PictureNotFound"/>.</returns>
    /// <exception cref="AvatarStoreException">The store is away.</exception>
    public async Task<Result<ShownAvatar>> OpenAsync(
        Guid id,
        Predicate<Guid> isKnown,
        CancellationToken cancellation
    ) =>
        isKnown(id) ? new ShownAvatar(id, Picture: null)
        : await store.OpenAsync(id, cancellation) is { } stored
        && await Avatar.ReadAsync(id, stored, cancellation) is { } picture
            ? new ShownAvatar(id, picture)
        : new Refusal.PictureNotFound();

    private async Task<FloorState> ChangeAsync(
        Func<FloorPlan?, FloorPlan?> change,
        Guid adminId,
        string action,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // The version first, as everybody who locks both.
        await db.Database.ExecuteSqlAsync($"UPDATE seat_catalog_version SET version = version + 1", cancellation);
        var space = await db.Space.FromSql($"SELECT * FROM space FOR UPDATE").SingleAsync(cancellation);
        var old = space.FloorPlan;
        var plan = change(old);
        if (plan == old)
        {
            await transaction.RollbackAsync(cancellation);
            return await ReadAsync(cancellation);
        }

        space.SetFloorPlan(plan);
        db.ChangeTracker.DetectChanges();
        db.Audit.Add(AuditEntry.Of(db.Entry(space), SpaceSettings.FloorId, adminId, action, now));
        await db.SaveChangesAsync(cancellation);
        var state = await ReadAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        changes.Tell(SeatChanges.AllTime);
        await store.TryDeleteAsync(old?.Id);
        return state;
    }
}
