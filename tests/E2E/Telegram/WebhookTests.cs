using System.Net;
using System.Text;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>Telegram brings updates to the bot.</summary>
public sealed class WebhookTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    private const string Header = "X-Telegram-Bot-Api-Secret-Token";

    [Fact]
    public async Task Updates_that_are_brought_with_the_secret_are_answered_and_others_are_turned_away()
    {
        var url = $"http://127.0.0.1:{Ports.Next()}/telegram/webhook";
        var settings = new Dictionary<string, string?>
        {
            ["Telegram__WebhookUrl"] = url,
            ["ASPNETCORE_URLS"] = new Uri(url).GetLeftPart(UriPartial.Authority),
        };
        var (bot, address) = await server.StartBotAsync(settings);
        await server.BecomesAsync(address, "webhook");

        var chat = server.Telegram.Somebody();
        await chat.Send("/start");
        await chat.Expect("This is the bot of BookIT");
        await chat.Send("/help");
        await chat.Expect("/unlink");
        Assert.Empty(await server.Telegram.CallsAsync("getUpdates"));

        var call = Assert.Single(await server.Telegram.CallsAsync("setWebhook"))["body"]!;
        var secret = (string)call["secret_token"]!;
        Assert.Matches("^[A-Za-z0-9_-]{32,256}$", secret);
        Assert.Equal(url, (string?)call["url"]);
        Assert.Equal(
            ["message", "callback_query", "my_chat_member"],
            call["allowed_updates"]!.AsArray().Select(u => (string?)u)
        );
        Assert.InRange((int)call["max_connections"]!, 1, 100);
        Assert.DoesNotContain(secret, bot.Output, StringComparison.Ordinal);

        var stranger = server.Telegram.Somebody();
        var update = new
        {
            update_id = 99,
            message = new
            {
                message_id = 1,
                from = new { id = stranger.Id, first_name = "x" },
                chat = new { id = stranger.Id, type = "private" },
                text = "/start",
            },
        };
        var client = server.Anonymous(address);
        Task<Answer> DeliverAsync(object? body, params string[] secrets) =>
            client.SendAsync(HttpMethod.Post, "/telegram/webhook", body, [.. secrets.Select(s => (Header, s))]);
        foreach (var wrong in new[] { "", secret[..^1], secret + "0", secret.ToUpperInvariant() })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await DeliverAsync(update, wrong)).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await DeliverAsync(update)).Status);
        Assert.Empty(await server.Telegram.GetAsync($"/front/events?chat={stranger.Id}&after=0"));

        // With it: handled when the answer comes; what cannot be read is not brought again; what is too large is refused.
        Assert.Equal(HttpStatusCode.OK, (await DeliverAsync(update, secret)).Status);
        Assert.Single(await server.Telegram.GetAsync($"/front/events?chat={stranger.Id}&after=0"));
        Assert.Equal(HttpStatusCode.OK, (await DeliverAsync(new { nonsense = true }, secret)).Status);
        Assert.Equal(HttpStatusCode.OK, (await DeliverAsync("nonsense", secret)).Status);
        using var large = new HttpRequestMessage(HttpMethod.Post, url);
        large.Headers.Add(Header, secret);
        // Or the refusal could come while it is still being written: so also where one waits no longer than a second.
        large.Headers.ExpectContinue = true;
        large.Content = new ByteArrayContent(Encoding.UTF8.GetBytes($"{{\"a\":\"{new string('x', 1024 * 1024)}\"}}"));
        using var patient = new HttpClient(
            new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(60) }
        );
        using var refused = await patient.SendAsync(large);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);

        // A second replica takes them as well, under the same secret.
        var (second, elsewhere) = await server.StartBotAsync(
            new Dictionary<string, string?>(settings) { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0" }
        );
        await server.BecomesAsync(elsewhere, "webhook");
        var calls = await server.Telegram.CallsAsync("setWebhook");
        Assert.Equal(secret, (string?)calls[^1]["body"]!["secret_token"]);
        client = server.Anonymous(elsewhere);
        Assert.Equal(HttpStatusCode.OK, (await DeliverAsync(update, secret)).Status);
        Assert.Equal(2, (await server.Telegram.GetAsync($"/front/events?chat={stranger.Id}&after=0")).Count);

        // While the bot is away, Telegram keeps them.
        await bot.StopAsync();
        await second.StopAsync();
        await chat.Send("/unlink");
        await server.StartBotAsync(settings);
        await chat.Expect("not linked");
    }
}
