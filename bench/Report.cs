using System.Globalization;
using System.Text;
using System.Text.Json;

namespace BookIT.Bench;

/// <summary>A run of the bench, as it is kept.</summary>
/// <param name="At">When (UTC).</param>
/// <param name="Commit">Of what.</param>
/// <param name="Machine">On what.</param>
/// <param name="IsQuick">Whether it was a quick run, whose numbers say little.</param>
/// <param name="Outcomes">What came out.</param>
internal sealed record Report(
    DateTimeOffset At,
    string Commit,
    string Machine,
    bool IsQuick,
    IReadOnlyList<Outcome> Outcomes
)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<Report> OfAsync(IReadOnlyList<Outcome> outcomes, bool isQuick) =>
        new(
            TimeProvider.System.GetUtcNow(),
            (await Tool.RunAsync("git", "describe", "--always", "--dirty")).Trim(),
            Describe(),
            isQuick,
            outcomes
        );

    public static Report Read(string file) => JsonSerializer.Deserialize<Report>(File.ReadAllText(file), Json)!;

    public void Write(string file) => File.WriteAllText(file, JsonSerializer.Serialize(this, Json));

    /// <summary>A table in Markdown.</summary>
    public string ToTable()
    {
        var table = new StringBuilder("| measure | ours | limit | ratio | goal | |\n|---|---:|---:|---:|---:|---|\n");
        foreach (var outcome in Outcomes)
        {
            table.Append(
                CultureInfo.InvariantCulture,
                $"| {outcome.Measure.Name} | {Number(outcome.Ours)} {outcome.Measure.Unit} | {LimitOf(outcome)} | {outcome.Ratio:0.00} | {GoalOf(outcome)} | {(outcome.IsMet ? "met" : "**missed**")} |\n"
            );
        }

        return table.ToString();
    }

    /// <summary>What differs from another run.</summary>
    public string CompareWith(Report before)
    {
        var table = new StringBuilder($"| ratio | {before.Commit} | {Commit} | change |\n|---|---:|---:|---:|\n");
        foreach (var outcome in Outcomes)
        {
            var other = before.Outcomes.FirstOrDefault(other => other.Measure.Name == outcome.Measure.Name);
            table.Append(
                CultureInfo.InvariantCulture,
                $"| {outcome.Measure.Name} | {(other is null ? "" : other.Ratio.ToString("0.00", CultureInfo.InvariantCulture))} | {outcome.Ratio:0.00} | {(other is null ? "new" : ((outcome.Ratio / other.Ratio) - 1).ToString("+0 %;-0 %;0 %", CultureInfo.InvariantCulture))} |\n"
            );
        }

        return table.ToString();
    }

    /// <summary>The ratios as bars; a line marks each goal. Colours for light and dark pages.</summary>
    public string ToSvg()
    {
        const int line = 30;
        const int left = 330;
        const int width = 420;
        var shown = Outcomes.Where(outcome => !outcome.Measure.IsMost).ToArray();
        var longest = Math.Max(1, shown.Max(outcome => Math.Max(outcome.Ratio, outcome.Measure.Goal)));
        double X(double ratio) => left + (ratio / longest * width);
        var svg = new StringBuilder(
            $$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{left + width + 70}} {{(shown.Length * line)
                + 30}}" font-family="sans-serif" font-size="13" role="img">
            <title>What BookIT reaches of its limits</title>
            <style>text { fill: #555 } @media (prefers-color-scheme: dark) { text { fill: #bbb } }</style>

            """
        );
        foreach (var (outcome, index) in shown.Select((outcome, index) => (outcome, index)))
        {
            var y = (index * line) + 10;
            svg.Append(
                CultureInfo.InvariantCulture,
                $"""
                <text x="{left - 10}" y="{y + 15}" text-anchor="end">{outcome.Measure.Name.Replace(
                    "&",
                    "&amp;",
                    StringComparison.Ordinal
                )}</text>
                <rect x="{left}" y="{y}" width="{outcome.Ratio / longest * width:0.0}" height="20" rx="3" fill="{(
                    outcome.IsMet ? "#2e9e6b" : "#d97a2b"
                )}"/>
                <line x1="{X(outcome.Measure.Goal):0.0}" x2="{X(outcome.Measure.Goal):0.0}" y1="{y - 3}" y2="{y
                    + 23}" stroke="#888" stroke-width="2"/>
                <text x="{X(outcome.Ratio) + 8:0.0}" y="{y + 15}">{outcome.Ratio:0.00}</text>

                """
            );
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string LimitOf(Outcome outcome) =>
        char.IsAsciiDigit(outcome.Measure.Limit[0])
            ? outcome.Measure.Limit
            : $"{Number(outcome.Limit)} {outcome.Measure.Unit} ({outcome.Measure.Limit})";

    private static string GoalOf(Outcome outcome) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(outcome.Measure.IsMost ? "≤" : "≥")} {outcome.Measure.Goal:0.##}"
        );

    /// <summary>The median, and how far the rounds lie apart.</summary>
    private static string Number(Series series) =>
        series.Median.ToString(series.Median < 100 ? "0.0#" : "#,0", CultureInfo.InvariantCulture)
        + (series.Values.Count > 1 ? (series.Noise / 2).ToString(" ±0 %", CultureInfo.InvariantCulture) : "");

    private static string Describe()
    {
        var model = File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':', 2)[1]
            .Trim();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1 << 30);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} × {model ?? "unknown"}, {memory} GB, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}"
        );
    }
}
