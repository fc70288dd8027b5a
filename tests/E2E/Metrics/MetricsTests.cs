using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Faults;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Metrics;

public sealed class MetricsTests(ServerWithOwnRedis server) : IClassFixture<ServerWithOwnRedis>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private async Task<string> ScrapeAsync(string path = "/metrics", Uri? address = null)
    {
        var answer = await server.Anonymous(address).GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(
            "text/plain; version=0.0.4; charset=utf-8",
            answer.Response.Content.Headers.ContentType!.ToString()
        );
        return Encoding.UTF8.GetString(answer.Bytes);
    }

    /// <summary>The value of a series; null where it is not there.</summary>
    private static double? Value(string metrics, string series) =>
        metrics.Split('\n').FirstOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal)) is { } found
            ? double.Parse(found[(series.Length + 1)..], CultureInfo.InvariantCulture)
            : null;

    private static async Task AssertNothingToSayAsync(string metrics)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("metrics");
        await File.WriteAllTextAsync(file, metrics);
        Assert.Empty(await Tool.RunAsync("sh", "-c", $"promtool check metrics <'{file}' 2>&1"));
    }

    [Fact]
    public async Task Promtool_has_nothing_to_say_of_the_api()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        await member.BookAsync(seat, now.AddHours(1), now.AddHours(2));
        await member.BookAsync(seat, now.AddHours(1), now.AddHours(2));
        await member.GetAsync("/api/nothing");
        await server.RegisterAsync();

        var metrics = await ScrapeAsync();

        await AssertNothingToSayAsync(metrics);
        // The framework's, the database's and the runtime's own come along.
        Assert.Contains("\nhttp_server_request_duration_seconds_bucket{", metrics);
        Assert.Contains("\nkestrel_active_connections{", metrics);
        Assert.Contains("\ndb_client_connection_number{", metrics);
        Assert.Contains("pool_name=\"bookit\"", metrics);
        Assert.Contains("\ndotnet_process_cpu_time_seconds_total{", metrics);
        Assert.Contains("http_route=\"/api/reservations/\"", metrics);
        Assert.DoesNotContain("msquic", metrics);
        Assert.DoesNotContain("Password", metrics, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Promtool_has_nothing_to_say_of_the_bot()
    {
        await using var bot = await Program.StartAsync(
            "Bot",
            new Dictionary<string, string?>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["ConnectionStrings__Postgres"] = server.PostgresSetting,
                ["ConnectionStrings__Redis"] = server.RedisUrl,
                ["Jwt__Secret"] = BookItServer.JwtSecret,
                ["Admin__Key"] = BookItServer.AdminKey,
                ["Telegram__BotSecret"] = BookItServer.BotSecret,
            }
        );

        var metrics = await ScrapeAsync(address: await bot.ListeningAsync());

        await AssertNothingToSayAsync(metrics);
        Assert.Equal(0, Value(metrics, "bookings_total"));
    }

    [Fact]
    public async Task What_happens_in_the_space_is_counted()
    {
        var before = await ScrapeAsync("/api/metrics");
        var somebody = await server.RegisterAsync();
        await server.LoginAsync(somebody.Email());
        await server.LoginAsync(somebody.Email(), "wrong password");
        var client = server.As(somebody);
        var seat = await server.SeatAsync();
        var booked = await client.BookAsync(seat, now.AddHours(1), now.AddHours(3), idempotencyKey: "once");
        await client.BookAsync(seat, now.AddHours(1), now.AddHours(3), idempotencyKey: "once");
        await (await server.MemberAsync()).BookAsync(seat, now.AddHours(1), now.AddHours(3));
        await client.PostAsync("/api/auth/logout");
        var after = await ScrapeAsync("/api/metrics");

        Assert.Equal(HttpStatusCode.Created, booked.Status);
        double Grown(string series) => (Value(after, series) ?? 0) - (Value(before, series) ?? 0);
        Assert.NotNull(Value(before, "bookings_total"));
        Assert.Equal(1, Grown("user_registrations_total"));
        Assert.Equal(1, Grown("user_logins_total"));
        Assert.Equal(1, Grown("bookings_total"));
        Assert.Equal(1, Grown("bookings_refused_total{code=\"seat_taken\"}"));
        Assert.Equal(1, Grown("session_duration_seconds_count"));
        Assert.Equal(1, Grown("session_duration_seconds_bucket{le=\"60\"}"));
        Assert.InRange(Value(after, "active_users")!.Value, 2, 1_000);
        Assert.InRange(Value(after, "average_booking_time_seconds")!.Value, 3_600, 7_200);
    }

    [Fact]
    public async Task Errors_are_counted_by_route_and_refusals_are_none()
    {
        const string series = "api_errors_total{endpoint=\"/api/telegram/get_token\"}";
        var member = await server.MemberAsync();
        var before = Value(await ScrapeAsync(), series) ?? 0;
        server.Redis.Kill();
        try
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await member.GetAsync("/api/telegram/get_token")).Status);
            await member.GetAsync("/health/ready");
        }
        finally
        {
            await server.StartRedisAsync();
        }

        await member.GetAsync($"/api/user/{Guid.CreateVersion7()}");

        var metrics = await ScrapeAsync();
        Assert.Equal(before + 1, Value(metrics, series));
        Assert.DoesNotContain("api_errors_total{endpoint=\"/api/user/{id}", metrics);
        Assert.DoesNotContain("api_errors_total{endpoint=\"/health", metrics);
    }

    [Fact]
    public async Task Strangers_and_what_a_proxy_passes_on_find_nothing()
    {
        var (_, elsewhere) = await server.StartApiAsync(
            new Dictionary<string, string?> { ["Metrics__AllowFrom"] = "203.0.113.0/24" }
        );
        var (_, behindProxy) = await server.StartApiAsync(
            new Dictionary<string, string?>
            {
                ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true",
                ["Metrics__AllowFrom"] = "203.0.113.0/24,127.0.0.1",
            }
        );
        Task<Answer> GetAsync(Uri? address, string path, params (string, string)[] headers) =>
            server.Anonymous(address).SendAsync(HttpMethod.Get, path, null, headers);

        foreach (var path in new[] { "/metrics", "/api/metrics" })
        {
            Answer[] answers =
            [
                await GetAsync(elsewhere, path),
                await GetAsync(elsewhere, path, ("X-Forwarded-For", "203.0.113.7")),
                await GetAsync(null, path, ("X-Forwarded-For", "127.0.0.1")),
                await GetAsync(null, path, ("Forwarded", "for=127.0.0.1")),
                await GetAsync(behindProxy, path, ("X-Forwarded-For", "203.0.113.7")),
                await GetAsync(behindProxy, path, ("X-Forwarded-For", "127.0.0.1, 127.0.0.1")),
            ];
            Assert.All(
                answers,
                answer => Assert.Equal(("not_found", HttpStatusCode.NotFound), (answer.Code, answer.Status))
            );
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(behindProxy, path)).Status);
        }
    }

    [Fact]
    public async Task A_scrape_is_cheap()
    {
        var client = server.Anonymous();
        var fastest = TimeSpan.MaxValue;
        for (var i = 0; i < 50; i++)
        {
            var watch = Stopwatch.StartNew();
            await client.GetAsync("/metrics");
            fastest = watch.Elapsed < fastest ? watch.Elapsed : fastest;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"A scrape takes {fastest.TotalMilliseconds:0.00} ms.");
        // Ten times what it takes: the machine may be busy.
        Assert.True(fastest < TimeSpan.FromMilliseconds(25), $"{fastest}");
    }
}
