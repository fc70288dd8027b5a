using System.Diagnostics;
using BookIT.Api.Auth;
using BookIT.Core.Traces;
using Microsoft.AspNetCore.Diagnostics;

namespace BookIT.Api.Http;

/// <summary>
/// A line a request, and the same in its trace: what was asked, by the route's template and never the path, which could
/// hold what nobody needs to know; how it ended; who asked, by their id. To be put where the answer is final.
/// </summary>
internal sealed partial class RequestLog(RequestDelegate next, TimeProvider time, ILogger<RequestLog> logger)
{
    // Asked every second, by nobody.
    private static readonly string[] Probes = ["/health/live", "/health/ready", "/metrics", "/api/metrics"];

    public Task InvokeAsync(HttpContext context) =>
        logger.IsEnabled(LogLevel.Information) || Activity.Current is { Recorded: true }
            ? ObserveAsync(context)
            : next(context);

    private async Task ObserveAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var route = context.RouteTemplate();
            Tracing.NameRequest(context.Request.Method, route, context.Response.StatusCode);
            Log(
                Array.IndexOf(Probes, route) < 0 ? LogLevel.Information : LogLevel.Debug,
                context.Request.Method,
                route,
                context.Response.StatusCode,
                Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 1),
                context.User.FindUserId(),
                Activity.Current?.TraceId.ToHexString()
            );
        }
    }

    [LoggerMessage("{Method} {Route} {Status} in {Milliseconds} ms, user {UserId}, trace {TraceId}")]
    private partial void Log(
        LogLevel level,
        string method,
        string route,
        int status,
        double milliseconds,
        Guid? userId,
        string? traceId
    );
}

internal static class Routes
{
    /// <summary>The template of the route that a request took; <c>none</c> where it took none, as for a file of the page.</summary>
    public static string RouteTemplate(this HttpContext context)
    {
        // The handler of faults takes the endpoint away and keeps it here.
        var endpoint = context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint();
        return (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "none";
    }
}
