using System.Globalization;
using BookIT.Tests.E2E.Servers;
using Npgsql;

[assembly: AssemblyFixture(typeof(TestServers))]

namespace BookIT.Tests.E2E.Servers;

/// <summary>
/// The PostgreSQL and Redis that <c>./test.sh</c> has started, once a run. A database is a clone of a migrated
/// template; a Redis database is a number of its own.
/// </summary>
public sealed class TestServers : IAsyncLifetime
{
    private const string Template = "bookit_template";

    private readonly SemaphoreSlim cloning = new(1, 1);
    private NpgsqlDataSource? postgres;
    private int lastNumber;

    private static string PostgresSetting => Required("ConnectionStrings__Postgres");

    private static string RedisSetting => Required("ConnectionStrings__Redis");

    public async ValueTask InitializeAsync()
    {
        // A database is made and dropped while everybody else is at work.
        var settings = new NpgsqlConnectionStringBuilder(PostgresSetting) { CommandTimeout = 300 };
        postgres = NpgsqlDataSource.Create(settings);
        await ExecuteAsync($"DROP DATABASE IF EXISTS {Template} WITH (FORCE)");
        await ExecuteAsync($"CREATE DATABASE {Template}");
        await using var migration = await Program.StartAsync(
            "Api",
            new Dictionary<string, string?>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["ConnectionStrings__Postgres"] = Database(Template),
                ["ConnectionStrings__Redis"] = RedisSetting,
            },
            "migrate"
        );
        var exitCode = await migration.WaitForExitAsync();
        Assert.True(exitCode == 0, migration.Output);
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>A database of one's own, migrated or empty.</summary>
    public async Task<string> CreateDatabaseAsync(bool migrated = true)
    {
        var name = $"test_{Interlocked.Increment(ref lastNumber)}_{Environment.ProcessId}";
        await cloning.WaitAsync();
        try
        {
            await ExecuteAsync($"CREATE DATABASE {name}" + (migrated ? $" TEMPLATE {Template}" : ""));
        }
        finally
        {
            cloning.Release();
        }

        return Database(name);
    }

    public async Task DropDatabaseAsync(string connectionString)
    {
        var name = new NpgsqlConnectionStringBuilder(connectionString).Database;
        await ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    }

    /// <summary>A Redis database of one's own.</summary>
    public string CreateRedisUrl()
    {
        var number = Interlocked.Increment(ref lastNumber).ToString(CultureInfo.InvariantCulture);
        return new UriBuilder(RedisSetting) { Path = number }.Uri.ToString();
    }

    /// <summary>Runs a statement as the servers' owner.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var command = postgres!.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        cloning.Dispose();
        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }
    }

    private static string Database(string name) =>
        new NpgsqlConnectionStringBuilder(PostgresSetting) { Database = name }.ConnectionString;

    private static string Required(string variable) =>
        Environment.GetEnvironmentVariable(variable)
        ?? throw new InvalidOperationException($"{variable} is not set: run these tests by ./test.sh.");
}
