using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using BookIT.Core.Data;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Reservations;

/// <summary>What to look for among all reservations; null does not narrow.</summary>
/// <param name="Status">As the clock leaves it.</param>
/// <param name="SeatId">Of this seat.</param>
/// <param name="UserId">Of this user.</param>
/// <param name="From">Those that end after this instant (UTC).</param>
/// <param name="To">Those that start before this instant (UTC).</param>
/// <param name="Text">Part of the user's e-mail or first name, or of the seat's name, in any case.</param>
public sealed record ReservationFilter(
    ReservationStatus? Status = null,
    Guid? SeatId = null,
    Guid? UserId = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    string? Text = null
);

/// <summary>What reservations are put in order by.</summary>
public enum ReservationOrderBy
{
    /// <summary>When they were made.</summary>
    Made,

    /// <summary>When they begin.</summary>
    Start,

    /// <summary>The name of the seat.</summary>
    Seat,

    /// <summary>The first name of who holds it.</summary>
    User,

    /// <summary>The name of the status.</summary>
    Status,
}

/// <summary>In which order to list reservations; of equals the newest comes first.</summary>
/// <param name="By">By what.</param>
/// <param name="IsDescending">The last one first.</param>
public readonly record struct ReservationOrder(ReservationOrderBy By, bool IsDescending)
{
    /// <summary>The order of those who ask for none.</summary>
    public static readonly ReservationOrder NewestFirst = new(ReservationOrderBy.Made, IsDescending: true);
}

/// <summary>A reservation as administrators list it.</summary>
/// <param name="Reservation">The reservation.</param>
/// <param name="MadeAt">When it was made (UTC).</param>
/// <param name="FirstName">Who holds it; null once the account is gone.</param>
/// <param name="Email">Their address; null once the account is gone.</param>
public sealed record ListedReservation(
    ReservationView Reservation,
    DateTimeOffset MadeAt,
    string? FirstName,
    string? Email
);

/// <summary>Reads reservations. What it shows is never older than the clock.</summary>
public sealed class ReservationQueries(BookItDbContext db, ReservationClock clock, BookingOptions options)
{
    // One round trip for two questions: whether the account is there, and what it holds. Asked whenever a page or the bot
    // is opened: what EF Core makes of it is kept.
    private static readonly Func<BookItDbContext, Guid, IAsyncEnumerable<LiveRow>> AccountWithLive =
        EF.CompileAsyncQuery(
            (BookItDbContext db, Guid userId) =>
                from user in db.Users.AsNoTracking()
                where user.Id == userId
                from reservation in db
                    .Reservations.FromSqlRaw($"SELECT * FROM reservations WHERE {ReservationStatusNames.LiveByUser}")
                    .Where(r => r.UserId == user.Id)
                    .DefaultIfEmpty()
                from seat in db.Seats.Where(s => s.Id == reservation!.SeatId).DefaultIfEmpty()
                select new LiveRow { Reservation = reservation, SeatName = seat!.Name }
        );

    /// <summary>The user's reservations, newest first.</summary>
    public async Task<Page<ReservationView>> ListOwnAsync(
        Guid userId,
        PageRequest page,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var own = db.Reservations.Where(r => r.UserId == userId);
        var rows = await WithSeats(own)
            .OrderByDescending(row => row.Reservation.Id)
            .ToPageAsync(own, page, cancellation);
        return new Page<ReservationView>([.. rows.Items.Select(row => View(row, now))], rows.Total);
    }

    /// <summary>The user's live reservations, booked or checked in and not over: those that begin first come first.</summary>
    public async Task<IReadOnlyList<ReservationView>> ListLiveAsync(
        Guid userId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var rows = await WithSeats(
                db.Reservations.FromSqlRaw($"SELECT * FROM reservations WHERE {ReservationStatusNames.LiveByUser}")
                    .Where(r => r.UserId == userId)
            )
            .ToListAsync(cancellation);
        return
        [
            .. rows.Select(row => View(row, now))
                .Where(view => view.IsLive)
                .OrderBy(view => view.Interval.Start)
                .ThenBy(view => view.Id),
        ];
    }

    /// <summary>The next reservation of the user that is live: booked or checked in, and not over.</summary>
    public async Task<Result<ReservationView>> FindActiveAsync(
        Guid userId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var rows = new List<LiveRow>();
        await foreach (var row in AccountWithLive(db, userId).WithCancellation(cancellation))
        {
            rows.Add(row);
        }

        if (rows.Count == 0)
        {
            return new Refusal.NotSignedIn();
        }

        var next = rows.Where(row => row.Reservation is not null)
            .Select(row => row.Reservation!.ToView(row.SeatName!, now, options))
            .Where(view => view.IsLive)
            .MinBy(view => view.Interval.Start);
        return next is null ? new Refusal.NoActiveReservation() : next;
    }

