using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace BookIT.Core.Metrics;

/// <summary>
/// A metric by its name in Prometheus: one series for each combination of labels. To record costs a look-up and an atomic
/// addition, and allocates nothing once the series is there.
/// </summary>
internal sealed class MetricFamily
{
    /// <summary>How many series there may be: whoever labels by something unbounded does not fill the memory.</summary>
    internal const int MaxSeries = 1_000;

    private const string OverflowLabels = "overflow=\"true\"";

    // For what says nothing of itself: seconds as web servers need them, and anything else.
    private static readonly double[] SecondsBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly double[] PlainBounds =
    [
        0,
        5,
        10,
        25,
        50,
        75,
        100,
        250,
        500,
        750,
        1_000,
        2_500,
        5_000,
        7_500,
        10_000,
    ];

    private readonly string help;
    private readonly Aggregation aggregation;
    private readonly double[] bounds = [];
    private readonly string[] boundLabels = [];

    // By the tags as they are given, which is quick, and by what they come to as labels: the same in any order.
    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Series> byTags = new(new TagComparer());
    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Series>.AlternateLookup<
        ReadOnlySpan<KeyValuePair<string, object?>>
    > lookup;
    private readonly ConcurrentDictionary<string, Series> byLabels = new(StringComparer.Ordinal);
    private readonly Lock growing = new();
    private Series? untagged;

    public MetricFamily(Instrument instrument)
    {
        var kind = instrument.GetType().GetGenericTypeDefinition();
        (Type, aggregation) =
            kind == typeof(Counter<>) ? ("counter", Aggregation.Sum)
            : kind == typeof(ObservableCounter<>) ? ("counter", Aggregation.Observed)
            : kind == typeof(UpDownCounter<>) ? ("gauge", Aggregation.Sum)
            : kind == typeof(Histogram<>) ? ("histogram", Aggregation.Histogram)
            : instrument.IsObservable ? ("gauge", Aggregation.Observed)
            : ("gauge", Aggregation.Last);
        Name = PrometheusNames.Of(instrument.Name, instrument.Unit, Type);
        help = string.IsNullOrWhiteSpace(instrument.Description) ? instrument.Name : instrument.Description;
        lookup = byTags.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
        if (aggregation is Aggregation.Histogram)
        {
            bounds = AdvisedBounds(instrument) ?? (instrument.Unit == "s" ? SecondsBounds : PlainBounds);
            boundLabels = [.. bounds.Select(Text), "+Inf"];
        }
    }

    private enum Aggregation
    {
        /// <summary>What is reported is added up.</summary>
        Sum,

        /// <summary>The last report counts.</summary>
        Last,

        /// <summary>As last; and what no longer reports, when asked, is no longer there.</summary>
        Observed,

        /// <summary>Reports are counted in buckets.</summary>
        Histogram,
    }

    /// <summary>The name in Prometheus.</summary>
    public string Name { get; }

    /// <summary>The type in Prometheus.</summary>
    public string Type { get; }

    /// <summary>Takes a measurement, in the round of scraping that is under way or past.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, long round)
    {
        var series = tags.IsEmpty ? untagged ?? FindOrAdd(tags) : FindOrAdd(tags);
        switch (aggregation)
        {
            case Aggregation.Last:
            case Aggregation.Observed:
                Volatile.Write(ref series.Value, value);
                Volatile.Write(ref series.Round, round);
                break;
            // One that is not finite would spoil the sum for ever, and a counter never falls.
            case Aggregation.Sum when double.IsFinite(value) && (value >= 0 || Type == "gauge"):
                Add(ref series.Value, value);
                break;
            case Aggregation.Histogram when double.IsFinite(value):
                var index = Array.BinarySearch(bounds, value);
                Interlocked.Increment(ref series.Buckets[index < 0 ? ~index : index]);
                Add(ref series.Value, value);
                break;
        }
    }

    /// <summary>Writes the family, unless it has nothing to say in this round.</summary>
    public void WriteTo(StringBuilder text, long round)
    {
        var series = byLabels
            .Where(pair => aggregation is not Aggregation.Observed || Volatile.Read(ref pair.Value.Round) == round)
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .ToList();
        if (series.Count == 0)
        {
            return;
        }

        text.Append("# HELP ").Append(Name).Append(' ').Append(EscapeHelp(help)).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(Type).Append('\n');
        foreach (var (labels, one) in series)
        {
            if (aggregation is Aggregation.Histogram)
            {
                WriteHistogram(text, labels, one);
            }
            else
            {
                WriteLine(text, "", labels, "", Text(Volatile.Read(ref one.Value)));
            }
        }
    }

