using BookIT.Core;

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

app.MapGet("/health/live", () => TypedResults.Ok());
app.MapGet(
    "/health/ready",
    (Health health) =>
        TypedResults.Json(
            health.Current,
            statusCode: health.Current.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable
        )
);
if (string.IsNullOrEmpty(app.Configuration["Telegram:Token"]))
{
    app.Logger.LogInformation("Telegram:Token is not set: the bot idles.");
}

await app.RunAsync();
return 0;
