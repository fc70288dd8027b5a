using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Monitoring;

/// <summary>
/// Pictures of the dashboards for <c>docs/pictures</c>: <c>./test.sh -explicit only -class '*.DashboardPictures'</c>. Grafana is not
/// a package of Debian, so these are drawn here, from what Prometheus answers, where and as the panels say.
/// </summary>
public sealed class DashboardPictures(MonitoredServer server) : IClassFixture<MonitoredServer>
{
    private const int Column = 60;
    private const int Row = 32;

    private static readonly string[] Palette =
    [
        "#1f77b4",
        "#e0701a",
        "#2a9d3a",
        "#c53030",
        "#8457b5",
        "#7f5a4e",
        "#d653ae",
        "#6b7280",
        "#9a9a1a",
        "#17a2b8",
    ];

    [Fact(Explicit = true)]
    public async Task Take_them()
    {
        var from = TimeProvider.System.GetUtcNow();
        await server.HappenAsync();
        await server.TrafficAsync(rate: 1);
        await BusyAsync(until: from.AddMinutes(2));
        await server.TrafficAsync(rate: 4);
        await BusyAsync(until: from.AddMinutes(5));
        var to = TimeProvider.System.GetUtcNow();

        var folder = Path.Combine(Program.RepositoryRoot(), "docs", "pictures");
        Directory.CreateDirectory(folder);
        using var temporary = new TemporaryFolder();
        foreach (var dashboard in Dashboards.All.Keys)
        {
            var file = temporary.File("picture.svg");
            await File.WriteAllTextAsync(file, await DrawAsync(dashboard, from, to));
            var picture = Path.Combine(folder, Path.ChangeExtension($"dashboard-{dashboard}", ".png"));
            await Tool.RunAsync("rsvg-convert", "--output", picture, file);
        }
    }

    /// <summary>People book as people do: for some hours, on some day, and not always what is free.</summary>
    private async Task BusyAsync(DateTimeOffset until)
    {
        var seats = new List<Guid>();
        for (var i = 0; i < 12; i++)
        {
            seats.Add(await server.SeatAsync(zone: i % 2 == 0 ? "Тихая зона" : "Открытая зона"));
        }

        var chance = new Random(7);
        for (var i = 0; TimeProvider.System.GetUtcNow() < until; i++)
        {
            var (member, chat) = await server.LinkedAsync();
            if (i % 2 == 0)
            {
                await server.ExecuteAsync($"DELETE FROM notification_settings WHERE user_id = '{member.UserId}'");
            }

            var now = TimeProvider.System.GetUtcNow();
            var start = i % 3 == 0 ? now.AddMinutes(5) : now.AddHours(1 + chance.NextDouble() * 100);
            var answer = await member.BookAsync(
                seats[chance.Next(seats.Count)],
                start,
                start.AddMinutes(15 * chance.Next(2, 24))
            );
            if (i % 30 == 3)
            {
                await member.BookAsync(seats[0], now.AddDays(60), now.AddDays(60).AddHours(1));
                var absent = await server.MemberAsync();
                await server.ReservationAsync(
                    absent.UserId,
                    await server.SeatAsync(),
                    now.AddHours(-1),
                    now.AddHours(1)
                );
            }

            if (answer.Status == HttpStatusCode.Created && i % 5 == 0)
            {
                await member.PatchAsync($"/api/reservations/{answer.Id}", new { status = "closed" });
            }

            if (i % 90 == 9)
            {
                await member.PostAsync("/api/ticket", new { theme = "wish", message = "A lamp, please." });
                await chat.Send("/help");
            }

            await Task.Delay(400);
        }
    }