    private void WriteHistogram(StringBuilder text, string labels, Series series)
    {
        var sum = Volatile.Read(ref series.Value);
        var count = 0L;
        for (var i = 0; i < boundLabels.Length; i++)
        {
            count += Volatile.Read(ref series.Buckets[i]);
            WriteLine(text, "_bucket", labels, boundLabels[i], Text(count));
        }

        WriteLine(text, "_sum", labels, "", Text(sum));
        // The same as the last bucket, also while others go on counting.
        WriteLine(text, "_count", labels, "", Text(count));
    }

    private void WriteLine(StringBuilder text, string suffix, string labels, string bound, string value)
    {
        text.Append(Name).Append(suffix);
        if (labels.Length > 0 || bound.Length > 0)
        {
            text.Append('{').Append(labels);
            if (bound.Length > 0)
            {
                text.Append(labels.Length > 0 ? "," : "").Append("le=\"").Append(bound).Append('"');
            }

            text.Append('}');
        }

        text.Append(' ').Append(value).Append('\n');
    }

    private Series FindOrAdd(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (lookup.TryGetValue(tags, out var found))
        {
            return found;
        }

        lock (growing)
        {
            // Tags in another order are a key of their own, so keys are bounded as well.
            var labels = byTags.Count < MaxSeries ? PrometheusNames.Labels(tags) : OverflowLabels;
            var series = byLabels.GetOrAdd(labels, _ => new Series(bounds.Length + 1));
            if (tags.IsEmpty)
            {
                untagged = series;
            }
            else if (byTags.Count < MaxSeries)
            {
                lookup.TryAdd(tags, series);
            }

            return series;
        }
    }

    private static void Add(ref double sum, double value)
    {
        double seen;
        do
        {
            seen = Volatile.Read(ref sum);
        } while (Interlocked.CompareExchange(ref sum, seen + value, seen) != seen);
    }

    private static double[]? AdvisedBounds(Instrument instrument) =>
        instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised],
            Histogram<float> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised.Select(n => (double)n)],
            Histogram<long> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised.Select(n => (double)n)],
            Histogram<int> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised.Select(n => (double)n)],
            _ => null,
        };

    private static string Text(double value) =>
        double.IsNaN(value) ? "NaN"
        : double.IsInfinity(value) ? (value > 0 ? "+Inf" : "-Inf")
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string EscapeHelp(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed class Series(int buckets)
    {
        /// <summary>The sum, or the last value.</summary>
        public double Value;

        /// <summary>When it last reported.</summary>
        public long Round;

        /// <summary>How many fell between each bound and the one before; the last is above all bounds.</summary>
        public readonly long[] Buckets = new long[buckets];
    }

    private sealed class TagComparer
        : IEqualityComparer<KeyValuePair<string, object?>[]>,
            IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, KeyValuePair<string, object?>[]>
    {
        public bool Equals(KeyValuePair<string, object?>[]? x, KeyValuePair<string, object?>[]? y) =>
            Equals((ReadOnlySpan<KeyValuePair<string, object?>>)x, y!);

        public int GetHashCode([DisallowNull] KeyValuePair<string, object?>[] obj) =>
            GetHashCode((ReadOnlySpan<KeyValuePair<string, object?>>)obj);

        public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, KeyValuePair<string, object?>[] other)
        {
            if (alternate.Length != other.Length)
            {
                return false;
            }

            for (var i = 0; i < other.Length; i++)
            {
                if (alternate[i].Key != other[i].Key || !object.Equals(alternate[i].Value, other[i].Value))
                {
                    return false;
                }
            }

            return true;
        }

        public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
        {
            var hash = default(HashCode);
            foreach (var (key, value) in alternate)
            {
                hash.Add(key);
                hash.Add(value);
            }

            return hash.ToHashCode();
        }

        public KeyValuePair<string, object?>[] Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) =>
            alternate.ToArray();
    }
}
