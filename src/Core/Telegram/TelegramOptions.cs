namespace BookIT.Core.Telegram;

/// <summary>How we and Telegram know each other (section <c>Telegram</c>).</summary>
public sealed class TelegramOptions
{
    /// <summary>The bot's token from BotFather; without one the bot idles.</summary>
    public string? Token { get; init; }

    /// <summary>What the bot, or whoever else speaks for Telegram, proves itself with to the Api.</summary>
    public string BotSecret { get; init; } = "";
}
