using System.Data.Common;
using Npgsql;

namespace BookIT.Core.Data;

/// <summary>What we ask of the connection pool and of PostgreSQL's error codes.</summary>
internal static class Postgres
{
    /// <summary>
    /// One pool for EF Core and for plain SQL. Statements seen often are prepared by themselves. What the operator has
    /// not set is set to what suits many short statements.
    /// </summary>
    public static NpgsqlDataSource CreateDataSource(string connectionString, string application)
    {
        // Npgsql's own builder cannot tell a default from what was said.
        var said = new DbConnectionStringBuilder { ConnectionString = connectionString };
        bool IsSaid(params string[] keywords) => keywords.Any(said.ContainsKey);

        // Or metrics would name the pool by the connection string.
        var builder = new NpgsqlDataSourceBuilder(connectionString) { Name = "bookit" };
        var settings = builder.ConnectionStringBuilder;
        settings.ApplicationName ??= application;
        if (!IsSaid("Maximum Pool Size", "MaxPoolSize"))
        {
            // A burst waits for one of these, instead of opening a hundred: PostgreSQL is slow to open a connection, has
            // no use for many more than it has cores, and serves other replicas too.
            settings.MaxPoolSize = 32;
        }

        if (!IsSaid("Max Auto Prepare", "MaxAutoPrepare"))
        {
            settings.MaxAutoPrepare = 100;
            settings.AutoPrepareMinUsages = 2;
        }

        if (!IsSaid("No Reset On Close", "NoResetOnClose"))
        {
            // Seven statements before the first of each request, against what we leave in no session: settings are of a
            // transaction (SET LOCAL), and AdvisoryLock looks after itself. A fifth of what a booking cost.
            settings.NoResetOnClose = true;
        }

        if (!IsSaid("Timeout"))
        {
            // Waiting longer for a database that is away only makes the queue longer.
            settings.Timeout = 10;
        }

        if (!IsSaid("Command Timeout", "CommandTimeout"))
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
