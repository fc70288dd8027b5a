using System.Buffers;
using System.Text.Json;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Reservations;
using Npgsql;

namespace BookIT.Bench;

/// <summary>
/// The least that such a service can do: bare Kestrel, the same check of the bearer token, and either ready bytes or one
/// round trip to PostgreSQL. What the Api does is measured against this, on the same machine in the same run.
/// </summary>
internal static class Limits
{
    private const string MeSql = """
        SELECT id, email, first_name, role, verified, avatar_id, telegram_id, made_at FROM users WHERE id = $1
        """;

    private const string ActiveSql = """
        SELECT r.id, r.seat_id, s.name, r.starts_at, r.ends_at, r.status FROM reservations r JOIN seats s ON s.id = r.seat_id
        WHERE r.user_id = $1 AND r.status IN ('future', 'active') AND r.ends_at > $2 ORDER BY r.starts_at LIMIT 1
        """;

    private static readonly byte[] Done = """{"ok":true,"result":true}"""u8.ToArray();
    private static readonly byte[] NoUpdates = """{"ok":true,"result":[]}"""u8.ToArray();
    private static readonly byte[] Sent =
        """{"ok":true,"result":{"message_id":1,"date":0,"chat":{"id":1,"type":"private"}}}"""u8.ToArray();
    private static readonly byte[] Myself =
        """{"ok":true,"result":{"id":123456789,"is_bot":true,"first_name":"Bench","username":"bench_bot"}}"""u8.ToArray();

    public static async Task<int> RunAsync(string seatListFile)
    {
        var seatList = await File.ReadAllBytesAsync(seatListFile);
        var accessTokens = new AccessTokens(new JwtOptions { Secret = Programs.JwtSecret });
        var connection = new NpgsqlConnectionStringBuilder(
            Environment.GetEnvironmentVariable("ConnectionStrings__Postgres")
        )
        {
            MaxPoolSize = 32,
            MaxAutoPrepare = 20,
            AutoPrepareMinUsages = 2,
            NoResetOnClose = true,
        };
        await using var postgres = NpgsqlDataSource.Create(connection.ConnectionString);
        var booking = Booking.Sql(liveReservationsPerUser: 1, audited: false);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        var app = builder.Build();
        app.Run(async context =>
        {
            var path = context.Request.Path.Value!;
            if (path.StartsWith("/bot", StringComparison.Ordinal))
            {
                await AnswerBotAsync(context, path);
                return;
            }

            if (path == "/health/ready")
            {
                return;
            }

            var header = context.Request.Headers.Authorization.ToString();
            if (
                header.Length < 7
                || !accessTokens.TryRead(header.AsSpan(7), TimeProvider.System.GetUtcNow(), out var token)
            )
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }

            switch (path)
            {
                case "/api/seat":
                    await WriteAsync(context, seatList);
                    break;
                case "/api/reservations":
                    await BookAsync(context, postgres, booking, token.UserId);
                    break;
                case "/api/user/me":
                    await ReadAsync(context, postgres, MeSql, token.UserId, now: null);
                    break;
                case "/api/reservations/active":
                    await ReadAsync(context, postgres, ActiveSql, token.UserId, TimeProvider.System.GetUtcNow());
                    break;
                default:
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    break;
            }
        });
        await app.RunAsync();
        return 0;
    }

    private static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = bytes.Length;
        await context.Response.BodyWriter.WriteAsync(bytes);
    }

    private static async Task AnswerBotAsync(HttpContext context, string path)
    {
        var method = path[(path.LastIndexOf('/') + 1)..];
        if (method == "getUpdates")
        {
            await Task.Delay(TimeSpan.FromSeconds(20), context.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await WriteAsync(
            context,
            method switch
            {
                "getUpdates" => NoUpdates,
                "getMe" => Myself,
                "sendMessage" => Sent,
                _ => Done,
            }
        );
    }

    private static async Task BookAsync(HttpContext context, NpgsqlDataSource postgres, string sql, Guid userId)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var now = TimeProvider.System.GetUtcNow();
        var seat = body.RootElement.GetProperty("seat_id").GetGuid();
        var start = body.RootElement.GetProperty("start").GetDateTimeOffset();
        var end = body.RootElement.GetProperty("end").GetDateTimeOffset();
        var id = Guid.CreateVersion7(now);
        await using var command = postgres.CreateCommand(sql);
        var request = new BookingRequest(userId, seat, start, end);
        Booking.Bind(command, id, request, new Interval(start, end), now, noShowCutoff: DateTimeOffset.UnixEpoch);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var isMade = reader.GetString(0) == "made";
        context.Response.StatusCode = isMade ? StatusCodes.Status201Created : StatusCodes.Status409Conflict;
        await WriteAsync(
            context,
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    id,
                    user_id = userId,
                    seat_id = seat,
                    start,
                    end,
                    status = "future",
                }
            )
        );
    }

    private static async Task ReadAsync(
        HttpContext context,
        NpgsqlDataSource postgres,
        string sql,
        Guid userId,
        DateTimeOffset? now
    )
    {
        await using var command = postgres.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
        if (now is { } present)
        {
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = present });
        }

        await using var reader = await command.ExecuteReaderAsync();
        var json = new ArrayBufferWriter<byte>(512);
        await using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (await reader.ReadAsync())
            {
                for (var column = 0; column < reader.FieldCount; column++)
                {
                    writer.WriteString(reader.GetName(column), Convert.ToString(reader.GetValue(column), null));
                }
            }

            writer.WriteEndObject();
        }

        await WriteAsync(context, json.WrittenMemory);
    }
}
