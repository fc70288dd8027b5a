using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Metrics;

namespace BookIT.Api.Metrics;

internal static class MetricsEndpoints
{
    public static void MapMetrics(this WebApplication app)
    {
        app.Services.StartMetrics();
        app.MapGet("/metrics", Scrape).Describe("getMetrics");
        app.MapGet("/api/metrics", Scrape).Describe("getApiMetrics");
    }

    /// <summary>Counts what fails on our side. To be put where the answer is final.</summary>
    public static IApplicationBuilder UseErrorCount(this IApplicationBuilder app)
    {
        var metrics = app.ApplicationServices.GetRequiredService<BookItMetrics>();
        return app.Use(
            async (context, next) =>
            {
                await next(context);
                if (
                    context.Response.StatusCode >= StatusCodes.Status500InternalServerError
                    && context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
                )
                {
                    metrics.ApiFailed(context.RouteTemplate());
                }
            }
        );
    }

    private static void Describe(this RouteHandlerBuilder route, string name) =>
        route
            .AllowAnonymous()
            .WithTags("Metrics")
            .WithName(name)
            .WithSummary("The metrics as Prometheus text, for scrapers at the addresses that may read them")
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static IResult Scrape(MetricsExporter exporter, MetricsOptions options, HttpContext context)
    {
        if (!options.Allows(context.Connection.RemoteIpAddress, context.Request.Headers.ContainsKey))
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status404NotFound);
        }

        context.Response.ContentType = MetricsExporter.ContentType;
        exporter.Scrape(context.Response.BodyWriter);
        return TypedResults.Empty;
    }
}
