extern alias Bot;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Metrics;
using BookIT.Core.Telegram;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;
using Bot::BookIT.Bot.Notifications;
using Bot::BookIT.Bot.Telegram;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BookIT.Tests.E2E.Notifications;

/// <summary>A clock that stands where it is set.</summary>
public sealed class SetTime(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>
/// The part of the bot that tells news, in this process, by a clock of the test's: over the real PostgreSQL, to the
/// emulator.
/// </summary>
internal sealed class BotInHand : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly BookItServer server;

    public BotInHand(ServerWithBot server, DateTimeOffset now, params (string Name, string Value)[] settings)
    {
        this.server = server;
        Clock = new SetTime(now);
        var builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { DisableDefaults = true, EnvironmentName = Environments.Development }
        );
        var configuration = new Dictionary<string, string?>
        {
            ["ConnectionStrings:Postgres"] = server.PostgresSetting,
            ["ConnectionStrings:Redis"] = server.RedisUrl,
            ["Redis:Timeout"] = "00:00:15",
            ["Jwt:Secret"] = BookItServer.JwtSecret,
            ["Admin:Key"] = BookItServer.AdminKey,
            ["Telegram:BotSecret"] = BookItServer.BotSecret,
            ["RateLimits:Enabled"] = "false",
            ["Space:TimeZone"] = "UTC",
        };
        foreach (var (name, value) in server.Telegram.Settings)
        {
            configuration[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        }

        foreach (var (name, value) in settings)
        {
            configuration[name] = value;
        }

        builder.Configuration.AddInMemoryCollection(configuration);
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddSingleton<ILoggerProvider>(Log);
        builder.AddCore();
        builder.Services.AddSingleton(provider => new TelegramBotClient(
            provider.GetRequiredService<TelegramOptions>(),
            provider.GetRequiredService<RateLimitOptions>(),
            provider.GetRequiredService<BookItMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TelegramBotClient>>()
        ));
        builder.Services.AddSingleton<NotificationDelivery>();
        services = builder.Services.BuildServiceProvider();
    }

    public SetTime Clock { get; }

    public Lines Log { get; } = new();

    public DateTimeOffset Now => Clock.Now;

    public NotificationDelivery Delivery => services.GetRequiredService<NotificationDelivery>();

    /// <summary>Does something with a part of the domain, at the clock's time.</summary>
    public async Task<T> WithAsync<TPart, T>(Func<TPart, Task<T>> act)
        where TPart : notnull
    {
        await using var scope = services.CreateAsyncScope();
        return await act(scope.ServiceProvider.GetRequiredService<TPart>());
    }

    /// <summary>Tells all that is due at this moment.</summary>
    public async Task TellAsync()
    {
        await Delivery.PlanAsync(default);
        while (await Delivery.DeliverNextAsync(default) is not null)
        {
            // The next one.
        }
    }

    public Task TellAtAsync(DateTimeOffset now)
    {
        Clock.Now = now;
        return TellAsync();
    }

    /// <summary>A member with a chat, reachable since before anything happens here.</summary>
    public async Task<(ApiClient Member, Dialogue Chat)> PersonAsync(string language = "en", bool isAdmin = false)
    {
        var member = isAdmin ? await server.AdminAsync() : await server.MemberAsync();
        var chat = ((ServerWithBot)server).Telegram.Somebody(language);
        await server.ExecuteAsync(
            $"""
            UPDATE users SET telegram_id = {chat.Id}, telegram_since = '{Now.AddDays(-30):O}', language = '{language}'
            WHERE id = '{member.UserId}'
            """
        );
        return (member, chat);
    }

    /// <summary>News for somebody, due now unless told otherwise.</summary>
    public async Task<long> NewsAsync(
        ApiClient member,
        string kind,
        string payload = "{}",
        DateTimeOffset? due = null
    ) =>
        await server.QueryAsync<long>(
            $"""
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
            VALUES ('{member.UserId}', '{kind}', gen_random_uuid()::text, '{payload}', '{due ?? Now:O}', '{due
                ?? Now:O}')
            RETURNING id
            """
        );

    /// <summary>A reservation of somebody, made long ago.</summary>
    public async Task<Guid> ReservationAsync(
        ApiClient member,
        Guid seat,
        DateTimeOffset start,
        DateTimeOffset end,
        string status = "future"
    )
    {
        var id = await server.ReservationAsync(member.UserId, seat, start, end, status);
        await server.ExecuteAsync($"UPDATE reservations SET made_at = '{start.AddDays(-20):O}' WHERE id = '{id}'");
        return id;
    }

    /// <summary>How a row ended: its state, and why.</summary>
    public Task<string> EndOfAsync(long id) => EndOfAsync($"id = {id}");

    public Task<string> EndOfAsync(string condition) =>
        server.QueryAsync<string>(
            $"""
            SELECT coalesce(string_agg(CASE WHEN delivered_at IS NOT NULL THEN 'delivered'
                WHEN dropped_at IS NOT NULL THEN 'dropped ' || error
                WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'pending' END, ', ' ORDER BY id), '')
            FROM notifications WHERE {condition}
            """
        );

    public ValueTask DisposeAsync() => services.DisposeAsync();

    /// <summary>What was logged.</summary>
    public sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> all = new();

        public IReadOnlyCollection<string> All => all;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
            {
                all.Enqueue($"{logLevel}: {formatter(state, exception)}");
            }
        }

        public void Dispose() { }
    }
}
