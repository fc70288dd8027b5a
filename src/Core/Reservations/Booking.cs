using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Core.Data;
using BookIT.Core.Languages;
using BookIT.Core.Metrics;
using BookIT.Core.Notifications;
using BookIT.Core.Seats;
using BookIT.Core.Traces;
using Npgsql;

namespace BookIT.Core.Reservations;

/// <summary>A wish to book.</summary>
/// <param name="UserId">Who will hold the seat.</param>
/// <param name="SeatId">Which seat.</param>
/// <param name="Start">From (UTC). At most <see cref="BookingOptions.StartGrace"/> ago, which counts as now.</param>
/// <param name="End">To (UTC), not included.</param>
/// <param name="IdempotencyKey">The same key with the same wish gives the same answer; at most <see cref="MaxIdempotencyKeyLength"/> characters.</param>
/// <param name="AdminId">The administrator who books for the user; null where the user does.</param>
/// <param name="AnsweredInTelegram">The user reads the answer in Telegram, and needs no message besides, unless that fails.</param>
public sealed record BookingRequest(
    Guid UserId,
    Guid SeatId,
    DateTimeOffset Start,
    DateTimeOffset End,
    string? IdempotencyKey = null,
    Guid? AdminId = null,
    bool AnsweredInTelegram = false
)
{
    /// <summary>The longest idempotency key, in UTF-16 code units.</summary>
    public const int MaxIdempotencyKeyLength = 255;
}

