using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Monitoring;

/// <summary>A question that a panel asks Prometheus, and what it calls the answers.</summary>
public sealed record Target(string Expression, string Legend, bool IsInstant);

/// <summary>A panel of a dashboard.</summary>
public sealed record Panel(string Dashboard, JsonNode Json)
{
    public int Id => (int)Json["id"]!;

    public string Type => (string)Json["type"]!;

    public string Title => (string)Json["title"]!;

    public string? Description => (string?)Json["description"];

    public string? Unit => (string?)Json["fieldConfig"]?["defaults"]?["unit"];

    public (int X, int Y, int W, int H) Place =>
        Json["gridPos"] is { } at
            ? ((int)at["x"]!, (int)at["y"]!, (int)at["w"]!, (int)at["h"]!)
            : throw new InvalidOperationException($"{this} has no place.");

    public IReadOnlyList<Target> Targets =>
        [
            .. (Json["targets"]?.AsArray() ?? []).Select(target => new Target(
                (string)target!["expr"]!,
                (string?)target["legendFormat"] ?? "",
                (bool?)target["instant"] ?? false
            )),
        ];

    public override string ToString() => $"{Dashboard} / {Title}";
}

/// <summary>What is in <c>grafana</c> and <c>prometheus</c>.</summary>
public static partial class Dashboards
{
    public static string Folder { get; } = Path.Combine(Program.RepositoryRoot(), "grafana", "dashboards");

    public static string Rules { get; } = Path.Combine(Program.RepositoryRoot(), "prometheus");

    public static IReadOnlyDictionary<string, JsonNode> All { get; } =
        Directory
            .GetFiles(Folder, "*.json")
            .ToDictionary(file => Path.GetFileName(file), file => JsonNode.Parse(File.ReadAllText(file))!);

    /// <summary>Every panel that shows something.</summary>
    public static IReadOnlyList<Panel> Panels { get; } =
    [
        .. All.SelectMany(dashboard =>
            dashboard.Value["panels"]!.AsArray().Select(panel => new Panel(dashboard.Key, panel!))
        ),
    ];

    public static IReadOnlyList<JsonNode> Variables(JsonNode dashboard) =>
        [.. dashboard["templating"]!["list"]!.AsArray().Select(variable => variable!)];

    /// <summary>An expression as Grafana would send it, with these values of the dashboard's variables.</summary>
    public static string Filled(
        string expression,
        IReadOnlyDictionary<string, string> variables,
        string rate = "1m",
        string range = "5m"
    )
    {
        var filled = expression
            .Replace("$__rate_interval", rate, StringComparison.Ordinal)
            .Replace("$__interval", rate, StringComparison.Ordinal)
            .Replace("$__range", range, StringComparison.Ordinal);
        return variables.Aggregate(
            filled,
            (text, variable) => text.Replace($"${variable.Key}", variable.Value, StringComparison.Ordinal)
        );
    }

    /// <summary>The expressions of the recording rules and the alerts, by name.</summary>
    public static IReadOnlyList<(string Name, string Expression)> RuleExpressions() =>
        [
            .. Directory
                .GetFiles(Path.Combine(Rules, "rules"), "*.yml")
                .SelectMany(file => Rule().Matches(File.ReadAllText(file)))
                .Select(match => (match.Groups["name"].Value, match.Groups["expression"].Value)),
        ];

    /// <summary>The series that an expression looks at: names, with their labels where it says some.</summary>
    public static IEnumerable<string> Selectors(string expression) =>
        Word()
            .Matches(expression)
            .Select(match => match.Groups["selector"].Value)
            .Where(selector => selector.Length > 0 && !Words.Contains(selector));

    private static readonly string[] Words = ["and", "or", "unless"];

    // Up to the labels or annotations of the rule, or the next one.
    [GeneratedRegex(
        @"- (alert|record): (?<name>\S+)\s+(#[^\n]*\s+)*expr: (?<expression>.+?)(?=\n\s+(for|labels|annotations|- (alert|record|name)|#)|\z)",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Rule();

    // Strings, windows, labels by which is grouped, functions; and what remains.
    [GeneratedRegex(
        """
            "[^"]*"|\[[^\]]*\]|\b(by|on|ignoring|without)\s*\([^)]*\)|[a-z_]+(\s+by\s*\([^)]*\))?\s*\(|(?<![\w.])(?<selector>[a-zA-Z_:][\w:]*(\{[^}]*\})?)
            """,
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Word();
}
