using System.Globalization;
using BookIT.Bot.Telegram;
using BookIT.Core.Languages;

namespace BookIT.Bot.Updates;

/// <summary>A private chat with a person, in their language.</summary>
/// <param name="client">Speaks for us.</param>
/// <param name="reachability">Is told when nobody listens any more.</param>
/// <param name="person">As Telegram knows them.</param>
/// <param name="userId">The linked account; null for a stranger.</param>
/// <param name="language">The account's, or else the app's.</param>
/// <param name="cancellation">Ends the wait for Telegram: an answer that takes too long is of no use.</param>
internal sealed class Conversation(
    TelegramBotClient client,
    Reachability reachability,
    User person,
    Guid? userId,
    CultureInfo language,
    CancellationToken cancellation
)
{
    public long TelegramId => person.Id;

    public Guid? UserId => userId;

    public CultureInfo Language => language;

    public CancellationToken Cancellation => cancellation;

    /// <summary>Sends a sentence of ours, with the arguments for its placeholders.</summary>
    public async Task<CallResult<Message>> SayAsync(
        string sentence,
        IReadOnlyList<object>? arguments = null,
        ReplyMarkup? buttons = null
    ) =>
        await NoteAsync(
            await client.SendMessage(TelegramId, Text(sentence, arguments), buttons, cancellation: cancellation)
        );

    /// <summary>Puts a sentence of ours in place of a message, and these buttons in place of its own.</summary>
    public async Task<CallResult<bool>> EditAsync(
        Message message,
        string sentence,
        IReadOnlyList<object>? arguments = null,
        InlineKeyboardMarkup? buttons = null
    ) =>
        await NoteAsync(
            await client.EditMessageText(
                message.Chat.Id,
                message.MessageId,
                Text(sentence, arguments),
                buttons,
                cancellation
            )
        );

    /// <summary>A button under a sentence's name that says <paramref name="data"/>, 64 bytes at most.</summary>
    public InlineKeyboardButton Button(string sentence, string data) =>
        new(Sentences.Of(sentence, language: language), CallbackData: data);

    /// <summary>The sentences are HTML, what is filled in is not.</summary>
    private string Text(string sentence, IReadOnlyList<object>? arguments) =>
        Sentences.Of(
            sentence,
            arguments is null ? null : [.. arguments.Select(value => value is string text ? Escape(text) : value)],
            language
        );

    private async Task<CallResult<T>> NoteAsync<T>(CallResult<T> result)
    {
        if (result.State is CallState.Blocked)
        {
            await reachability.LostAsync(TelegramId);
        }

        return result;
    }

    /// <summary>What Telegram asks for in <see cref="TelegramBotClient.Html"/>.</summary>
    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
}
