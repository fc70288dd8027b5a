using BookIT.Core;
using BookIT.Core.Metrics;
using Microsoft.AspNetCore.Http.HttpResults;

// The settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(
    new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory }
);
builder.AddCore();

var app = builder.Build();
if (!app.Services.CheckOptions())
{
    return 1;
}

app.Services.StartMetrics();
app.MapGet("/health/live", () => TypedResults.Ok());
app.MapGet(
    "/health/ready",
    (Health health) =>
        TypedResults.Json(
            health.Current,
            statusCode: health.Current.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable
        )
);
app.MapGet(
    "/metrics",
    Results<ContentHttpResult, NotFound> (MetricsExporter exporter, MetricsOptions options, HttpContext context) =>
        options.Allows(context.Connection.RemoteIpAddress, context.Request.Headers.ContainsKey)
            ? TypedResults.Text(exporter.Scrape(), MetricsExporter.ContentType)
            : TypedResults.NotFound()
);
if (string.IsNullOrEmpty(app.Configuration["Telegram:Token"]))
{
    app.Logger.LogInformation("Telegram:Token is not set: the bot idles.");
}

await app.RunAsync();
return 0;
