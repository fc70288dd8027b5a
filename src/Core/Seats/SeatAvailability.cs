using BookIT.Core.Data;
using BookIT.Core.Reservations;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace BookIT.Core.Seats;

/// <summary>All seats of the space, as of one version of the catalog. The same version is the same object.</summary>
/// <param name="Version">Rises with every write to a seat.</param>
/// <param name="Seats">Newest first.</param>
public sealed record SeatCatalog(long Version, IReadOnlyList<Seat> Seats);

/// <summary>Which seats there are, and which of them somebody holds.</summary>
/// <param name="Catalog">All seats.</param>
/// <param name="Busy">The ids of those that are held at some moment of the window.</param>
public sealed record Availability(SeatCatalog Catalog, IReadOnlySet<Guid> Busy);

/// <summary>A time at which a seat is held.</summary>
/// <param name="Interval">All of it, also what lies outside the window that was looked at.</param>
/// <param name="ReservationId">By which reservation.</param>
/// <param name="UserId">By whom.</param>
public readonly record struct HeldTime(Interval Interval, Guid ReservationId, Guid UserId);

/// <summary>When the seats are held, within a window.</summary>
/// <param name="Catalog">All seats.</param>
/// <param name="Window">What was looked at.</param>
/// <param name="Held">By seat: the reservations that hold it at some moment of the window, in no order.</param>
public sealed record SeatTimes(SeatCatalog Catalog, Interval Window, ILookup<Guid, HeldTime> Held)
{
    /// <summary>
    /// Until when a seat is free from a moment of the window on: at most its end. Null where it is held at that moment.
    /// </summary>
    public DateTimeOffset? FreeUntil(Guid seatId, DateTimeOffset from)
    {
        var until = Window.End;
        foreach (var (held, _, _) in Held[seatId])
        {
            if (held.Contains(from))
            {
                return null;
            }

            until = held.Start > from && held.Start < until ? held.Start : until;
        }

        return until;
    }
}

