using System.Diagnostics;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Yandex;

/// <summary>An OAuth server by other people that speaks as Yandex does: see <c>tests/E2E/node/yandex.mjs</c>.</summary>
public sealed class YandexServer : IAsyncDisposable
{
    public const string ClientId = "4760187d81bc4b7799476b42b5103713";
    public const string ClientSecret = "a-client-secret-for-tests";

    private readonly Process process;

    private YandexServer(Process process, string address)
    {
        this.process = process;
        Settings = new Dictionary<string, string?>
        {
            ["Yandex__ClientId"] = ClientId,
            ["Yandex__ClientSecret"] = ClientSecret,
            ["Yandex__AuthorizationEndpoint"] = $"{address}/authorize",
            ["Yandex__TokenEndpoint"] = $"{address}/token",
            ["Yandex__UserInformationEndpoint"] = $"{address}/info?format=json",
        };
    }

    /// <summary>What an Api needs to know of it.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; }

    public static async Task<YandexServer> StartAsync()
    {
        var started = Process.Start(
            new ProcessStartInfo("node", ["yandex.mjs", ClientId, ClientSecret])
            {
                WorkingDirectory = Path.Combine(Program.RepositoryRoot(), "tests", "E2E", "node"),
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        var address = await started.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return new YandexServer(started, address ?? throw new InvalidOperationException("It did not start."));
    }

    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }
}

/// <summary>A space where people can sign in by Yandex.</summary>
public sealed class SpaceWithYandex(TestServers servers) : BookItServer(servers)
{
    public YandexServer Yandex { get; private set; } = null!;

    protected override IReadOnlyDictionary<string, string?> Settings => Yandex.Settings;

    public override async ValueTask InitializeAsync()
    {
        Yandex = await YandexServer.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Yandex.DisposeAsync();
    }
}
