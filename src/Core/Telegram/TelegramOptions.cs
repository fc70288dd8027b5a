using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using BookIT.Core.Auth;

namespace BookIT.Core.Telegram;

/// <summary>How we and Telegram know each other (section <c>Telegram</c>).</summary>
public sealed partial class TelegramOptions
{
    /// <summary>Telegram's own server of the Bot API.</summary>
    public const string PublicApiUrl = "https://api.telegram.org";

    /// <summary>The bot's token from BotFather; without one the bot idles.</summary>
    public string? Token { get; init; }

    /// <summary>Where the Bot API is: Telegram's own, or a server of one's own (https://github.com/tdlib/telegram-bot-api).</summary>
    public string ApiUrl { get; init; } = PublicApiUrl;

    /// <summary>Where Telegram reaches the bot from outside; without it the bot asks for updates by itself.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>The bot's name, without the <c>@</c>; without one no links to it can be made.</summary>
    public string? BotName { get; init; }

    /// <summary>What the bot, or whoever else speaks for Telegram, proves itself with to the Api.</summary>
    public string BotSecret { get; init; } = "";

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes(bool isProduction)
    {
        foreach (var mistake in Secrets.Mistakes("Telegram:BotSecret", BotSecret, minimumBytes: 16, isProduction))
        {
            yield return mistake;
        }

        // The token may be right and only mistyped: it is not repeated.
        if (!string.IsNullOrEmpty(Token) && !BotToken().IsMatch(Token))
        {
            yield return "Telegram:Token is no token of a bot: set Telegram__Token to what BotFather gave, as in "
                + "123456789:AAA….";
        }

        if (!IsAddress(ApiUrl, out var api))
        {
            yield return "Telegram:ApiUrl is no address: set Telegram__ApiUrl as in https://api.telegram.org.";
        }

        Uri? webhook = null;
        if (!string.IsNullOrEmpty(WebhookUrl) && !IsAddress(WebhookUrl, out webhook))
        {
            yield return "Telegram:WebhookUrl is no address: set Telegram__WebhookUrl as in "
                + "https://bookit.example/telegram/webhook.";
        }
        // A server of one's own also delivers within its network.
        else if (webhook?.Scheme == Uri.UriSchemeHttp && api?.Host == new Uri(PublicApiUrl).Host)
        {
            yield return "Telegram:WebhookUrl must begin with https://: Telegram delivers to nothing else.";
        }

        if (!string.IsNullOrEmpty(BotName) && !Name().IsMatch(BotName))
        {
            yield return "Telegram:BotName is no name of a bot: set Telegram__BotName as in BookItBot, without the @.";
        }
    }

    /// <summary>
    /// The link that opens the bot and hands it <paramref name="token"/>, which holds what such a link may hold
    /// (https://core.telegram.org/bots/features#deep-linking); null where the bot's name is not known.
    /// </summary>
    public string? LinkTo(string token) =>
        string.IsNullOrEmpty(BotName) ? null : $"https://t.me/{BotName}?start={token}";

    private static bool IsAddress(string text, [NotNullWhen(true)] out Uri? address) =>
        Uri.TryCreate(text, UriKind.Absolute, out address)
        && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
        && address is { Query: "", Fragment: "", UserInfo: "" };

    [GeneratedRegex(@"^[0-9]{1,20}:[A-Za-z0-9_-]{20,100}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BotToken();

    // As Telegram allows them: https://core.telegram.org/bots/features#botfather
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_]{4,31}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