/// <summary>
/// Makes reservations: the busiest write there is. One statement in one round trip inserts the reservation and its
/// news, and PostgreSQL's constraints alone decide races; nothing is checked before it is inserted.
/// </summary>
public sealed class Booking(
    NpgsqlDataSource postgres,
    ReservationClock clock,
    SeatChanges changes,
    AccountLanguages languages,
    BookingOptions options,
    BookItMetrics metrics
)
{
    /// <summary>How long an answer is kept under its idempotency key.</summary>
    public static readonly TimeSpan IdempotencyKeyLifetime = TimeSpan.FromHours(24);

    // A lost race is looked at again: the winner may have become visible, ended, or gone away. One's own bookings at the
    // same moment can each take a slot away from this one.
    private readonly int maxAttempts = 5 + options.LiveReservationsPerUser;

    private readonly string sql = Sql(options.LiveReservationsPerUser, audited: false);
    private readonly string auditedSql = Sql(options.LiveReservationsPerUser, audited: true);

    /// <summary>Books a seat.</summary>
    /// <returns>
    /// The reservation, or why not: the rules of <see cref="BookingOptions"/>, <see cref="Refusal.SeatNotFound"/>,
    /// <see cref="Refusal.SeatTaken"/>, <see cref="Refusal.ActiveReservationExists"/>,
    /// <see cref="Refusal.IdempotencyKeyReused"/>; where the account is gone <see cref="Refusal.NotSignedIn"/>, or
    /// <see cref="Refusal.UserNotFound"/> to an administrator.
    /// </returns>
    public async Task<Result<ReservationView>> BookAsync(
        BookingRequest request,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        try
        {
            return await Data.Postgres.RetryDeadlocksAsync(async () =>
            {
                await using var connection = await postgres.OpenConnectionAsync(cancellation);
                return request.IdempotencyKey is { } key
                    ? await BookOnceAsync(connection, key, request, now, cancellation)
                    : Counted(await InsertAsync(connection, request, now, cancellation), now);
            });
        }
        catch (PostgresException exception) when (RefusalFor(exception) is { } refusal)
        {
            return Counted(
                refusal is Refusal.UserNotFound && request.AdminId is null ? new Refusal.NotSignedIn() : refusal,
                now
            );
        }
    }

    /// <summary>Which rule of the database says no, where it is one that a request can run into.</summary>
    internal static Refusal? RefusalFor(PostgresException exception) =>
        exception.ConstraintName switch
        {
            ReservationConfiguration.NoOverlap => new Refusal.SeatTaken(),
            ReservationConfiguration.OnePerSlot => new Refusal.ActiveReservationExists(),
            ReservationConfiguration.SeatInUse => new Refusal.SeatNotFound(),
            ReservationConfiguration.User or "idempotency_keys_user_id_fkey" => new Refusal.UserNotFound(),
            _ => null,
        };

    /// <summary>
    /// Books under a key: the key's row, the booking and the answer are one transaction. A second request with the same
    /// key waits at that row for the first and then repeats its answer; a crash leaves neither.
    /// </summary>
    private async Task<Result<ReservationView>> BookOnceAsync(
        NpgsqlConnection connection,
        string key,
        BookingRequest request,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var hash = SHA256.HashData(
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    request.SeatId,
                    request.Start,
                    request.End,
                }
            )
        );
        while (true)
        {
            if (await TryBookOnceAsync(connection, key, hash, request, now, cancellation) is { } result)
            {
                return result;
            }

            // The key was there when it was claimed and gone when it was read: it has grown old, or its account was
            // deleted, which the next claim finds out.
        }
    }

    private async Task<Result<ReservationView>?> TryBookOnceAsync(
        NpgsqlConnection connection,
        string key,
        byte[] hash,
        BookingRequest request,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using var claim = new NpgsqlCommand(
            """
            INSERT INTO idempotency_keys (user_id, key, request_hash, made_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING
            """,
            connection
        );
        claim.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request.UserId });
        claim.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        claim.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        claim.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        if (await claim.ExecuteNonQueryAsync(cancellation) == 0)
        {
            return await RepeatAnswerAsync(connection, key, request.UserId, hash, cancellation);
        }

        var result = await InsertAsync(connection, request, now, cancellation);
        await using var answer = new NpgsqlCommand(
            "UPDATE idempotency_keys SET answer = $3::jsonb WHERE user_id = $1 AND key = $2",
            connection
        );
        answer.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request.UserId });
        answer.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        answer.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Answer.Serialize(result) });
        await answer.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        if (!result.IsRefused(out _))
        {
            // Once more: what was told inside the transaction may have been read before its commit.
            changes.Tell(result.Value.Interval);
        }

        return Counted(result, now);
    }

    /// <summary>An answer that is given for the first time.</summary>
    private Result<ReservationView> Counted(Result<ReservationView> result, DateTimeOffset now)
    {
        if (result.IsRefused(out var refusal))
        {
            metrics.BookingRefused(refusal);
        }
        else
        {
            metrics.Booked(result.Value.Interval, now);
        }

        return result;
    }

    private static async Task<Result<ReservationView>?> RepeatAnswerAsync(
        NpgsqlConnection connection,
        string key,
        Guid userId,
        byte[] hash,
        CancellationToken cancellation
    )
    {
        await using var command = new NpgsqlCommand(
            "SELECT request_hash, answer FROM idempotency_keys WHERE user_id = $1 AND key = $2",
            connection
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
        {
            return null;
        }

        return hash.AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(0))
            ? Answer.Deserialize(reader.GetString(1))
            : (Result<ReservationView>)new Refusal.IdempotencyKeyReused();
    }

    private async Task<Result<ReservationView>> InsertAsync(
        NpgsqlConnection connection,
        BookingRequest request,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var allowed = options.ForBooking(request.Start, request.End, now);
        if (allowed.IsRefused(out var refusal))
        {
            return refusal;
        }

        var interval = allowed.Value;
        var id = Guid.CreateVersion7(now);
        for (var attempt = 1; ; attempt++)
        {
            var (outcome, seatName) = await ExecuteAsync(connection, id, request, interval, now, cancellation);
            switch (outcome)
            {
                case "made":
                    changes.Tell(interval);
                    return new ReservationView(
                        id,
                        request.UserId,
                        request.SeatId,
                        seatName!,
                        interval,
                        ReservationStatus.Future
                    );
                case "user_holds_enough":
                    return new Refusal.ActiveReservationExists();
                // Nobody to be seen holds it any more after so many looks: whoever asked lost to somebody each time.
                case "seat_taken":
                case "lost_race" when attempt == maxAttempts:
                case "outdated" when attempt == maxAttempts:
                    return new Refusal.SeatTaken();
                case "outdated":
                    await clock.SettleAsync(connection, now, request.SeatId, request.UserId, cancellation);
                    break;
            }
        }
    }

    private async Task<(string Outcome, string? SeatName)> ExecuteAsync(
        NpgsqlConnection connection,
        Guid id,
        BookingRequest request,
        Interval interval,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await using var command = new NpgsqlCommand(request.AdminId is null ? sql : auditedSql, connection);
        Bind(command, id, request, interval, now, options.NoShowCutoff(now));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var outcome = reader.GetString(0);
        if (outcome != "made")
        {
            languages.Keep(request.UserId, Text(2));
        }

        return (outcome, Text(1));

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }

    /// <summary>Gives the statement what it needs.</summary>
    internal static void Bind(
        NpgsqlCommand command,
        Guid id,
        BookingRequest request,
        Interval interval,
        DateTimeOffset now,
        DateTimeOffset noShowCutoff
    )
    {
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request.UserId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request.SeatId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = interval.Start });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = interval.End });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = noShowCutoff });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = request.AnsweredInTelegram });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = Tracing.Parent });
        if (request.AdminId is { } adminId)
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = adminId });
        }
    }

    /// <summary>
    /// Inserts, or says in the same round trip why not. <c>ON CONFLICT DO NOTHING</c> covers the exclusion constraint
    /// and the unique slots; the CASE is evaluated only when nothing was inserted, and sees what was committed before.
    /// A refusal is a sentence: in which language comes along, or whoever is refused would ask once more.
    /// </summary>
    internal static string Sql(int liveReservationsPerUser, bool audited)
    {
        const string live = ReservationStatusNames.Live;
        const string outdated = "(ends_at <= $6 OR (status = 'future' AND starts_at <= $7))";
        const string mine = $"user_id = $2 AND {ReservationStatusNames.LiveByUser}";
        const string overlapping =
            $"seat_id = $3 AND {live} AND tstzrange(starts_at, ends_at, '[)') && tstzrange($4, $5, '[)')";
        var freeSlot =
            liveReservationsPerUser == 1
                ? $"SELECT 1 WHERE NOT EXISTS (SELECT FROM reservations WHERE {mine})"
                : $"""
                    SELECT number FROM generate_series(1, {liveReservationsPerUser}) AS number
                    WHERE NOT EXISTS (SELECT FROM reservations WHERE {mine} AND slot = number)
                        AND (SELECT count(*) FROM reservations WHERE {mine}) < {liveReservationsPerUser}
                    ORDER BY number LIMIT 1
                    """;
        var audit = audited
            ? """
                , audited AS (
                    INSERT INTO audit (at, actor_id, action, target_id, after)
                    SELECT $6, $10, 'reservation.create', $1,
                        jsonb_build_object('user_id', $2, 'seat_id', $3, 'starts_at', $4, 'ends_at', $5)
                    FROM made)
                """
            : "";
        return $"""
            WITH made AS (
                INSERT INTO reservations (id, user_id, seat_id, starts_at, ends_at, status, slot, made_at)
                SELECT $1, $2, $3, $4, $5, 'future', slot, $6 FROM ({freeSlot}) AS free (slot)
                ON CONFLICT DO NOTHING
                RETURNING id),
            told AS (
                INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at, trace_parent)
                SELECT $2, '{NotificationKind.ReservationMade}', '{NotificationKind.ReservationMade}:' || $1::text,
                    jsonb_build_object('reservation_id', $1), 
                    CASE WHEN $8 THEN $6 + interval '{Notification.AnswerPatience.TotalSeconds:0} s' ELSE $6 END, $6, $9
                FROM made){audit}
            SELECT
                CASE
                    WHEN EXISTS (SELECT FROM made) THEN 'made'
                    WHEN EXISTS (SELECT FROM reservations WHERE {mine} AND {outdated})
                        OR EXISTS (SELECT FROM reservations WHERE {overlapping} AND {outdated}) THEN 'outdated'
                    WHEN (SELECT count(*) FROM reservations WHERE {mine}) >= {liveReservationsPerUser}
                        THEN 'user_holds_enough'
                    WHEN EXISTS (SELECT FROM reservations WHERE {overlapping}) THEN 'seat_taken'
                    ELSE 'lost_race'
                END,
                (SELECT name FROM seats WHERE id = $3),
                CASE WHEN NOT EXISTS (SELECT FROM made) THEN (SELECT language FROM users WHERE id = $2) END
            """;
    }

    /// <summary>An answer as it is kept under its key.</summary>
    private sealed record Answer(ReservationView? Reservation, string? Refusal, JsonElement? RefusalValues)
    {
        private static readonly JsonSerializerOptions Json = new()
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            IgnoreReadOnlyProperties = true,
        };

        public static string Serialize(Result<ReservationView> result) =>
            JsonSerializer.Serialize(
                result.IsRefused(out var refusal)
                    ? new Answer(
                        Reservation: null,
                        refusal.GetType().Name,
                        JsonSerializer.SerializeToElement(refusal, refusal.GetType(), Json)
                    )
                    : new Answer(result.Value, Refusal: null, RefusalValues: null),
                Json
            );

        public static Result<ReservationView> Deserialize(string json)
        {
            var answer = JsonSerializer.Deserialize<Answer>(json, Json)!;
            if (answer.Reservation is { } reservation)
            {
                return reservation;
            }

            var type = Core.Refusal.All.Single(type => type.Name == answer.Refusal);
            return (Refusal)answer.RefusalValues!.Value.Deserialize(type, Json)!;
        }
    }
}
