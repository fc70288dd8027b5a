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
    private const string Sql = $"""
        SELECT version, ARRAY(
            SELECT seat_id FROM reservations
            WHERE {ReservationStatusNames.Live}
                AND starts_at < $2 AND starts_at > $3 AND ends_at > $1
                AND NOT (status = 'future' AND starts_at <= $4))
        FROM seat_catalog_version
        """;

    private volatile SeatCatalog? catalog;
    private long longestTicks = options.MaxDuration.Ticks;

    /// <summary>The length of the longest live reservation, which may be older than today's <see cref="BookingOptions.MaxDuration"/>.</summary>
    internal TimeSpan Longest
    {
        set => Volatile.Write(ref longestTicks, Math.Max(value.Ticks, options.MaxDuration.Ticks));
    }

    /// <summary>The seats, and which of them are held at some moment of the window.</summary>
    public async Task<Availability> ReadAsync(Interval window, DateTimeOffset now, CancellationToken cancellation)
    {
        long version;
        Guid[] busy;
        await using (var command = postgres.CreateCommand(Sql))
        {
            var longest = TimeSpan.FromTicks(Volatile.Read(ref longestTicks));
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = window.Start });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = window.End });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = window.Start - longest });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = options.NoShowCutoff(now) });
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            await reader.ReadAsync(cancellation);
            version = reader.GetInt64(0);
            busy = reader.GetFieldValue<Guid[]>(1);
        }

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

        return new Availability(seats, busy.ToHashSet());
    }
}
