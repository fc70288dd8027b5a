using Npgsql;

namespace BookIT.Core.Reservations;

/// <summary>Tells whether anything has happened to the reservations of people, without telling what.</summary>
public sealed class HolderStates(NpgsqlDataSource postgres)
{
    // Both lookups are of a few rows, on indexes that begin with the user.
    internal const string Sql = $"""
        SELECT holder.id, hashtextextended(concat_ws(';',
            (SELECT id FROM reservations WHERE user_id = holder.id ORDER BY id DESC LIMIT 1),
            (SELECT string_agg(concat_ws(' ', id, seat_id, extract(epoch FROM starts_at), extract(epoch FROM ends_at),
                status), ',' ORDER BY id)
            FROM reservations WHERE user_id = holder.id AND {ReservationStatusNames.LiveByUser})), 0)
        FROM unnest($1) AS holder (id)
        """;

    /// <summary>
    /// A number for each of the users that is another one after a reservation of theirs was made, moved, checked in or
    /// ended, by whomever. One statement for all.
    /// </summary>
    public async Task<Dictionary<Guid, long>> ReadAsync(Guid[] userIds, CancellationToken cancellation)
    {
        var states = new Dictionary<Guid, long>(userIds.Length);
        if (userIds.Length == 0)
        {
            return states;
        }

        await using var command = postgres.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = userIds });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            states.Add(reader.GetGuid(0), reader.GetInt64(1));
        }

        return states;
    }
}
