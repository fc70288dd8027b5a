using BookIT.Tests.E2E.Servers;
using Npgsql;

namespace BookIT.Tests.E2E.Faults;

public sealed class StartTests(TestServers servers)
{
    private Dictionary<string, string?> Environment(string database) =>
        new()
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ConnectionStrings__Postgres"] = database,
            ["ConnectionStrings__Redis"] = servers.CreateRedisUrl(),
        };

    [Fact]
    public async Task Two_that_start_at_once_on_an_empty_database_both_come_up_and_load_the_demo_once()
    {
        var database = await servers.CreateDatabaseAsync(migrated: false);
        var environment = Environment(database);
        environment["Demo__Enabled"] = "true";
        await using var one = await Program.StartAsync("Api", environment);
        await using var other = await Program.StartAsync("Api", environment);

        foreach (var program in new[] { one, other })
        {
            using var client = new HttpClient { BaseAddress = await program.ListeningAsync() };
            await Eventually.TrueAsync(
                async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode,
                () => program.Output
            );
        }

        await using var postgres = NpgsqlDataSource.Create(database);
        await using var command = postgres.CreateCommand(
            "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM seats), (SELECT count(DISTINCT status) FROM reservations)"
        );
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        Assert.Equal((20L, 42L, 4L), (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2)));
    }

    [Fact]
    public async Task In_production_it_refuses_to_start_with_a_missing_or_a_default_secret()
    {
        var environment = Environment("Host=127.0.0.1");
        environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        environment["Jwt__Secret"] = "development-only-secret-that-everybody-can-read";
        environment["Admin__Key"] = null;
        environment["Telegram__BotSecret"] = "short";
        await using var program = await Program.StartAsync("Api", environment);

        var exitCode = await program.WaitForExitAsync();

        Assert.NotEqual(0, exitCode);
        Assert.Contains("Jwt:Secret is the one from the source code", program.Output, StringComparison.Ordinal);
        Assert.Contains("Admin:Key is missing", program.Output, StringComparison.Ordinal);
        Assert.Contains("Telegram:BotSecret is too short", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_told_in_sentences()
    {
        var environment = Environment("Host=127.0.0.1");
        environment["Booking__MaxDuration"] = "24:00:00";
        environment["ConnectionStrings__Postgres"] = "nonsense with a password";
        environment["ConnectionStrings__Redis"] = "http://user:password@127.0.0.1";
        environment["Redis__Timeout"] = "00:00:00";
        environment["Booking__LiveReservationsPerUser"] = "0";
        environment["S3__Endpoint"] = "s3://key:password@bucket";
        environment["S3__AccessKey"] = "key";
        environment["S3__Bucket"] = "No Bucket";
        await using var program = await Program.StartAsync("Api", environment);

        var exitCode = await program.WaitForExitAsync();

        Assert.NotEqual(0, exitCode);
        Assert.Contains("24 hours are written 1.00:00:00", program.Output, StringComparison.Ordinal);
        Assert.Contains("Booking:LiveReservationsPerUser is 0", program.Output, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:Postgres cannot be read", program.Output, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:Redis cannot be read", program.Output, StringComparison.Ordinal);
        Assert.Contains("Redis:Timeout must be from", program.Output, StringComparison.Ordinal);
        Assert.Contains("S3:Endpoint cannot be read", program.Output, StringComparison.Ordinal);
        Assert.Contains("S3:SecretKey is missing", program.Output, StringComparison.Ordinal);
        Assert.Contains("S3:Bucket is no name", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("password@", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_that_cannot_be_read_is_named()
    {
        var environment = Environment("Host=127.0.0.1");
        environment["Booking__MinDuration"] = "a while";
        await using var program = await Program.StartAsync("Api", environment);

        var exitCode = await program.WaitForExitAsync();

        Assert.NotEqual(0, exitCode);
        Assert.Contains("'Booking:MinDuration'", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_production_the_schema_is_brought_up_to_date_by_a_command_and_missed_until_then()
    {
        var database = await servers.CreateDatabaseAsync(migrated: false);
        var environment = Environment(database);
        environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        environment["Jwt__Secret"] = BookItServer.JwtSecret;
        environment["Admin__Key"] = BookItServer.AdminKey;
        environment["Telegram__BotSecret"] = "a-bot-secret-for-tests";
        environment["Frontend__Url"] = BookItServer.FrontendOrigin;
        environment["Demo__Enabled"] = "true";
        using var avatars = new TemporaryFolder();
        environment["Avatars__Folder"] = avatars.File("avatars");
        await using var api = await Program.StartAsync("Api", environment);
        using var client = new HttpClient { BaseAddress = await api.ListeningAsync() };
        await Eventually.TrueAsync(async () =>
            (await client.GetStringAsync("/health/live")).Length == 0
            && (await (await client.GetAsync("/health/ready")).Content.ReadAsStringAsync()).Contains(
                "BookIT.Api migrate",
                StringComparison.Ordinal
            )
        );

        await using var migration = await Program.StartAsync("Api", environment, "migrate");
        Assert.True(await migration.WaitForExitAsync() == 0, migration.Output);

        await Eventually.TrueAsync(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode);
        Assert.Equal("[]", await client.GetStringAsync("/api/seat"));
    }

    [Fact]
    public async Task In_production_it_refuses_a_database_with_demo_accounts_that_anybody_can_sign_in_to()
    {
        var database = await servers.CreateDatabaseAsync();
        var environment = Environment(database);
        environment["Demo__Enabled"] = "true";
        await using (var demo = await Program.StartAsync("Api", environment))
        {
            await demo.ListeningAsync();
        }

        environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        environment["Jwt__Secret"] = BookItServer.JwtSecret;
        environment["Admin__Key"] = BookItServer.AdminKey;
        environment["Telegram__BotSecret"] = "a-bot-secret-for-tests";
        environment["Frontend__Url"] = BookItServer.FrontendOrigin;
        await using var allowed = await Program.StartAsync("Api", environment);
        await allowed.ListeningAsync();
        // Where the database takes its time to tell, it starts and is told later.
        await Eventually.TrueAsync(() =>
            Task.FromResult(allowed.Output.Contains("anybody can sign in", StringComparison.Ordinal))
        );

        environment["Demo__Enabled"] = "false";
        await using var refused = await Program.StartAsync("Api", environment);
        Assert.Equal(1, await refused.WaitForExitAsync());
        Assert.Contains("demo accounts", refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Now listening", refused.Output, StringComparison.Ordinal);

        // One whose database comes up later starts, and ends then.
        var away = new NpgsqlConnectionStringBuilder(database);
        await servers.ExecuteAsync($"ALTER DATABASE {away.Database} ALLOW_CONNECTIONS false");
        await using var early = await Program.StartAsync("Api", environment);
        await early.ListeningAsync();
        await servers.ExecuteAsync($"ALTER DATABASE {away.Database} ALLOW_CONNECTIONS true");
        Assert.Equal(1, await early.WaitForExitAsync());
        Assert.Contains("demo accounts", early.Output, StringComparison.Ordinal);

        // What the sentence says to do.
        await using (var postgres = NpgsqlDataSource.Create(database))
        {
            var sentence = refused.Output;
            var sql = sentence[sentence.IndexOf("UPDATE", StringComparison.Ordinal)..].Split(". To show")[0];
            await using var command = postgres.CreateCommand(sql);
            Assert.Equal(20, await command.ExecuteNonQueryAsync());
        }

        await using var tidied = await Program.StartAsync("Api", environment);
        await tidied.ListeningAsync();
    }

    [Fact]
    public async Task The_bot_starts_is_ready_and_stops()
    {
        await using var bot = await Program.StartAsync("Bot", Environment(await servers.CreateDatabaseAsync()));
        using var client = new HttpClient { BaseAddress = await bot.ListeningAsync() };

        await Eventually.TrueAsync(
            async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode,
            () => bot.Output
        );

        Assert.Equal(0, await bot.StopAsync());
    }
}