/// <summary>
/// Says which seats are free. One statement on an index of the live reservations only, so that old ones cost nothing;
/// the seats themselves, which rarely change, stay in memory, and that statement says whether they are still right.
/// </summary>
public sealed class SeatAvailability(
    NpgsqlDataSource postgres,
    IDbContextFactory<BookItDbContext> contexts,
    BookingOptions options
)
{
    // The bounds on starts_at are what the index is good for: no reservation is longer than the longest.
    internal const string Sql = $"""
        SELECT version, ARRAY(
            SELECT seat_id FROM reservations
            WHERE {ReservationStatusNames.LiveByStart}
                AND starts_at < $2 AND starts_at > $3 AND ends_at > $1
                AND NOT (status = 'future' AND starts_at <= $4))
        FROM seat_catalog_version
        """;

    private const string TimesSql = $"""
        SELECT version, seat_id, starts_at, ends_at, held.id, user_id
        FROM seat_catalog_version LEFT JOIN (
            SELECT seat_id, starts_at, ends_at, id, user_id FROM reservations
            WHERE {ReservationStatusNames.LiveByStart}
                AND starts_at < $2 AND starts_at > $3 AND ends_at > $1
                AND NOT (status = 'future' AND starts_at <= $4)
                AND id IS DISTINCT FROM $5) AS held ON true
        """;

    private const string WindowsSql = $"""
        SELECT version, ARRAY(
            SELECT DISTINCT seat_id FROM reservations
            WHERE {ReservationStatusNames.LiveByStart}
                AND starts_at < asked.until AND starts_at > asked.since - $3 AND ends_at > asked.since
                AND NOT (status = 'future' AND starts_at <= $4))
        FROM seat_catalog_version, unnest($1, $2) WITH ORDINALITY AS asked (since, until, number)
        ORDER BY number
        """;

    private volatile SeatCatalog? catalog;
    private long longestTicks = options.MaxDuration.Ticks;

    /// <summary>The length of the longest live reservation, which may be older than today's <see cref="BookingOptions.MaxDuration"/>.</summary>
    internal TimeSpan Longest
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref longestTicks));
        set => Volatile.Write(ref longestTicks, Math.Max(value.Ticks, options.MaxDuration.Ticks));
    }

    /// <summary>The seats, and which of them are held at some moment of the window.</summary>
    public async Task<Availability> ReadAsync(Interval window, DateTimeOffset now, CancellationToken cancellation)
    {
        long version;
        Guid[] busy;
        await using (var command = Command(Sql, window, now))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            await reader.ReadAsync(cancellation);
            version = reader.GetInt64(0);
            busy = reader.GetFieldValue<Guid[]>(1);
        }

        return new Availability(await CatalogAsync(version, cancellation), busy.ToHashSet());
    }

    /// <summary>
    /// For each of the windows the ids of the seats that are held at some moment of it, and the version of the catalog:
    /// one statement for all of them.
    /// </summary>
    public async Task<(long Version, IReadOnlyList<IReadOnlySet<Guid>> Busy)> ReadBusyAsync(
        IReadOnlyList<Interval> windows,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await using var command = postgres.CreateCommand(WindowsSql);
        command.Parameters.Add(Instants(windows.Select(window => window.Start)));
        command.Parameters.Add(Instants(windows.Select(window => window.End)));
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Longest });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = options.NoShowCutoff(now) });
        long version = 0;
        var busy = new List<IReadOnlySet<Guid>>(windows.Count);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            version = reader.GetInt64(0);
            busy.Add(reader.GetFieldValue<Guid[]>(1).ToHashSet());
        }

        return (version, busy);
    }

    /// <summary>The seats, and when they are held within the window, whether by one reservation or by many.</summary>
    /// <param name="window">Half-open; a few days at the most.</param>
    /// <param name="except">A reservation that is taken as if it were not there: the one that is to move.</param>
    /// <param name="now">The present.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<SeatTimes> ReadTimesAsync(
        Interval window,
        Guid? except,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        long version = 0;
        var held = new List<(Guid Seat, HeldTime Time)>();
        await using (var command = Command(TimesSql, window, now))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid?> { TypedValue = except });
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                version = reader.GetInt64(0);
                if (!await reader.IsDBNullAsync(1, cancellation))
                {
                    held.Add(
                        (
                            reader.GetGuid(1),
                            new HeldTime(
                                new Interval(
                                    reader.GetFieldValue<DateTimeOffset>(2),
                                    reader.GetFieldValue<DateTimeOffset>(3)
                                ),
                                reader.GetGuid(4),
                                reader.GetGuid(5)
                            )
                        )
                    );
                }
            }
        }

        return new SeatTimes(
            await CatalogAsync(version, cancellation),
            window,
            held.ToLookup(row => row.Seat, row => row.Time)
        );
    }

    /// <summary>
    /// The free seats nearest to one that somebody wished for, which may be taken, or removed meanwhile: those of its zone
    /// first, and the nearest on the map first.
    /// </summary>
    /// <param name="seatId">The seat wished for; it is not among the answers. Where there never was one nothing is near it.</param>
    /// <param name="availability">What is free of a window, for all of it.</param>
    /// <param name="count">So many at the most.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<IReadOnlyList<Seat>> FindNearestFreeAsync(
        Guid seatId,
        Availability availability,
        int count,
        CancellationToken cancellation
    )
    {
        var all = availability.Catalog.Seats;
        if (
            (all.FirstOrDefault(seat => seat.Id == seatId) ?? await FindRemovedAsync(seatId, cancellation))
            is not { } wished
        )
        {
            return [];
        }

        return
        [
            .. all.Where(seat => seat.Id != seatId && !availability.Busy.Contains(seat.Id))
                .OrderBy(seat => seat.Zone == wished.Zone ? 0 : 1)
                .ThenBy(seat => double.Hypot(seat.X - wished.X, seat.Y - wished.Y))
                .ThenBy(seat => seat.Id)
                .Take(count),
        ];
    }

    private async Task<Seat?> FindRemovedAsync(Guid seatId, CancellationToken cancellation)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellation);
        return await db.Seats.AsNoTracking().SingleOrDefaultAsync(seat => seat.Id == seatId, cancellation);
    }

    private static NpgsqlParameter<DateTimeOffset[]> Instants(IEnumerable<DateTimeOffset> instants) =>
        new() { TypedValue = [.. instants] };

    private NpgsqlCommand Command(string sql, Interval window, DateTimeOffset now)
    {
        var command = postgres.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = window.Start });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = window.End });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = window.Start - Longest });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = options.NoShowCutoff(now) });
        return command;
    }

    private async Task<SeatCatalog> CatalogAsync(long version, CancellationToken cancellation)
    {
        var seats = catalog;
        if (seats?.Version != version)
        {
            // Read after the version: at worst the seats are newer than it says, and the next call reads them again.
            await using var db = await contexts.CreateDbContextAsync(cancellation);
            var all = await db
                .Seats.AsNoTracking()
                .Where(seat => seat.DeletedAt == null)
                .OrderByDescending(seat => seat.Id)
                .ToListAsync(cancellation);
            catalog = seats = new SeatCatalog(version, all);
        }

        return seats;
    }
}
