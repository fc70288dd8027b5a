using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BookIT.Core.Auth;
using BookIT.Core.Metrics;
using BookIT.Core.Redis;
using BookIT.Core.Seats;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;

namespace BookIT.Tests.E2E.Servers;

/// <summary>
/// A space of one's own: a database, a Redis database and an Api process. Shared by the tests of a class, which keep
/// apart by using accounts and seats of their own.
/// </summary>
public class BookItServer(TestServers servers) : IAsyncLifetime
{
    private readonly TestServers servers = servers;

    public const string JwtSecret = "a-secret-for-tests-that-is-long-enough";
    public const string AdminKey = "an-admin-key-for-tests";
    public const string BotSecret = "a-bot-secret-for-tests";
    public const string FrontendOrigin = "https://bookit.example";
    public const string Password = "correct horse";

    private readonly Meter meter = new("Tests");
    private ConnectionMultiplexer? redis;
    private readonly ConcurrentBag<Program> programs = [];
    private readonly SocketsHttpHandler handler = new()
    {
        UseCookies = false,
        MaxConnectionsPerServer = 400,
        // Who expects an answer before the body waits for it, however busy the machine is.
        Expect100ContinueTimeout = Timeout.InfiniteTimeSpan,
    };
    private readonly TemporaryFolder folder = new();
    private bool ownsPostgres;
    private int lastUser;
    private int lastReservation;
    private long lastWritten;

    /// <summary>The database behind it.</summary>
    public NpgsqlDataSource Postgres { get; private set; } = null!;

    public string PostgresSetting { get; protected set; } = "";

    public string RedisUrl { get; protected set; } = "";

    /// <summary>The programs' own where a test takes Redis away; elsewhere it is no matter if a busy machine is slow.</summary>
    protected string? RedisTimeout { get; private set; }

    /// <summary>The Api.</summary>
    public Program Api { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    /// <summary>Where its Apis keep avatars, unless the settings say otherwise.</summary>
    public string AvatarFolder => folder.File("avatars");

    /// <summary>What a class wants otherwise than usual.</summary>
    protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();

    public virtual async ValueTask InitializeAsync()
    {
        ownsPostgres = PostgresSetting is not "";
        PostgresSetting = ownsPostgres ? PostgresSetting : await servers.CreateDatabaseAsync();
        if (RedisUrl is "")
        {
            RedisUrl = servers.CreateRedisUrl();
            RedisTimeout = "00:00:15";
        }

        Postgres = NpgsqlDataSource.Create(PostgresSetting);
        redis = ConnectionMultiplexer.Connect(
            RedisUrl,
            NullLogger<ConnectionMultiplexer>.Instance,
            TimeProvider.System,
            // Without a Redis they do without sign-ins at once; with one that is only slow they must not.
            timeout: TimeSpan.FromSeconds(15)
        );
        (Api, Address) = await StartApiAsync();
    }

    /// <summary>Another Api on the same database and Redis: that of this version, unless the path of another is given.</summary>
    public async Task<(Program Program, Uri Address)> StartApiAsync(
        IReadOnlyDictionary<string, string?>? settings = null,
        string? path = null
    )
    {
        var environment = new Dictionary<string, string?>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ConnectionStrings__Postgres"] = PostgresSetting,
            ["ConnectionStrings__Redis"] = RedisUrl,
            ["Redis__Timeout"] = RedisTimeout,
            ["Jwt__Secret"] = JwtSecret,
            ["Admin__Key"] = AdminKey,
            ["Telegram__BotSecret"] = BotSecret,
            ["Frontend__Url"] = FrontendOrigin,
            ["RateLimits__Enabled"] = "false",
            ["Demo__Enabled"] = "false",
            ["Avatars__Folder"] = AvatarFolder,
        };
        foreach (var (key, value) in Settings.Concat(settings ?? new Dictionary<string, string?>()))
        {
            environment[key] = value;
        }

        var program = path is null
            ? await Program.StartAsync("Api", environment)
            : await Program.StartFileAsync(path, environment);
        programs.Add(program);
        var address = await program.ListeningAsync();
        using var client = new HttpClient(handler, disposeHandler: false);
        await Eventually.TrueAsync(
            async () => (await client.GetAsync(new Uri(address, "/health/ready"))).IsSuccessStatusCode,
            () => program.Output
        );
        return (program, address);
    }

    /// <summary>Kills the Api and starts it again, on another port.</summary>
    public async Task RestartApiAsync()
    {
        await Api.KillAsync();
        (Api, Address) = await StartApiAsync();
    }

    /// <summary>
    /// As far as the Api can tell, PostgreSQL is gone until this is disposed of: every connection is cut and no new one
    /// is let in.
    /// </summary>
    public async Task<IAsyncDisposable> TakePostgresAwayAsync()
    {
        var database = new NpgsqlConnectionStringBuilder(PostgresSetting).Database;
        await servers.ExecuteAsync($"ALTER DATABASE {database} ALLOW_CONNECTIONS false");
        await servers.ExecuteAsync(
            $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        );
        return new PostgresAway(this, database!);
    }

