using BookIT.Core.Data;
using BookIT.Core.Seats;
using BookIT.Core.Space;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Reservations;

/// <summary>A reservation as those see it who let people in.</summary>
/// <param name="Reservation">The reservation.</param>
/// <param name="Zone">The part of the floor where its seat stands.</param>
/// <param name="FirstName">Who holds it; null once the account is gone.</param>
/// <param name="Email">Their address; null once the account is gone.</param>
/// <param name="Verified">Whether an administrator vouches for them.</param>
/// <param name="CheckedInAt">When they were checked in (UTC); null where they were not.</param>
/// <param name="Obstacle">Why they cannot be checked in at this moment; null where they can once they are verified, or are in.</param>
public sealed record Visit(
    ReservationView Reservation,
    string? Zone,
    string? FirstName,
    string? Email,
    bool Verified,
    DateTimeOffset? CheckedInAt,
    Refusal? Obstacle
);

/// <summary>How many of the seats are held.</summary>
/// <param name="Busy">Held.</param>
/// <param name="Seats">All that can be booked.</param>
public readonly record struct Occupancy(int Busy, int Seats)
{
    /// <summary>From 0 to 100.</summary>
    public int Percent => Seats == 0 ? 0 : (int)Math.Round(100.0 * Busy / Seats, MidpointRounding.AwayFromZero);
}

/// <summary>How full a part of the floor is.</summary>
public sealed record ZoneOccupancy(string? Zone, Occupancy Occupancy);

/// <summary>How full an hour is.</summary>
/// <param name="Start">When it begins (UTC).</param>
/// <param name="Occupancy">The seats that somebody uses or is expected at, at some moment of it.</param>
public sealed record HourOccupancy(DateTimeOffset Start, Occupancy Occupancy);

/// <summary>How the space's day goes, by its clock.</summary>
/// <param name="Date">Which day.</param>
/// <param name="Day">From when to when (UTC).</param>
/// <param name="AsOf">The moment it was read (UTC).</param>
/// <param name="Expected">Who may still come, by their start.</param>
/// <param name="Present">Who is in, by their start.</param>
/// <param name="NoShows">Who did not come, by their start.</param>
/// <param name="Occupancy">The seats that are held at this moment.</param>
/// <param name="Zones">The same by parts of the floor, by name; seats that are in none come last.</param>
/// <param name="Hours">How full each hour of the day was or is going to be.</param>
public sealed record SpaceToday(
    DateOnly Date,
    Interval Day,
    DateTimeOffset AsOf,
    IReadOnlyList<Visit> Expected,
    IReadOnlyList<Visit> Present,
    IReadOnlyList<Visit> NoShows,
    Occupancy Occupancy,
    IReadOnlyList<ZoneOccupancy> Zones,
    IReadOnlyList<HourOccupancy> Hours
);

