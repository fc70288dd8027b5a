using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Monitoring;

/// <summary>Who is told of an alert: our configuration, read by Alertmanager's own tool, and at work.</summary>
public sealed class AlertmanagerTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private JsonNode configuration = null!;
    private List<JsonNode> alerts = [];

    private string File => folder.File("alertmanager.yml");

    public async ValueTask InitializeAsync()
    {
        await System.IO.File.WriteAllTextAsync(File, await Alertmanager.ConfigurationAsync());
        configuration = JsonNode.Parse(await Node.RunAsync("yaml.mjs", File))![0]!;
        var rules = await Node.RunAsync("yaml.mjs", Path.Combine(Dashboards.Rules, "rules", "alerts.yml"));
        alerts =
        [
            .. JsonNode.Parse(rules)![0]!["groups"]!
                .AsArray()
                .SelectMany(group => group!["rules"]!.AsArray())
                .Select(rule => rule!),
        ];
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Name(JsonNode alert) => (string)alert["alert"]!;

    private static string Severity(JsonNode alert) => (string)alert["labels"]!["severity"]!;

    /// <summary>One of ours, as Prometheus would send it.</summary>
    private JsonNode Fired(string name, params (string Name, string Value)[] labels)
    {
        var alert = alerts.Single(one => Name(one) == name).DeepClone();
        alert["labels"]!["alertname"] = name;
        foreach (var label in labels)
        {
            alert["labels"]![label.Name] = label.Value;
        }

        return alert;
    }

    [Fact]
    public async Task Amtool_has_nothing_to_say_and_knows_the_way_of_each_alert()
    {
        Assert.Contains("SUCCESS", await Tool.RunAsync("amtool", "check-config", File), StringComparison.Ordinal);

        Assert.NotEmpty(alerts);
        foreach (var alert in alerts)
        {
            await Tool.RunAsync(
                "amtool",
                "config",
                "routes",
                "test",
                $"--config.file={File}",
                $"--verify.receivers={Severity(alert)}",
                $"alertname={Name(alert)}",
                $"severity={Severity(alert)}"
            );
        }
    }

    [Fact]
    public void An_alert_is_explained_by_another_that_is_there_and_no_less_urgent()
    {
        static IEnumerable<string> Names(JsonNode rule, string side) =>
            rule[side]!
                .AsArray()
                .Select(matcher => (string)matcher!)
                .Where(matcher => matcher.StartsWith("alertname ", StringComparison.Ordinal))
                .SelectMany(matcher => matcher.Split('"')[1].Split('|'));

        var pairs = configuration["inhibit_rules"]!
            .AsArray()
            .SelectMany(rule =>
                from source in Names(rule!, "source_matchers")
                from target in Names(rule!, "target_matchers")
                select (Source: Fired(source), Target: Fired(target))
            )
            .ToList();

        Assert.NotEmpty(pairs);
        Assert.DoesNotContain(pairs, pair => Severity(pair.Source) is "ticket" && Severity(pair.Target) is "page");
        // Or both would be silent.
        Assert.DoesNotContain(
            pairs,
            pair =>
                pairs.Any(other => Name(other.Source) == Name(pair.Target) && Name(other.Target) == Name(pair.Source))
        );
        // Nothing else could mean it.
        Assert.DoesNotContain(pairs, pair => Name(pair.Target) is "SeatsOverlap" or "DiskFull" or "BackupTooOld");
    }

    [Theory]
    [InlineData("ALERT_EMAIL")]
    [InlineData("Smtp__Host")]
    [InlineData("Smtp__From")]
    public async Task Without_a_mail_server_or_somebody_to_tell_it_says_so_and_does_not_start(string missing)
    {
        string[] all =
        [
            "ALERT_EMAIL=a@example.com",
            "Smtp__Host=mail.example.com",
            "Smtp__From=b@example.com",
            "BOOKIT_DOMAIN=bookit.example",
            "GRAFANA_DOMAIN=grafana.bookit.example",
        ];
        var refused = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() =>
            Tool.RunAsync(
                "env",
                [
                    .. all.Select(one => one.StartsWith(missing, StringComparison.Ordinal) ? $"{missing}=" : one),
                    "sh",
                    Path.Combine(Dashboards.Rules, "alertmanager.sh"),
                ]
            )
        );
        Assert.Contains($"{missing}: is not set", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_urgent_comes_at_once_the_rest_in_one_mail_and_what_another_explains_not_at_all()
    {
        await using var alertmanager = await Alertmanager.StartNewAsync();

        var postgres = Fired("PostgresAway");
        await alertmanager.PostAsync([
            postgres,
            Fired("BookingsFail"),
            Fired("NotReady", ("job", "api"), ("instance", "api:8080")),
            Fired("BackupTooOld"),
            Fired("DiskFills", ("instance", "node:9100"), ("mountpoint", "/")),
            // Of another disk than the one that fills.
            Fired("DiskFull", ("instance", "node:9100"), ("mountpoint", "/data")),
        ]);
        var page = await alertmanager.MailAsync("[page] PostgreSQL is away (bookit.example)");
        var tickets = await alertmanager.MailAsync("[ticket] 2 for the morning (bookit.example)");

        Assert.Equal(Alertmanager.Operator, page.To);
        Assert.Equal("bookit@bookit.example", (string?)page.Json["from"]);
        Assert.True((bool)page.Json["secure"]!);
        Assert.Equal("bookit", (string?)page.Json["user"]);
        Assert.StartsWith(
            """
            PostgreSQL is away
            No process of BookIT reaches the database, or its schema is older than all of them. Nothing works.
            What to do: docs/monitoring.md#postgresaway
            Since 
            """.TrimEnd('\n'),
            page.Text,
            StringComparison.Ordinal
        );
        Assert.EndsWith("https://grafana.bookit.example", page.Text.Trim(), StringComparison.Ordinal);
        Assert.Contains("docs/monitoring.md#backuptooold", tickets.Text, StringComparison.Ordinal);
        Assert.Contains("docs/monitoring.md#diskfills", tickets.Text, StringComparison.Ordinal);

        // Waited as long as the others, and was told after them.
        await alertmanager.PostAsync([Fired("SeatsOverlap")]);
        await alertmanager.MailAsync("[page] A seat is promised to two people at once (bookit.example)");
        await alertmanager.MailAsync("[page] The disk at {{ $labels.mountpoint }} is full (bookit.example)");
        Assert.Equal(
            [
                "[page] A seat is promised to two people at once (bookit.example)",
                "[page] PostgreSQL is away (bookit.example)",
                "[page] The disk at {{ $labels.mountpoint }} is full (bookit.example)",
                "[ticket] 2 for the morning (bookit.example)",
            ],
            alertmanager.Subjects.Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(alertmanager.Mails, mail => mail.Text.Contains("bookingsfail", StringComparison.Ordinal));
        Assert.DoesNotContain(alertmanager.Mails, mail => mail.Text.Contains("notready", StringComparison.Ordinal));

        // What outlives its explanation is told.
        await alertmanager.PostAsync([postgres], ended: true);
        await alertmanager.MailAsync("[over] PostgreSQL is away (bookit.example)");
        await alertmanager.MailAsync("[page] Bookings fail (bookit.example)");
    }

    [Fact]
    public async Task What_an_operator_has_silenced_is_not_told()
    {
        await using var alertmanager = await Alertmanager.StartNewAsync();
        await Tool.RunAsync(
            "amtool",
            $"--alertmanager.url={alertmanager.Address}",
            "silence",
            "add",
            "--author=operator",
            "--comment=known",
            "--duration=8h",
            "alertname=RedisAway"
        );

        await alertmanager.PostAsync([Fired("RedisAway"), Fired("ApiAway")]);
        await alertmanager.MailAsync("[page] No Api answers (bookit.example)");
        // As docs/monitoring.md says how to try it.
        await Tool.RunAsync(
            "amtool",
            $"--alertmanager.url={alertmanager.Address}",
            "alert",
            "add",
            "alertname=Test",
            "severity=page",
            "--annotation=summary=Only a test",
            "--annotation=runbook_url=docs/monitoring.md"
        );
        await alertmanager.MailAsync("[page] Only a test (bookit.example)");

        Assert.Equal(
            ["[page] No Api answers (bookit.example)", "[page] Only a test (bookit.example)"],
            alertmanager.Subjects.Order(StringComparer.Ordinal)
        );
    }
}
