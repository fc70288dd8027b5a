using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Monitoring;

/// <summary>The rules and alerts in <c>prometheus</c>, by Prometheus's own tool.</summary>
public sealed class AlertTests
{
    private static readonly string Tests = Path.Combine(Dashboards.Rules, "tests");
    private static readonly string Alerts = File.ReadAllText(Path.Combine(Dashboards.Rules, "rules", "alerts.yml"));
    private static readonly string Page = File.ReadAllText(
        Path.Combine(Program.RepositoryRoot(), "docs", "monitoring.md")
    );

    /// <summary>Each alert, from its name on.</summary>
    private static List<string> Each => [.. Alerts.Split("- alert: ").Skip(1)];

    private static List<string> Names =>
        [.. Each.Select(alert => alert[..alert.IndexOf('\n', StringComparison.Ordinal)])];

    [Fact]
    public async Task Promtool_has_nothing_to_say_of_configuration_and_rules()
    {
        var said = await Tool.RunAsync(
            "promtool",
            "check",
            "config",
            "--lint=all",
            "--lint-fatal",
            Path.Combine(Dashboards.Rules, "prometheus.yml")
        );
        Assert.DoesNotContain("FAILED", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("minutes.yml")]
    [InlineData("days.yml")]
    public Task Each_alert_fires_when_it_must_and_keeps_silent_otherwise(string file) =>
        Tool.RunAsync("promtool", "test", "rules", Path.Combine(Tests, file));

    [Fact]
    public void Each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not()
    {
        var cases = Directory
            .GetFiles(Tests)
            .SelectMany(file => File.ReadAllText(file).Split("\n  - name: ").Skip(1))
            .Select(one => one.TrimStart('\''))
            .ToList();
        foreach (var (name, alert) in Names.Zip(Each))
        {
            var firing = cases.First(one => one.StartsWith($"{name}. Fires.", StringComparison.Ordinal));
            // One that waits is asked before that as well, when what it waits for has begun.
            Assert.Equal(
                alert.Contains("\n        for: ", StringComparison.Ordinal),
                firing.Contains("exp_alerts: []", StringComparison.Ordinal)
            );
            Assert.Contains(cases, one => one.StartsWith($"{name}. Silent.", StringComparison.Ordinal));
        }

        // A case that names an alert asks about that one, and what fires is expected in so many words.
        Assert.All(
            cases,
            one =>
            {
                var words = one.Split(". ");
                Assert.Contains($"- alertname: {words[0]}\n", one, StringComparison.Ordinal);
                Assert.Contains(words[1] is "Fires" ? "exp_labels:" : "exp_alerts: []", one, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void Each_alert_says_how_urgent_it_is_what_it_means_and_where_to_read_what_to_do()
    {
        Assert.Distinct(Names);
        foreach (var (name, alert) in Names.Zip(Each))
        {
            string Said(string key) =>
                alert
                    .Split('\n')
                    .Single(line => line.TrimStart().StartsWith($"{key}: ", StringComparison.Ordinal))
                    .Trim()[(key.Length + 2)..];

            Assert.NotEmpty(Said("summary"));
            Assert.NotEmpty(Said("description"));
            Assert.Contains(Said("severity"), new[] { "page", "ticket" });
            // The anchor that a heading gets.
            Assert.Equal($"docs/monitoring.md#{name.ToLowerInvariant()}", Said("runbook_url"));
            var urgency = Said("severity") is "page" ? "Page" : "Ticket";
            Assert.Contains($"\n### {name}\n\n**{urgency}.", Page, StringComparison.Ordinal);
        }
    }
}
