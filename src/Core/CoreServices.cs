using System.Diagnostics.Metrics;
using BookIT.Core.Audit;
using BookIT.Core.Auth;
using BookIT.Core.Avatars;
using BookIT.Core.Data;
using BookIT.Core.Demo;
using BookIT.Core.Floor;
using BookIT.Core.Languages;
using BookIT.Core.Logs;
using BookIT.Core.Mail;
using BookIT.Core.Metrics;
using BookIT.Core.Notifications;
using BookIT.Core.Redis;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using BookIT.Core.Space;
using BookIT.Core.Telegram;
using BookIT.Core.Tickets;
using BookIT.Core.Traces;
using BookIT.Core.Users;
using BookIT.Core.Yandex;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BookIT.Core;

/// <summary>Everything of the domain that a host needs, the Api and the bot alike.</summary>
public static class CoreServices
{
    /// <summary>Adds the domain's options, its servers and its use cases.</summary>
    public static IHostApplicationBuilder AddCore(this IHostApplicationBuilder builder)
    {
        builder.AddLogFile();
        BatchedConsole.AddTo(builder);
        var services = builder.Services;
        var isProduction = builder.Environment.IsProduction();
        services.TryAddSingleton(TimeProvider.System);

        services.AddValidatedOptions<ConnectionStrings>("ConnectionStrings", options => options.Mistakes());
        services.AddValidatedOptions<JwtOptions>(
            "Jwt",
            options => Secrets.Mistakes("Jwt:Secret", options.Secret, minimumBytes: 32, isProduction)
        );
        services.AddValidatedOptions<AdminOptions>(
            "Admin",
            options => Secrets.Mistakes("Admin:Key", options.Key, minimumBytes: 16, isProduction)
        );
        services.AddValidatedOptions<TelegramOptions>("Telegram", options => options.Mistakes(isProduction));
        services.AddValidatedOptions<RateLimitOptions>("RateLimits", options => options.Mistakes());
        services.AddValidatedOptions<DemoOptions>("Demo", _ => []);
        services.AddValidatedOptions<MetricsOptions>("Metrics", options => options.Mistakes());
        services.AddValidatedOptions<OtlpOptions>("Otlp", options => options.Mistakes());
        services.AddValidatedOptions<BookingOptions>("Booking", options => options.Mistakes());
        services.AddValidatedOptions<SpaceOptions>("Space", options => options.Mistakes());
        services.AddValidatedOptions<AvatarOptions>("Avatars", _ => []);
        services.AddValidatedOptions<S3Options>("S3", options => options.Mistakes());
        services.AddValidatedOptions<MailOptions>("", options => options.Mistakes());
        services.AddValidatedOptions<RedisOptions>("Redis", options => options.Mistakes());

        services.AddHostedService<Tracing>();
        services.AddSingleton<MetricsExporter>();
        services.AddSingleton(provider => new BookItMetrics(
            provider.GetRequiredService<IMeterFactory>().Create(BookItMetrics.MeterName),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton(provider =>
            ActivatorUtilities.CreateInstance<SpaceReadings>(
                provider,
                provider.GetRequiredService<IMeterFactory>().Create(BookItMetrics.MeterName)
            )
        );
        services.AddSingleton(provider =>
            Postgres.CreateDataSource(
                provider.GetRequiredService<ConnectionStrings>().Postgres,
                builder.Environment.ApplicationName
            )
        );
        services.AddPooledDbContextFactory<BookItDbContext>(
            (provider, options) =>
                options
                    .UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>())
                    // What the database refuses is a refusal to us, or thrown: EF Core's own shout is not news.
                    .ConfigureWarnings(events =>
                        events.Log(
                            (RelationalEventId.CommandError, LogLevel.Debug),
                            (RelationalEventId.ConnectionError, LogLevel.Debug),
                            (RelationalEventId.TransactionError, LogLevel.Debug),
                            (CoreEventId.QueryIterationFailed, LogLevel.Debug),
                            (CoreEventId.SaveChangesFailed, LogLevel.Debug)
                        )
                    )
        );
        services.AddScoped(provider =>
            provider.GetRequiredService<IDbContextFactory<BookItDbContext>>().CreateDbContext()
        );
        services.AddSingleton(provider =>
            ConnectionMultiplexer.Connect(
                provider.GetRequiredService<ConnectionStrings>().Redis,
                provider.GetRequiredService<ILogger<ConnectionMultiplexer>>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<RedisOptions>().Timeout
            )
        );
        services.AddBackgroundSingleton<Health>();
        services.AddBackgroundSingleton<SeatChanges>();
        services.AddSingleton<SeatAvailability>();
        services.AddSingleton<HolderStates>();
        services.AddBackgroundSingleton<ReservationClock>();
        services.AddSingleton<Booking>();
        services.AddSingleton<Pass>();

        services.AddSingleton<PasswordHashing>();
        services.AddSingleton<SignInAttempts>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<SignInDevices>();
        services.AddScoped<SignIn>();
        services.AddSingleton<AccountLanguages>();
        services.AddScoped<YandexSignIn>();
        services.AddSingleton<MailOutbox>();
        services.AddScoped<EmailLinks>();
        services.AddScoped<Accounts>();
        services.AddScoped<TelegramLinks>();
        services.AddScoped<ReplyPrompts>();
        services.AddScoped<TelegramSignIn>();
        services.AddSingleton<BotLeader>();
        services.AddScoped<OwnDataExport>();

        FolderAvatarStore AvatarFolder(IServiceProvider provider, string subfolder = "") =>
            new(
                Path.Combine(
                    builder.Environment.ContentRootPath,
                    provider.GetRequiredService<AvatarOptions>().Folder,
                    subfolder
                )
            );
        AvatarStore PictureStore(IServiceProvider provider, string kind, string subfolder) =>
            provider.GetRequiredService<S3Options>() is { Endpoint.Length: > 0 } s3
                ? new S3AvatarStore(s3, kind)
                : AvatarFolder(provider, subfolder);
        services.AddSingleton(provider => PictureStore(provider, "avatars", subfolder: ""));
        services.AddKeyedSingleton(FloorPlans.Store, (provider, _) => PictureStore(provider, "floor", "floor"));
        services.AddSingleton(provider =>
        {
            var store = provider.GetRequiredService<AvatarStore>();
            return new DefaultAvatar(
                provider.GetRequiredService<NpgsqlDataSource>(),
                store,
                copies: store is S3AvatarStore ? AvatarFolder(provider, "default") : null
            );
        });
        services.AddScoped<AvatarReading>();
        services.AddScoped<AvatarEditing>();
        services.AddScoped<FloorPlans>();
        services.AddScoped<FloorEditing>();

        services.AddScoped<Schema>();
        services.AddScoped<DemoSpace>();
        services.AddScoped<DemoVisitors>();
        services.AddSingleton<TrafficLease>();
        services.AddScoped<AuditTrail>();
        services.AddScoped<SeatEditing>();
        services.AddScoped<ReservationChanges>();
        services.AddScoped<ReservationQueries>();
        services.AddScoped<Visits>();
        services.AddScoped<Announcements>();
        services.AddScoped<SupportTickets>();
        services.AddSingleton<Reminders>();
        services.AddSingleton<Outbox>();
        services.AddScoped<NewsReading>();
        services.AddScoped<NotificationPreferences>();
        services.AddScoped<NotificationReview>();
        return builder;
    }

    /// <summary>Begins to count, before the first request and not at the first scrape.</summary>
    public static void StartMetrics(this IServiceProvider services)
    {
        services.GetRequiredService<BookItMetrics>();
        services.GetRequiredService<MetricsExporter>();
    }

    private static void AddBackgroundSingleton<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }
}

