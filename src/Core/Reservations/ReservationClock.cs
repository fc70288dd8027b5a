using BookIT.Core.Auth;
using BookIT.Core.Data;
using BookIT.Core.Metrics;
using BookIT.Core.Notifications;
using BookIT.Core.Seats;
using BookIT.Core.Telegram;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BookIT.Core.Reservations;

/// <summary>
/// Moves reservations with the time: what was checked in closes at its end, and what nobody came for is released. Only
/// live reservations are in the indexes that bookings use, so this keeps them small. One replica does it at a time.
/// </summary>
public sealed partial class ReservationClock(
    NpgsqlDataSource postgres,
    SeatChanges changes,
    SeatAvailability availability,
    BookingOptions options,
    BookItMetrics metrics,
    TimeProvider time,
    ILogger<ReservationClock> logger
) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan NotificationLifetime = TimeSpan.FromDays(30);

    // In id order, so that two of these at a time never wait for each other in a circle.
    private const string SettleSql = $"""
        WITH due AS (
            SELECT id FROM reservations
            WHERE {ReservationStatusNames.LiveByStart}
                AND (ends_at <= $1 OR (status = 'future' AND starts_at <= $2))
                AND ($3::uuid IS NULL AND $4::uuid IS NULL OR seat_id = $3 OR user_id = $4)
            ORDER BY id FOR UPDATE),
        settled AS (
            UPDATE reservations r
            SET status = CASE r.status WHEN 'active' THEN 'closed' ELSE 'did_not_come' END, closed_at = $1
            FROM due WHERE r.id = due.id
            RETURNING r.id, r.user_id, r.status),
        told AS (
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
            SELECT user_id, '{NotificationKind.NoShow}', '{NotificationKind.NoShow}:' || id::text,
                jsonb_build_object('reservation_id', id), $1, $1
            FROM settled WHERE status = 'did_not_come'
            ON CONFLICT DO NOTHING)
        SELECT count(*), count(*) FILTER (WHERE status = 'did_not_come') FROM settled
        """;

    /// <summary>
    /// Brings the stored statuses to what the clock makes of them at <paramref name="now"/>: all of them, or those of a
    /// seat or a user.
    /// </summary>
    /// <returns>How many moved.</returns>
    public Task<long> SettleAsync(DateTimeOffset now, Guid? seatId, Guid? userId, CancellationToken cancellation) =>
        Postgres.RetryDeadlocksAsync(async () =>
        {
            await using var connection = await postgres.OpenConnectionAsync(cancellation);
            return await SettleAsync(connection, now, seatId, userId, cancellation);
        });

    internal async Task<long> SettleAsync(
        NpgsqlConnection connection,
        DateTimeOffset now,
        Guid? seatId,
        Guid? userId,
        CancellationToken cancellation
    )
    {
        var (settled, missed) = await ExecuteAsync(connection, now, seatId, userId, cancellation);
        metrics.Missed(missed);
        return settled;
    }

    private async Task<(long Settled, long Missed)> ExecuteAsync(
        NpgsqlConnection connection,
        DateTimeOffset now,
        Guid? seatId,
        Guid? userId,
        CancellationToken cancellation
    )
    {
        await using var command = new NpgsqlCommand(SettleSql, connection);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = options.NoShowCutoff(now) });
        command.Parameters.Add(new NpgsqlParameter<Guid?> { TypedValue = seatId });
        command.Parameters.Add(new NpgsqlParameter<Guid?> { TypedValue = userId });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var (settled, missed) = (reader.GetInt64(0), reader.GetInt64(1));
        if (settled > 0)
        {
            changes.Tell(SeatChanges.AllTime);
        }

        return (settled, missed);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await TickAsync(stoppingToken);
            }
            catch (NpgsqlException exception)
            {
                // Reads and bookings apply the clock themselves; this catches up when the database is back.
                LogTickFailed(exception.Message);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TickAsync(CancellationToken cancellation)
    {
        var now = time.Now();
        await using var connection = await postgres.OpenConnectionAsync(cancellation);
        await using (
            var longest = new NpgsqlCommand(
                $"SELECT max(ends_at - starts_at) FROM reservations WHERE {ReservationStatusNames.LiveByStart}",
                connection
            )
        )
        {
            availability.Longest = await longest.ExecuteScalarAsync(cancellation) as TimeSpan? ?? TimeSpan.Zero;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (!await AdvisoryLock.ReservationClock.TryTakeForTransactionAsync(connection, cancellation))
        {
            return;
        }

        var (settled, missed) = await ExecuteAsync(connection, now, seatId: null, userId: null, cancellation);
        await using var tidy = new NpgsqlCommand(
            """
            WITH old_keys AS (DELETE FROM idempotency_keys WHERE made_at < $1),
            old_links AS (DELETE FROM email_tokens WHERE expires_at < $3),
            old_prompts AS (DELETE FROM telegram_prompts WHERE made_at < $4),
            old_announcements AS (DELETE FROM announcements WHERE made_at < $6),
            old_devices AS (DELETE FROM sign_in_devices WHERE seen_at < $5)
            DELETE FROM notifications WHERE due_at < $2
            """,
            connection
        );
        tidy.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now - Booking.IdempotencyKeyLifetime });
        tidy.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now - NotificationLifetime });
        tidy.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        tidy.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now - ReplyPrompts.Lifetime });
        tidy.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now - SignInDevice.Lifetime });
        tidy.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now - Announcement.Lifetime });
        await tidy.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        metrics.Missed(missed);
        if (settled > 0)
        {
            changes.Tell(SeatChanges.AllTime);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Reservations were not moved with the clock: {Reason}")]
    private partial void LogTickFailed(string reason);
}
