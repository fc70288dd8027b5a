using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Containers;

/// <summary>
/// A machine to deploy to: OpenSSH's server with a key of its own, and a <c>docker</c> that writes down what it is asked for and can
/// be told to fail.
/// </summary>
public sealed class Target : IAsyncLifetime
{
    // It has Apis that are called by their tags, each in a line of the file "apis".
    private const string Docker = """
        #!/usr/bin/env bash
        cd "$FAKE_DOCKER"
        tag=$(sed -n 's/^BOOKIT_TAG=//p' ../home/.env)
        echo "$tag: $*" >>calls
        is_ready() { ! grep -qx "$1" never-ready; }
        case "$*" in
          "compose run --rm --no-TTY migrate") [[ ! -e cannot-migrate ]] ;;
          "compose ps --quiet api") cat apis ;;
          *"--scale api="*) echo "api-$tag" >>apis ;;
          "exec "*"Api.dll health") is_ready "$2" ;;
          "compose exec -T bot "*health) is_ready "bot-$tag" ;;
          "rm "*) sed -i "/^${!#}$/d" apis ;;
          "compose --profile alerts ps --quiet alertmanager") echo alertmanager ;;
          *start_bot) echo '{"state":"polling"}' ;;
        esac
        """;

    private readonly TemporaryFolder folder = new();
    private readonly int port = Ports.Next();
    private readonly ConcurrentQueue<string?> log = new();
    private Process? sshd;

    public string Folder => folder.File("home");

    public string[] Env => File.ReadAllLines(Path.Combine(Folder, ".env"));

    /// <summary>The Apis that are there.</summary>
    public string[] Apis => File.ReadAllLines(Fake("apis"));

    /// <summary>Each as <c>the tag in .env: compose …</c>.</summary>
    public string[] Calls => File.Exists(Fake("calls")) ? File.ReadAllLines(Fake("calls")) : [];

    private string Log => string.Join('\n', log);

    private string Fake(string name) => folder.File(Path.Combine("docker", name));

    public async ValueTask InitializeAsync()
    {
        foreach (var name in (string[])["home", "docker", "bin"])
        {
            Directory.CreateDirectory(folder.File(name));
        }

        await File.WriteAllTextAsync(folder.File("bin/docker"), Docker + "\n");
        await Tool.RunAsync("chmod", "500", folder.File("bin/docker"));
        foreach (var key in (string[])["host", "other", "client"])
        {
            await Tool.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder.File(key));
        }

        File.Copy(folder.File("client.pub"), folder.File("authorized"));
        await File.WriteAllTextAsync(
            folder.File("sshd_config"),
            $"""
            ListenAddress 127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}
            HostKey {folder.File("host")}
            AuthorizedKeysFile {folder.File("authorized")}
            PasswordAuthentication no
            PermitRootLogin prohibit-password
            StrictModes no
            UsePAM no
            PidFile none
            SetEnv PATH={folder.File("bin")}:/usr/local/bin:/usr/bin:/bin FAKE_DOCKER={folder.File(
                "docker"
            )} READY_WITHIN=2
            """
        );
        if (Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory("/run/sshd"); // where the service would have made it
        }

        sshd = Process.Start(
            new ProcessStartInfo("/usr/sbin/sshd", ["-D", "-e", "-f", folder.File("sshd_config")])
            {
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        sshd.ErrorDataReceived += (_, line) => log.Enqueue(line.Data);
        sshd.BeginErrorReadLine();
        await Eventually.TrueAsync(
            () => Task.FromResult(Log.Contains("Server listening", StringComparison.Ordinal)),
            () => Log
        );
    }

    /// <summary>As on the day before: this version runs, and nobody has been called yet.</summary>
    public void Runs(string tag, string? neverReady = null, bool canMigrate = true)
    {
        File.WriteAllText(
            Path.Combine(Folder, ".env"),
            $"POSTGRES_PASSWORD=a secret $that stays\nBOOKIT_TAG={tag}\nBOOKIT_DOMAIN=bookit.example\n"
        );
        File.Delete(Fake("calls"));
        File.WriteAllText(Fake("apis"), $"api-{tag}\n");
        File.WriteAllText(Fake("never-ready"), $"{neverReady}\n");
        File.Delete(Fake("cannot-migrate"));
        if (!canMigrate)
        {
            File.WriteAllText(Fake("cannot-migrate"), "");
        }
    }

    /// <summary>Runs scripts/deploy.sh as the pipeline does.</summary>
    public async Task<(int Code, string Output)> DeployAsync(string tag, string hostKey = "host")
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Program.RepositoryRoot(), "scripts", "deploy.sh"), tag])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["ENV_SSH_HOST"] = "127.0.0.1";
        start.Environment["ENV_SSH_PORT"] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["ENV_SSH_USER"] = Environment.UserName;
        start.Environment["ENV_SSH_HOST_KEY"] = (await File.ReadAllTextAsync(folder.File($"{hostKey}.pub"))).Trim();
        start.Environment["ENV_PRIVATE_KEY_BASE64"] = Convert.ToBase64String(
            await File.ReadAllBytesAsync(folder.File("client"))
        );
        start.Environment["ENV_FOLDER"] = Folder;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, $"{await output}\n{await errors}\n{Log}");
    }

    public async ValueTask DisposeAsync()
    {
        if (sshd is not null)
        {
            sshd.Kill(entireProcessTree: true);
            await sshd.WaitForExitAsync();
            sshd.Dispose();
        }

        folder.Dispose();
    }
}

