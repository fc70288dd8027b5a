using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BookIT.Core.Data;

/// <summary>Brings the database to the newest migration, and tells whether it is there.</summary>
public sealed partial class Schema(
    BookItDbContext db,
    NpgsqlDataSource postgres,
    TimeProvider time,
    ILogger<Schema> logger
)
{
    /// <summary>
    /// Applies what is missing. Programs that start at the same time wait for each other here, also on a database that
    /// has no table yet, where EF Core's own lock cannot be taken.
    /// </summary>
    public async Task MigrateAsync(CancellationToken cancellation)
    {
        await using var connection = await postgres.OpenConnectionAsync(cancellation);
        await AdvisoryLock.Migration.TakeAsync(connection, time, cancellation);
        try
        {
            var pending = (await db.Database.GetPendingMigrationsAsync(cancellation)).ToList();
            if (pending.Count > 0)
            {
                LogMigrating(string.Join(", ", pending));
                // An index of a table that has grown for years takes its time.
                db.Database.SetCommandTimeout(TimeSpan.Zero);
                await db.Database.MigrateAsync(cancellation);
            }
        }
        finally
        {
            await AdvisoryLock.Migration.ReleaseAsync(connection, postgres);
        }
    }

    /// <summary>The newest migration that this program knows.</summary>
    internal static string Newest(BookItDbContext db) => db.GetService<IMigrationsAssembly>().Migrations.Keys.Max()!;

    [LoggerMessage(LogLevel.Information, "Migrating the database: {Migrations}")]
    private partial void LogMigrating(string migrations);
}

/// <summary>The advisory locks of PostgreSQL that we use: each a number of our own choice.</summary>
internal readonly record struct AdvisoryLock(long Key)
{
    /// <summary>Held by the program that migrates the database.</summary>
    public static readonly AdvisoryLock Migration = new(0x626F6F6B_69740001);

    /// <summary>Held by the replica that moves reservations with the clock.</summary>
    public static readonly AdvisoryLock ReservationClock = new(0x626F6F6B_69740002);

    /// <summary>Held while demo data is loaded.</summary>
    public static readonly AdvisoryLock Demo = new(0x626F6F6B_69740003);

    /// <summary>Held by the replica that deletes stored pictures that nothing names.</summary>
    public static readonly AdvisoryLock AvatarSweep = new(0x626F6F6B_69740004);

    /// <summary>Held by the replica that tells news, and asks Telegram for updates.</summary>
    public static readonly AdvisoryLock TelegramBot = new(0x626F6F6B_69740005);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.1);

    /// <summary>
    /// Waits for the lock; it is held until released, or until the connection ends. By asking again: a statement that waits
    /// holds a snapshot, and whoever has the lock and makes an index concurrently would wait for that in turn.
    /// </summary>
    public async Task TakeAsync(NpgsqlConnection connection, TimeProvider time, CancellationToken cancellation)
    {
        while (!await TryTakeAsync(connection, cancellation))
        {
            await Task.Delay(Patience, time, cancellation);
        }
    }

    /// <summary>Takes the lock if nobody holds it, until it is released or the connection ends.</summary>
    public Task<bool> TryTakeAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        TryTakeAsync("SELECT pg_try_advisory_lock($1)", connection, cancellation);

    /// <summary>Takes the lock for this transaction if nobody holds it.</summary>
    public Task<bool> TryTakeForTransactionAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        TryTakeAsync("SELECT pg_try_advisory_xact_lock($1)", connection, cancellation);

    /// <summary>Gives it back.</summary>
    public async Task ReleaseAsync(NpgsqlConnection connection, NpgsqlDataSource postgres)
    {
        await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Key });
        try
        {
            await command.ExecuteNonQueryAsync();
        }
        catch
        {
            // It ends with its connection, which therefore must not be kept for others.
            postgres.Clear();
            throw;
        }
    }

    private async Task<bool> TryTakeAsync(string sql, NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Key });
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }
}
