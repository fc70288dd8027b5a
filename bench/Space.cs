using System.Globalization;
using System.Net.Http.Headers;
using BookIT.Core.Auth;
using BookIT.Core.Notifications;
using BookIT.Core.Users;
using Npgsql;

namespace BookIT.Bench;

/// <summary>A space with 200 seats and enough members that each books once in a run, as by default they may.</summary>
internal sealed class Space(NpgsqlDataSource postgres, string folder)
{
    public const int Seats = 200;
    public const int Members = 100_000;

    /// <summary>Who can sign in with a password, which takes a moment each to make.</summary>
    public const int WithPassword = 64;
    public const string Password = "a password of the bench";

    /// <summary>The beginning of the first window: tomorrow at midnight.</summary>
    public DateTimeOffset Base { get; } =
        new(TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(1), TimeSpan.Zero);

    /// <summary>An access token a line, in the order of the members.</summary>
    public string TokenFile { get; } = Path.Combine(folder, "tokens");

    public IReadOnlyList<string> Tokens { get; private set; } = [];

    public static Guid MemberId(int number) => Guid.Parse($"00000000-0000-7000-8000-{number:x12}");

    public static Guid SeatId(int number) => Guid.Parse($"00000000-0000-7000-9000-{number:x12}");

    public async Task FillAsync()
    {
        using var hashing = new PasswordHashing(TimeProvider.System);
        var hash = (await hashing.HashAsync(Password, CancellationToken.None)).Value;
        await ExecuteAsync(
            $"""
            INSERT INTO users (id, email, first_name, password_hash, role, verified, made_at)
            SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'member' || n || '@bench.example',
                'Member ' || n, CASE WHEN n < {WithPassword} THEN '{hash}' END, 'user', true, now()
            FROM generate_series(0, {Members - 1}) AS n;
            {InsertSeats(Seats)};
            ANALYZE
            """
        );
        WriteTokens();
    }

    private static string InsertSeats(int count) =>
        $"""
            INSERT INTO seats (id, name, type, x, y, zone, has_water, has_kitchen, has_computer, has_smart_desk, is_quiet,
                is_talk_room)
            SELECT ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Seat ' || n, 'seat', n % 20 * 100,
                n / 20 * 100, 'Zone ' || n / 50, n % 2 = 0, n % 3 = 0, n % 5 = 0, n % 7 = 0, n % 4 = 0, false
            FROM generate_series(0, {count - 1}) AS n;
            UPDATE seat_catalog_version SET version = version + 1
            """;

    /// <summary>New tokens: they last a quarter of an hour.</summary>
    public void WriteTokens()
    {
        var accessTokens = new AccessTokens(new JwtOptions { Secret = Programs.JwtSecret });
        var now = TimeProvider.System.GetUtcNow();
        Tokens =
        [
            .. Enumerable
                .Range(0, Members)
                .Select(number => accessTokens.Issue(MemberId(number), Guid.CreateVersion7(now), UserRole.User, now)),
        ];
        File.WriteAllLines(TokenFile, Tokens);
    }

    /// <summary>What a member asks.</summary>
    public HttpRequestMessage Request(HttpMethod method, string path, int member) =>
        new(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Tokens[member]) } };

    /// <summary>The list of seats for the first hour, as the Api answers.</summary>
    public async Task<byte[]> ReadSeatListAsync(Uri api)
    {
        using var client = new HttpClient { BaseAddress = api };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens[0]);
        return await client.GetByteArrayAsync(
            $"/api/seat?start={Base:yyyy-MM-ddTHH:mm:ssZ}&end={Base.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}"
        );
    }

    /// <summary>No reservations, and nothing to tell.</summary>
    public async Task ClearAsync()
    {
        await SettleAsync();
        await ExecuteAsync("TRUNCATE reservations, notifications, idempotency_keys CASCADE");
    }

    /// <summary>No live reservations.</summary>
    public async Task ClearLiveAsync()
    {
        await SettleAsync();
        await ExecuteAsync(
            "DELETE FROM reservations WHERE status IN ('future', 'active'); TRUNCATE notifications CASCADE"
        );
    }

    /// <summary>Waits for what was under way when a load ended: it is carried out though nobody waits for the answer.</summary>
    private async Task SettleAsync()
    {
        for (var quiet = 0; quiet < 3; quiet++)
        {
            await Task.Delay(20);
            if (await QueryAsync("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'active%'") > 1)
            {
                quiet = 0;
            }
        }
    }

    /// <summary>So many seats, as large a space as it takes.</summary>
    public Task SetSeatsAsync(int count) =>
        ExecuteAsync(
            $"""
            DELETE FROM seats;
            {InsertSeats(count)};
            ANALYZE seats
            """
        );

    /// <summary>A message for each of so many reservations, told long ago.</summary>
    public async Task AddOldNewsAsync(int count)
    {
        await ExecuteAsync(
            $"""
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at, delivered_at)
            SELECT user_id, '{NotificationKind.ReservationMade}', '{NotificationKind.ReservationMade}:' || id,
                jsonb_build_object('reservation_id', id), made_at, made_at, made_at
            FROM reservations WHERE ends_at < now() LIMIT {count}
            """
        );
        await ExecuteAsync("VACUUM ANALYZE notifications");
    }

    /// <summary>
    /// Reservations that are over, a quarter of an hour each, one after another on every seat: the first of them has the
    /// number <paramref name="first"/>.
    /// </summary>
    public async Task AddOldAsync(int first, int count)
    {
        await ExecuteAsync(
            $"""
            INSERT INTO reservations (id, user_id, seat_id, starts_at, ends_at, status, slot, made_at, closed_at)
            SELECT gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(to_hex(n % {Members}), 12, '0'))::uuid,
                ('00000000-0000-7000-9000-' || lpad(to_hex(n % {Seats}), 12, '0'))::uuid, at, at + interval '15 min', 'closed', 1,
                at, at + interval '15 min'
            FROM (SELECT n, now() - interval '1 day' - n / {Seats} * interval '15 min' AS at
                FROM generate_series({first}, {first + count - 1}) AS n) AS past
            """
        );
        // Or the disk would still be writing them while something else is measured.
        await ExecuteAsync("VACUUM ANALYZE reservations");
        await ExecuteAsync("CHECKPOINT");
    }

    /// <summary>How many pairs of live reservations of one seat overlap: never any.</summary>
    public Task<long> OverlapsAsync() =>
        QueryAsync(
            """
            SELECT count(*) FROM reservations a JOIN reservations b ON a.seat_id = b.seat_id AND a.id < b.id
                AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
            WHERE a.status IN ('future', 'active') AND b.status IN ('future', 'active')
            """
        );

    public Task<long> ReservationsAsync() => QueryAsync("SELECT count(*) FROM reservations");

    public async Task<long> QueryAsync(string sql)
    {
        await using var command = postgres.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = postgres.CreateCommand(sql);
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync();
    }
}
