using BookIT.Core.Telegram;

namespace BookIT.Tests.Unit.Telegram;

public sealed class TelegramOptionsTests
{
    private const string Token = "123456789:AAE0123456789-abcdefghijklmnopq_rst";

    private static IEnumerable<string> Mistakes(
        string? token = Token,
        string api = TelegramOptions.PublicApiUrl,
        string? webhook = null,
        string? name = null
    ) =>
        new TelegramOptions
        {
            Token = token,
            ApiUrl = api,
            WebhookUrl = webhook,
            BotName = name,
            BotSecret = "a-secret-that-is-long-enough",
        }.Mistakes(isProduction: true);

    [Fact]
    public void Nothing_but_a_token_is_needed_and_not_even_that()
    {
        Assert.Empty(Mistakes());
        Assert.Empty(Mistakes(token: null));
        Assert.Empty(Mistakes(token: "", webhook: "", name: ""));
        Assert.Empty(Mistakes(webhook: "https://bookit.example/telegram/webhook", name: "BookItBot"));
        Assert.Empty(Mistakes(api: "http://telegram-bot-api:8081", webhook: "http://bot:8080/webhook"));
    }

    [Theory]
    [InlineData("987654321")]
    [InlineData("123456789:short")]
    [InlineData("123456789:AAE0123456789-abcdefghijklmnopq_rst/../x")]
    [InlineData("bot123456789:AAE0123456789-abcdefghijklmnopq_rst")]
    public void A_token_that_is_none_is_a_mistake_and_is_not_repeated(string token)
    {
        var mistake = Assert.Single(Mistakes(token));

        Assert.Contains("Telegram__Token", mistake, StringComparison.Ordinal);
        Assert.DoesNotContain(token, mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api.telegram.org")]
    [InlineData("ftp://api.telegram.org")]
    [InlineData("https://user:password@api.telegram.org")]
    [InlineData("https://api.telegram.org?x=y")]
    public void An_address_that_is_none_is_a_mistake(string address)
    {
        Assert.Contains("Telegram__ApiUrl", Assert.Single(Mistakes(api: address)), StringComparison.Ordinal);
        Assert.Contains("Telegram__WebhookUrl", Assert.Single(Mistakes(webhook: address)), StringComparison.Ordinal);
    }

    [Fact]
    public void Telegram_itself_delivers_by_https_only() =>
        Assert.Contains(
            "https://",
            Assert.Single(Mistakes(webhook: "http://bookit.example/")),
            StringComparison.Ordinal
        );
}