/// <summary>Where the servers are (section <c>ConnectionStrings</c>).</summary>
public sealed class ConnectionStrings
{
    private const string PostgresForm = "Host=…;Port=…;Database=…;Username=…;Password=…";

    /// <summary>In Npgsql's form: <c>Host=…;Port=…;Database=…;Username=…;Password=…</c>.</summary>
    public string Postgres { get; init; } = "";

    /// <summary>A <c>redis://</c> or <c>rediss://</c> URL.</summary>
    public string Redis { get; init; } = "";

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (Postgres.Length == 0)
        {
            yield return $"ConnectionStrings:Postgres is missing: set ConnectionStrings__Postgres to {PostgresForm}.";
        }
        else if (!IsReadable(() => new NpgsqlConnectionStringBuilder(Postgres)))
        {
            yield return $"ConnectionStrings:Postgres cannot be read: set ConnectionStrings__Postgres to {PostgresForm}.";
        }

        if (Redis.Length == 0)
        {
            yield return "ConnectionStrings:Redis is missing: set ConnectionStrings__Redis to a redis:// URL.";
        }
        else if (!IsReadable(() => RedisUrl.Parse(Redis)))
        {
            yield return "ConnectionStrings:Redis cannot be read: set ConnectionStrings__Redis to a redis:// URL.";
        }
    }

    /// <summary>Without the reader's own words: they could repeat the password.</summary>
    private static bool IsReadable(Func<object> read)
    {
        try
        {
            return read() is not null;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

/// <summary>How Redis is used (section <c>Redis</c>).</summary>
public sealed class RedisOptions
{
    /// <summary>
    /// How long a call waits for its reply and an attempt for a connection, from 100 ms to a minute: what needs Redis
    /// says by then when to try again.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(1))
        {
            yield return "Redis:Timeout must be from 00:00:00.1 to 00:01:00.";
        }
    }
}
