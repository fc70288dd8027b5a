using System.Diagnostics.Metrics;
using BookIT.Core.Notifications;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BookIT.Core.Metrics;

/// <summary>
/// How the space stands, as the database has it: read every 15 seconds, and never by a scrape. Every process that reads
/// says the same, so a dashboard takes the maximum.
/// </summary>
public sealed partial class SpaceReadings : BackgroundService
{
    /// <summary>Up to so many rows are counted of what can be many when something is wrong.</summary>
    public const int MaxCounted = 10_000;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    /// <summary>What is older is not shown: others may have newer numbers, and the maximum would hide them.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    // Each is answered from an index that holds nothing but what is looked for.
    internal const string LiveSql = $"""
        SELECT
            count(*) FILTER (WHERE status = 'future' AND ends_at > $1 AND starts_at > $2),
            count(*) FILTER (WHERE status = 'active' AND ends_at > $1),
            count(*) FILTER (WHERE starts_at < held_until)
        FROM (
            SELECT status, starts_at, ends_at, max(ends_at) OVER (
                PARTITION BY seat_id ORDER BY starts_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS held_until
            FROM reservations WHERE {ReservationStatusNames.LiveByStart}) AS live
        """;

    // News for people whom the bot cannot write to wait for nobody: where there is a bot it drops them.
    internal static readonly string OutboxSql = $"""
        SELECT count(*), min(n.due_at)
        FROM (
            SELECT user_id, due_at FROM notifications
            WHERE not ({NotificationKind.Mailed}) AND {Notification.Pending} AND due_at <= $1
            ORDER BY due_at, id LIMIT {MaxCounted}) AS n
        JOIN users u ON u.id = n.user_id AND u.telegram_since <= n.due_at
        """;

    internal static readonly string BacklogSql = $"""
        SELECT
            (SELECT count(*) FROM (
                SELECT FROM notifications WHERE failed_at IS NOT NULL LIMIT {MaxCounted}) AS failed),
            (SELECT count(*) FROM (
                SELECT FROM notifications
                WHERE {NotificationKind.Mailed} AND delivered_at IS NULL AND failed_at IS NULL LIMIT {MaxCounted}) AS mails),
            (SELECT count(*) FROM (SELECT FROM tickets WHERE status = 'active' LIMIT {MaxCounted}) AS open)
        """;

    private readonly NpgsqlDataSource postgres;
    private readonly SeatAvailability availability;
    private readonly BookingOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<SpaceReadings> logger;

    private volatile Reading? last;

    /// <summary>Makes the instruments.</summary>
    public SpaceReadings(
        Meter meter,
        NpgsqlDataSource postgres,
        SeatAvailability availability,
        BookingOptions options,
        TimeProvider time,
        ILogger<SpaceReadings> logger
    )
    {
        (this.postgres, this.availability, this.options) = (postgres, availability, options);
        (this.time, this.logger) = (time, logger);

        meter.CreateObservableGauge(
            "seats",
            () => ByZone(zone => zone.Seats),
            description: "Seats that can be booked, by zone."
        );
        meter.CreateObservableGauge(
            "seats_occupied",
            () => ByZone(zone => zone.Occupied),
            description: "Seats that somebody holds at this moment, by zone."
        );
        meter.CreateObservableGauge(
            "reservations_live",
            ByStatus,
            description: "Reservations that hold a seat, now or later."
        );
        Observe(
            "overlapping_reservations",
            reading => reading.Overlapping,
            "Live reservations that begin before an earlier one of the same seat ends: none, ever."
        );
        Observe(
            "outbox_due",
            reading => reading.OutboxDue,
            "News that are due, for people whom the bot may write to, and have not arrived."
        );
        Observe(
            "outbox_oldest_due_age_seconds",
            reading => reading.OutboxAge.TotalSeconds,
            "For how long the oldest of them has been due; 0 where there are none.",
            unit: "s"
        );
        Observe(
            "outbox_failed",
            reading => reading.OutboxFailed,
            "News and mails that were given up, of the last 30 days."
        );
        Observe(
            "mail_outbox_due",
            reading => reading.MailsDue,
            "Mails that are to be sent, now or in another attempt."
        );
        Observe("support_tickets_open", reading => reading.TicketsOpen, "Support tickets that are open.");
        meter.CreateObservableGauge(
            "database_read_timestamp_seconds",
            () => (last?.At.ToUnixTimeMilliseconds() ?? 0) / 1000.0,
            "s",
            "When these numbers were read from the database, since 1970; 0 where they have not been."
        );

        void Observe(string name, Func<Reading, double> value, string description, string? unit = null) =>
            meter.CreateObservableGauge(
                name,
                () =>
                    Fresh is { } reading
                        ? [new Measurement<double>(value(reading))]
                        : Enumerable.Empty<Measurement<double>>(),
                unit,
                description
            );
    }

    private Reading? Fresh => last is { } reading && time.GetElapsedTime(reading.Timestamp) <= MaxAge ? reading : null;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                last = await ReadAsync(time.Now(), stoppingToken);
            }
            // Nothing depends on it, and the numbers' age tells that they are missing.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception.Message);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task<Reading> ReadAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var timestamp = time.GetTimestamp();
        var held = await availability.ReadAsync(Interval.At(now), now, cancellation);
        var zones = held
            .Catalog.Seats.GroupBy(
                seat => seat.Zone,
                (zone, seats) =>
                {
                    var all = seats.ToList();
                    return new ZoneReading(zone, all.Count, all.Count(seat => held.Busy.Contains(seat.Id)));
                }
            )
            .ToList();

        await using var batch = postgres.CreateBatch();
        Add(LiveSql, now, options.NoShowCutoff(now));
        Add(OutboxSql, now);
        Add(BacklogSql);
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var (future, active, overlapping) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        await reader.NextResultAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var due = reader.GetInt64(0);
        var age = due > 0 ? now - reader.GetFieldValue<DateTimeOffset>(1) : TimeSpan.Zero;
        await reader.NextResultAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return new Reading(
            now,
            timestamp,
            zones,
            future,
            active,
            overlapping,
            due,
            age,
            OutboxFailed: reader.GetInt64(0),
            MailsDue: reader.GetInt64(1),
            TicketsOpen: reader.GetInt64(2)
        );

        void Add(string sql, params ReadOnlySpan<DateTimeOffset> instants)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = sql;
            foreach (var instant in instants)
            {
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = instant });
            }

            batch.BatchCommands.Add(command);
        }
    }

    private IEnumerable<Measurement<int>> ByZone(Func<ZoneReading, int> value) =>
        Fresh?.Zones.Select(zone => new Measurement<int>(
            value(zone),
            new KeyValuePair<string, object?>("zone", zone.Zone)
        ))
        ?? [];

    private IEnumerable<Measurement<long>> ByStatus() =>
        Fresh is { } reading
            ?
            [
                new(reading.Future, new KeyValuePair<string, object?>("status", "future")),
                new(reading.Active, new KeyValuePair<string, object?>("status", "active")),
            ]
            : [];

    [LoggerMessage(LogLevel.Warning, "The numbers of the space were not read: {Reason}")]
    private partial void LogFailed(string reason);

    internal sealed record Reading(
        DateTimeOffset At,
        long Timestamp,
        IReadOnlyList<ZoneReading> Zones,
        long Future,
        long Active,
        long Overlapping,
        long OutboxDue,
        TimeSpan OutboxAge,
        long OutboxFailed,
        long MailsDue,
        long TicketsOpen
    );

    internal sealed record ZoneReading(string? Zone, int Seats, int Occupied);
}
