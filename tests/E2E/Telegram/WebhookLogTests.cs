using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Traces;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>What the bot says of the requests that it answers.</summary>
public sealed class WebhookLogTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    [Fact]
    public async Task In_production_a_request_is_a_line_of_json_that_tells_neither_the_path_nor_who_wrote_what()
    {
        using var collector = new OtlpReceiver();
        var url = $"http://127.0.0.1:{Ports.Next()}/telegram/hidden-by-its-operator";
        var (bot, address) = await server.StartBotAsync(
            new Dictionary<string, string?>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["Telegram__WebhookUrl"] = url,
                ["ASPNETCORE_URLS"] = new Uri(url).GetLeftPart(UriPartial.Authority),
                ["Logging__LogLevel__Default"] = "Information",
                ["Logging__LogLevel__System"] = "Warning",
                ["Otlp__Endpoint"] = collector.Address,
                ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            }
        );
        await server.BecomesAsync(address, "webhook");
        var secret = (string)(await server.Telegram.CallsAsync("setWebhook"))[^1]["body"]!["secret_token"]!;

        var chat = server.Telegram.Somebody();
        await chat.Send("/start");
        await chat.Expect("This is the bot of BookIT");
        await chat.Send(ServerWithBot.Private);
        await chat.Hear();
        await server.Anonymous(address).PostAsync(new Uri(url).AbsolutePath);
        await server.Anonymous(address).GetAsync("/nothing/of-the-kind");

        List<JsonNode> Requests() =>
            [
                .. bot
                    .Output.Split('\n', StringSplitOptions.TrimEntries)
                    .Where(line => line.StartsWith('{'))
                    .Select(line => JsonNode.Parse(line)!)
                    .Where(line => (string?)line["Category"] == "BookIT.Bot.Http.RequestLog")
                    .Select(line => line["State"]!),
            ];
        bool IsThere(string route, int status) =>
            Requests().Any(line => (string?)line["Route"] == route && (int)line["Status"]! == status);
        await Eventually.TrueAsync(
            () => Task.FromResult(IsThere("webhook", 200) && IsThere("webhook", 401) && IsThere("none", 404)),
            () => bot.Output
        );
        var line = Requests()
            .First(request => (string?)request["Route"] == "webhook" && (int)request["Status"]! == 200);
        Assert.Equal("POST", (string?)line["Method"]);
        Assert.InRange((double)line["Milliseconds"]!, 0, 60_000);
        Assert.DoesNotContain(
            Requests(),
            request => ((string?)request["Route"])!.StartsWith("/health", StringComparison.Ordinal)
        );

        // The same in its trace, under the same number; its steps end, and may be sent, before it does.
        bool IsRequest(Span one) => one.TraceId == (string?)line["TraceId"] && one.ParentId is "";
        await Eventually.TrueAsync(
            () => Task.FromResult(collector.Spans.Any(IsRequest)),
            () => $"{line}\n{string.Join('\n', collector.Spans)}"
        );
        var span = collector.Spans.First(IsRequest);
        Assert.Equal(("POST webhook", "webhook"), (span.Name, span.Tags["http.route"]));
        Assert.Equal("200", span.Tags["http.response.status_code"]);
        await bot.StopAsync();
        foreach (
            var hidden in new[] { "hidden-by-its-operator", "of-the-kind", secret, ServerWithBot.Private, $"{chat.Id}" }
        )
        {
            Assert.DoesNotContain(hidden, bot.Output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(hidden, collector.Everything, StringComparison.OrdinalIgnoreCase);
        }
    }
}