/// <summary>The real scripts, rsync and ssh, with a made-up engine behind them; one after the other, because there is one target.</summary>
public sealed class DeployTests(Target target) : IClassFixture<Target>
{
    private int CallOf(string text) =>
        Array.FindIndex(target.Calls, call => call.Contains(text, StringComparison.Ordinal));

    [Fact]
    public async Task A_new_version_is_fetched_migrates_is_switched_to_and_its_bot_is_started()
    {
        target.Runs("old");

        var (code, output) = await target.DeployAsync("new");

        Assert.True(code == 0, output);
        string[] order =
        [
            "new: compose pull --quiet api bot backup",
            "new: compose run --rm --no-TTY migrate",
            "new: compose up --detach --no-deps --no-build --no-recreate --scale api=2 api",
            "new: exec api-new dotnet BookIT.Api.dll health",
            "new: compose up --detach --no-deps --no-build bot",
            "new: compose exec -T bot dotnet BookIT.Bot.dll health",
            "new: stop --time 20 api-old",
            "new: rm api-old",
            "caddy reload",
            "kill --signal HUP prometheus",
            "--profile alerts restart alertmanager",
            "http://bot:8080/start_bot",
        ];
        Assert.Equal(order.Select(CallOf).Order(), order.Select(CallOf));
        Assert.DoesNotContain(-1, order.Select(CallOf));
        Assert.Equal(["api-new"], target.Apis);
        Assert.Contains("The bot: {\"state\":\"polling\"}", output, StringComparison.Ordinal);
        // All else in .env is as it was, and what the new version needs is there.
        Assert.Equal(
            ["POSTGRES_PASSWORD=a secret $that stays", "BOOKIT_DOMAIN=bookit.example", "BOOKIT_TAG=new"],
            target.Env
        );
        Assert.Equal("600\n", await Tool.RunAsync("stat", "--format=%a", Path.Combine(target.Folder, ".env")));
        Assert.True(File.Exists(Path.Combine(target.Folder, "docker-compose.yml")));
        Assert.True(File.Exists(Path.Combine(target.Folder, "deploy", "caddy", "Caddyfile")));
        Assert.DoesNotContain("a secret", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api-new")]
    [InlineData("bot-new")]
    public async Task A_version_that_does_not_become_ready_goes_and_the_one_before_never_went(string neverReady)
    {
        target.Runs("old", neverReady);

        var (code, output) = await target.DeployAsync("new");

        Assert.Equal(1, code);
        Assert.Contains("new did not come into service. old serves on.", output, StringComparison.Ordinal);
        Assert.Contains("BOOKIT_TAG=old", target.Env);
        Assert.Equal(["api-old"], target.Apis);
        Assert.Equal(-1, CallOf("stop "));
        Assert.Equal(-1, CallOf("start_bot"));
        // The bot is back where it was, if it had gone.
        Assert.Equal(
            neverReady == "bot-new",
            CallOf("old: compose up --detach --no-deps --no-build bot") > CallOf("new: rm --force api-new")
        );
    }

    [Fact]
    public async Task Where_the_database_cannot_be_brought_up_to_date_nothing_is_switched()
    {
        target.Runs("old", canMigrate: false);

        var (code, output) = await target.DeployAsync("new");

        Assert.Equal(1, code);
        Assert.Contains("old serves on", output, StringComparison.Ordinal);
        Assert.Contains("BOOKIT_TAG=old", target.Env);
        Assert.Equal(["api-old"], target.Apis);
        Assert.DoesNotContain(target.Calls, call => call.Contains("--no-deps", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_machine_with_another_key_is_not_spoken_to()
    {
        target.Runs("old");

        var (code, output) = await target.DeployAsync("new", hostKey: "other");

        Assert.Equal(1, code);
        Assert.Contains("REMOTE HOST IDENTIFICATION HAS CHANGED", output, StringComparison.Ordinal);
        Assert.Contains("cannot be reached", output, StringComparison.Ordinal);
        Assert.Empty(target.Calls);
        Assert.Contains("BOOKIT_TAG=old", target.Env);
    }
}
