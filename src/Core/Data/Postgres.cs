using Npgsql;

namespace BookIT.Core.Data;

/// <summary>What we ask of the connection pool and of PostgreSQL's error codes.</summary>
internal static class Postgres
{
    /// <summary>One pool for EF Core and for plain SQL. Statements seen often are prepared by themselves.</summary>
    public static NpgsqlDataSource CreateDataSource(string connectionString, string application)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        var settings = builder.ConnectionStringBuilder;
        settings.ApplicationName ??= application;
        if (!settings.ContainsKey("Max Auto Prepare"))
        {
            settings.MaxAutoPrepare = 100;
            settings.AutoPrepareMinUsages = 2;
        }

        if (!settings.ContainsKey("Timeout"))
        {
            // Waiting longer for a database that is away only makes the queue longer.
            settings.Timeout = 10;
        }

        if (!settings.ContainsKey("Command Timeout"))
        {
            settings.CommandTimeout = 15;
        }

        return builder.Build();
    }

    /// <summary>
    /// Does a unit of work, a transaction of its own, and again where PostgreSQL has ended it because it and another
    /// waited for each other: nothing was done, and the other one has gone on.
    /// </summary>
    public static async Task<T> RetryDeadlocksAsync<T>(Func<Task<T>> work)
    {
        const int maxAttempts = 5;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work();
            }
            catch (Exception exception)
                when (exception.PostgresError()?.SqlState is PostgresErrorCodes.DeadlockDetected
                    && attempt < maxAttempts
                )
            {
                // Again.
            }
        }
    }

    /// <summary>What PostgreSQL said, however deep EF Core has wrapped it: once for a failed save, once more for a transient failure.</summary>
    public static PostgresException? PostgresError(this Exception exception) =>
        exception as PostgresException ?? exception.InnerException?.PostgresError();
}
