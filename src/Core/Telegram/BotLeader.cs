using BookIT.Core.Data;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BookIT.Core.Telegram;

/// <summary>
/// One replica at a time asks Telegram for updates and tells news: the one that holds an advisory lock, on a connection of its own.
/// PostgreSQL frees it the moment that the connection ends, as it does when the process dies, or within 11 seconds when
/// the machine does; a leader that PostgreSQL does not answer knows within 9 seconds that it is none any more.
/// </summary>
public sealed partial class BotLeader(NpgsqlDataSource postgres, TimeProvider time, ILogger<BotLeader> logger)
{
    /// <summary>How often the others try, and the leader makes sure.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>How long PostgreSQL has to answer the leader.</summary>
    private const int PatienceSeconds = 5;

    /// <summary>Does the work whenever this replica leads, until it does not any more, which the token tells.</summary>
    /// <param name="work">Is to end when its token says so, and not before.</param>
    /// <param name="stopping">Ends it all.</param>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await using var connection = await postgres.OpenConnectionAsync(stopping);
                while (!await AdvisoryLock.TelegramBot.TryTakeAsync(connection, stopping))
                {
                    await Task.Delay(Period, time, stopping);
                }

                await LeadAsync(connection, work, stopping);
            }
            catch (Exception exception) when (exception.IsServerAway() && !stopping.IsCancellationRequested)
            {
                LogDatabaseAway(exception.Message);
            }
            // A bug must not leave the bot deaf.
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                LogBug(exception);
            }

            await Task.Delay(Period, time, stopping);
        }
    }

    private async Task LeadAsync(
        NpgsqlConnection connection,
        Func<CancellationToken, Task> work,
        CancellationToken stopping
    )
    {
        // A dead machine says no goodbye: PostgreSQL is to ask.
        await ExecuteAsync(
            connection,
            "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3",
            stopping
        );
        LogLeading();
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var working = Task.Run(() => work(lost.Token), CancellationToken.None);
        try
        {
            while (!working.IsCompleted)
            {
                await Task.WhenAny(working, Task.Delay(Period, time, stopping));
                stopping.ThrowIfCancellationRequested();
                await ExecuteAsync(connection, "SELECT 1", stopping);
            }
        }
        finally
        {
            await lost.CancelAsync();
            // Until then nobody else is to begin, unless PostgreSQL itself has let go.
            await working.ContinueWith(_ => { }, CancellationToken.None, default, TaskScheduler.Default);
            LogNotLeading();
            try
            {
                await AdvisoryLock.TelegramBot.ReleaseAsync(connection, postgres);
            }
            catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
            {
                // The connection is gone, and the lock with it.
            }
        }

        await working;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = PatienceSeconds };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    [LoggerMessage(
        LogLevel.Information,
        "This replica leads: it tells news, and asks Telegram for updates unless they are brought"
    )]
    private partial void LogLeading();

    [LoggerMessage(LogLevel.Information, "This replica does not lead any more")]
    private partial void LogNotLeading();

    [LoggerMessage(LogLevel.Warning, "Nobody here leads without the database: {Reason}")]
    private partial void LogDatabaseAway(string reason);

    [LoggerMessage(LogLevel.Error, "The leader's work failed")]
    private partial void LogBug(Exception exception);
}
