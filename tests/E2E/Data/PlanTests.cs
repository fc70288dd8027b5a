using BookIT.Core;
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
