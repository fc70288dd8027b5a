using System.Diagnostics;
using System.Net.Sockets;

namespace BookIT.Bench;

/// <summary>The programs that are measured and those that they are measured against, each a process of its own.</summary>
internal sealed class Programs(string folder) : IAsyncDisposable
{
    public const string JwtSecret = "a secret of the bench that is long enough";

    private readonly List<Process> processes = [];

    /// <summary>The Api as in production, with everything on.</summary>
    public Task<(Uri Address, Process Process)> StartApiAsync() =>
        StartAsync(
            "Api",
            [],
            new()
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["Frontend__Url"] = "https://bench.example",
                ["Avatars__Folder"] = Path.Combine(folder, "avatars"),
            }
        );

    public async Task MigrateAsync()
    {
        var (process, _) = Start("Api", ["migrate"], new() { ["ASPNETCORE_ENVIRONMENT"] = "Production" });
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"The database could not be migrated: {Log("Api")}");
        }
    }

    /// <summary>The bare servers of <see cref="Limits"/>.</summary>
    public Task<(Uri Address, Process Process)> StartLimitsAsync(string seatList) =>
        StartAsync("Bench", ["limits", seatList], []);

    /// <summary>The bot, with an emulator of the Bot API that answers at once.</summary>
    public Task<(Uri Address, Process Process)> StartBotAsync(Uri botApi) =>
        StartAsync(
            "Bot",
            [],
            new()
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["Telegram__Token"] = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                ["Telegram__ApiUrl"] = botApi.ToString(),
                ["RateLimits__Enabled"] = "false",
            }
        );

    public static void Stop(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    private async Task<(Uri Address, Process Process)> StartAsync(
        string name,
        string[] arguments,
        Dictionary<string, string> environment
    )
    {
        var (process, address) = Start(name, arguments, environment);
        using var client = new HttpClient();
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if ((await client.GetAsync(new Uri(address, "/health/ready"))).IsSuccessStatusCode)
                {
                    return (address, process);
                }
            }
            catch (HttpRequestException) when (!process.HasExited && since.Elapsed < TimeSpan.FromMinutes(1))
            {
                // Not yet.
            }

            if (process.HasExited || since.Elapsed > TimeSpan.FromMinutes(1))
            {
                throw new InvalidOperationException($"{name} does not get ready: {Log(name)}");
            }

            await Task.Delay(5);
        }
    }

    private (Process Process, Uri Address) Start(
        string name,
        string[] arguments,
        Dictionary<string, string> environment
    )
    {
        // Published by bench.sh, as in their images.
        var dll =
            name == "Bench" ? typeof(Programs).Assembly.Location : Path.Combine(folder, name, $"BookIT.{name}.dll");
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        // The shell writes its log: a pipe that nobody reads would fill up.
        var start = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", "exec dotnet \"$@\" >\"$LOG\" 2>&1", "sh", dll },
            Environment = { ["LOG"] = Path.Combine(folder, $"{name}.log"), ["ASPNETCORE_URLS"] = address.ToString() },
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["Jwt__Secret"] = JwtSecret;
        start.Environment["Admin__Key"] = "an admin key of the bench";
        start.Environment["Telegram__BotSecret"] = "a bot secret of the bench";
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var process = Process.Start(start)!;
        processes.Add(process);
        return (process, address);
    }

    private string Log(string name) => File.ReadAllText(Path.Combine(folder, $"{name}.log"));

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    public ValueTask DisposeAsync()
    {
        processes.ForEach(Stop);
        return ValueTask.CompletedTask;
    }
}
