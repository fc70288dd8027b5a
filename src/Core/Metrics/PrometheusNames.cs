using System.Globalization;
using System.Text;

namespace BookIT.Core.Metrics;

/// <summary>
/// Names and labels as Prometheus wants them (https://prometheus.io/docs/practices/naming/), made from those of
/// OpenTelemetry's conventions, which the framework's instruments follow.
/// </summary>
internal static class PrometheusNames
{
    /// <summary>
    /// A metric's name: with its unit, and <c>_total</c> where it is a counter. Only histograms may end in
    /// <c>_count</c>; of others that becomes <c>_number</c>.
    /// </summary>
    public static string Of(string name, string? unit, string type)
    {
        var result = Sanitize(name);
        if (type == "counter" && result.EndsWith("_total", StringComparison.Ordinal))
        {
            result = result[..^"_total".Length];
        }

        if (type != "histogram" && result.EndsWith("_count", StringComparison.Ordinal))
        {
            result = string.Concat(result.AsSpan(0, result.Length - "_count".Length), "_number");
        }

        var suffix = unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            "1" when type == "gauge" => "_ratio",
            _ => "",
        };
        if (!result.EndsWith(suffix, StringComparison.Ordinal))
        {
            result += suffix;
        }

        return type == "counter" ? $"{result}_total" : result;
    }

    /// <summary>Tags as labels, in the order of their names; what has no value is left out.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            if (Text(value) is { Length: > 0 } text)
            {
                var name = Sanitize(key);
                labels[name] = labels.TryGetValue(name, out var other) ? $"{other};{text}" : text;
            }
        }

        var result = new StringBuilder();
        foreach (var (name, value) in labels)
        {
            result.Append(result.Length > 0 ? "," : "").Append(name).Append("=\"");
            foreach (var letter in value)
            {
                result.Append(
                    letter switch
                    {
                        '\\' => @"\\",
                        '"' => "\\\"",
                        '\n' => @"\n",
                        _ => $"{letter}",
                    }
                );
            }

            result.Append('"');
        }

        return result.ToString();
    }

    private static string Sanitize(string name)
    {
        var result = new StringBuilder(name.Length + 1);
        foreach (var letter in name)
        {
            result.Append(char.IsAsciiLetterOrDigit(letter) ? letter : '_');
        }

        return char.IsAsciiDigit(result[0]) ? $"_{result}" : result.ToString();
    }

    private static string? Text(object? value) =>
        value switch
        {
            bool flag => flag ? "true" : "false",
            IFormattable number => number.ToString(format: null, CultureInfo.InvariantCulture),
            _ => value?.ToString(),
        };
}
