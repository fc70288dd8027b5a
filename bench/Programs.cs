using System.Diagnostics;
using System.Net.Sockets;

namespace BookIT.Bench;

/// <summary>The programs that are measured and those that they are measured against, each a process of its own.</summary>
internal sealed class Programs(string folder) : IAsyncDisposable
{
    public const string JwtSecret = "a secret of the bench that is long enough";

    private readonly List<Process> processes = [];

    /// <summary>The Api as in production, with everything on.</summary>
    /// <param name="log">Where several run, the name of this one's log.</param>
    public Task<(Uri Address, Process Process)> StartApiAsync(string log = "Api") =>
        StartAsync(
            "Api",
            [],
            new()
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["Frontend__Url"] = "https://bench.example",
                ["Avatars__Folder"] = Path.Combine(folder, "avatars"),
                ["LOG"] = Path.Combine(folder, $"{log}.log"),
            }
        );

    /// <summary>Two Apis behind nginx, which gives each every other request.</summary>
    public async Task<(Uri Address, Uri[] Apis)> StartApisBehindNginxAsync()
    {
        var apis = new[] { (await StartApiAsync()).Address, (await StartApiAsync("Api-2")).Address };
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var own = Directory.CreateDirectory(Path.Combine(folder, "nginx")).FullName;
        var temporary = new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" };
        await File.WriteAllTextAsync(
            Path.Combine(own, "nginx.conf"),
            $$"""
            daemon off;
            pid {{own}}/pid;
            error_log {{own}}.log;
            worker_processes 1;
            worker_rlimit_nofile 16384;
            events { worker_connections 8192; }
            http {
                access_log off;
                {{string.Concat(temporary.Select(kind => $"{kind}_temp_path {own}/{kind}; "))}}
                upstream apis {
                    {{string.Concat(apis.Select(api => $"server {api.Authority}; "))}}
                    keepalive 64;
                }
                server {
                    listen {{address.Authority}} backlog=4096;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_set_header Host $host;
                    location / { proxy_pass http://apis; }
                }
            }
            """
        );
        var start = new ProcessStartInfo("/usr/sbin/nginx")
        {
            ArgumentList = { "-c", Path.Combine(own, "nginx.conf"), "-e", $"{own}.log" },
        };
        var nginx = Process.Start(start)!;
        processes.Add(nginx);
        await GetReadyAsync("nginx", nginx, address);
        return (address, apis);
    }

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
            // With those that it has started, as nginx has.
            process.Kill(entireProcessTree: true);
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
        await GetReadyAsync(name, process, address);
        return (address, process);
    }

    private async Task GetReadyAsync(string name, Process process, Uri address)
    {
        using var client = new HttpClient();
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if ((await client.GetAsync(new Uri(address, "/health/ready"))).IsSuccessStatusCode)
                {
                    return;
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