    /// <summary>One reservation, for its owner or an administrator.</summary>
    public async Task<Result<ReservationView>> GetAsync(
        Guid id,
        Guid callerId,
        DateTimeOffset now,
        CancellationToken cancellation
    ) => (await FindAsync(id, callerId, cancellation)).Then(row => View(row, now));

    /// <summary>One reservation for a calendar, for its owner or an administrator.</summary>
    public async Task<Result<CalendarEvent>> GetCalendarEventAsync(
        Guid id,
        Guid callerId,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        (await FindAsync(id, callerId, cancellation)).Then(row =>
        {
            var (reservation, view) = (row.Reservation, View(row, now));
            DateTimeOffset?[] changes =
            [
                reservation.MovedAt,
                reservation.ClosedAt,
                // What the clock ends is not written down in the same moment.
                view.IsLive || reservation.ClosedAt is not null
                    ? null
                    : reservation.EndsAt,
            ];
            return new CalendarEvent(
                view,
                reservation.MadeAt,
                changes.Max() ?? reservation.MadeAt,
                IsCancelled: !view.IsLive && reservation.CheckedInAt is null
            );
        });

    private async Task<Result<Row>> FindAsync(Guid id, Guid callerId, CancellationToken cancellation)
    {
        var row = await WithSeats(db.Reservations.Where(r => r.Id == id)).SingleOrDefaultAsync(cancellation);
        if (row is null)
        {
            return new Refusal.ReservationNotFound();
        }

        // The right of an administrator is the database's to give, not the token's: it ends at once.
        return row.Reservation.UserId == callerId || await IsAdminAsync(callerId, cancellation)
            ? row
            : new Refusal.NotYourReservation();
    }

    /// <summary>One of the user's own reservations, also to an administrator.</summary>
    public async Task<Result<ReservationView>> GetOwnAsync(
        Guid id,
        Guid userId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var row = await WithSeats(db.Reservations.Where(r => r.Id == id)).SingleOrDefaultAsync(cancellation);
        return row is null ? new Refusal.ReservationNotFound()
            : row.Reservation.UserId == userId ? View(row, now)
            : new Refusal.NotYourReservation();
    }

    /// <summary>
    /// One of the user's live reservations, or why not: besides what <see cref="GetOwnAsync"/> says,
    /// <see cref="Refusal.ReservationClosed"/> and <see cref="Refusal.ReservationMissed"/>.
    /// </summary>
    public async Task<Result<ReservationView>> GetLiveAsync(
        Guid id,
        Guid userId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var own = await GetOwnAsync(id, userId, now, cancellation);
        return own.Refusal is not null || own.Value.IsLive ? own
            : own.Value.Status is ReservationStatus.DidNotCome ? new Refusal.ReservationMissed()
            : new Refusal.ReservationClosed();
    }

    /// <summary>A part of the reservations that the filter leaves.</summary>
    public async Task<Page<ListedReservation>> ListAsync(
        ReservationFilter filter,
        ReservationOrder order,
        PageRequest page,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await SettleAsync(now, cancellation);
        var reservations = Filtered(filter);
        var rows = await Listed(reservations, order).ToPageAsync(reservations, page, cancellation);
        return new Page<ListedReservation>([.. rows.Items.Select(row => View(row, now))], rows.Total);
    }

    /// <summary>All reservations that the filter leaves, one after another, however many there are.</summary>
    public async IAsyncEnumerable<ListedReservation> ReadAllAsync(
        ReservationFilter filter,
        ReservationOrder order,
        DateTimeOffset now,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await SettleAsync(now, cancellation);
        await foreach (var row in Listed(Filtered(filter), order).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            yield return View(row, now);
        }
    }

    /// <summary>The filter on the status, and the order by it, are the database's, so what it stores must be what the clock says.</summary>
    private Task<long> SettleAsync(DateTimeOffset now, CancellationToken cancellation) =>
        clock.SettleAsync(now, seatId: null, userId: null, cancellation);

    private IQueryable<Reservation> Filtered(ReservationFilter filter)
    {
        var reservations = db.Reservations.Where(r =>
            (filter.Status == null || r.Status == filter.Status)
            && (filter.SeatId == null || r.SeatId == filter.SeatId)
            && (filter.UserId == null || r.UserId == filter.UserId)
            && (filter.From == null || r.EndsAt > filter.From)
            && (filter.To == null || r.StartsAt < filter.To)
        );
        if (string.IsNullOrWhiteSpace(filter.Text))
        {
            return reservations;
        }

        var pattern = Like.Containing(filter.Text);
        return reservations.Where(r =>
            db.Users.Any(user =>
                user.Id == r.UserId
                && (
                    EF.Functions.ILike(user.Email, pattern, Like.Escape)
                    || EF.Functions.ILike(user.FirstName, pattern, Like.Escape)
                )
            ) || db.Seats.Any(seat => seat.Id == r.SeatId && EF.Functions.ILike(seat.Name, pattern, Like.Escape))
        );
    }

    private IOrderedQueryable<ListedRow> Listed(IQueryable<Reservation> reservations, ReservationOrder order)
    {
        var rows =
            from reservation in reservations.AsNoTracking()
            join seat in db.Seats on reservation.SeatId equals seat.Id
            join user in db.Users on reservation.UserId equals user.Id into users
            from user in users.DefaultIfEmpty()
            select new ListedRow
            {
                Reservation = reservation,
                SeatName = seat.Name,
                FirstName = user.FirstName,
                Email = user.Email,
            };
        IOrderedQueryable<ListedRow> By<T>(Expression<Func<ListedRow, T>> key) =>
            order.IsDescending ? rows.OrderByDescending(key) : rows.OrderBy(key);
        var ordered = order.By switch
        {
            ReservationOrderBy.Start => By(row => row.Reservation.StartsAt),
            ReservationOrderBy.Seat => By(row => row.SeatName),
            ReservationOrderBy.User => By(row => row.FirstName),
            ReservationOrderBy.Status => By(row => row.Reservation.Status),
            _ => By(row => row.Reservation.Id),
        };
        // Of equals the newest first: every page goes on where the one before it ended.
        return ordered.ThenByDescending(row => row.Reservation.Id);
    }

    /// <summary>
    /// When the next reservation of a seat by anybody but the caller begins, at or after <paramref name="from"/>: until
    /// then the caller could stay. The seat is that of the reservation, or else of the caller's live one.
    /// </summary>
    /// <returns>The instant (UTC), or null where nothing follows.</returns>
    public async Task<Result<DateTimeOffset?>> NextOnSeatAsync(
        Guid callerId,
        Guid? reservationId,
        DateTimeOffset from,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var own = reservationId is { } id
            ? await GetAsync(id, callerId, now, cancellation)
            : await FindActiveAsync(callerId, now, cancellation);
        if (own.IsRefused(out var refusal))
        {
            return refusal;
        }

        var cutoff = options.NoShowCutoff(now);
        return await db
            .Reservations.Where(r =>
                r.SeatId == own.Value.SeatId
                && r.UserId != own.Value.UserId
                && r.StartsAt >= from
                && r.EndsAt > now
                && (
                    r.Status == ReservationStatus.Active
                    || (r.Status == ReservationStatus.Future && r.StartsAt > cutoff)
                )
            )
            .MinAsync(r => (DateTimeOffset?)r.StartsAt, cancellation);
    }

    private Task<bool> IsAdminAsync(Guid userId, CancellationToken cancellation) =>
        db.Users.AnyAsync(user => user.Id == userId && user.Role == UserRole.Admin, cancellation);

    private IQueryable<Row> WithSeats(IQueryable<Reservation> reservations) =>
        from reservation in reservations.AsNoTracking()
        join seat in db.Seats on reservation.SeatId equals seat.Id
        select new Row { Reservation = reservation, SeatName = seat.Name };

    private ReservationView View(Row row, DateTimeOffset now) => row.Reservation.ToView(row.SeatName, now, options);

    private ListedReservation View(ListedRow row, DateTimeOffset now) =>
        new(row.Reservation.ToView(row.SeatName, now, options), row.Reservation.MadeAt, row.FirstName, row.Email);

    private sealed class ListedRow
    {
        public required Reservation Reservation { get; init; }

        public required string SeatName { get; init; }

        public required string? FirstName { get; init; }

        public required string? Email { get; init; }
    }

    private sealed class LiveRow
    {
        public required Reservation? Reservation { get; init; }

        public required string? SeatName { get; init; }
    }

    private sealed class Row
    {
        public required Reservation Reservation { get; init; }

        public required string SeatName { get; init; }
    }
}