    /// <summary>A client that is nobody.</summary>
    public ApiClient Anonymous(Uri? address = null) =>
        new(new HttpClient(handler, disposeHandler: false) { BaseAddress = address ?? Address });

    /// <summary>A client that speaks for Telegram.</summary>
    public ApiClient Bot(Uri? address = null)
    {
        var client = Anonymous(address);
        client.Http.DefaultRequestHeaders.Add("X-Bot-Secret", BotSecret);
        return client;
    }

    /// <summary>A client with this access token.</summary>
    public ApiClient WithToken(string accessToken, Uri? address = null)
    {
        var client = Anonymous(address);
        client.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        return client;
    }

    /// <summary>A new member, verified, signed in. Written straight to the database: a password's hash costs its time.</summary>
    public Task<ApiClient> MemberAsync(bool verified = true, Uri? address = null) =>
        AccountAsync("user", verified, address);

    /// <summary>A new administrator, signed in.</summary>
    public Task<ApiClient> AdminAsync(Uri? address = null) => AccountAsync("admin", verified: true, address);

    /// <summary>The same person at another replica.</summary>
    public ApiClient At(Uri address, ApiClient other)
    {
        var client = Anonymous(address);
        client.Http.DefaultRequestHeaders.Authorization = other.Http.DefaultRequestHeaders.Authorization;
        client.UserId = other.UserId;
        return client;
    }

