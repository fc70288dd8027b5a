using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Containers;

/// <summary>
/// No engine runs here: Docker's own tools and other people's parsers read the files, and what an operator relies on is looked up in
/// what they understood.
/// </summary>
public sealed partial class ContainerFileTests
{
    private static readonly string Root = Program.RepositoryRoot();

    /// <summary>What an operator must set, made up.</summary>
    private static readonly Dictionary<string, string> Needed = new()
    {
        ["BOOKIT_DOMAIN"] = "bookit.example",
        ["GRAFANA_DOMAIN"] = "grafana.bookit.example",
        ["POSTGRES_PASSWORD"] = "postgres-password",
        ["REDIS_PASSWORD"] = "redis-password",
        ["MINIO_PASSWORD"] = "minio-password",
        ["GRAFANA_PASSWORD"] = "grafana-password",
        ["Backup__Folder"] = "/var/backups/bookit",
        ["Jwt__Secret"] = "jwt-secret",
        ["Admin__Key"] = "admin-key",
        ["Telegram__BotSecret"] = "bot-secret",
        ["Smtp__Password"] = "smtp-password",
    };

    public static TheoryData<string> Dockerfiles =>
        new("src/Api/Dockerfile", "src/Bot/Dockerfile", "deploy/backup/Dockerfile");

    [GeneratedRegex("^[a-z0-9./-]+:[A-Za-z.]*[0-9]+[.-][0-9][A-Za-z0-9_.-]*$", RegexOptions.None, 1000)]
    private static partial Regex ExactImage();

    private static readonly Lazy<Task<JsonNode>> Understood = new(() => ComposeAsync(Needed));

    private static async Task<JsonNode> ComposeAsync(IReadOnlyDictionary<string, string> variables)
    {
        using var folder = new TemporaryFolder();
        var (environment, understood) = (folder.File("env"), folder.File("compose.yml"));
        await File.WriteAllLinesAsync(environment, variables.Select(variable => $"{variable.Key}={variable.Value}"));
        await File.WriteAllTextAsync(
            understood,
            await Tool.RunAsync(
                "docker-compose",
                [
                    "--file",
                    Path.Combine(Root, "docker-compose.yml"),
                    "--env-file",
                    environment,
                    "--profile",
                    "alerts",
                    "--profile",
                    "logs",
                    "config",
                ]
            )
        );
        return JsonNode.Parse(await Node.RunAsync("yaml.mjs", understood))![0]!;
    }

    private static JsonObject Services(JsonNode compose) => compose["services"]!.AsObject();

    private static string[] Keys(JsonNode? node) =>
        node is JsonArray array
            ? [.. array.Select(item => item is JsonObject it ? (string?)it["source"] ?? "" : (string)item!)]
        : node is JsonObject map ? [.. map.Select(pair => pair.Key)]
        : [];

    [Fact]
    public async Task Each_container_is_confined_limited_and_of_an_exact_version()
    {
        var compose = await Understood.Value;
        var services = Services(compose).ToList();
        Assert.Equal(14, services.Count);
        Assert.All(
            services,
            service =>
            {
                var (name, it) = (service.Key, service.Value!);
                Assert.True((bool)it["read_only"]!, $"{name} may write to its own files");
                Assert.Equal(["ALL"], Keys(it["cap_drop"]));
                Assert.Equal(name == "proxy" ? ["NET_BIND_SERVICE"] : [], Keys(it["cap_add"]));
                Assert.Equal(["no-new-privileges:true"], Keys(it["security_opt"]));
                Assert.True((double)it["cpus"]! > 0 && (int)it["pids_limit"]! > 0 && it["mem_limit"] is not null, name);
                Assert.NotNull(it["logging"]!["options"]!["max-size"]);
                Assert.Null(it["privileged"]);
                var image = (string)it["image"]!;
                Assert.True(it["build"] is not null || ExactImage().IsMatch(image), $"{name}: {image}");
            }
        );
    }

