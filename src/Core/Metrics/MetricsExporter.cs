using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BookIT.Core.Metrics;

/// <summary>
/// Adds up what every instrument of this process reports, the framework's and ours, and gives it as Prometheus text
/// (exposition format 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/). A stand-in for the exporter of
/// OpenTelemetry or prometheus-net: code that measures knows only <see cref="System.Diagnostics.Metrics"/>.
/// </summary>
public sealed partial class MetricsExporter : IDisposable
{
    /// <summary>What <see cref="Scrape"/> gives, as a media type.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    // What the runtime measures for its own developers.
    private const string InternalPrefix = "Private.";

    private readonly ConcurrentDictionary<string, MetricFamily> families = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();
    private readonly Lock scraping = new();

    // Kept: a large one of each scrape's own would be the garbage that costs most.
    private readonly ArrayBufferWriter<byte> text = new();
    private readonly ILogger<MetricsExporter> logger;
    private long round;

    /// <summary>Listens from now on to all instruments that are meant for others.</summary>
    public MetricsExporter(ILogger<MetricsExporter> logger)
        : this(logger, instrument => !instrument.Meter.Name.StartsWith(InternalPrefix, StringComparison.Ordinal)) { }

    internal MetricsExporter(Predicate<Instrument> isWanted)
        : this(NullLogger<MetricsExporter>.Instance, isWanted) { }

    private MetricsExporter(ILogger<MetricsExporter> logger, Predicate<Instrument> isWanted)
    {
        this.logger = logger;
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (isWanted(instrument) && FamilyOf(instrument) is { } family)
            {
                listener.EnableMeasurementEvents(instrument, family);
            }
        };
        listener.SetMeasurementEventCallback<byte>((_, value, tags, family) => Record(family, value, tags));
        listener.SetMeasurementEventCallback<short>((_, value, tags, family) => Record(family, value, tags));
        listener.SetMeasurementEventCallback<int>((_, value, tags, family) => Record(family, value, tags));
        listener.SetMeasurementEventCallback<long>((_, value, tags, family) => Record(family, value, tags));
        listener.SetMeasurementEventCallback<float>((_, value, tags, family) => Record(family, value, tags));
        listener.SetMeasurementEventCallback<double>((_, value, tags, family) => Record(family, value, tags));
        listener.SetMeasurementEventCallback<decimal>((_, value, tags, family) => Record(family, (double)value, tags));
        listener.Start();
    }

    /// <summary>Everything, as it stands now, as UTF-8.</summary>
    public void Scrape(IBufferWriter<byte> output)
    {
        lock (scraping)
        {
            round++;
            try
            {
                listener.RecordObservableInstruments();
            }
            catch (AggregateException exception)
            {
                // Those that could be read have been.
                LogUnreadable(exception.InnerExceptions[0].Message);
            }

            foreach (var (_, family) in families.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                family.WriteTo(text, round);
            }

            output.Write(text.WrittenSpan);
            text.ResetWrittenCount();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();

    /// <summary>Instruments of one name and kind are one family; null where the name is taken by another kind.</summary>
    private MetricFamily? FamilyOf(Instrument instrument)
    {
        var made = new MetricFamily(instrument);
        var family = families.GetOrAdd(made.Name, made);
        return family.Type == made.Type ? family : null;
    }

    private void Record(object? family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        ((MetricFamily)family!).Record(value, tags, round);

    [LoggerMessage(LogLevel.Warning, "Some metrics could not be read: {Reason}")]
    private partial void LogUnreadable(string reason);
}