    private async Task<string> DrawAsync(string name, DateTimeOffset from, DateTimeOffset to)
    {
        var panels = Dashboards.Panels.Where(panel => panel.Dashboard == name).ToList();
        var height = panels.Max(panel => panel.Place.Y + panel.Place.H) * Row + 50;
        var svg = new StringBuilder();
        svg.Append(
            $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{24 * Column
                + 20}" height="{height}" font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="#f4f5f5"/>
            <text x="14" y="30" font-size="20">{Text((string)Dashboards.All[name]["title"]!)}</text>
            <text x="{24 * Column
                + 6}" y="30" text-anchor="end" fill="#666">{from:HH:mm:ss}–{to:HH:mm:ss} UTC, demo traffic</text>

            """
        );
        foreach (var panel in panels)
        {
            var (x, y, w, h) = panel.Place;
            svg.Append($"""<svg x="{x * Column + 10}" y="{y * Row + 45}" width="{w * Column}" height="{h * Row}">""");
            if (panel.Type is "row")
            {
                svg.Append($"""<text x="6" y="22" font-size="15" font-weight="bold">{Text(panel.Title)}</text>""");
            }
            else
            {
                svg.Append(
                    $"""
                    <rect x="3" y="3" width="{w * Column - 6}" height="{h * Row
                        - 6}" fill="white" stroke="#d8d9da" rx="2"/>
                    <text x="12" y="22" font-weight="bold">{Text(panel.Title)}</text>
                    """
                );
                await (
                    panel.Type is "timeseries"
                        ? DrawLinesAsync(svg, panel, w * Column, h * Row, from, to)
                        : DrawNumbersAsync(svg, panel, w * Column, h * Row)
                );
            }

            svg.Append("</svg>\n");
        }

        return svg.Append("</svg>").ToString();
    }

    private static string Filled(Target target) =>
        Dashboards.Filled(
            target.Expression,
            new Dictionary<string, string>
            {
                ["job"] = ".*",
                ["instance"] = ".*",
                ["zone"] = ".*",
            },
            rate: "30s"
        );

    private async Task DrawLinesAsync(
        StringBuilder svg,
        Panel panel,
        int width,
        int height,
        DateTimeOffset from,
        DateTimeOffset to
    )
    {
        var lines = new List<(string Name, IReadOnlyList<(double At, double Value)> Points)>();
        foreach (var target in panel.Targets)
        {
            lines.AddRange(
                (await server.AskAsync(Filled(target), from, to, step: 2)).Select(series =>
                    (Legend(target.Legend, series.Labels), series.Points)
                )
            );
        }

        var defaults = panel.Json["fieldConfig"]!["defaults"]!;
        var custom = defaults["custom"]!;
        var isStacked = (string?)custom["stacking"]!["mode"] == "normal";
        var isBars = (string?)custom["drawStyle"] == "bars";
        if (isStacked)
        {
            var below = new Dictionary<double, double>();
            lines =
            [
                .. lines.Select(line =>
                    (
                        line.Name,
                        (IReadOnlyList<(double, double)>)
                            [
                                .. line.Points.Select(point =>
                                    (point.At, below[point.At] = below.GetValueOrDefault(point.At) + point.Value)
                                ),
                            ]
                    )
                ),
            ];
        }

        var highest = lines.SelectMany(line => line.Points).Select(point => point.Value).Append(0).Max();
        var top = (double?)defaults["max"] ?? (highest > 0 ? highest * 1.1 : 1);
        int left = 62,
            right = width - 16,
            upper = 34,
            lower = height - 52;
        double start = from.ToUnixTimeSeconds(),
            end = to.ToUnixTimeSeconds();
        double X(double at) => left + (at - start) / (end - start) * (right - left);
        double Y(double value) => lower - Math.Clamp(value / top, 0, 1) * (lower - upper);

        for (var i = 0; i <= 3; i++)
        {
            var value = top * i / 3;
            svg.Append(
                $"""
                <line x1="{left}" x2="{right}" y1="{N(Y(value))}" y2="{N(Y(value))}" stroke="#e8e8e8"/>
                <text x="{left - 5}" y="{N(Y(value) + 4)}" text-anchor="end" font-size="10" fill="#666">{Text(
                    Shown(value, panel.Unit!)
                )}</text>
                """
            );
        }

        svg.Append(
            $"""
            <text x="{left}" y="{lower + 14}" font-size="10" fill="#666">{from:HH:mm}</text>
            <text x="{right}" y="{lower + 14}" font-size="10" fill="#666" text-anchor="end">{to:HH:mm}</text>
            """
        );
        foreach (var step in defaults["thresholds"]!["steps"]!.AsArray().Skip(1))
        {
            if ((double)step!["value"]! <= top)
            {
                var at = N(Y((double)step["value"]!));
                svg.Append(
                    $"""<line x1="{left}" x2="{right}" y1="{at}" y2="{at}" stroke="{Colour(step)}" stroke-dasharray="6 4"/>"""
                );
            }
        }

        // The sum is drawn first, so that what it is made of lies on it.
        foreach (var (line, i) in lines.Select((line, i) => (line, i)).Reverse())
        {
            var colour = Palette[i % Palette.Length];
            var points = string.Join(' ', line.Points.Select(point => $"{N(X(point.At))},{N(Y(point.Value))}"));
            if ((isStacked || isBars) && line.Points.Count > 0)
            {
                var (first, last) = (N(X(line.Points[0].At)), N(X(line.Points[^1].At)));
                svg.Append(
                    $"""<polygon points="{first},{lower} {points} {last},{lower}" fill="{colour}" fill-opacity="{(isBars ? "0.6" : "0.45")}"/>"""
                );
            }

            svg.Append($"""<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>""");
        }

        DrawLegend(svg, [.. lines.Select(line => line.Name)], width, height);
    }

    private static void DrawLegend(StringBuilder svg, IReadOnlyList<string> names, int width, int height)
    {
        var (x, y) = (14.0, height - 24);
        for (var i = 0; i < names.Count; i++)
        {
            var length = names[i].Length * 5.6 + 24;
            if (x + length > width - 10 && x > 14)
            {
                (x, y) = (14, y + 13);
                if (y > height - 8)
                {
                    svg.Append(
                        $"""<text x="{width - 40}" y="{height - 11}" font-size="10" fill="#666">and more</text>"""
                    );
                    return;
                }
            }

            svg.Append(
                $"""
                <rect x="{N(x)}" y="{y - 7}" width="10" height="4" fill="{Palette[i % Palette.Length]}"/>
                <text x="{N(x + 14)}" y="{y}" font-size="10">{Text(names[i])}</text>
                """
            );
            x += length;
        }
    }

    private async Task DrawNumbersAsync(StringBuilder svg, Panel panel, int width, int height)
    {
        var numbers = new List<(string Name, double Value)>();
        foreach (var target in panel.Targets)
        {
            var answers = await server.AskAsync(Filled(target));
            numbers.AddRange(
                ((string?)panel.Json["targets"]![0]!["format"] == "heatmap" ? Buckets(answers) : answers).Select(
                    series => (Legend(target.Legend, series.Labels), series.Value)
                )
            );
        }

        if (panel.Type is "stat")
        {
            foreach (var ((name, value), i) in numbers.Select((number, i) => (number, i)))
            {
                var x = N(width * (i + 0.5) / numbers.Count);
                svg.Append(
                    $"""
                    <text x="{x}" y="{height / 2 + 22}" text-anchor="middle" font-size="30" fill="{ColourOf(
                        panel,
                        value
                    )}">{Text(Shown(value, panel.Unit!))}</text>
                    <text x="{x}" y="{height / 2 + 46}" text-anchor="middle" fill="#666">{Text(name)}</text>
                    """
                );
            }

            return;
        }

        var most = Math.Max(
            (double?)panel.Json["fieldConfig"]!["defaults"]!["max"] ?? 0,
            numbers.Max(number => number.Value)
        );
        var step = Math.Min(26, (height - 44.0) / numbers.Count);
        foreach (var ((name, value), i) in numbers.Select((number, i) => (number, i)))
        {
            var y = 36 + i * step;
            var length = most > 0 ? value / most * (width - 200) : 0;
            svg.Append(
                $"""
                <text x="104" y="{N(y + step * 0.6)}" text-anchor="end" font-size="11">{Text(name)}</text>
                <rect x="112" y="{N(y)}" width="{N(length)}" height="{N(step * 0.75)}" fill="{ColourOf(
                    panel,
                    value
                )}" fill-opacity="0.7"/>
                <text x="{N(118 + length)}" y="{N(y + step * 0.6)}" font-size="11" fill="#444">{Text(
                    Shown(value, panel.Unit!)
                )}</text>
                """
            );
        }
    }

    /// <summary>What each bucket of a histogram holds by itself, as Grafana shows them.</summary>
    private static IEnumerable<(JsonNode Labels, double Value)> Buckets(
        IReadOnlyList<(JsonNode Labels, double Value)> cumulated
    )
    {
        var before = 0.0;
        foreach (var (labels, value) in cumulated.OrderBy(bucket => Bound(bucket.Labels)))
        {
            yield return (labels, value - before);
            before = value;
        }
    }

    private static double Bound(JsonNode labels) =>
        (string?)labels["le"] is "+Inf" or null
            ? double.PositiveInfinity
            : double.Parse((string)labels["le"]!, CultureInfo.InvariantCulture);

    private static string Legend(string format, JsonNode labels) =>
        labels
            .AsObject()
            .Aggregate(
                format,
                (text, label) => text.Replace($"{{{{{label.Key}}}}}", (string)label.Value!, StringComparison.Ordinal)
            );

    private static string ColourOf(Panel panel, double value) =>
        Colour(
            panel.Json["fieldConfig"]!["defaults"]!["thresholds"]!["steps"]!
                .AsArray()
                .Last(step => (double?)step!["value"] is null || value >= (double)step["value"]!)!
        );

    private static string Colour(JsonNode step) =>
        (string)step["color"]! switch
        {
            "green" => "#2a8a3a",
            "orange" => "#e0701a",
            _ => "#c53030",
        };

    private static string Shown(double value, string unit) =>
        unit switch
        {
            "percentunit" => $"{Short(value * 100)} %",
            "bytes" when value >= 1 << 30 => $"{Short(value / (1 << 30))} GiB",
            "bytes" when value >= 1 << 20 => $"{Short(value / (1 << 20))} MiB",
            "bytes" => $"{Short(value / 1024)} KiB",
            "s" when value >= 86_400 => $"{Short(value / 86_400)} d",
            "s" when value >= 3_600 => $"{Short(value / 3_600)} h",
            "s" when value >= 60 => $"{Short(value / 60)} min",
            "s" when value is >= 1 or 0 => $"{Short(value)} s",
            "s" when value >= 0.001 => $"{Short(value * 1000)} ms",
            "s" => $"{Short(value * 1_000_000)} µs",
            "reqps" => $"{Short(value)} req/s",
            "ops" => $"{Short(value)} op/s",
            _ => Short(value),
        };

    private static string Short(double value) =>
        Math.Abs(value) >= 100
            ? value.ToString("0", CultureInfo.InvariantCulture)
            : value.ToString(Math.Abs(value) >= 10 ? "0.#" : "0.##", CultureInfo.InvariantCulture);

    private static string N(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
