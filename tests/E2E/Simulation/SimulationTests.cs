using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using BookIT.Core.Data;
using BookIT.Core.Demo;
using BookIT.Tests.E2E.Servers;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Tests.E2E.Simulation;

/// <summary>A demo space with the limits that everybody has.</summary>
public sealed class DemoServer(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Demo__Enabled"] = "true", ["RateLimits__Enabled"] = "true" };
}

/// <summary>One after the other, because there is one demo traffic.</summary>
public sealed class SimulationTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const string Visitors = "user_id IN (SELECT id FROM users WHERE email LIKE 'demo-visitor-%')";
    private const string LiveVisits = $"{Visitors} AND status IN ('future', 'active')";
    private const string LiveOfVisitors = $"SELECT count(*) FROM reservations WHERE {LiveVisits}";

    private static async Task<JsonNode> StartAsync(ApiClient admin, double? rate = null)
    {
        var answer = await admin.PostAsync("/api/simulation/control", new { action = "start", rate });
        Assert.True(answer.Status == HttpStatusCode.OK, $"{answer}");
        Assert.True((bool)answer.Body["running"]!);
        return answer.Body;
    }

    private static async Task<JsonNode> StopAsync(ApiClient admin)
    {
        var answer = await admin.PostAsync("/api/simulation/control", new { action = "stop" });
        Assert.True(answer.Status == HttpStatusCode.OK, $"{answer}");
        Assert.False((bool)answer.Body["running"]!);
        return answer.Body;
    }

    private async Task<string> MetricsAsync() =>
        Encoding.UTF8.GetString((await server.Anonymous().GetAsync("/metrics")).Bytes);

    [Fact]
    public async Task Visitors_sign_in_book_are_checked_in_and_leave_within_the_limits_that_everybody_has()
    {
        var admin = await server.AdminAsync();
        var others = $"SELECT md5(string_agg(r::text, ',' ORDER BY id)) FROM reservations r WHERE NOT {Visitors}";
        var before = await server.QueryAsync<string>(others);

        var started = await StartAsync(admin, rate: 30);
        Assert.Equal(30, (double)started["rate"]!);
        JsonNode state = started;
        await Eventually.TrueAsync(
            async () =>
            {
                state = await StartAsync(admin, rate: 30);
                return (long)state["sign_ins"]! >= 11
                    && (long)state["bookings"]! >= 20
                    && (long)state["check_ins"]! >= 10
                    && (long)state["cancellations"]! >= 10;
            },
            () => state.ToJsonString(),
            TimeSpan.FromSeconds(90)
        );
        var metrics = await MetricsAsync();
        var stopped = await StopAsync(admin);

        Assert.Equal((string?)started["started_at"], (string?)state["started_at"]);
        Assert.Equal(0, (long)stopped["errors"]!);
        Assert.Equal((string?)started["started_at"], (string?)stopped["started_at"]);
        Assert.Null((double?)stopped["rate"]);
        Assert.Contains("http_route=\"/api/admin/check_qr/{reservation_id}\"", metrics);
        Assert.DoesNotContain("http_response_status_code=\"429\"", metrics);
        Assert.DoesNotContain("\nbookings_total 0\n", metrics);
        // Nothing is left behind, and nobody else was touched.
        Assert.Equal(0, await server.QueryAsync<long>(LiveOfVisitors));
        Assert.Equal(before, await server.QueryAsync<string>(others));
        var again = await StopAsync(admin);
        Assert.Null((string?)again["started_at"]);
    }

    [Fact]
    public async Task The_accounts_are_made_once_and_nobody_else_knows_their_password()
    {
        var admin = await server.AdminAsync();
        const string accounts = "SELECT string_agg(id::text, ',' ORDER BY id) FROM users WHERE email LIKE 'demo-%'";
        await StartAsync(admin);
        await StopAsync(admin);
        var first = await server.QueryAsync<string>(accounts);
        await StartAsync(admin);
        await StopAsync(admin);

        Assert.Equal(first, await server.QueryAsync<string>(accounts));
        Assert.Equal(DemoVisitors.Count + 1, first.Split(',').Length);
        Assert.Equal(
            1,
            await server.QueryAsync<long>("SELECT count(*) FROM users WHERE email LIKE 'demo-%' AND role = 'admin'")
        );
        var guess = new { email = "demo-usher@example.com", password = DemoSpace.Password };
        Assert.Equal("wrong_credentials", (await server.Anonymous().PostAsync("/api/auth/login", guess)).Code);
    }

    [Fact]
    public async Task When_few_seats_are_free_they_are_left_to_members()
    {
        var admin = await server.AdminAsync();
        var now = TimeProvider.System.GetUtcNow();
        var seats = (
            await server
                .Anonymous()
                .GetAsync($"/api/seat?start={now:yyyy-MM-ddTHH:mm:ssZ}&end={now.AddHours(2):yyyy-MM-ddTHH:mm:ssZ}")
        )
            .Body.AsArray()
            .Where(seat => (bool)seat!["is_available"]!)
            .Select(seat => Guid.Parse((string)seat!["id"]!))
            .ToList();
        var taken = new List<Guid>();
        foreach (var seat in seats.SkipLast(8))
        {
            var member = await server.MemberAsync();
            taken.Add(await server.ReservationAsync(member.UserId, seat, now, now.AddHours(2)));
        }

        var asked = await SeatListsAsync();
        await StartAsync(admin, rate: 30);
        try
        {
            await Eventually.TrueAsync(
                async () => await SeatListsAsync() >= asked + 30,
                within: TimeSpan.FromSeconds(90)
            );
            Assert.Equal(0, await server.QueryAsync<long>(LiveOfVisitors));
        }
        finally
        {
            var stopped = await StopAsync(admin);
            Assert.Equal(0, (long)stopped["bookings"]!);
            await server.ExecuteAsync(
                $"DELETE FROM reservations WHERE id IN ({string.Join(',', taken.Select(id => $"'{id}'"))})"
            );
        }

        async Task<double> SeatListsAsync() =>
            (await MetricsAsync())
                .Split('\n')
                .Where(line =>
                    line.StartsWith("http_server_request_duration_seconds_count", StringComparison.Ordinal)
                    && line.Contains("http_route=\"/api/seat/\"", StringComparison.Ordinal)
                )
                .Sum(line => double.Parse(line.Split(' ')[^1]));
    }

    [Fact]
    public async Task One_replica_drives_and_any_other_steers_it()
    {
        var admin = await server.AdminAsync();
        var (_, address) = await server.StartApiAsync();
        var elsewhere = server.At(address, admin);
        var started = await StartAsync(admin, rate: 10);

        var steered = await StartAsync(elsewhere, rate: 20);
        Assert.Equal((string?)started["started_at"], (string?)steered["started_at"]);
        Assert.Equal(20, (double)steered["rate"]!);
        await Eventually.TrueAsync(async () => (long)(await StartAsync(elsewhere, rate: 20))["bookings"]! > 0);
        Assert.Contains("Demo traffic has started", server.Api.Output);

        await StopAsync(elsewhere);
        await Eventually.TrueAsync(async () => await server.QueryAsync<long>(LiveOfVisitors) == 0);
        await Eventually.TrueAsync(() =>
            Task.FromResult(Count("Demo traffic has started") == Count("Demo traffic has stopped"))
        );
        int Count(string text) => server.Api.Output.Split(text).Length;
    }

    [Fact]
    public async Task A_replica_that_ends_stops_its_traffic_and_one_that_dies_is_followed()
    {
        var admin = await server.AdminAsync();
        var (ending, first) = await server.StartApiAsync();
        var (dying, second) = await server.StartApiAsync();
        var started = await StartAsync(server.At(first, admin), rate: 20);
        await Eventually.TrueAsync(async () => await server.QueryAsync<long>(LiveOfVisitors) > 2);

        Assert.Equal(0, await ending.StopAsync());
        Assert.Equal(0, await server.QueryAsync<long>(LiveOfVisitors));

        var next = await StartAsync(server.At(second, admin), rate: 20);
        Assert.NotEqual((string?)started["started_at"], (string?)next["started_at"]);
        await Eventually.TrueAsync(async () => await server.QueryAsync<long>(LiveOfVisitors) > 2);
        await dying.KillAsync();

        // Until its lease is over, it only seems to go on.
        await Eventually.TrueAsync(async () =>
            (string?)(await StartAsync(admin, rate: 20))["started_at"] != (string?)next["started_at"]
        );
        // The seats that it held are found again, and given back.
        var held = await server.QueryAsync<string>(
            $"SELECT coalesce(string_agg(id::text, ','), '') FROM reservations WHERE {LiveVisits}"
        );
        await Eventually.TrueAsync(
            async () =>
                await server.QueryAsync<long>(
                    $"SELECT count(*) FROM reservations WHERE {LiveVisits} AND id::text = ANY (string_to_array('{held}', ','))"
                ) == 0,
            within: TimeSpan.FromSeconds(90)
        );
        Assert.Equal(0, (long)(await StopAsync(admin))["errors"]!);
        Assert.Equal(0, await server.QueryAsync<long>(LiveOfVisitors));
    }

    [Fact]
    public async Task What_visitors_leave_behind_is_bounded()
    {
        var admin = await server.AdminAsync();
        await StartAsync(admin);
        await StopAsync(admin);
        await server.ExecuteAsync(
            """
            INSERT INTO reservations (id, user_id, seat_id, starts_at, ends_at, status, slot, made_at)
            SELECT gen_random_uuid(), u.id, (SELECT id FROM seats LIMIT 1), now() - n * interval '1 hour',
                now() - n * interval '1 hour' + interval '15 minutes', 'closed', 1, now()
            FROM users u, generate_series(1, 1000) n WHERE u.email = 'demo-visitor-1@example.com'
            """
        );
        var options = new DbContextOptionsBuilder<BookItDbContext>().UseNpgsql(server.Postgres).Options;
        await using var db = new BookItDbContext(options);

        await new DemoVisitors(db, server.Postgres, passwords: null!, sessions: null!, TimeProvider.System).TidyAsync(
            default
        );

        Assert.Equal(
            DemoVisitors.KeptReservations,
            await server.QueryAsync<long>($"SELECT count(*) FROM reservations WHERE {Visitors}")
        );
        Assert.Equal(0, await server.QueryAsync<long>($"SELECT count(*) FROM notifications WHERE {Visitors}"));
    }

    [Theory]
    [InlineData("""{"action":"go"}""", "action")]
    [InlineData("""{"rate":1}""", "action")]
    [InlineData("""{"action":"start","rate":0}""", "rate")]
    [InlineData("""{"action":"start","rate":50.1}""", "rate")]
    [InlineData("""{"action":"start","rate":-1}""", "rate")]
    public async Task What_cannot_be_done_is_named(string body, string field)
    {
        var content = new StringContent(body, Encoding.UTF8, "application/json");
        var answer = await (await server.AdminAsync()).PostAsync("/api/simulation/control", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.NotNull(answer.Body["errors"]![field]);
    }

    [Fact]
    public async Task Only_administrators_control_it()
    {
        var body = new { action = "start" };
        Assert.Equal("not_signed_in", (await server.Anonymous().PostAsync("/api/simulation/control", body)).Code);
        var member = await server.MemberAsync();
        Assert.Equal("admin_only", (await member.PostAsync("/api/simulation/control", body)).Code);
    }

    [Fact]
    public async Task Without_demo_mode_and_in_production_there_is_none()
    {
        var admin = await server.AdminAsync();
        foreach (var (environment, enabled) in new[] { ("Development", "false"), ("Production", "true") })
        {
            var (_, address) = await server.StartApiAsync(
                new Dictionary<string, string?>
                {
                    ["ASPNETCORE_ENVIRONMENT"] = environment,
                    ["Demo__Enabled"] = enabled,
                }
            );
            foreach (var action in new[] { "start", "stop" })
            {
                var answer = await server.At(address, admin).PostAsync("/api/simulation/control", new { action });
                Assert.Equal(("demo_off", HttpStatusCode.NotFound), (answer.Code, answer.Status));
            }
        }
    }
}
