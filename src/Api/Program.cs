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

const long MaxBodyBytes = 64 * 1024;

// The settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(
    new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory }
);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
});
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));

builder.AddCore();
builder.AddAuth();
builder.AddYandex();
builder.Services.AddSingleton<SeatList>();
builder.Services.AddSingleton<SeatWatch>();
builder.Services.AddHostedService(services => services.GetRequiredService<SeatWatch>());
builder.Services.AddHostedService<AvatarUpkeep>();
builder.Services.AddHostedService<MailWorker>();
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

app.UseSecurityHeaders();
app.UseLanguages();
app.UseErrorCount();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseForbiddenCharacters();
app.UseRequestBodies();
app.UseHeadRequests();
app.UseRouting();
app.UseCors();
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
return 0;
