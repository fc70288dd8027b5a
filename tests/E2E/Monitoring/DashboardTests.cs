using System.Text.RegularExpressions;

namespace BookIT.Tests.E2E.Monitoring;

/// <summary>The dashboards by themselves. Whether their panels show anything is in <see cref="PanelTests"/>.</summary>
public sealed partial class DashboardTests
{
    private static readonly string[] Types = ["row", "timeseries", "stat", "bargauge"];

    // Of Grafana's, those that we use: a misspelt one is shown as text behind the number.
    private static readonly string[] Units = ["none", "percentunit", "s", "reqps", "ops", "bytes"];

    public static TheoryData<string> Names => [.. Dashboards.All.Keys];

    private static IEnumerable<Panel> PanelsOf(string dashboard) =>
        Dashboards.Panels.Where(panel => panel.Dashboard == dashboard);

    [GeneratedRegex(@"\$(?<name>[a-z]\w*)|\$\{(?<name>[a-z]\w*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();

    [Fact]
    public void There_is_one_for_the_service_one_for_the_space_and_one_for_the_bot()
    {
        Assert.Equal(["bot.json", "service.json", "space.json"], Dashboards.All.Keys.Order(StringComparer.Ordinal));
        Assert.Distinct(Dashboards.All.Values.Select(dashboard => (string)dashboard["uid"]!));
        Assert.Distinct(Dashboards.All.Values.Select(dashboard => (string)dashboard["title"]!));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_panel_says_what_it_shows_and_in_what_unit(string name)
    {
        Assert.All(
            PanelsOf(name),
            panel =>
            {
                Assert.Contains(panel.Type, Types);
                Assert.NotEmpty(panel.Title);
                if (panel.Type is "row")
                {
                    return;
                }

                Assert.True(panel.Description is { Length: > 15 } text && text.EndsWith('.'), $"{panel}: describe it");
                Assert.Contains(panel.Unit, Units);
                Assert.NotEmpty(panel.Targets);
                Assert.All(panel.Targets, target => Assert.NotEmpty(target.Legend));
            }
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Panels_have_ids_of_their_own_and_do_not_lie_on_each_other(string name)
    {
        var panels = PanelsOf(name).ToList();
        Assert.Distinct(panels.Select(panel => panel.Id));
        var taken = new Dictionary<(int, int), Panel>();
        foreach (var panel in panels)
        {
            var (x, y, w, h) = panel.Place;
            Assert.True(x >= 0 && w > 0 && h > 0 && x + w <= 24, $"{panel} does not fit");
            foreach (var cell in Enumerable.Range(x, w).SelectMany(i => Enumerable.Range(y, h).Select(j => (i, j))))
            {
                Assert.True(taken.TryAdd(cell, panel), $"{panel} lies on {taken[cell]}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_colours_a_number_begins_below_every_number_and_rises(string name)
    {
        Assert.All(
            PanelsOf(name).Where(panel => panel.Type is not "row"),
            panel =>
            {
                var steps = panel.Json["fieldConfig"]!["defaults"]!["thresholds"]!["steps"]!.AsArray();
                Assert.Null((double?)steps[0]!["value"]);
                var values = steps.Skip(1).Select(step => (double)step!["value"]!).ToList();
                Assert.Equal(values.Order(), values);
                Assert.Distinct(values);
            }
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Data_sources_are_those_that_are_provisioned(string name)
    {
        var provisioned = File.ReadAllText(
            Path.Combine(Dashboards.Folder, "..", "provisioning", "datasources", "bookit.yml")
        );
        var uids = provisioned
            .Split('\n')
            .Select(line => line.Trim())
            .Where(line => line.StartsWith("uid: ", StringComparison.Ordinal))
            .Select(line => line["uid: ".Length..]);
        Assert.Equal(["prometheus", "loki"], uids);

        var dashboard = Dashboards.All[name];
        var asked = PanelsOf(name)
            .Where(panel => panel.Type is not "row")
            .SelectMany(panel => panel.Json["targets"]!.AsArray().Append(panel.Json))
            .Concat(Dashboards.Variables(dashboard))
            .Concat(dashboard["annotations"]!["list"]!.AsArray());
        Assert.All(asked, node => Assert.Equal("prometheus", (string?)node!["datasource"]!["uid"]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Variables_that_are_used_are_there_and_those_that_are_there_are_used(string name)
    {
        var dashboard = Dashboards.All[name];
        var there = Dashboards.Variables(dashboard).Select(variable => (string)variable["name"]!).ToList();
        Assert.Distinct(there);
        var used = PanelsOf(name)
            .SelectMany(panel => panel.Targets.Select(target => target.Expression))
            .Concat(Dashboards.Variables(dashboard).Select(variable => (string)variable["definition"]!))
            .SelectMany(expression => Variable().Matches(expression))
            .Select(match => match.Groups["name"].Value)
            .Distinct();
        Assert.Equal(there.Order(StringComparer.Ordinal), used.Order(StringComparer.Ordinal));
        // Several can be chosen at once, which only a pattern takes.
        Assert.DoesNotMatch(
            """[^~]"\$""",
            string.Concat(PanelsOf(name).SelectMany(p => p.Targets).Select(t => t.Expression))
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Links_lead_to_the_other_dashboards_and_to_the_logs(string name)
    {
        var links = Dashboards.All[name]["links"]!.AsArray();
        Assert.Contains(links, link => (string?)link!["type"] == "dashboards" && (string?)link["tags"]![0] == "bookit");
        Assert.Contains("bookit", Dashboards.All[name]["tags"]!.AsArray().Select(tag => (string)tag!));
        var logs = PanelsOf(name)
            .SelectMany(panel => panel.Json["fieldConfig"]?["defaults"]?["links"]?.AsArray() ?? [])
            .Concat(links.Where(link => (string?)link!["type"] == "link"))
            .Select(link => (string)link!["url"]!)
            .ToList();
        Assert.True(logs.Count > 2);
        Assert.All(
            logs,
            url =>
            {
                const string start = "/explore?schemaVersion=1&orgId=1&panes=";
                Assert.StartsWith(start, url, StringComparison.Ordinal);
                var panes = System.Text.Json.Nodes.JsonNode.Parse(Uri.UnescapeDataString(url[start.Length..]))!;
                Assert.Equal("loki", (string?)panes["logs"]!["datasource"]);
                // The service's name in docker-compose.yml is what the agent labels its lines with.
                Assert.Matches(
                    "^\\{service=~?\"(?:api|bot|api\\|bot)\"\\}",
                    (string)panes["logs"]!["queries"]![0]!["expr"]!
                );
            }
        );
    }
}
