using BookIT.Core.Data;
using BookIT.Core.Demo;
using Npgsql;

namespace BookIT.Api;

/// <summary>What is done to the database before the first request.</summary>
internal static class Startup
{
    private static readonly TimeSpan PostgresPatience = TimeSpan.FromSeconds(60);

    /// <summary>Brings the schema up to date; waits a while for a database that is only starting.</summary>
    public static async Task MigrateAsync(this WebApplication app)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await using var scope = app.Services.CreateAsyncScope();
                await scope.ServiceProvider.GetRequiredService<Schema>().MigrateAsync(CancellationToken.None);
                return;
            }
            catch (NpgsqlException exception)
                when (exception.IsTransient && TimeProvider.System.GetElapsedTime(started) < PostgresPatience)
            {
                app.Logger.LogWarning("Waiting for PostgreSQL: {Reason}", exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        }
    }

    /// <summary>Loads the demo space into an empty database.</summary>
    public static async Task LoadDemoAsync(this WebApplication app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<DemoSpace>().LoadAsync(CancellationToken.None);
    }
}
