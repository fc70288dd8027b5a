using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Logs;

public sealed class LogTests(ProductionServer server) : IClassFixture<ProductionServer>
{
    private const string Category = "BookIT.Api.Http.RequestLog";

    /// <summary>What was logged, a JSON object a line.</summary>
    private IEnumerable<JsonNode> Lines =>
        server
            .Api.Output.Split('\n', StringSplitOptions.TrimEntries)
            .Where(line => line.StartsWith('{'))
            .Select(line => JsonNode.Parse(line)!);

    private IEnumerable<JsonNode> Requests =>
        Lines.Where(line => (string?)line["Category"] == Category).Select(line => line["State"]!);

    private async Task<JsonNode> RequestAsync(Func<JsonNode, bool> isIt)
    {
        JsonNode? found = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await Task.Yield();
                return (found = Requests.FirstOrDefault(isIt)) is not null;
            },
            () => server.Api.Output
        );
        return found!;
    }

    [Fact]
    public async Task In_production_a_request_is_a_line_of_json_that_tells_no_personal_data()
    {
        const string email = "logged.somebody@example.com";
        var registered = await server.RegisterAsync(email: email);
        var somebody = server.As(registered);
        var trace = Convert.ToHexStringLower(Guid.CreateVersion7().ToByteArray());
        await somebody.SendAsync(
            HttpMethod.Get,
            $"/api/user/{somebody.UserId}?secret=in-the-query",
            null,
            ("traceparent", $"00-{trace}-00f067aa0ba902b7-00"),
            ("User-Agent", "somebodys-own-browser/1.0")
        );
        await server.Anonymous().GetAsync($"/api/nothing/{email}");

        var line = await RequestAsync(request => (string?)request["TraceId"] == trace);
        Assert.Equal("GET", (string?)line["Method"]);
        Assert.Equal("/api/user/{id}", (string?)line["Route"]);
        Assert.Equal(somebody.UserId.ToString(), (string?)line["UserId"]);
        Assert.InRange((int)line["Status"]!, 200, 499);
        Assert.InRange((double)line["Milliseconds"]!, 0, 60_000);
        Assert.Equal("none", (string?)(await RequestAsync(request => (int)request["Status"]! == 404))["Route"]);
        foreach (
            var secret in new[]
            {
                email,
                "in-the-query",
                "somebodys-own-browser",
                BookItServer.Password,
                (string)registered.Body["user"]!["first_name"]!,
                "127.0.0.1\"",
            }
        )
        {
            Assert.DoesNotContain(secret, server.Api.Output, StringComparison.Ordinal);
        }

        foreach (var cookie in registered.Cookies())
        {
            Assert.DoesNotContain(cookie.Split('=', ';')[1], server.Api.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_last_lines_before_an_end_are_written()
    {
        var (program, address) = await server.StartApiAsync();
        await server.Anonymous(address).GetAsync("/api/nothing");

        await program.StopAsync();

        await Eventually.TrueAsync(
            () => Task.FromResult(program.Output.Contains("\"Route\":\"none\"", StringComparison.Ordinal)),
            () => program.Output
        );
        Assert.Contains("Application is shutting down", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_it_does_not_start_is_written()
    {
        await using var refused = await Servers.Program.StartAsync(
            "Api",
            new Dictionary<string, string?> { ["ASPNETCORE_ENVIRONMENT"] = "Production" }
        );

        Assert.NotEqual(0, await refused.WaitForExitAsync());

        await Eventually.TrueAsync(
            () => Task.FromResult(refused.Output.Contains("Jwt:Secret", StringComparison.Ordinal)),
            () => refused.Output
        );
    }

    [Fact]
    public async Task What_is_logged_changes_while_it_runs()
    {
        await server.Anonymous().GetAsync("/health/live");
        Assert.DoesNotContain(Requests, request => (string?)request["Route"] == "/health/live");

        server.WriteLogSettings($$"""{ "Logging": { "LogLevel": { "{{Category}}": "Debug" } } }""");
        await Eventually.TrueAsync(async () =>
        {
            await server.Anonymous().GetAsync("/health/live");
            return Requests.Any(request => (string?)request["Route"] == "/health/live");
        });

        server.WriteLogSettings("{ by mistake");
        await Eventually.TrueAsync(async () =>
        {
            await Task.Yield();
            return server.Api.Output.Contains("cannot be read", StringComparison.Ordinal);
        });
        Assert.Equal(HttpStatusCode.OK, (await server.Anonymous().GetAsync("/health/live")).Status);
        server.WriteLogSettings("{}");
    }
}

/// <summary>A space in production.</summary>
public sealed class ProductionServer(TestServers servers) : BookItServer(servers)
{
    private readonly TemporaryFolder settings = new();

    private string LogFile => settings.File("logging.json");

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["Telegram__BotSecret"] = "a-bot-secret-for-tests",
            ["Logging__File"] = LogFile,
        };

    /// <summary>As an editor or a mounted volume does it: another file of that name.</summary>
    public void WriteLogSettings(string json)
    {
        File.WriteAllText(LogFile + ".new", json);
        File.Move(LogFile + ".new", LogFile, overwrite: true);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        settings.Dispose();
    }
}
