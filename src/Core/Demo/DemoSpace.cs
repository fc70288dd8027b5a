using BookIT.Core.Auth;
using BookIT.Core.Avatars;
using BookIT.Core.Data;
using BookIT.Core.Floor;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BookIT.Core.Demo;

/// <summary>Whether there is a demo space (section <c>Demo</c>); never in production.</summary>
public sealed class DemoOptions
{
    /// <summary>Loads it into an empty database.</summary>
    public bool Enabled { get; init; }
}

/// <summary>
/// A believable space to try things in: 42 seats in five zones on a drawn floor, ten members, ten administrators, and
/// bookings around now in every status. For development only.
/// </summary>
public sealed class DemoSpace(
    BookItDbContext db,
    NpgsqlDataSource postgres,
    PasswordHashing passwords,
    BookingOptions options,
    [FromKeyedServices(FloorPlans.Store)] AvatarStore pictures,
    TimeProvider time
)
{
    /// <summary>The password of every demo account.</summary>
    public const string Password = "password123";

    private const int Accounts = 10;
    private const string Members = "demo_email";
    private const string Admins = "demo_admin";

    /// <summary>The e-mail address of every demo account.</summary>
    public static IEnumerable<string> Emails =>
        new[] { Members, Admins }.SelectMany(prefix => Enumerable.Range(0, Accounts).Select(i => Email(prefix, i)));

    private static readonly string[] MemberNames =
    [
        "Анна",
        "Борис",
        "Вера",
        "Григорий",
        "Дарья",
        "Emma",
        "Фёдор",
        "Ольга",
        "Noah",
        "Ирина",
    ];

    private static readonly string[] AdminNames =
    [
        "Мария",
        "Сергей",
        "Kate",
        "Павел",
        "Юлия",
        "Тимур",
        "Елена",
        "Алексей",
        "Нина",
        "Leo",
    ];

    /// <summary>Loads the space, unless there is a seat or an account already. Programs that start together load it once.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        await using var connection = await postgres.OpenConnectionAsync(cancellation);
        await AdvisoryLock.Demo.TakeAsync(connection, time, cancellation);
        try
        {
            if (await db.Users.AnyAsync(cancellation) || await db.Seats.AnyAsync(cancellation))
            {
                return;
            }

            var now = time.Now();
            // One hash for all: it costs what it should, once.
            var hash = await passwords.HashAsync(Password, cancellation);
            if (hash.IsRefused(out var refusal))
            {
                throw new InvalidOperationException($"The demo password was not hashed: {refusal.Code}");
            }

            var members = MakeUsers(Members, MemberNames, UserRole.User, hash.Value, now);
            var admins = MakeUsers(Admins, AdminNames, UserRole.Admin, hash.Value, now);
            // The last two members have not been seen by an administrator yet: something to verify at the door.
            foreach (var member in members.SkipLast(2))
            {
                member.Verify();
            }

            var seats = MakeSeats(now);
            db.AddRange(members);
            db.AddRange(admins);
            db.AddRange(seats);
            db.AddRange(MakeReservations(members, seats, now));
            (await db.Space.SingleAsync(cancellation)).SetFloorPlan(await DrawFloorAsync(now, cancellation));
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            await db.SaveChangesAsync(cancellation);
            await db.Database.ExecuteSqlAsync($"UPDATE seat_catalog_version SET version = version + 1", cancellation);
            await transaction.CommitAsync(cancellation);
        }
        finally
        {
            await AdvisoryLock.Demo.ReleaseAsync(connection, postgres);
        }
    }

    private static string Email(string prefix, int number) => $"{prefix}_{number}@example.com";

    private static List<User> MakeUsers(
        string prefix,
        string[] names,
        UserRole role,
        string hash,
        DateTimeOffset now
    ) =>
        [
            .. Enumerable
                .Range(0, Accounts)
                .Select(i =>
                    User.Register(
                        Guid.CreateVersion7(now.AddDays(-60).AddMinutes(i)),
                        Email(prefix, i),
                        names[i],
                        hash,
                        role,
                        now.AddDays(-60).AddMinutes(i)
                    )
                ),
        ];

    private static List<Seat> MakeSeats(DateTimeOffset now)
    {
        var seats = new List<Seat>();
        void Add(SeatDetails details) =>
            seats.Add(Seat.Add(Guid.CreateVersion7(now.AddDays(-90).AddSeconds(seats.Count)), details));

        // Rows of desks along the windows, with the kitchen at one end.
        for (var i = 0; i < 12; i++)
        {
            Add(
                new SeatDetails(
                    $"A{i + 1}",
                    "seat",
                    "Открытая зона",
                    X: 80 + i % 6 * 90,
                    Y: 80 + i / 6 * 110,
                    HasWater: i % 6 >= 4,
                    HasKitchen: i % 6 == 5
                )
            );
        }

        for (var i = 0; i < 10; i++)
        {
            Add(
                new SeatDetails(
                    $"B{i + 1}",
                    "seat",
                    "Тихая зона",
                    X: 720 + i % 5 * 85,
                    Y: 80 + i / 5 * 110,
                    HasSmartDesk: i % 2 == 0,
                    IsQuiet: true
                )
            );
        }

        for (var i = 0; i < 8; i++)
        {
            Add(
                new SeatDetails(
                    $"C{i + 1}",
                    "seat",
                    "Компьютеры",
                    X: 80 + i % 4 * 100,
                    Y: 360 + i / 4 * 110,
                    HasComputer: true,
                    HasSmartDesk: i >= 4
                )
            );
        }

        for (var i = 0; i < 10; i++)
        {
            Add(
                new SeatDetails(
                    $"D{i + 1}",
                    "seat",
                    "У кухни",
                    X: 560 + i % 5 * 80,
                    Y: 360 + i / 5 * 110,
                    HasWater: true,
                    HasKitchen: true
                )
            );
        }

        Add(new SeatDetails("Переговорная 1", "room", "Переговорные", X: 1040, Y: 380, IsTalkRoom: true));
        Add(
            new SeatDetails(
                "Переговорная 2",
                "room",
                "Переговорные",
                X: 1040,
                Y: 500,
                HasWater: true,
                HasComputer: true,
                IsTalkRoom: true
            )
        );
        return seats;
    }

    /// <summary>The picture around these seats: <c>Floor.webp</c>, which is <c>Floor.svg</c> drawn.</summary>
    private async Task<FloorPlan?> DrawFloorAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var id = Guid.CreateVersion7(now);
        await using var drawing = typeof(DemoSpace).Assembly.GetManifestResourceStream(
            typeof(DemoSpace),
            "Floor.webp"
        )!;
        try
        {
            // Nothing has needed the store yet.
            await pictures.PrepareAsync(cancellation);
            await pictures.PutAsync(id, drawing, cancellation);
        }
        catch (AvatarStoreException)
        {
            // A space without its picture is better than none.
            return null;
        }

        return new FloorPlan(id, new MapRectangle(0, -10, 1140, 600));
    }

    private List<Reservation> MakeReservations(List<User> members, List<Seat> seats, DateTimeOffset now)
    {
        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        var reservations = new List<Reservation>();
        void Add(int member, int seat, DateTimeOffset start, double hours, ReservationStatus status)
        {
            var madeAt = start.AddHours(-20) < now ? start.AddHours(-20) : now;
            reservations.Add(
                Reservation.Recorded(
                    Guid.CreateVersion7(madeAt.AddMilliseconds(reservations.Count)),
                    members[member].Id,
                    seats[seat].Id,
                    new Interval(start, start.AddHours(hours)),
                    status,
                    madeAt
                )
            );
        }

        // Two weeks of history: most came, some cancelled, a few did not come.
        for (var day = 14; day >= 1; day--)
        {
            for (var member = 0; member < Accounts; member++)
            {
                if ((day + member) % 3 == 0)
                {
                    continue;
                }

                var status = (day + 2 * member) % 7 == 0 ? ReservationStatus.DidNotCome : ReservationStatus.Closed;
                Add(member, (day * 5 + member * 4) % seats.Count, hour.AddDays(-day).AddHours(member % 4), 2.5, status);
            }
        }

        // Today: in the house, about to come, later, and the day after. The first three members are free to book.
        Add(3, 2, hour.AddHours(-1), 5, ReservationStatus.Active);
        Add(4, 14, hour.AddHours(-2), 4, ReservationStatus.Active);
        Add(5, 24, now.AddMinutes(5).ToSeconds(), 3, ReservationStatus.Future);
        Add(6, 40, hour.AddHours(2), 1, ReservationStatus.Future);
        Add(7, 7, hour.AddHours(20), 6, ReservationStatus.Future);
        Add(8, 30, now.AddMinutes(-10).ToSeconds(), 2, ReservationStatus.Future);
        if (options.NoShowAfter is null)
        {
            Add(9, 35, now.AddMinutes(-30).ToSeconds(), 2, ReservationStatus.Future);
        }

        return reservations;
    }
}
