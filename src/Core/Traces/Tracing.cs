using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace BookIT.Core.Traces;

/// <summary>
/// Sends traces to a collector, where there is one: requests, and what they ask of PostgreSQL, Redis and other servers, up
/// to the message that the bot sends. docs/decisions/traces.md.
/// </summary>
public sealed class Tracing(OtlpOptions options, IHostEnvironment environment) : IHostedService
{
    /// <summary>What we do ourselves, by the name of the source.</summary>
    private const string SourceName = "BookIT";

    // The framework's and the drivers' own.
    private static readonly string[] Sources =
    [
        SourceName,
        Redis.RedisTelemetry.SourceName,
        "Microsoft.AspNetCore",
        "Npgsql",
        "System.Net.Http",
    ];

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private TracerProvider? provider;

    /// <summary>The trace that is under way, to be continued elsewhere (W3C's <c>traceparent</c>); null where none is kept.</summary>
    public static string? Parent => Activity.Current is { Recorded: true, Id: { } id } ? id : null;

    /// <summary>Begins a step of the trace that is under way; null where none is.</summary>
    /// <param name="name">Which: there are only so many.</param>
    public static Activity? Step(string name) =>
        Activity.Current is { Recorded: true } ? Source.StartActivity(name, ActivityKind.Client) : null;

    /// <summary>Says of the request that is traced what the framework does not.</summary>
    /// <param name="method">Of HTTP.</param>
    /// <param name="route">The route's template, never the path.</param>
    /// <param name="status">Of the answer; from 500 on it is an error.</param>
    public static void NameRequest(string method, string route, int status)
    {
        if (Activity.Current is not { Recorded: true } request)
        {
            return;
        }

        request.DisplayName = $"{method} {route}";
        request.SetTag("http.route", route).SetTag("http.response.status_code", status);
        if (status >= 500)
        {
            request.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>Goes on with something that was begun elsewhere, in the same trace; null where nothing is traced.</summary>
    /// <param name="name">What: there are only so many.</param>
    /// <param name="parent">As <see cref="Parent"/> was then; without it a trace begins here.</param>
    public static Activity? Continue(string name, string? parent) =>
        Source.StartActivity(
            name,
            ActivityKind.Consumer,
            ActivityContext.TryParse(parent, traceState: null, isRemote: true, out var context) ? context : default
        );

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.IsOn)
        {
            // Before the server starts, which is after this: otherwise a request does not tell what it is.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", isEnabled: false);
            provider = Sdk.CreateTracerProviderBuilder()
                .ConfigureResource(resource => resource.AddService(environment.ApplicationName))
                .AddSource(Sources)
                .ConfigureServices(services => services.AddSingleton(Limits()))
                .SetSampler(new RequestSampler(options.Ratio))
                .AddProcessor(new TagFilter())
                .AddOtlpExporter(otlp =>
                {
                    otlp.Endpoint = options.TracesEndpoint;
                    otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
                })
                .Build();
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// The operator's variables for the exporter, but for one. Npgsql tells of exceptions by events, in the server's words:
    /// which row was refused, which value was no number. An activity's events cannot be changed, only left out.
    /// </summary>
    private static IConfiguration Limits() =>
        new ConfigurationBuilder()
            .AddEnvironmentVariables()
            .AddInMemoryCollection([new("OTEL_SPAN_EVENT_COUNT_LIMIT", "0")])
            .Build();

    /// <summary>Sends what is left, if the collector takes it now.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        // The collector may be away.
        provider?.Shutdown((int)LastWords.TotalMilliseconds);
        provider?.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Traces begin with requests and deliveries, and not with each look of a background step at the database. Whoever
    /// sends a request does not decide whether it is kept: anybody could.
    /// </summary>
    private sealed class RequestSampler(double ratio) : Sampler
    {
        private static readonly string[] Unwanted = ["/health", "/metrics", "/api/metrics"];

        private readonly TraceIdRatioBasedSampler part = new(ratio);

        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
        {
            var parent = samplingParameters.ParentContext;
            if (parent.SpanId != default && !parent.IsRemote)
            {
                return new SamplingResult(parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded));
            }

            var isBeginning = samplingParameters.Kind is ActivityKind.Server or ActivityKind.Consumer;
            return isBeginning && !IsUnwanted(samplingParameters.Tags)
                ? part.ShouldSample(samplingParameters)
                : new SamplingResult(isSampled: false);
        }

        private static bool IsUnwanted(IEnumerable<KeyValuePair<string, object?>>? tags) =>
            tags?.FirstOrDefault(tag => tag.Key == "url.path").Value is string path
            && Array.Exists(Unwanted, start => path.StartsWith(start, StringComparison.Ordinal));
    }

    /// <summary>
    /// Lets through what is known to name nobody. Addresses and paths could hold tokens and ids, others who it was.
    /// </summary>
    private sealed class TagFilter : BaseProcessor<Activity>
    {
        private static readonly HashSet<string> Allowed = new(StringComparer.Ordinal)
        {
            "db.namespace",
            "db.operation.name",
            "db.query.text",
            "db.response.status_code",
            "db.statement",
            "db.system",
            "db.system.name",
            "error.type",
            "http.request.method",
            "http.response.status_code",
            "http.route",
            "network.protocol.version",
            "news.kind",
            "otel.status_code",
            "server.address",
            "server.port",
            "telegram.method",
            "telegram.result",
            "url.scheme",
        };

        public override void OnEnd(Activity data)
        {
            // Without its description, which may be an exception's message.
            data.SetStatus(data.Status);
            foreach (var (name, _) in data.TagObjects.ToList())
            {
                if (!Allowed.Contains(name))
                {
                    data.SetTag(name, null);
                }
            }
        }
    }
}
