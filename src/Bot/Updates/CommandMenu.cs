using System.Globalization;
using BookIT.Bot.Telegram;
using BookIT.Core.Languages;

namespace BookIT.Bot.Updates;

/// <summary>The menu of commands that people's apps show. Without it the bot works all the same.</summary>
internal sealed class CommandMenu(TelegramBotClient client)
{
    /// <summary>What the menu shows, in this order, each with a sentence <c>bot_command_…</c>.</summary>
    public static readonly IReadOnlyList<string> Commands =
    [
        "book",
        "my",
        "pass",
        "free",
        "ticket",
        "settings",
        "unlink",
        "help",
    ];

    /// <summary>What it shows to administrators besides.</summary>
    public static readonly IReadOnlyList<string> AdminCommands = ["today", "find", "announce"];

    /// <summary>What it shows to one person.</summary>
    public static IReadOnlyList<string> Of(bool isAdmin) => isAdmin ? [.. AdminCommands, .. Commands] : Commands;

    /// <summary>The menu of everybody.</summary>
    public async Task ShowToAllAsync(CancellationToken cancellation)
    {
        foreach (var language in Sentences.Languages)
        {
            await client.SetMyCommands(Entries(isAdmin: false, language), scope: null, Code(language), cancellation);
        }
    }

    /// <summary>Gives an administrator a menu of their own, and takes it from whoever is none (any more).</summary>
    public async Task ShowAsync(long chatId, bool isAdmin, CancellationToken cancellation)
    {
        var chat = new BotCommandScopeChat(chatId);
        foreach (var language in Sentences.Languages)
        {
            if (isAdmin)
            {
                await client.SetMyCommands(Entries(isAdmin, language), chat, Code(language), cancellation);
            }
            else
            {
                await client.DeleteMyCommands(chat, Code(language), cancellation);
            }
        }
    }

    private static List<BotCommand> Entries(bool isAdmin, CultureInfo language) =>
        [.. Of(isAdmin).Select(name => new BotCommand(name, Sentences.Of($"bot_command_{name}", language: language)))];

    /// <summary>The first language is for all who read none of the others.</summary>
    private static string? Code(CultureInfo language) =>
        language.Equals(Sentences.Languages[0]) ? null : language.TwoLetterISOLanguageName;
}
