using System.Buffers.Binary;
using BookIT.Core.Data;
using BookIT.Core.Floor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BookIT.Core.Avatars;

/// <summary>
/// Makes the bucket or the folders when the program starts, however long the store takes to answer; keeps the copy of the
/// default picture fresh; and once an hour sweeps away stored pictures that nothing names, one replica at a time.
/// </summary>
public sealed partial class AvatarUpkeep(
    NpgsqlDataSource postgres,
    AvatarStore store,
    [FromKeyedServices(FloorPlans.Store)] AvatarStore floorPlans,
    DefaultAvatar defaults,
    TimeProvider time,
    ILogger<AvatarUpkeep> logger
) : BackgroundService
{
    private const int SweepAtOnce = 1000;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromHours(1);

    /// <summary>From then on a picture without a name is an orphan, and not one whose row is about to be committed.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromHours(1);

    private bool isPrepared;
    private DateTimeOffset nextSweep = DateTimeOffset.MinValue;

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
            catch (Exception exception) when (exception is AvatarStoreException or NpgsqlException)
            {
                LogTickFailed(exception.Message);
            }
            // A bug in here must not stop the program.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogBug(exception);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TickAsync(CancellationToken cancellation)
    {
        if (!isPrepared)
        {
            await store.PrepareAsync(cancellation);
            await floorPlans.PrepareAsync(cancellation);
            isPrepared = true;
            LogReady(store.Place);
        }

        await defaults.RefreshAsync(cancellation);
        var now = time.Now();
        if (now >= nextSweep)
        {
            nextSweep = now + SweepPeriod;
            await SweepAsync(now, cancellation);
        }
    }

    private async Task SweepAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await postgres.OpenConnectionAsync(cancellation);
        // Not in a transaction, which would stay open for as long as the store takes to list everything.
        if (!await AdvisoryLock.AvatarSweep.TryTakeAsync(connection, cancellation))
        {
            return;
        }

        try
        {
            await SweepAsync(store, connection, now, cancellation);
            await SweepAsync(floorPlans, connection, now, cancellation);
        }
        finally
        {
            await AdvisoryLock.AvatarSweep.ReleaseAsync(connection, postgres);
        }
    }

    private async Task SweepAsync(
        AvatarStore pictures,
        NpgsqlConnection connection,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var swept = 0;
        var old = pictures.ListAsync(cancellation).Where(id => IsOlder(id, now - OrphanAge));
        await foreach (var some in old.Chunk(SweepAtOnce).WithCancellation(cancellation))
        {
            foreach (var orphan in await OrphansAsync(connection, some, cancellation))
            {
                await pictures.DeleteAsync(orphan, cancellation);
                swept++;
            }
        }

        if (swept > 0)
        {
            LogSwept(swept);
        }
    }

    private static async Task<List<Guid>> OrphansAsync(
        NpgsqlConnection connection,
        Guid[] ids,
        CancellationToken cancellation
    )
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT stored.picture FROM unnest($1) AS stored (picture)
            WHERE NOT EXISTS (SELECT FROM users WHERE avatar_id = stored.picture)
                AND NOT EXISTS (SELECT FROM space WHERE stored.picture IN (default_avatar_id, floor_plan_id))
            """,
            connection
        );
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        var orphans = new List<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            orphans.Add(reader.GetGuid(0));
        }

        return orphans;
    }

    /// <summary>By the milliseconds since 1970 that an id of version 7 begins with (RFC 9562, 5.7). Others are not ours.</summary>
    private static bool IsOlder(Guid id, DateTimeOffset than) =>
        id.Version == 7
        && BinaryPrimitives.ReadInt64BigEndian(id.ToByteArray(bigEndian: true)) >> 16 < than.ToUnixTimeMilliseconds();

    [LoggerMessage(LogLevel.Information, "Avatars are kept in {Place}")]
    private partial void LogReady(string place);

    [LoggerMessage(LogLevel.Warning, "Avatars were not looked after: {Reason}")]
    private partial void LogTickFailed(string reason);

    [LoggerMessage(LogLevel.Error, "Looking after avatars failed")]
    private partial void LogBug(Exception exception);

    [LoggerMessage(LogLevel.Information, "{Count} stored pictures that nothing named were deleted")]
    private partial void LogSwept(int count);
}
