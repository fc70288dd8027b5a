using System.Text.RegularExpressions;
using BookIT.Core.Auth;

namespace BookIT.Core.Telegram;

/// <summary>How we and Telegram know each other (section <c>Telegram</c>).</summary>
public sealed partial class TelegramOptions
{
    /// <summary>The bot's token from BotFather; without one the bot idles.</summary>
    public string? Token { get; init; }

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

    // As Telegram allows them: https://core.telegram.org/bots/features#botfather
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_]{4,31}\z", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex Name();
}