    [Fact]
    public async Task Only_the_proxy_is_published_and_only_it_and_whoever_calls_others_reaches_outside()
    {
        var compose = await Understood.Value;
        Assert.Equal("proxy", Assert.Single(Services(compose), service => service.Value!["ports"] is not null).Key);
        Assert.DoesNotContain(Services(compose), service => service.Value!["network_mode"] is not null);
        Assert.Equal(
            ["alertmanager", "api", "bot", "grafana", "proxy"],
            Services(compose)
                .Where(service => Keys(service.Value!["networks"]).Contains("front"))
                .Select(service => service.Key)
                .Order(StringComparer.Ordinal)
        );
        Assert.All(["back", "watch"], network => Assert.True((bool)compose["networks"]![network]!["internal"]!));
        // Neither the watchers nor the proxy get at the data.
        Assert.Equal(
            ["api", "backup", "bot", "migrate", "minio", "postgres", "redis"],
            Services(compose)
                .Where(service => Keys(service.Value!["networks"]).Contains("back"))
                .Select(service => service.Key)
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task They_start_in_the_order_of_their_health()
    {
        var compose = await Understood.Value;
        string Condition(string service, string other) =>
            (string)compose["services"]![service]!["depends_on"]![other]!["condition"]!;

        Assert.Equal("service_healthy", Condition("migrate", "postgres"));
        Assert.Equal("service_completed_successfully", Condition("api", "migrate"));
        Assert.Equal("service_completed_successfully", Condition("bot", "migrate"));
        Assert.Equal("service_healthy", Condition("api", "minio"));
        Assert.Equal("service_healthy", Condition("proxy", "api"));
        // Who is waited for must be able to say so: by a check here, or by its image's.
        var healthy = Services(compose)
            .SelectMany(service => service.Value!["depends_on"] as JsonObject ?? [])
            .Where(other => (string)other.Value!["condition"]! == "service_healthy")
            .Select(other => other.Key)
            .Distinct();
        Assert.All(
            healthy,
            other =>
            {
                var service = compose["services"]![other]!;
                var dockerfile = (string?)service["build"]?["dockerfile"];
                Assert.True(
                    service["healthcheck"] is not null
                        || File.ReadAllText(Path.Combine(Root, dockerfile!))
                            .Contains("HEALTHCHECK", StringComparison.Ordinal),
                    other
                );
            }
        );
    }

    [Theory]
    [InlineData("POSTGRES_PASSWORD")]
    [InlineData("Jwt__Secret")]
    public async Task Without_a_secret_nothing_starts(string missing)
    {
        var refused = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() =>
            ComposeAsync(Needed.Where(variable => variable.Key != missing).ToDictionary(StringComparer.Ordinal))
        );
        Assert.Contains(missing, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_is_handed_only_to_whoever_needs_it_and_never_in_a_command_line()
    {
        var compose = await Understood.Value;
        string[] Holders(string secret) =>
            [
                .. Services(compose)
                    .Where(service => service.Value!["environment"]?.ToJsonString().Contains(secret) == true)
                    .Select(service => service.Key)
                    .Order(StringComparer.Ordinal),
            ];

        Assert.Equal(["api", "bot", "migrate"], Holders("jwt-secret"));
        Assert.Equal(["api", "backup", "bot", "migrate", "postgres"], Holders("postgres-password"));
        Assert.Equal(["grafana"], Holders("grafana-password"));
        Assert.Equal(["alertmanager", "api", "bot", "migrate"], Holders("smtp-password"));
        var secrets = Needed.Where(variable => variable.Value.Contains('-')).Select(variable => variable.Value);
        Assert.All(
            Services(compose),
            service =>
                Assert.DoesNotContain(
                    secrets,
                    secret =>
                        $"{service.Value!["command"]} {service.Value["healthcheck"]}".Contains(
                            secret,
                            StringComparison.Ordinal
                        )
                )
        );
    }

    [Fact]
    public async Task What_is_mounted_from_here_is_there()
    {
        var compose = await Understood.Value;
        var mounted = Services(compose)
            .SelectMany(service => Keys(service.Value!["volumes"]))
            .Select(volume => volume.Split(':')[0])
            .Where(source => source.StartsWith(Root, StringComparison.Ordinal))
            // The operator's own; the engine makes it where it is missing.
            .Where(source => Path.GetFileName(source) != "settings")
            .Distinct()
            .ToList();
        Assert.NotEmpty(mounted);
        Assert.All(mounted, folder => Assert.True(Directory.Exists(folder), $"{folder} is no folder"));
    }

    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public async Task A_dockerfile_has_no_mistakes_and_exact_versions(string dockerfile)
    {
        var path = Path.Combine(Root, dockerfile);
        var program = await Node.ProgramAsync("dockerfile-utils", Path.Combine("bin", "dockerfile-utils"));
        Assert.Equal("", (await Tool.RunAsync("node", program, "lint", path)).Trim());

        var lines = await File.ReadAllLinesAsync(path);
        var images = lines
            .Where(line => line.StartsWith("ARG ", StringComparison.Ordinal))
            .ToDictionary(line => line[4..].Split('=')[0], line => line.Split('=', 2)[1]);
        Assert.All(images.Values, image => Assert.Matches(ExactImage(), image));
        Assert.All(
            lines.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)),
            line => Assert.Contains(line.Split(' ')[1].Trim('$', '{', '}'), images.Keys)
        );
        // What is copied is there, and not left out.
        var copied = lines
            .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from="))
            .SelectMany(line => line.Split(' ')[1..^1]);
        Assert.All(copied, source => Assert.True(Path.Exists(Path.Combine(Root, source)), source));
    }

    [Theory]
    [InlineData("Api")]
    [InlineData("Bot")]
    public async Task A_program_is_not_root_in_its_image_and_says_how_it_is(string name)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Root, "src", name, "Dockerfile"));
        var last = lines.SkipWhile(line => line != "FROM ${RUNTIME}").ToList();
        Assert.Contains("USER $APP_UID", last);
        // No shell in between: a signal reaches the program.
        Assert.Contains($"ENTRYPOINT [\"dotnet\", \"BookIT.{name}.dll\"]", last);
        Assert.Contains(
            last,
            line => line.EndsWith($"CMD [\"dotnet\", \"BookIT.{name}.dll\", \"health\"]", StringComparison.Ordinal)
        );
        Assert.Contains("-chiselled-", lines.Single(line => line.StartsWith("ARG RUNTIME=", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("src/Api/Dockerfile")]
    [InlineData("src/Bot/Dockerfile")]
    [InlineData("bench.sh")]
    public async Task What_runs_in_the_images_is_compiled_ahead_and_so_is_what_the_bench_measures(string file)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Root, file));
        var publish = text[text.IndexOf(" publish ", StringComparison.Ordinal)..]
            .Replace("\\\n", "", StringComparison.Ordinal);
        var options = publish.Split('\n')[0].Split(' ');
        Assert.Superset(
            new HashSet<string> { "--use-current-runtime", "--no-self-contained", "-p:PublishReadyToRun=true" },
            options.ToHashSet()
        );
    }

    [Fact]
    public async Task Scripts_please_shellcheck()
    {
        var scripts = Directory
            .EnumerateFiles(Path.Combine(Root, "scripts"), "*.sh")
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "deploy"), "*.sh", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "prometheus"), "*.sh"))
            .Append(Path.Combine(Root, "bench.sh"))
            .Append(Path.Combine(Root, "run.sh"))
            .Append(Path.Combine(Root, "test.sh"));
        await Tool.RunAsync("shellcheck", ["--severity=warning", .. scripts]);
    }

    [Fact]
    public async Task Gitlab_understands_the_pipeline_and_the_jobs_of_its_first_stage_pass()
    {
        const string within = "BOOKIT_WITHIN_A_JOB";
        Assert.True(Environment.GetEnvironmentVariable(within) is null, "The job lost its TEST_OPTIONS.");
        using var folder = new TemporaryFolder();
        var project = folder.File("project");
        async Task GitAsync(params string[] arguments) =>
            await Tool.RunAsync(
                "git",
                ["-C", project, "-c", "user.name=Test", "-c", "user.email=t@example.com", .. arguments]
            );

        // A project of its own: gitlab-ci-local wants to know about branches and remotes, and the job builds. As here, with
        // the times of the files, so that what the tests need of npm counts as installed.
        Directory.CreateDirectory(project);
        await Tool.RunAsync(
            "bash",
            "-c",
            """
            set -euo pipefail
            cd "$1"
            git ls-files -z --cached --others --exclude-standard |
              rsync --archive --from0 --files-from=- --ignore-missing-args ./ "$2"
            ln -s "$1/tests/E2E/node/node_modules" "$2/tests/E2E/node/node_modules"
            """,
            "bash",
            Root,
            project
        );
        await GitAsync("init", "--quiet", "--initial-branch=main");
        await GitAsync("remote", "add", "origin", "https://gitlab.example/coworking/bookit.git");
        await GitAsync("add", ".");
        await GitAsync("commit", "--quiet", "--message=All");

        var local = await Node.ProgramAsync("gitlab-ci-local", Path.Combine("src", "index.js"));
        string[] of =
        [
            local,
            "--cwd",
            Path.GetRelativePath(Environment.CurrentDirectory, project),
            "--variable",
            "ENV_SSH_HOST=bookit.example",
        ];
        var listed = await Tool.RunAsync("node", [.. of, "--list-json"]);
        var jobs = JsonNode.Parse(listed[listed.IndexOf('[')..])!.AsArray();
        Assert.Equal(
            ["deploy", "image-api", "image-backup", "image-bot", "shell", "test"],
            jobs.Select(job => (string)job!["name"]!).Order(StringComparer.Ordinal)
        );
        Assert.All(jobs, job => Assert.False((bool)job!["allow_failure"]!));
        Assert.Equal("deploy", (string)jobs.Single(job => (string)job!["name"]! == "deploy")!["stage"]!);

        // The whole job, of which these tests are a part, for one class: it builds, starts servers and runs what it is asked to.
        // Neither analyzers nor the page once more, and no other packages than those that are here.
        var packages =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string[] variables =
        [
            "TEST_OPTIONS=-class BookIT.Tests.Unit.IntervalTests",
            "RunAnalyzers=false",
            "WebPage=false",
            $"{within}=1",
            $"NUGET_PACKAGES={packages}",
        ];
        var said = await Tool.RunAsync(
            "node",
            [
                .. of,
                "--force-shell-executor",
                .. variables.SelectMany(variable => (string[])["--variable", variable]),
                "shell",
                "test",
            ]
        );
        Assert.Contains("PASS  shell", said, StringComparison.Ordinal);
        Assert.Contains("PASS  test", said, StringComparison.Ordinal);
        Assert.Matches("> [1-9][0-9]* passed, 0 failed", said);
    }
}
