using System.Diagnostics;
using BookIT.Core.Traces;
using Microsoft.AspNetCore.Http.Metadata;

namespace BookIT.Bot.Http;

/// <summary>
/// A line a request, and the same in its trace, as the Api writes them: by the route's name and never the path. Neither who
/// wrote to the bot nor what stands in either.
/// </summary>
internal sealed partial class RequestLog(RequestDelegate next, TimeProvider time, ILogger<RequestLog> logger)
{
    // Asked every second, by nobody.
    private static readonly string[] Probes = ["/health/live", "/health/ready", "/metrics"];

    public Task InvokeAsync(HttpContext context) =>
        logger.IsEnabled(LogLevel.Information) || Activity.Current is { Recorded: true }
            ? ObserveAsync(context)
            : next(context);

    private async Task ObserveAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        // What is thrown further out is answered with this.
        var status = StatusCodes.Status500InternalServerError;
        try
        {
            await next(context);
            status = context.Response.StatusCode;
        }
        finally
        {
            var route = context.GetEndpoint()?.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route ?? "none";
            Tracing.NameRequest(context.Request.Method, route, status);
            Log(
                Array.IndexOf(Probes, route) < 0 ? LogLevel.Information : LogLevel.Debug,
                context.Request.Method,
                route,
                status,
                Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 1),
                Activity.Current?.TraceId.ToHexString()
            );
        }
    }

    [LoggerMessage("{Method} {Route} {Status} in {Milliseconds} ms, trace {TraceId}")]
    private partial void Log(
        LogLevel level,
        string method,
        string route,
        int status,
        double milliseconds,
        string? traceId
    );
}
