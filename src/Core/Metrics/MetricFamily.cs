using System.Buffers;
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

    /// <summary>More than any number has.</summary>
    private const int MaxDigits = 32;

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

    private readonly Aggregation aggregation;
    private readonly double[] bounds = [];
    private readonly byte[][] boundLabels = [];
    private readonly byte[] name;
    private readonly byte[] head;

    // By the tags as they are given, which is quick, and by what they come to as labels: the same in any order.
    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Series> byTags = new(new TagComparer());
    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Series>.AlternateLookup<
        ReadOnlySpan<KeyValuePair<string, object?>>
    > lookup;
    private readonly ConcurrentDictionary<string, Series> byLabels = new(StringComparer.Ordinal);
    private readonly Lock growing = new();
    private Series? untagged;
    private volatile Series[]? sorted;

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
        name = Encoding.UTF8.GetBytes(Name);
        var help = string.IsNullOrWhiteSpace(instrument.Description) ? instrument.Name : instrument.Description;
        head = Encoding.UTF8.GetBytes($"# HELP {Name} {EscapeHelp(help)}\n# TYPE {Name} {Type}\n");
        lookup = byTags.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
        if (aggregation is Aggregation.Histogram)
        {
            bounds = AdvisedBounds(instrument) ?? (instrument.Unit == "s" ? SecondsBounds : PlainBounds);
            boundLabels =
            [
                .. bounds
                    .Select(bound => bound.ToString("R", CultureInfo.InvariantCulture))
                    .Append("+Inf")
                    .Select(bound => Encoding.UTF8.GetBytes($"le=\"{bound}\"")),
            ];
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

    /// <summary>Writes the family as UTF-8, unless it has nothing to say in this round.</summary>
    public void WriteTo(ArrayBufferWriter<byte> text, long round)
    {
        var hasBegun = false;
        foreach (var series in Sorted())
        {
            if (aggregation is Aggregation.Observed && Volatile.Read(ref series.Round) != round)
            {
                continue;
            }

            if (!hasBegun)
            {
                text.Write(head);
                hasBegun = true;
            }

            if (aggregation is Aggregation.Histogram)
            {
                WriteHistogram(text, series);
            }
            else
            {
                WriteStart(text, "", series.Labels, default);
                WriteValue(text, Volatile.Read(ref series.Value));
            }
        }
    }

    /// <summary>By their labels: each scrape gives them in the same order.</summary>
    private Series[] Sorted()
    {
        // Of two at once each is right, and the next one sees what was added meanwhile.
        if (sorted is not { } known || known.Length != byLabels.Count)
        {
            sorted = known = [.. byLabels.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value)];
        }

        return known;
    }

    private void WriteHistogram(ArrayBufferWriter<byte> text, Series series)
    {
        var sum = Volatile.Read(ref series.Value);
        var count = 0L;
        for (var i = 0; i < boundLabels.Length; i++)
        {
            count += Volatile.Read(ref series.Buckets[i]);
            WriteStart(text, "_bucket", series.Labels, boundLabels[i]);
            WriteValue(text, count);
        }

        WriteStart(text, "_sum", series.Labels, default);
        WriteValue(text, sum);
        // The same as the last bucket, also while others go on counting.
        WriteStart(text, "_count", series.Labels, default);
        WriteValue(text, count);
    }

    /// <summary>A line up to its value.</summary>
    private void WriteStart(ArrayBufferWriter<byte> text, string suffix, byte[] labels, ReadOnlySpan<byte> bound)
    {
        text.Write(name);
        Encoding.UTF8.GetBytes(suffix, text);
        if (labels.Length + bound.Length > 0)
        {
            text.Write("{"u8);
            text.Write(labels);
            text.Write(labels.Length > 0 && bound.Length > 0 ? ","u8 : default);
            text.Write(bound);
            text.Write("}"u8);
        }

        text.Write(" "u8);
    }

    private static void WriteValue(ArrayBufferWriter<byte> text, long value)
    {
        value.TryFormat(text.GetSpan(MaxDigits), out var length, default, CultureInfo.InvariantCulture);
        text.Advance(length);
        text.Write("\n"u8);
    }

    private static void WriteValue(ArrayBufferWriter<byte> text, double value)
    {
        if (double.IsFinite(value))
        {
            value.TryFormat(text.GetSpan(MaxDigits), out var length, "R", CultureInfo.InvariantCulture);
            text.Advance(length);
        }
        else
        {
            text.Write(
                double.IsNaN(value) ? "NaN"u8
                : value > 0 ? "+Inf"u8
                : "-Inf"u8
            );
        }

        text.Write("\n"u8);
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
            var series = byLabels.GetOrAdd(
                labels,
                static (key, buckets) => new Series(key, buckets),
                bounds.Length + 1
            );
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

    private static string EscapeHelp(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed class Series(string labels, int buckets)
    {
        /// <summary>As they are written.</summary>
        public readonly byte[] Labels = Encoding.UTF8.GetBytes(labels);

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
