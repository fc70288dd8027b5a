using System.Globalization;
using System.Text.RegularExpressions;
using BookIT.Bot.Links;
using BookIT.Bot.Telegram;
using BookIT.Core.Languages;
using BookIT.Core.Telegram;

namespace BookIT.Bot.Updates;

/// <summary>
/// Whose turn it is: a method for each kind of update. The bot speaks with people in private; what happens in groups is
/// none of its business.
/// </summary>
internal sealed partial class UpdateRouter(
    TelegramBotClient client,
    LinkConversation links,
    TelegramLinks accounts,
    AccountLanguages languages,
    Reachability reachability,
    TimeProvider time,
    ILogger<UpdateRouter> logger
)
{
    /// <summary>What the menu shows, each with a sentence <c>bot_command_…</c>.</summary>
    public static readonly IReadOnlyList<string> Commands = ["start", "unlink", "help"];

    // A conversation is not worth more time than a person waits.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public async Task RouteAsync(Update update)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await (
                update switch
                {
                    { Message: { Chat.Type: Chat.Private, From: { IsBot: false } person } message } => OnMessageAsync(
                        await WithAsync(person, patience.Token),
                        message
                    ),
                    { CallbackQuery: { } query } => OnCallbackQueryAsync(
                        await WithAsync(query.From, patience.Token),
                        query
                    ),
                    { MyChatMember: { Chat.Type: Chat.Private } change } => OnMyChatMemberAsync(change),
                    _ => Task.CompletedTask,
                }
            );
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            LogTooLate(update.UpdateId, Patience);
        }
    }

    /// <summary>Tells whoever waits for an answer that there is none for now.</summary>
    public async Task ApologiseAsync(Update update)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        if (update.CallbackQuery is { } query)
        {
            var sentence = Sentences.Of("service_unavailable", language: LanguageOf(query.From));
            await client.AnswerCallbackQuery(query.Id, sentence, showAlert: true, patience.Token);
        }
        else if (update.Message is { Chat.Type: Chat.Private, From: { IsBot: false } person })
        {
            await With(person, userId: null, LanguageOf(person), patience.Token).SayAsync("service_unavailable");
        }
    }

    private async Task OnMessageAsync(Conversation with, Message message)
    {
        var text = message.Text?.Trim() ?? "";
        if (Command().Match(text) is { Success: true } command)
        {
            var argument = command.Groups["argument"].Value;
            await (
                command.Groups["name"].Value.ToUpperInvariant() switch
                {
                    "START" when argument.Length > 0 => links.LinkAsync(with, argument),
                    "UNLINK" => links.UnlinkAsync(with),
                    "HELP" => with.SayAsync("bot_help"),
                    _ => WelcomeAsync(with),
                }
            );
        }
        else if (Token().IsMatch(text))
        {
            await links.LinkAsync(with, text);
        }
        else
        {
            await WelcomeAsync(with);
        }
    }

    private async Task OnCallbackQueryAsync(Conversation with, CallbackQuery query)
    {
        var toast = query switch
        {
            { Message: { } message, Data: ['l', 'i', 'n', 'k', ':', .. var token] } => await links.ReplaceAsync(
                with,
                message,
                token
            ),
            { Message: { } message, Data: LinkConversation.Keep } => await links.KeepAsync(with, message),
            // A button of an older bot.
            _ => null,
        };
        await client.AnswerCallbackQuery(query.Id, toast, cancellation: with.Cancellation);
    }

    private Task OnMyChatMemberAsync(ChatMemberUpdated change) =>
        change.NewChatMember.Status == ChatMember.Kicked
            ? reachability.LostAsync(change.From.Id)
            : reachability.BackAsync(change.From.Id);

    private static async Task WelcomeAsync(Conversation with) =>
        await with.SayAsync(with.UserId is null ? "bot_welcome_stranger" : "bot_welcome");

    private async Task<Conversation> WithAsync(User person, CancellationToken cancellation)
    {
        var userId = await accounts.FindUserAsync(person.Id, cancellation);
        var chosen = userId is { } id ? await languages.FindAsync(id, cancellation) : null;
        return With(person, userId, chosen ?? LanguageOf(person), cancellation);
    }

    private Conversation With(User person, Guid? userId, CultureInfo language, CancellationToken cancellation) =>
        new(client, reachability, person, userId, language, cancellation);

    private static CultureInfo LanguageOf(User person) =>
        Sentences.Language(person.LanguageCode?.Split('-')[0]) ?? Sentences.Languages[0];

    [GeneratedRegex(
        @"^/(?<name>\w+)(@\w+)?(\s+(?<argument>.*))?\z",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 100
    )]
    private static partial Regex Command();

    /// <summary>What <see cref="TelegramLinks.IssueTokenAsync"/> gives.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9_-]{54}\z", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex Token();

    [LoggerMessage(LogLevel.Warning, "Update {Id} was not answered within {Patience}")]
    private partial void LogTooLate(long id, TimeSpan patience);
}
