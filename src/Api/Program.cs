using BookIT.Api;
using BookIT.Api.Admin;
using BookIT.Api.Auth;
using BookIT.Api.Avatars;
using BookIT.Api.Floor;
using BookIT.Api.Http;
using BookIT.Api.Mail;
using BookIT.Api.Metrics;
using BookIT.Api.Reservations;
using BookIT.Api.Seats;
using BookIT.Api.Simulation;
using BookIT.Api.Space;
using BookIT.Api.Telegram;
using BookIT.Api.Tickets;
using BookIT.Api.Users;
using BookIT.Api.Yandex;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Avatars;
using BookIT.Core.Demo;
using BookIT.Core.Mail;
using BookIT.Core.Metrics;
using Microsoft.AspNetCore.Server.Kestrel.Core;

const long MaxBodyBytes = 64 * 1024;

if (args is ["health"])
{
    return await HealthProbe.RunAsync();
}

// The settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(
    new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory }
);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
    // Whoever is slower than this is cut off; so is, by Kestrel's own limit, a body of less than 240 bytes a second. Answers
    // have a limit of ours: at 240 bytes a second, whoever does not listen would keep a megabyte in memory for an hour.
    kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
    kestrel.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 2048, gracePeriod: TimeSpan.FromSeconds(10));
    kestrel.Limits.MaxConcurrentConnections = kestrel
        .ApplicationServices.GetRequiredService<RateLimitOptions>()
        .Connections;
});
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));

builder.AddCore();
builder.AddAuth();
builder.AddYandex();
builder.Services.AddSingleton<SeatList>();
builder.Services.AddSingleton<Alternatives>();
builder.Services.AddSingleton<BookingTurns>();
builder.Services.AddSingleton<SeatWatch>();
builder.Services.AddHostedService(services => services.GetRequiredService<SeatWatch>());
builder.Services.AddHostedService<AvatarUpkeep>();
builder.Services.AddHostedService<MailWorker>();
builder.Services.AddHostedService(services => services.GetRequiredService<SpaceReadings>());
builder.Services.AddSingleton<DemoGuard>();
builder.Services.AddHostedService(services => services.GetRequiredService<DemoGuard>());
builder.Services.AddSingleton<DemoTraffic>();
builder.Services.AddHostedService(services => services.GetRequiredService<DemoTraffic>());

builder.Services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
builder.Services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
builder.Services.AddProblemDetails();
builder.Services.AddExceptionHandler<FaultHandler>();
builder.Services.AddValidation();
builder.Services.AddRateLimits();
builder.Services.AddApiDescription();

var app = builder.Build();

if (!app.Services.CheckOptions())
{
    return 1;
}

if (args is ["migrate"])
{
    await app.MigrateAsync();
    return 0;
}

if (app.Environment.IsDevelopment())
{
    await app.MigrateAsync();
    if (app.Services.GetRequiredService<DemoOptions>().Enabled)
    {
        await app.LoadDemoAsync();
    }
}

if (!await app.Services.GetRequiredService<DemoGuard>().AllowsStartAsync())
{
    return 1;
}

app.UseMiddleware<RequestLog>();
app.UseSecurityHeaders();
app.UseLanguages();
app.UseErrorCount();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseForbiddenCharacters();
app.UseHeadRequests();
app.UseWebPage();
app.UseRequestBodies();
app.UseRouting();
app.UseCors();
app.Use(app.Services.GetRequiredService<BookingTurns>().InvokeAsync);
app.UseAuthentication();
app.UseOriginCheck();
if (app.Services.GetRequiredService<RateLimitOptions>().Enabled)
{
    app.UseRateLimiter();
}

app.UseAuthorization();

var api = app.MapGroup("/api");
api.MapAuth()
    .MapMail()
    .MapYandex()
    .MapUsers()
    .MapSpace()
    .MapSeats()
    .MapFloor()
    .MapReservations()
    .MapTickets()
    .MapAvatars()
    .MapTelegram()
    .MapSimulation();
api.MapGroup("/admin")
    .WithTags("Admin")
    .RequireAdmin()
    .MapAdminReservations()
    .MapAdminUsers()
    .MapAdminTickets()
    .MapAdminNotifications()
    .MapDefaultAvatar()
    .MapFloorEditing()
    .MapToday()
    .MapAnnouncements()
    .MapAudit();
app.MapHealth();
app.MapMetrics();
app.MapApiDescription();

await app.RunAsync();
return Environment.ExitCode;