/// <summary>Reads reservations for those who let people in. What it shows is never older than the clock.</summary>
public sealed class Visits(
    BookItDbContext db,
    SeatAvailability availability,
    BookingOptions options,
    SpaceOptions space
)
{
    /// <summary>The visit that a pass is for.</summary>
    /// <returns>It, or <see cref="Refusal.ReservationNotFound"/>.</returns>
    public async Task<Result<Visit>> FindAsync(Guid reservationId, DateTimeOffset now, CancellationToken cancellation)
    {
        var row = await Rows(db.Reservations.Where(r => r.Id == reservationId)).SingleOrDefaultAsync(cancellation);
        return row is null ? new Refusal.ReservationNotFound() : View(row, now);
    }

    /// <summary>The live reservations of a member, by their start.</summary>
    public async Task<IReadOnlyList<Visit>> ListLiveAsync(
        Guid userId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var rows = await Rows(
                db.Reservations.FromSqlRaw($"SELECT * FROM reservations WHERE {ReservationStatusNames.LiveByUser}")
                    .Where(r => r.UserId == userId)
            )
            .OrderBy(row => row.Reservation.StartsAt)
            .ToListAsync(cancellation);
        return [.. rows.Select(row => View(row, now)).Where(IsLive)];
    }

    /// <summary>
    /// How today goes: one query on the index of starts, bounded by the longest booking there may be, and one for the seats
    /// that are held now.
    /// </summary>
    public async Task<SpaceToday> ReadTodayAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var date = space.DayOf(now);
        var day = space.Day(date);
        var from = day.Start - BookingOptions.LongestPossible;
        var rows = await Rows(
                db.Reservations.Where(r => r.StartsAt < day.End && r.StartsAt >= from && r.EndsAt > day.Start)
            )
            .OrderBy(row => row.Reservation.StartsAt)
            .ThenBy(row => row.Reservation.Id)
            .ToListAsync(cancellation);
        var held = await availability.ReadAsync(Interval.At(now), now, cancellation);
        var seats = held.Catalog.Seats;
        var visits = rows.ConvertAll(row => View(row, now)).ToLookup(visit => visit.Reservation.Status);
        return new SpaceToday(
            date,
            day,
            now,
            [.. visits[ReservationStatus.Future]],
            [.. visits[ReservationStatus.Active]],
            [.. visits[ReservationStatus.DidNotCome]],
            Of(seats, held.Busy),
            [
                .. seats
                    .GroupBy(seat => seat.Zone)
                    .OrderBy(zone => zone.Key is null)
                    .ThenBy(zone => zone.Key, StringComparer.OrdinalIgnoreCase)
                    .Select(zone => new ZoneOccupancy(zone.Key, Of([.. zone], held.Busy))),
            ],
            [.. Hours(day).Select(hour => new HourOccupancy(hour.Start, Of(seats, Used(rows, hour, now))))]
        );
    }

    private static Occupancy Of(IReadOnlyList<Seat> seats, IReadOnlySet<Guid> busy) =>
        new(seats.Count(seat => busy.Contains(seat.Id)), seats.Count);

    private static IEnumerable<Interval> Hours(Interval day)
    {
        var hour = TimeSpan.FromHours(1);
        for (var start = day.Start; start < day.End; start += hour)
        {
            yield return new Interval(start, start + hour < day.End ? start + hour : day.End);
        }
    }

    /// <summary>The seats that somebody has used or is expected at within the span: not those that were kept in vain.</summary>
    private HashSet<Guid> Used(List<Row> rows, Interval span, DateTimeOffset now) =>
        [
            .. rows.Select(row => row.Reservation)
                .Where(r =>
                    r.StatusAt(now, options) switch
                    {
                        ReservationStatus.DidNotCome => false,
                        ReservationStatus.Closed => r.CheckedInAt is not null
                            && span.Overlaps(r.Interval)
                            && !(r.ClosedAt <= span.Start),
                        _ => span.Overlaps(r.Interval),
                    }
                )
                .Select(r => r.SeatId),
        ];

    private static bool IsLive(Visit visit) =>
        visit.Reservation.Status is ReservationStatus.Future or ReservationStatus.Active;

    private IQueryable<Row> Rows(IQueryable<Reservation> reservations) =>
        from reservation in reservations.AsNoTracking()
        join seat in db.Seats on reservation.SeatId equals seat.Id
        join user in db.Users on reservation.UserId equals user.Id into users
        from user in users.DefaultIfEmpty()
        select new Row
        {
            Reservation = reservation,
            SeatName = seat.Name,
            Zone = seat.Zone,
            FirstName = user.FirstName,
            Email = user.Email,
            Verified = user.Verified,
        };

    private Visit View(Row row, DateTimeOffset now) =>
        new(
            row.Reservation.ToView(row.SeatName, now, options),
            row.Zone,
            row.FirstName,
            row.Email,
            row.Verified is true,
            row.Reservation.CheckedInAt,
            row.Reservation.CheckInObstacle(now, options)
        );

    private sealed class Row
    {
        public required Reservation Reservation { get; init; }

        public required string SeatName { get; init; }

        public required string? Zone { get; init; }

        public required string? FirstName { get; init; }

        public required string? Email { get; init; }

        public required bool? Verified { get; init; }
    }
}
