using System.Diagnostics;

namespace BookIT.Tests.E2E.Servers;

/// <summary>A real PostgreSQL of a test's own, on a free port of 127.0.0.1, that can be restarted at its address.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The connection string of its one database, which is empty at first.</summary>
    public string Setting { get; private set; } = "";

    public async Task StartAsync() =>
        Setting = (
            await RunAsync(
                "start_postgres \"$dir\" fsync=off max_connections=100 && postgres_connection \"$dir\" bookit"
            )
        ).Trim();

    /// <summary>Stops it and starts it again.</summary>
    /// <param name="mode">As <c>pg_ctl</c> calls it: <c>fast</c> says goodbye, <c>immediate</c> is a crash.</param>
    public Task RestartAsync(string mode) =>
        RunAsync(
            "as_postgres \"$(postgres_bin)/pg_ctl\" restart --silent --wait --mode="
                + mode
                + " --pgdata=\"$(realpath \"$dir\")/data\" --log=\"$(realpath \"$dir\")/log\" >/dev/null 2>&1"
        );

    public async ValueTask DisposeAsync()
    {
        await RunAsync("remove_postgres \"$dir\"");
        folder.Dispose();
    }

    private Task<string> RunAsync(string command) =>
        Tool.RunAsync(
            "bash",
            "-c",
            $"cd '{Program.RepositoryRoot()}' && . scripts/servers.sh && dir='{folder.File("postgres")}' && {command}"
        );
}
