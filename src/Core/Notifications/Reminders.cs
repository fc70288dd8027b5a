using BookIT.Core.Reservations;
using Npgsql;

namespace BookIT.Core.Notifications;

/// <summary>
/// Writes down what reservations remind of, shortly before it falls due, and says whether it still holds. Whoever books,
/// moves or cancels need not think of it: docs/decisions/reminders.md.
/// </summary>
public sealed class Reminders(NpgsqlDataSource postgres)
{
    /// <summary>How long before they fall due they are written: longer than the bot is away at a change of its leader.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    /// <summary>The kinds there are.</summary>
    internal static readonly IReadOnlyList<Reminder> All =
    [
        new(NotificationKind.ReminderDay, TimeSpan.FromHours(24), TooLate: TimeSpan.FromHours(1)),
        new(NotificationKind.ReminderHour, TimeSpan.FromHours(1), TooLate: TimeSpan.FromMinutes(15)),
        new(NotificationKind.EndingSoon, TimeSpan.FromMinutes(15), TooLate: TimeSpan.FromMinutes(10), IsOfEnd: true),
    ];

    /// <summary>Writes those that fall due until <see cref="Ahead"/> from now, each once, and only for people whom the bot can reach.</summary>
    /// <returns>How many.</returns>
    public async Task<int> PlanAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        await using var batch = postgres.CreateBatch();
        foreach (var reminder in All)
        {
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(Sql(reminder))
                {
                    Parameters =
                    {
                        new NpgsqlParameter<DateTimeOffset> { TypedValue = now },
                        new NpgsqlParameter<TimeSpan> { TypedValue = reminder.Before },
                        new NpgsqlParameter<DateTimeOffset> { TypedValue = now + reminder.Before - reminder.TooLate },
                        new NpgsqlParameter<DateTimeOffset> { TypedValue = now + reminder.Before + Ahead },
                    },
                }
            );
        }

        return await batch.ExecuteNonQueryAsync(cancellation);
    }

    // A reminder whose moment lay before the last change was no reminder of this. An account that is being deleted is
    // skipped, or the row would outlive it; and the start bounds what is read of the index.
    private static string Sql(Reminder reminder)
    {
        var (of, condition) = reminder.IsOfEnd
            ? (
                "r.ends_at",
                $"r.status = 'active' AND r.starts_at > $3 - interval '{BookingOptions.LongestPossible.Days} days'"
                    + " AND r.ends_at - $2 > r.starts_at"
            )
            : ("r.starts_at", "r.status = 'future'");
        return $"""
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
            SELECT r.user_id, '{reminder.Kind}', '{reminder.Kind}:' || r.id || ':' || extract(epoch FROM {of}),
                jsonb_build_object('reservation_id', r.id, 'at', {of}), {of} - $2, $1
            FROM reservations r JOIN users u ON u.id = r.user_id
            WHERE {condition} AND {of} > $3 AND {of} <= $4
                AND {of} - $2 > coalesce(r.moved_at, r.made_at) AND {of} - $2 >= u.telegram_since
            ORDER BY u.id FOR KEY SHARE OF u SKIP LOCKED
            ON CONFLICT (key) DO NOTHING
            """;
    }
}

/// <summary>What a reservation reminds of.</summary>
/// <param name="Kind">Its name.</param>
/// <param name="Before">How long before the start, or the end.</param>
/// <param name="TooLate">How long after that it is of no use any more.</param>
/// <param name="IsOfEnd">Of the end of those who were checked in; otherwise of the start of those who were not yet.</param>
internal sealed record Reminder(string Kind, TimeSpan Before, TimeSpan TooLate, bool IsOfEnd = false)
{
    /// <summary>Whether a reservation still is as it was when the reminder was written.</summary>
    public bool Holds(Reservation reservation, DateTimeOffset at, DateTimeOffset now, BookingOptions options) =>
        reservation.StatusAt(now, options) == (IsOfEnd ? ReservationStatus.Active : ReservationStatus.Future)
        && (IsOfEnd ? reservation.EndsAt : reservation.StartsAt) == at;
}
