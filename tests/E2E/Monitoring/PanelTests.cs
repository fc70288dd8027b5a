using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Monitoring;

/// <summary>What dashboards and alerts ask is answered by a real Prometheus that watches a space in use.</summary>
public sealed class PanelTests(MonitoredServer server) : IClassFixture<MonitoredServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Waits until each of these is answered by at least one number.</summary>
    private async Task AnsweredAsync(IEnumerable<(string Who, string Expression)> questions)
    {
        var open = questions.ToList();
        await Eventually.TrueAsync(
            async () =>
            {
                var still = new List<(string, string)>();
                foreach (var question in open)
                {
                    if ((await server.AskAsync(question.Expression)).Count == 0)
                    {
                        still.Add(question);
                    }
                }

                open = still;
                return open.Count == 0;
            },
            () => "No data:\n" + string.Join('\n', open.Select(question => $"{question.Who}: {question.Expression}")),
            Patience
        );
    }

    [Fact]
    public async Task Each_panel_each_variable_and_each_rule_finds_data()
    {
        await server.HappenAsync();
        await server.TrafficAsync(rate: 20);

        // All of them, as when a dashboard is opened.
        var all = new Dictionary<string, string>
        {
            ["job"] = ".*",
            ["instance"] = ".*",
            ["zone"] = ".*",
        };
        await AnsweredAsync(
            from panel in Dashboards.Panels
            from target in panel.Targets
            select ($"{panel}", Dashboards.Filled(target.Expression, all))
        );

        // One of them.
        foreach (var dashboard in Dashboards.All)
        {
            var chosen = new Dictionary<string, string>();
            foreach (var variable in Dashboards.Variables(dashboard.Value))
            {
                var values = await server.ValuesAsync(Dashboards.Filled((string)variable["definition"]!, chosen));
                Assert.NotEmpty(values);
                chosen[(string)variable["name"]!] = values[0];
            }

            await AnsweredAsync(
                from panel in Dashboards.Panels
                where panel.Dashboard == dashboard.Key
                from target in panel.Targets
                select ($"{panel} of {string.Join(", ", chosen.Values)}", Dashboards.Filled(target.Expression, chosen))
            );
        }

        // Every one of them was understood.
        var rules = Directory.GetFiles(Path.Combine(Dashboards.Rules, "rules")).SelectMany(File.ReadAllLines);
        Assert.Equal(
            rules.Count(line => line.Contains("- alert: ") || line.Contains("- record: ")),
            Dashboards.RuleExpressions().Count
        );
        Assert.All(Dashboards.RuleExpressions(), rule => Assert.NotEmpty(Dashboards.Selectors(rule.Expression)));

        // An alert is silent when all is well, and so would be one that looks at what is not there.
        await AnsweredAsync(
            from rule in Dashboards.RuleExpressions()
            from selector in Dashboards.Selectors(rule.Expression)
            select (rule.Name, selector)
        );
        await AnsweredAsync(
            from panel in Dashboards.Panels
            from target in panel.Targets
            from selector in Dashboards.Selectors(Dashboards.Filled(target.Expression, all))
            select ($"{panel}", selector)
        );

        // The bookings that failed while PostgreSQL was away are worth waking somebody, and nothing else is.
        await AnsweredAsync([("alerts", "ALERTS{alertname='BookingsFail', alertstate='firing'}")]);
        var pages = await server.AskAsync("ALERTS{severity='page', alertstate='firing'}");
        Assert.Equal(["BookingsFail"], pages.Select(page => (string?)page.Labels["alertname"]));
        var mail = await server.Alertmanager.MailAsync("[page] Bookings fail (bookit.example)");
        Assert.Contains("What to do: docs/monitoring.md#bookingsfail", mail.Text, StringComparison.Ordinal);
        Assert.Equal(0, await server.OverlapsAsync());
    }
}
