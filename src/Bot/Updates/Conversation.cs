using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BookIT.Bot.Telegram;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Notifications;
using BookIT.Core.Telegram;

namespace BookIT.Bot.Updates;

/// <summary>A private chat with a person, in their language and by the clock of the space.</summary>
/// <param name="client">Speaks for us.</param>
/// <param name="links">Is told when nobody listens any more.</param>
/// <param name="prompts">Remembers what was asked.</param>
/// <param name="outbox">Is told what is no news any more.</param>
/// <param name="time">The clock.</param>
/// <param name="person">As Telegram knows them.</param>
/// <param name="account">The linked account; null for a stranger.</param>
/// <param name="language">The account's, or else the app's.</param>
/// <param name="zone">Where the clock of the space hangs.</param>
/// <param name="cancellation">Ends the wait for Telegram: an answer that takes too long is of no use.</param>
internal sealed class Conversation(
    TelegramBotClient client,
    TelegramLinks links,
    ReplyPrompts prompts,
    Outbox outbox,
    TimeProvider time,
    User person,
    LinkedAccount? account,
    CultureInfo language,
    TimeZoneInfo zone,
    CancellationToken cancellation
)
{
    private readonly DateTimeOffset begun = time.Now();
    private CultureInfo language = language;

    public long TelegramId => person.Id;

    public LinkedAccount? Account => account;

    /// <summary>The language of the person's app; null where it is none of ours.</summary>
    public CultureInfo? AppLanguage => person.Language;

    /// <summary>Of somebody with an account.</summary>
    public Guid UserId => account!.UserId;

    public CultureInfo Language => language;

    /// <summary>The person has chosen another language.</summary>
    public void Speak(CultureInfo chosen) => language = chosen;

    public TimeZoneInfo Zone => zone;

    public CancellationToken Cancellation => cancellation;

    /// <summary>Sends a sentence of ours, with the arguments for its placeholders.</summary>
    public Task<CallResult<Message>> SayAsync(
        string sentence,
        IReadOnlyList<object>? arguments = null,
        ReplyMarkup? buttons = null
    ) => SayHtmlAsync(Html(sentence, arguments), buttons);

    /// <summary>Sends why something was refused.</summary>
    public Task<CallResult<Message>> SayAsync(Refusal refusal) => SayAsync(refusal.Code, refusal.Arguments);

    /// <summary>Sends a text made of <see cref="Html"/>, at most 4,096 characters.</summary>
    public async Task<CallResult<Message>> SayHtmlAsync(string html, ReplyMarkup? buttons = null) =>
        await NoteAsync(await client.SendMessage(TelegramId, html, buttons, cancellation: cancellation));

    /// <summary>Sends a PNG with a caption made of <see cref="Html"/>, at most 1,024 characters.</summary>
    public async Task<CallResult<Message>> SendPngAsync(
        byte[] png,
        string fileName,
        string caption,
        ReplyMarkup? buttons = null
    ) => await NoteAsync(await client.SendPhoto(TelegramId, png, fileName, caption, buttons, cancellation));

    /// <summary>
    /// Asks for words: what the person replies, or writes next, comes to <see cref="IDialogue.ReplyAsync"/> of the topic
    /// that <paramref name="purpose"/> begins with.
    /// </summary>
    public async Task AskAsync(string purpose, string sentence, IReadOnlyList<object>? arguments = null)
    {
        var asked = await SayAsync(sentence, arguments, new ForceReply());
        if (asked.Value is { } question)
        {
            await prompts.RememberAsync(TelegramId, question.MessageId, purpose, isQuestion: true, cancellation);
        }
    }

    /// <summary>What the person writes next is no answer to a question asked before.</summary>
    public Task ForgetQuestionsAsync() => prompts.ForgetQuestionsAsync(TelegramId, cancellation);

    /// <summary>
    /// The words of an answer, trimmed. Where there are none, or too many, says so, and the question stays.
    /// </summary>
    /// <param name="answer">What the person has sent.</param>
    /// <param name="longest">In UTF-16 code units.</param>
    public async Task<string?> ReadWordsAsync(Message answer, int longest)
    {
        var words = answer.Text?.Trim() ?? "";
        if (words.Length == 0)
        {
            await SayAsync("bot_words_needed");
            return null;
        }

        if (words.Length > longest)
        {
            await SayAsync("bot_words_too_long", [words.Length, longest]);
            return null;
        }

        return words;
    }

    /// <summary>
    /// An id for what a message of the person makes: of version 7 (RFC 9562), so that ids are in the order of writing, and
    /// the same whenever the message is handled, so that it makes nothing twice.
    /// </summary>
    public Guid IdFor(Message message)
    {
        Span<byte> id = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{UserId}:{message.Chat.Id}:{message.MessageId}"), id);
        // Telegram tells whole seconds; within one, its numbers tell the order.
        BinaryPrimitives.WriteInt64BigEndian(id, message.Date * 1000 << 16 | 0x7000 | message.MessageId & 0xFFF);
        id[8] = (byte)(id[8] & 0x3F | 0x80);
        return new Guid(id[..16], bigEndian: true);
    }

    /// <summary>Puts a sentence of ours in place of a message, and these buttons in place of its own.</summary>
    public Task<CallResult<bool>> EditAsync(
        Message message,
        string sentence,
        IReadOnlyList<object>? arguments = null,
        InlineKeyboardMarkup? buttons = null
    ) => EditHtmlAsync(message, Html(sentence, arguments), buttons);

    /// <summary>Puts a text made of <see cref="Html"/> in place of a message, and these buttons in place of its own.</summary>
    public async Task<CallResult<bool>> EditHtmlAsync(
        Message message,
        string html,
        InlineKeyboardMarkup? buttons = null
    ) => await NoteAsync(await client.EditMessageText(message.Chat.Id, message.MessageId, html, buttons, cancellation));

    /// <summary>
    /// Shows something in place of a message of ours; where there is none, it has no text, or it is gone, in a new one.
    /// </summary>
    public async Task ShowAsync(Message? place, Screen screen)
    {
        var isShown = place?.Text is not null
            ? (await EditHtmlAsync(place, screen.Html, screen.Buttons)).State
            : CallState.Refused;
        if (isShown is CallState.Refused)
        {
            isShown = (await SayHtmlAsync(screen.Html, screen.Buttons)).State;
        }

        if (isShown is CallState.Done && screen.Tells is { } reservationId)
        {
            await outbox.ToldAsync(UserId, reservationId, time.Now(), cancellation);
        }
    }

    /// <summary>Takes the buttons of a message away, and leaves what it says.</summary>
    public async Task RemoveButtonsAsync(Message message) =>
        await NoteAsync(
            await client.EditMessageReplyMarkup(message.Chat.Id, message.MessageId, cancellation: cancellation)
        );

    /// <summary>A button under a sentence's name that says <paramref name="data"/>, 64 bytes at most.</summary>
    public InlineKeyboardButton Button(string sentence, string data, params IReadOnlyList<object> arguments) =>
        new(Words(sentence, arguments), CallbackData: data);

    /// <summary>A sentence as plain text: for buttons and notices.</summary>
    public string Words(string sentence, params IReadOnlyList<object> arguments) =>
        Sentences.Of(sentence, arguments, language, zone);

    /// <summary>A value as plain text, as the sentences' placeholders of that format show it: <c>moment</c>, <c>span</c>…</summary>
    public string Value(object value, string format) => Sentences.OfValue(value, format, language, zone);

    /// <summary>Why something was refused, as plain text: for notices.</summary>
    public string Words(Refusal refusal) => Sentences.Of(refusal, language, zone);

    /// <summary>A sentence for a message. The sentences are HTML, what is filled in is not.</summary>
    public string Html(string sentence, IReadOnlyList<object>? arguments = null) =>
        Telegram.Html.Of(sentence, arguments, language, zone);

    private async Task<CallResult<T>> NoteAsync<T>(CallResult<T> result)
    {
        if (result.State is CallState.Blocked)
        {
            await links.LostAsync(TelegramId, begun, cancellation);
        }

        return result;
    }
}

/// <summary>What a message shows.</summary>
/// <param name="Html">Made of <see cref="Conversation.Html"/>.</param>
/// <param name="Buttons">Below it; null for none.</param>
/// <param name="Tells">The reservation that the person has just made, moved or cancelled: once they see this, it is no news any more.</param>
internal sealed record Screen(string Html, InlineKeyboardMarkup? Buttons = null, Guid? Tells = null)
{
    /// <summary>With rows of buttons; those without any are left out.</summary>
    public static Screen Of(string html, params IEnumerable<IReadOnlyList<InlineKeyboardButton>> rows) =>
        new(html, new InlineKeyboardMarkup([.. rows.Where(row => row.Count > 0)]));

    /// <summary>As it is, below other words.</summary>
    public Screen Below(string html) => this with { Html = $"{html}\n\n{Html}" };
}
