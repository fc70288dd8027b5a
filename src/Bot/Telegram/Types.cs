using System.Globalization;
using System.Text.Json.Serialization;
using BookIT.Core.Languages;

namespace BookIT.Bot.Telegram;

// The types of https://core.telegram.org/bots/api under their names, with the fields that a booking bot reads or writes.

/// <summary>Something that happened: at most one of the optional fields is there.</summary>
internal sealed record Update
{
    public required long UpdateId { get; init; }

    public Message? Message { get; init; }

    public CallbackQuery? CallbackQuery { get; init; }

    public ChatMemberUpdated? MyChatMember { get; init; }
}

internal sealed record User
{
    public required long Id { get; init; }

    public bool IsBot { get; init; }

    public string FirstName { get; init; } = "";

    public string? Username { get; init; }

    /// <summary>An IETF language tag, as in <c>pt-br</c>: the language of the person's app.</summary>
    public string? LanguageCode { get; init; }

    /// <summary>The same, where it is one of ours.</summary>
    [JsonIgnore]
    public CultureInfo? Language => Sentences.Language(LanguageCode?.Split('-')[0]);
}

internal sealed record Chat
{
    public const string Private = "private";

    public required long Id { get; init; }

    public string Type { get; init; } = "";
}

internal sealed record Message
{
    public required long MessageId { get; init; }

    public User? From { get; init; }

    public required Chat Chat { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public long Date { get; init; }

    /// <summary>Without U+0000, which PostgreSQL cannot store.</summary>
    public string? Text
    {
        get;
        init => field = value?.Replace("\0", "", StringComparison.Ordinal);
    }

    public Message? ReplyToMessage { get; init; }
}

/// <summary>A press of a button of an inline keyboard.</summary>
internal sealed record CallbackQuery
{
    public required string Id { get; init; }

    public required User From { get; init; }

    /// <summary>The message with the button; null where it is too old.</summary>
    public Message? Message { get; init; }

    public string? Data { get; init; }
}

/// <summary>The bot was blocked or let in again, in a private chat.</summary>
internal sealed record ChatMemberUpdated
{
    public required Chat Chat { get; init; }

    public required User From { get; init; }

    public required ChatMember NewChatMember { get; init; }
}

internal sealed record ChatMember
{
    /// <summary>In a private chat: the person has blocked the bot.</summary>
    public const string Kicked = "kicked";

    public required string Status { get; init; }
}

/// <summary>What stands below a message, or is asked of the person's app.</summary>
[JsonDerivedType(typeof(InlineKeyboardMarkup))]
[JsonDerivedType(typeof(ForceReply))]
internal abstract record ReplyMarkup;

/// <summary>Rows of buttons below a message.</summary>
internal sealed record InlineKeyboardMarkup(IReadOnlyList<IReadOnlyList<InlineKeyboardButton>> InlineKeyboard)
    : ReplyMarkup;

/// <summary>A button that says <see cref="CallbackData"/> (1–64 bytes) to the bot.</summary>
internal sealed record InlineKeyboardButton(string Text, string CallbackData);

/// <summary>The person's app is to answer the message as if they had chosen to reply.</summary>
internal sealed record ForceReply : ReplyMarkup
{
    [JsonPropertyName("force_reply")]
    public bool IsForced => true;
}

internal sealed record BotCommand(string Command, string Description);

/// <summary>The <c>BotCommandScope</c> of commands that only one chat sees.</summary>
internal sealed record BotCommandScopeChat(long ChatId)
{
    public string Type => "chat";
}

/// <summary>Why a call failed, where the bot can do something about it.</summary>
internal sealed record ResponseParameters
{
    /// <summary>Seconds.</summary>
    public int? RetryAfter { get; init; }
}
