using BookIT.Core.Data;
using BookIT.Tests.E2E.Servers;
using Npgsql;
using Postgres = BookIT.Core.Data.Postgres;

namespace BookIT.Tests.E2E.Data;

/// <summary>Connections go back to the pool as they are: nobody may leave anything in them.</summary>
public sealed class ConnectionTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task A_lock_that_cannot_be_given_back_ends_with_its_connection()
    {
        await using var pool = Postgres.CreateDataSource(server.PostgresSetting, "locks");
        await using (var connection = await pool.OpenConnectionAsync())
        {
            Assert.True(await AdvisoryLock.Demo.TryTakeAsync(connection, default));
            await using var broken = new NpgsqlCommand("BEGIN; SELECT 1 / 0", connection);
            await Assert.ThrowsAsync<PostgresException>(() => broken.ExecuteNonQueryAsync());

            await Assert.ThrowsAsync<PostgresException>(() => AdvisoryLock.Demo.ReleaseAsync(connection, pool));
        }

        await using var other = await server.Postgres.OpenConnectionAsync();
        await Eventually.TrueAsync(() => AdvisoryLock.Demo.TryTakeAsync(other, default));
        await AdvisoryLock.Demo.ReleaseAsync(other, server.Postgres);
    }

    [Fact]
    public async Task A_setting_of_a_transaction_and_a_transaction_that_nobody_ended_are_gone_with_the_next_user()
    {
        await using var pool = Postgres.CreateDataSource($"{server.PostgresSetting};Maximum Pool Size=1", "settings");
        await using (var connection = await pool.OpenConnectionAsync())
        {
            await connection.BeginTransactionAsync();
            await using var setting = new NpgsqlCommand("SET LOCAL statement_timeout = '7s'", connection);
            await setting.ExecuteNonQueryAsync();
        }

        await using var next = pool.CreateCommand("SHOW statement_timeout");
        Assert.NotEqual("7s", await next.ExecuteScalarAsync());
    }
}
