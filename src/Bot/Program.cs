using System.Security.Cryptography;
using System.Text;
using BookIT.Bot.Admin;
using BookIT.Bot.Http;
using BookIT.Bot.Links;
using BookIT.Bot.Notifications;
using BookIT.Bot.Reservations;
using BookIT.Bot.Telegram;
using BookIT.Bot.Tickets;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Metrics;
using BookIT.Core.Telegram;
using Microsoft.AspNetCore.Http.HttpResults;

if (args is ["health"])
{
    return await HealthProbe.RunAsync();
}

// The settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(
    new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory }
);
builder.AddCore();
builder.Services.AddSingleton(provider => new TelegramBotClient(
    provider.GetRequiredService<TelegramOptions>(),
    provider.GetRequiredService<RateLimitOptions>(),
    provider.GetRequiredService<BookItMetrics>(),
    provider.GetRequiredService<TimeProvider>(),
    provider.GetRequiredService<ILogger<TelegramBotClient>>()
));
builder.Services.AddSingleton<CommandMenu>();
builder.Services.AddSingleton<UpdateHandling>();
builder.Services.AddScoped<UpdateRouter>();
builder.Services.AddScoped<LinkDialogue>();
builder.Services.AddScoped<IDialogue>(provider => provider.GetRequiredService<LinkDialogue>());
builder.Services.AddScoped<IDialogue, SettingsDialogue>();
builder.Services.AddSingleton<NotificationDelivery>();
builder.Services.AddScoped<BookingSteps>();
builder.Services.AddScoped<PassDialogue>();
builder.Services.AddScoped<IDialogue, BookingDialogue>();
builder.Services.AddScoped<IDialogue, MyDialogue>();
builder.Services.AddScoped<IDialogue>(provider => provider.GetRequiredService<PassDialogue>());
builder.Services.AddScoped<IDialogue, FreeDialogue>();
builder.Services.AddScoped<IDialogue, CheckInDialogue>();
builder.Services.AddScoped<IDialogue, TodayDialogue>();
builder.Services.AddScoped<IDialogue, FindDialogue>();
builder.Services.AddScoped<IDialogue, AnnouncementDialogue>();
builder.Services.AddScoped<IDialogue, TicketDialogue>();
builder.Services.AddSingleton<BotWorker>();
builder.Services.AddHostedService(provider => provider.GetRequiredService<BotWorker>());

var app = builder.Build();
if (!app.Services.CheckOptions())
{
    return 1;
}

app.Services.StartMetrics();
app.UseMiddleware<RequestLog>();
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
    Results<EmptyHttpResult, NotFound> (MetricsExporter exporter, MetricsOptions options, HttpContext context) =>
    {
        if (!IsNear(context, options))
        {
            return TypedResults.NotFound();
        }

        context.Response.ContentType = MetricsExporter.ContentType;
        exporter.Scrape(context.Response.BodyWriter);
        return TypedResults.Empty;
    }
);

// The bot starts with its process; whoever calls this, however often, learns how it does.
app.MapPost(
    "/start_bot",
    Results<Ok<BotStatus>, NotFound> (
        BotWorker bot,
        MetricsOptions options,
        TelegramOptions telegram,
        HttpContext context
    ) =>
        IsNear(context, options) || KnowsSecret(context, telegram)
            ? TypedResults.Ok(new BotStatus(JsonName(bot.State)))
            : TypedResults.NotFound()
);
app.MapWebhook();

await app.RunAsync();
return 0;

static bool IsNear(HttpContext context, MetricsOptions options) =>
    options.Allows(context.Connection.RemoteIpAddress, context.Request.Headers.ContainsKey);

static bool KnowsSecret(HttpContext context, TelegramOptions options) =>
    context.Request.Headers["X-Bot-Secret"] is [{ } secret]
    && CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(secret)),
        SHA256.HashData(Encoding.UTF8.GetBytes(options.BotSecret))
    );

static string JsonName(BotState state) =>
    System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());
