namespace BookIT.Bot.Updates;

/// <summary>
/// Who can be written to. Whatever learns that somebody has blocked the bot, or has come back, says it here: this is the
/// place that switches a person's messages off and on.
/// </summary>
internal sealed partial class Reachability(ILogger<Reachability> logger)
{
    /// <summary>Telegram says that this person cannot be written to.</summary>
    public Task LostAsync(long telegramId)
    {
        LogLost(telegramId);
        return Task.CompletedTask;
    }

    /// <summary>The person has let the bot in again.</summary>
    public Task BackAsync(long telegramId)
    {
        LogBack(telegramId);
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Information, "Telegram account {TelegramId} has blocked the bot")]
    private partial void LogLost(long telegramId);

    [LoggerMessage(LogLevel.Information, "Telegram account {TelegramId} has let the bot in again")]
    private partial void LogBack(long telegramId);
}
