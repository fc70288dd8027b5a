using System.Buffers;
using System.Globalization;
using BookIT.Bot.Links;
using BookIT.Bot.Telegram;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Notifications;
using BookIT.Core.Space;
using BookIT.Core.Telegram;

namespace BookIT.Bot.Updates;

/// <summary>
/// Whose turn it is: finds the dialogue that an update belongs to. The bot speaks with people in private; what happens in
/// groups is none of its business.
/// </summary>
internal sealed partial class UpdateRouter(
    TelegramBotClient client,
    IEnumerable<IDialogue> dialogues,
    LinkDialogue linking,
    CommandMenu menu,
    TelegramLinks links,
    ReplyPrompts prompts,
    Outbox outbox,
    AccountLanguages languages,
    SpaceOptions space,
    TimeProvider time,
    ILogger<UpdateRouter> logger
)
{
    private const string Start = "start";

    private static readonly SearchValues<char> TokenLetters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    );

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
                    { MyChatMember: { Chat.Type: Chat.Private } change } => OnMyChatMemberAsync(change, patience.Token),
                    _ => Task.CompletedTask,
                }
            );
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            LogTooLate(update.UpdateId, Patience);
            await ApologiseAsync(update, "service_unavailable");
        }
    }

    /// <summary>Tells whoever waits for an answer that there is none, and why.</summary>
    public async Task ApologiseAsync(Update update, string sentence)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        if (update.CallbackQuery is { } query)
        {
            var words = Sentences.Of(sentence, language: LanguageOf(query.From));
            await client.AnswerCallbackQuery(query.Id, words, showAlert: true, patience.Token);
        }
        else if (update.Message is { Chat.Type: Chat.Private, From: { IsBot: false } person })
        {
            await With(person, account: null, LanguageOf(person), patience.Token).SayAsync(sentence);
        }
    }

    private async Task OnMessageAsync(Conversation with, Message message)
    {
        var text = message.Text?.Trim() ?? "";
        var begun = dialogues.FirstOrDefault(dialogue => IsFor(dialogue, with) && dialogue.IsBegunBy(text));
        if (text.StartsWith('/'))
        {
            // As in: /start@BookItBot token
            var words = text[1..].Split((char[]?)null, 2, StringSplitOptions.TrimEntries);
            await with.ForgetQuestionsAsync();
            await OnCommandAsync(with, words[0].Split('@')[0].ToLowerInvariant(), words.ElementAtOrDefault(1) ?? "");
        }
        else if (IsToken(text))
        {
            await linking.LinkAsync(with, text);
        }
        else if (begun is not null && message.ReplyToMessage is null)
        {
            // Also where words are asked for: a pass that was pasted is not what somebody is to be told.
            await begun.StartAsync(with, command: "", text);
        }
        else if (
            await prompts.FindAsync(with.TelegramId, message.ReplyToMessage?.MessageId, with.Cancellation) is { } prompt
            && Find(with, prompt.Purpose) is var (dialogue, purpose)
        )
        {
            await dialogue.ReplyAsync(with, message, purpose);
        }
        else if (begun is not null)
        {
            await begun.StartAsync(with, command: "", text);
        }
        else
        {
            await WelcomeAsync(with);
        }
    }

    private Task OnCommandAsync(Conversation with, string command, string argument)
    {
        var mine = dialogues.Where(dialogue => IsFor(dialogue, with)).ToList();
        if (command == Start && argument.Length > 0)
        {
            bool IsBegunBy(IDialogue dialogue) =>
                dialogue.LinkPrefix is { } prefix && argument.StartsWith(prefix, StringComparison.Ordinal);
            return mine.Find(IsBegunBy) is { } linked ? linked.StartAsync(with, command, argument)
                // Somebody else's business: they learn nothing.
                : dialogues.Any(IsBegunBy) ? WelcomeAsync(with)
                : linking.LinkAsync(with, argument);
        }

        return mine.Find(dialogue => dialogue.Commands.Contains(command)) is { } dialogue
                ? dialogue.StartAsync(with, command, argument)
            : command == "help" ? HelpAsync(with)
            : command == Start ? GreetAsync(with)
            : WelcomeAsync(with);
    }

    private async Task OnCallbackQueryAsync(Conversation with, CallbackQuery query)
    {
        // Without a message, or without a dialogue, it is a button of an older bot, or no longer this person's.
        var notice =
            query is { Message: { } message, Data: { } data } && Find(with, data) is var (dialogue, rest)
                ? await dialogue.PressAsync(with, message, rest)
                : with.Words("bot_old_button");
        var answered = await client.AnswerCallbackQuery(query.Id, notice, cancellation: with.Cancellation);
        if (notice is not null && answered.State is CallState.Refused)
        {
            // Pressed too long ago for a notice, by Telegram's count: the person is still to know.
            await with.SayHtmlAsync(Html.Escape(notice));
        }
    }

    private Task OnMyChatMemberAsync(ChatMemberUpdated change, CancellationToken cancellation) =>
        change.NewChatMember.Status == ChatMember.Kicked
            ? links.LostAsync(change.From.Id, time.Now(), cancellation)
            : links.BackAsync(change.From.Id, cancellation);

    /// <summary>The dialogue that a text begins with the topic of, and the rest of the text.</summary>
    private (IDialogue, string)? Find(Conversation with, string text) =>
        text.Split(':', 2) is [var topic, var rest]
        && dialogues.FirstOrDefault(dialogue => dialogue.Topic == topic && IsFor(dialogue, with)) is { } dialogue
            ? (dialogue, rest)
            : null;

    private static bool IsFor(IDialogue dialogue, Conversation with) =>
        dialogue.Audience switch
        {
            Audience.Anybody => true,
            Audience.Members => with.Account is not null,
            _ => IsAdmin(with),
        };

    private static async Task WelcomeAsync(Conversation with) =>
        await with.SayAsync(with.Account is null ? "bot_welcome_stranger" : "bot_welcome");

    private async Task GreetAsync(Conversation with)
    {
        await WelcomeAsync(with);
        await menu.ShowAsync(with.TelegramId, IsAdmin(with), with.Cancellation);
    }

    private async Task HelpAsync(Conversation with)
    {
        await with.SayHtmlAsync(
            string.Join(
                '\n',
                CommandMenu.Of(IsAdmin(with)).Select(command => $"/{command} — {with.Html($"bot_command_{command}")}")
            )
        );
        await menu.ShowAsync(with.TelegramId, IsAdmin(with), with.Cancellation);
    }

    private static bool IsAdmin(Conversation with) => with.Account is { IsAdmin: true };

    private async Task<Conversation> WithAsync(User person, CancellationToken cancellation)
    {
        var account = await links.FindAsync(person.Id, cancellation);
        var app = person.Language?.TwoLetterISOLanguageName;
        if (account is { IsReachable: false } || (account is not null && account.Language != app))
        {
            // Whoever writes wants to be written to.
            await links.MetAsync(person.Id, app, cancellation);
        }

        var chosen = account is { UserId: var id } ? await languages.FindAsync(id, cancellation) : null;
        return With(person, account, chosen ?? LanguageOf(person), cancellation);
    }

    private Conversation With(
        User person,
        LinkedAccount? account,
        CultureInfo language,
        CancellationToken cancellation
    ) => new(client, links, prompts, outbox, time, person, account, language, space.Zone, cancellation);

    private static bool IsToken(string text) =>
        text.Length == TelegramLinks.TokenLength && !text.AsSpan().ContainsAnyExcept(TokenLetters);

    private static CultureInfo LanguageOf(User person) => AppLanguageOf(person) ?? Sentences.Languages[0];

    private static CultureInfo? AppLanguageOf(User person) => Sentences.Language(person.LanguageCode?.Split('-')[0]);

    [LoggerMessage(LogLevel.Warning, "Update {Id} was not answered within {Patience}")]
    private partial void LogTooLate(long id, TimeSpan patience);
}
