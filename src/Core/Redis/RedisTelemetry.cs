using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace BookIT.Core.Redis;

/// <summary>What the connections of this process measure of themselves, as the framework's own clients do.</summary>
internal static class RedisTelemetry
{
    /// <summary>The name of the meter and of the source of activities.</summary>
    public const string SourceName = "BookIT.Redis";

    private static readonly Meter Meter = new(SourceName);
    private static readonly ActivitySource Source = new(SourceName);

    // A round trip within a machine takes a tenth of a millisecond; a call waits a second at the most.
    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "redis_command_duration_seconds",
        "s",
        "From the moment that a command was given to be sent to its answer.",
        tags: null,
        new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1],
        }
    );

    private static long reconnects;

    static RedisTelemetry() =>
        Meter.CreateObservableCounter(
            "redis_reconnects_total",
            () => Volatile.Read(ref reconnects),
            description: "Connections to Redis, for commands or for messages, that were lost and made again."
        );

    /// <summary>A command was answered.</summary>
    public static void Answered(TimeSpan after) => Duration.Record(after.TotalSeconds);

    /// <summary>
    /// Makes a call a step of the trace that is under way, if one is: under the command's name, because what comes after it
    /// may be secret.
    /// </summary>
    public static Task<T> Traced<T>(Task<T> call, string command) =>
        Activity.Current is { Recorded: true } && Source.HasListeners() ? TraceAsync(call, command) : call;

    private static async Task<T> TraceAsync<T>(Task<T> call, string command)
    {
        using var activity = Source.StartActivity(command, ActivityKind.Client);
        activity?.SetTag("db.system.name", "redis").SetTag("db.operation.name", command);
        try
        {
            return await call;
        }
        catch (Exception exception)
        {
            activity?.SetTag("error.type", exception.GetType().Name).SetStatus(ActivityStatusCode.Error);
            throw;
        }
    }

    /// <summary>A connection that was lost is there again.</summary>
    public static void Reconnected() => Interlocked.Increment(ref reconnects);
}
