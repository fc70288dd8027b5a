using System.Diagnostics.Metrics;
using BookIT.Core;
using BookIT.Core.Metrics;
using BookIT.Core.Notifications;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using BookIT.Tests.E2E.Servers;
using Npgsql;

namespace BookIT.Tests.E2E.Data;

/// <summary>
/// PostgreSQL's sample of a year of reservations holds none that is live. What it then takes for an empty index must not be
/// read as a whole for each question: docs/decisions/live-indexes.md.
/// </summary>
public sealed class PlanTests(BookItServer server) : IClassFixture<BookItServer>
{
    private const string BySeat = "reservations_no_overlap";
    private const string ByStart = "reservations_live_by_start";
    private const string ByUser = "reservations_one_per_slot";

    [Fact]
    public async Task Each_question_about_live_reservations_is_answered_by_the_index_that_was_made_for_it()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        await using var connection = await server.Postgres.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var fill = new NpgsqlCommand(
            $"""
            INSERT INTO reservations (id, user_id, seat_id, starts_at, ends_at, status, slot, made_at)
            SELECT gen_random_uuid(), '{member.UserId}', '{seat}', day, day + interval '1 h', 'closed', 1, day
            FROM generate_series(now() - interval '2000 days', now() - interval '1 day', interval '1 h') AS day;
            ANALYZE reservations;
            INSERT INTO reservations (id, user_id, seat_id, starts_at, ends_at, status, slot, made_at)
            SELECT gen_random_uuid(), '{member.UserId}', '{seat}', now() + interval '1 h' * number,
                now() + interval '1 h' * (number + 1), 'future', number, now()
            FROM generate_series(1, 2000) AS number
            """,
            connection
        );
        fill.CommandTimeout = 300;
        await fill.ExecuteNonQueryAsync();
        var now = TimeProvider.System.GetUtcNow();
        foreach (var limit in new[] { 1, 3 })
        {
            await using var booking = new NpgsqlCommand(Booking.Sql(limit, audited: false), connection);
            var request = new BookingRequest(member.UserId, seat, now, now + TimeSpan.FromHours(1));
            Booking.Bind(booking, Guid.CreateVersion7(now), request, new Interval(now, now), now, now);
            Assert.Equal([BySeat, ByUser], await IndexesAsync(booking));
        }

        await using var holders = new NpgsqlCommand(HolderStates.Sql, connection);
        holders.Parameters.AddWithValue(new[] { member.UserId });
        // The newest of all times is no live one: which other index has it depends on whose the old ones are.
        Assert.Single(await IndexesAsync(holders), index => index is BySeat or ByStart or ByUser);

        await using var own = new NpgsqlCommand(
            $"SELECT id FROM reservations WHERE {ReservationStatusNames.LiveByUser} AND user_id = $1",
            connection
        );
        own.Parameters.AddWithValue(member.UserId);
        Assert.Equal([ByUser], await IndexesAsync(own));

        await using var list = new NpgsqlCommand(SeatAvailability.Sql, connection);
        foreach (var instant in new[] { now, now.AddHours(1), now.AddDays(-1), now })
        {
            list.Parameters.AddWithValue(instant);
        }

        Assert.Equal([ByStart], await IndexesAsync(list));
    }

    [Fact]
    public async Task Claiming_news_reads_what_is_claimed_and_not_all_that_waits()
    {
        const int people = 10_000;
        const int most = 30;
        // The planner's idea of it all is that of a day of bookings by people without chats, and stays so.
        foreach (
            var sql in new[]
            {
                "ALTER TABLE users SET (autovacuum_enabled = false)",
                "ALTER TABLE notifications SET (autovacuum_enabled = false)",
                $"""
                    INSERT INTO users (id, email, first_name, role, verified, made_at)
                    SELECT gen_random_uuid(), 'waits.' || number || '@example.com', 'Somebody', 'user', true, now()
                    FROM generate_series(1, {people}) AS number
                    """,
                $"""
                    INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
                    SELECT id, 'reservation_made', id::text, jsonb_build_object('reservation_id', id),
                        now() - interval '1 ms' * row_number() OVER (), now()
                    FROM users
                    """,
                "VACUUM ANALYZE users",
                "VACUUM ANALYZE notifications",
                "TRUNCATE notifications CASCADE",
                // An announcement, which is due to everybody at the same instant.
                """
                    UPDATE users SET telegram_id = numbered.number, telegram_since = now() - interval '1 day'
                    FROM (SELECT id, row_number() OVER () AS number FROM users) AS numbered WHERE users.id = numbered.id
                    """,
                """
                    INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
                    SELECT id, 'announcement', id::text, jsonb_build_object('text', 'News'), now(), now() FROM users ORDER BY telegram_id DESC
                    """,
            }
        )
        {
            await server.ExecuteAsync(sql);
        }

        using var meter = new Meter("Tests");
        // Connections of its own, which have counted nothing yet.
        await using var postgres = NpgsqlDataSource.Create(server.PostgresSetting);
        var outbox = new Outbox(postgres, new BookItMetrics(meter, TimeProvider.System));
        // Those who were told last wait for the limits.
        long[] busy = [.. Enumerable.Range(1, 400)];
        await using var hand = await outbox.ClaimAsync(
            most,
            TimeProvider.System.GetUtcNow(),
            busy,
            CancellationToken.None
        );
        Assert.Equal(most, hand!.News.Count);
        await using var rows = new NpgsqlCommand(
            """
            SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_xact_user_tables
            WHERE relname IN ('notifications', 'users')
            """,
            hand.Connection
        );
        // A row of news, its person, and whether something else comes before it; and a few on the way.
        Assert.InRange((int)(await rows.ExecuteScalarAsync())!, most, 5 * most);
        // What other statistics have been seen to lead to: all that waits sorted, and the plan compiled, for each batch.
        await using var settings = new NpgsqlCommand(
            "SELECT count(*) FROM pg_settings WHERE name IN ('enable_sort', 'enable_incremental_sort', 'jit') AND setting = 'off'",
            hand.Connection
        );
        Assert.Equal(3L, await settings.ExecuteScalarAsync());
    }

    /// <summary>Which indexes of the table are read for it; all of the table counts as one.</summary>
    private static async Task<List<string>> IndexesAsync(NpgsqlCommand command)
    {
        command.CommandText = "EXPLAIN " + command.CommandText;
        await using var reader = await command.ExecuteReaderAsync();
        var indexes = new SortedSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
        {
            var words = reader.GetString(0).Split(' ', StringSplitOptions.RemoveEmptyEntries).ToList();
            var (index, table) = (words.FindIndex(word => word is "using"), words.FindIndex(word => word is "on"));
            if (table >= 0 && words.Contains("Scan"))
            {
                var name = index >= 0 ? words[index + 1] : words[table + 1];
                if (name.StartsWith("reservations", StringComparison.Ordinal))
                {
                    indexes.Add(name);
                }
            }
        }

        return [.. indexes];
    }
}