    /// <summary>A new seat, written straight to the database.</summary>
    public async Task<Guid> SeatAsync(string? name = null, double x = 0, double y = 0, string? zone = null)
    {
        var id = Guid.CreateVersion7();
        await using var command = Postgres.CreateCommand(
            """
            INSERT INTO seats (id, name, type, x, y, zone, has_water, has_kitchen, has_computer, has_smart_desk,
                is_quiet, is_talk_room)
            VALUES ($1, $2, 'seat', $3, $4, $5, false, false, false, false, false, false)
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name ?? $"Seat {id:N}" });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = x });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = y });
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)zone ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }
        );
        await command.ExecuteNonQueryAsync();
        await ExecuteAsync("UPDATE seat_catalog_version SET version = version + 1");
        lastWritten = TimeProvider.System.GetTimestamp();
        return id;
    }

    /// <summary>
    /// Waits until what was written straight to the database shows: nobody was told of it, so that the Api may still
    /// answer as before, for as long as it promises.
    /// </summary>
    public Task WrittenSeatsShowAsync()
    {
        var left = SeatChanges.MaxAge - TimeProvider.System.GetElapsedTime(lastWritten);
        return left > TimeSpan.Zero ? Task.Delay(left) : Task.CompletedTask;
    }

    /// <summary>A reservation as it may stand after a while, written straight to the database.</summary>
    public async Task<Guid> ReservationAsync(
        Guid userId,
        Guid seatId,
        DateTimeOffset start,
        DateTimeOffset end,
        string status = "future",
        int slot = 1
    )
    {
        // One id a millisecond: within one their order is chance.
        var number = Interlocked.Increment(ref lastReservation);
        var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow().AddDays(-1).AddMilliseconds(number));
        await using var command = Postgres.CreateCommand(
            """
            INSERT INTO reservations (id, user_id, seat_id, starts_at, ends_at, status, slot, made_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $4)
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = seatId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = start.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = end.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = status });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)slot });
        await command.ExecuteNonQueryAsync();
        lastWritten = TimeProvider.System.GetTimestamp();
        return id;
    }

    /// <summary>
    /// Takes a seat and does not commit: a booking of it waits in its middle, until this is disposed of or PostgreSQL ends.
    /// </summary>
    public async Task<IAsyncDisposable> HoldSeatAsync(Guid seatId, DateTimeOffset start, DateTimeOffset end)
    {
        var holder = await MemberAsync();
        var connection = await Postgres.OpenConnectionAsync();
        await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO reservations (id, user_id, seat_id, starts_at, ends_at, status, slot, made_at)
            VALUES (gen_random_uuid(), $1, $2, $3, $4, 'future', 1, now())
            """,
            connection
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = holder.UserId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = seatId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = start.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = end.ToUniversalTime() });
        await command.ExecuteNonQueryAsync();
        return new HeldSeat(connection);
    }

    /// <summary>
    /// Waits until so many bookings wait for a seat or a table that is held. Only those: the clocks of the Apis wait as well, and
    /// so may somebody in the database of another test.
    /// </summary>
    public Task BookingsWaitAsync(int count = 1) =>
        Eventually.TrueAsync(async () =>
            await QueryAsync<long>(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'WITH made AS%'
                """
            ) >= count
        );

    /// <summary>The sign-ins, written straight to Redis.</summary>
    private Sessions Sessions =>
        field ??= new Sessions(
            redis!,
            new JwtOptions { Secret = JwtSecret },
            new BookItMetrics(meter, TimeProvider.System),
            TimeProvider.System
        );

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Postgres.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first value of the first row.</summary>
    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = Postgres.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>How many pairs of live reservations of one seat overlap: never any.</summary>
    public Task<long> OverlapsAsync() =>
        QueryAsync<long>(
            """
            SELECT count(*) FROM reservations a JOIN reservations b ON a.seat_id = b.seat_id AND a.id < b.id
                AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
            WHERE a.status IN ('future', 'active') AND b.status IN ('future', 'active')
            """
        );

    /// <summary>An access token as the Api makes them, signed here with nothing of its code.</summary>
    public static string Token(
        Guid userId,
        string role = "user",
        DateTimeOffset? expires = null,
        string secret = JwtSecret,
        string header = """{"alg":"HS256","typ":"JWT"}""",
        Guid? sessionId = null
    )
    {
        static string Encode(byte[] bytes) =>
            Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

        var now = TimeProvider.System.GetUtcNow();
        var payload = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                sub = userId,
                sid = sessionId ?? Guid.CreateVersion7(),
                role,
                iss = "bookit",
                aud = "bookit",
                iat = now.ToUnixTimeSeconds(),
                exp = (expires ?? now.AddMinutes(15)).ToUnixTimeSeconds(),
            }
        );
        var signed = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(payload)}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Encode(signature)}";
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        meter.Dispose();
        if (redis is not null)
        {
            await redis.DisposeAsync();
        }

        foreach (var program in programs)
        {
            await program.DisposeAsync();
        }

        handler.Dispose();
        folder.Dispose();
        if (Postgres is not null)
        {
            await Postgres.DisposeAsync();
            if (!ownsPostgres)
            {
                await servers.DropDatabaseAsync(PostgresSetting);
            }
        }

        // A server that goes away is worth a warning; an error in the log is always a bug of ours.
        foreach (var output in programs.Select(program => program.Output))
        {
            var error = output.IndexOf("fail:", StringComparison.Ordinal);
            Assert.True(error < 0, error < 0 ? "" : output[error..Math.Min(output.Length, error + 3000)]);
            Assert.DoesNotContain("\"LogLevel\":\"Error\"", output, StringComparison.Ordinal);
        }
    }

    private sealed class PostgresAway(BookItServer server, string database) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await server.servers.ExecuteAsync($"ALTER DATABASE {database} ALLOW_CONNECTIONS true");
            // The tests' own connections were cut as well.
            server.Postgres.Clear();
            await Eventually.TrueAsync(async () =>
                (await server.Anonymous().GetAsync("/health/ready")).Status == HttpStatusCode.OK
            );
        }
    }

    private sealed class HeldSeat(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await connection.DisposeAsync();
            }
            catch (NpgsqlException)
            {
                // PostgreSQL has ended it already.
            }
        }
    }

    private async Task<ApiClient> AccountAsync(string role, bool verified, Uri? address)
    {
        var id = Guid.CreateVersion7();
        var number = Interlocked.Increment(ref lastUser).ToString(CultureInfo.InvariantCulture);
        await using var command = Postgres.CreateCommand(
            """
            INSERT INTO users (id, email, first_name, role, verified, made_at)
            VALUES ($1, $2, $3, $4, $5, now())
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{role}.{number}@example.com" });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"Person {number}" });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = role });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = verified });
        await command.ExecuteNonQueryAsync();
        return await SignedInAsync(id, role, address: address);
    }

    /// <summary>Waits until sign-ins can be written, after Redis was away.</summary>
    protected Task SignInsAreBackAsync() =>
        Eventually.TrueAsync(async () =>
        {
            try
            {
                await Sessions.ListAsync(Guid.Empty);
                return true;
            }
            catch (RedisException)
            {
                return false;
            }
        });

    /// <summary>The same person by another sign-in, one that may have begun earlier.</summary>
    public async Task<ApiClient> SignedInAsync(
        Guid userId,
        string role = "user",
        DateTimeOffset? signedInAt = null,
        Uri? address = null
    )
    {
        var sessionId = Guid.CreateVersion7();
        var began = signedInAt ?? TimeProvider.System.GetUtcNow();
        try
        {
            (sessionId, _) = await Sessions.StartAsync(userId, new Client("tests", IPAddress.Loopback), began);
        }
        catch (RedisException)
        {
            // Tests without Redis do without a sign-in: the access token is enough for most.
        }

        var client = WithToken(Token(userId, role, sessionId: sessionId), address);
        client.UserId = userId;
        return client;
    }
}
