using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;

namespace BookIT.Tests.E2E.Monitoring;

/// <summary>
/// A demo space with an Api, a bot and Telegram's emulator, watched by a real Prometheus, a real node exporter and a real
/// Alertmanager: with our configuration, in which only the targets are others and everything is asked once a second.
/// </summary>
public sealed partial class MonitoredServer(TestServers servers) : ServerWithBot(servers)
{
    private readonly TemporaryFolder folder = new();
    private readonly List<Process> watchers = [];
    private readonly HttpClient prometheus = new();

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(base.Settings)
        {
            ["Demo__Enabled"] = "true",
            ["Booking__NoShowAfter"] = "00:30:00",
            ["RateLimits__Enabled"] = "false",
        };

    protected override int Bots => 0;

    /// <summary>Who sends mails when something is wrong.</summary>
    public Alertmanager Alertmanager { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var (_, bot) = await StartBotAsync();
        var node = Ports.Next();
        // As the backup script leaves them.
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        await File.WriteAllTextAsync(
            folder.File("bookit_backup.prom"),
            $"""
            # HELP bookit_backup_last_success_timestamp_seconds When the last good backup was finished.
            # TYPE bookit_backup_last_success_timestamp_seconds gauge
            bookit_backup_last_success_timestamp_seconds {now - 3600}
            # HELP bookit_backup_size_bytes Its size.
            # TYPE bookit_backup_size_bytes gauge
            bookit_backup_size_bytes 5000000

            """
        );
        Start(
            "prometheus-node-exporter",
            $"--web.listen-address=127.0.0.1:{node}",
            $"--collector.textfile.directory={Path.GetDirectoryName(folder.File("x"))}"
        );

        Alertmanager = await Alertmanager.StartNewAsync();
        var port = Ports.Next();
        prometheus.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        var targets = new Dictionary<string, string>
        {
            ["alertmanager"] = Alertmanager.Address.Authority,
            ["api"] = Address.Authority,
            ["bot"] = bot.Authority,
            ["node-exporter"] = $"127.0.0.1:{node}",
        };
        var configuration = await File.ReadAllTextAsync(Path.Combine(Dashboards.Rules, "prometheus.yml"));
        var found = Discovery().Matches(configuration).Select(match => match.Groups["name"].Value);
        Assert.Equal(targets.Keys, found);
        configuration = Discovery()
            .Replace(configuration, match => $"static_configs: [targets: ['{targets[match.Groups["name"].Value]}']]")
            .Replace("localhost:9090", $"127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("_interval: 15s", "_interval: 1s", StringComparison.Ordinal)
            .Replace("rules/*.yml", $"{Dashboards.Rules}/rules/*.yml", StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder.File("prometheus.yml"), configuration);
        Start(
            "prometheus",
            $"--config.file={folder.File("prometheus.yml")}",
            $"--storage.tsdb.path={folder.File("data")}",
            $"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn"
        );
        await Eventually.TrueAsync(async () => (await prometheus.GetAsync("/-/ready")).IsSuccessStatusCode);
    }

    /// <summary>
    /// What Prometheus answers to an expression, as it stands now: a series each, with its last number. What is no number
    /// is left out.
    /// </summary>
    public async Task<IReadOnlyList<(JsonNode Labels, double Value)>> AskAsync(string expression) =>
        [
            .. (await ResultAsync("/api/v1/query", ("query", expression)))
                .Select(series => (series!["metric"]!, Number(series["value"]![1]!)))
                .Where(series => double.IsFinite(series.Item2)),
        ];

    /// <summary>The same over a time: for each series its points.</summary>
    public async Task<IReadOnlyList<(JsonNode Labels, IReadOnlyList<(double At, double Value)> Points)>> AskAsync(
        string expression,
        DateTimeOffset from,
        DateTimeOffset to,
        int step
    ) =>
        [
            .. (
                await ResultAsync(
                    "/api/v1/query_range",
                    ("query", expression),
                    ("start", Invariant(from)),
                    ("end", Invariant(to)),
                    ("step", $"{step}")
                )
            ).Select(series =>
                (
                    series!["metric"]!,
                    (IReadOnlyList<(double, double)>)
                        [
                            .. series["values"]!
                                .AsArray()
                                .Select(point => ((double)point![0]!, Number(point[1]!)))
                                .Where(point => double.IsFinite(point.Item2)),
                        ]
                )
            ),
        ];

    /// <summary>The values that a variable of a dashboard can take, as Grafana would ask for them.</summary>
    public async Task<IReadOnlyList<string>> ValuesAsync(string definition)
    {
        var match = LabelValues().Match(definition);
        Assert.True(match.Success, definition);
        var label = match.Groups["label"].Value;
        return
        [
            .. (await ResultAsync($"/api/v1/label/{label}/values", ("match[]", match.Groups["series"].Value))).Select(
                value => (string)value!
            ),
        ];
    }

    /// <summary>
    /// What makes every panel show something that demo traffic alone would not: an account, a booking and a refusal by the
    /// bot, news, somebody who did not come, and errors: enough of them to wake somebody.
    /// </summary>
    public async Task HappenAsync()
    {
        var now = TimeProvider.System.GetUtcNow();
        var seat = await SeatAsync();
        var other = await SeatAsync();
        var absent = await MemberAsync();
        await ReservationAsync(absent.UserId, seat, now.AddHours(-1), now.AddHours(1));
        var (somebody, chat) = await LinkedAsync();
        await ExecuteAsync($"DELETE FROM notification_settings WHERE user_id = '{somebody.UserId}'");
        await WrittenSeatsShowAsync();

        var account = await this.RegisterAsync();
        await this.LoginAsync(account.Email());
        await this.As(account).PostAsync("/api/auth/logout");

        await RefusedByBotAsync(chat);

        await using (await TakePostgresAwayAsync())
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    var answer = await absent.BookAsync(other, now.AddHours(6), now.AddHours(7));
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
                    return (await AskAsync("slo:bookings_failed:increase1h")).Any(series => series.Value >= 5);
                },
                within: TimeSpan.FromSeconds(60)
            );
        }

        // Told by the bot; last, because panels look a minute back. What happens for the first time makes a series, and only
        // the next time makes it rise: Prometheus must have looked in between.
        for (var i = 0; i < 2; i++)
        {
            var booked = await somebody.BookAsync(other, now.AddHours(4), now.AddHours(5));
            Assert.Equal(HttpStatusCode.Created, booked.Status);
            await chat.Hear();
            await Eventually.TrueAsync(async () =>
                (await AskAsync("notification_delivery_delay_seconds_count")).Count > 0
            );
            await somebody.PatchAsync($"/api/reservations/{booked.Id}", new { status = "closed" });
        }
    }

    /// <summary>Somebody is faster than who books by the bot.</summary>
    private async Task RefusedByBotAsync(Dialogue chat)
    {
        await chat.Send("/book");
        await chat.Hear();
        await chat.Press("Tomorrow");
        await chat.Hear();
        await chat.Press("14:00");
        await chat.Hear();
        await chat.Press("2 hours · until 16:00");
        await chat.Hear();
        await chat.Press(chat.Buttons().First(button => button.StartsWith("Any zone", StringComparison.Ordinal)));
        await chat.Hear();
        var button = chat.Buttons()[0];
        var id = await QueryAsync<Guid>(
            $"SELECT id FROM seats WHERE '{button}' LIKE name || '%' AND deleted_at IS NULL ORDER BY length(name) DESC LIMIT 1"
        );
        var there = TimeZoneInfo.ConvertTime(
            TimeProvider.System.GetUtcNow(),
            TimeZoneInfo.FindSystemTimeZoneById("Europe/Moscow")
        );
        var start = new DateTimeOffset(there.Date.AddDays(1).AddHours(14), there.Offset).ToUniversalTime();
        var faster = await (await MemberAsync()).BookAsync(id, start, start.AddHours(2));
        Assert.True(faster.Status == HttpStatusCode.Created, $"{faster}");
        await chat.Press(button);
        await chat.ExpectText("already taken");
    }

    /// <summary>Starts demo traffic, or sets its rate.</summary>
    public async Task TrafficAsync(double rate)
    {
        var answer = await (await AdminAsync()).PostAsync("/api/simulation/control", new { action = "start", rate });
        Assert.True(answer.Status == HttpStatusCode.OK, $"{answer}");
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var watcher in watchers)
        {
            watcher.Kill();
            await watcher.WaitForExitAsync();
            watcher.Dispose();
        }

        await Alertmanager.DisposeAsync();
        prometheus.Dispose();
        folder.Dispose();
        await base.DisposeAsync();
    }

    [GeneratedRegex(
        @"dns_sd_configs:\n +- names: \[(?<name>\S+)\]\n +type: A\n +port: \d+",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Discovery();

    [GeneratedRegex(@"^label_values\((?<series>.+), (?<label>\w+)\)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LabelValues();

    private async Task<JsonArray> ResultAsync(string path, params (string Name, string Value)[] parameters)
    {
        var query = string.Join('&', parameters.Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"));
        using var answer = await prometheus.GetAsync(new Uri($"{path}?{query}", UriKind.Relative));
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.True(answer.IsSuccessStatusCode, $"{parameters[0].Value}\n{body}");
        return (body["data"] as JsonArray) ?? body["data"]!["result"]!.AsArray();
    }

    private static string Invariant(DateTimeOffset at) => at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    private static double Number(JsonNode text) =>
        (string)text! switch
        {
            "NaN" => double.NaN,
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            var number => double.Parse(number, CultureInfo.InvariantCulture),
        };

    private void Start(string program, params string[] arguments)
    {
        var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        // Or it stands still when nobody reads what it says.
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        watchers.Add(process);
    }
}
