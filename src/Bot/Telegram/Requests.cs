using System.Text.Json;
using System.Text.Json.Serialization;

namespace BookIT.Bot.Telegram;

// What the methods take, and the envelope that their answers come in.

internal sealed record GetMeRequest;

internal sealed record GetUpdatesRequest(long? Offset, int Limit, int Timeout, IReadOnlyList<string> AllowedUpdates);

internal sealed record SetWebhookRequest(
    string Url,
    string SecretToken,
    int MaxConnections,
    IReadOnlyList<string> AllowedUpdates
);

internal sealed record DeleteWebhookRequest;

internal sealed record SetMyCommandsRequest(
    IReadOnlyList<BotCommand> Commands,
    BotCommandScopeChat? Scope,
    string? LanguageCode
);

internal sealed record DeleteMyCommandsRequest(BotCommandScopeChat? Scope, string? LanguageCode);

internal sealed record LinkPreviewOptions(bool IsDisabled);

internal sealed record SendMessageRequest(long ChatId, string Text, ReplyMarkup? ReplyMarkup)
{
    public string ParseMode => TelegramBotClient.Html;

    public LinkPreviewOptions LinkPreviewOptions => new(IsDisabled: true);
}

internal sealed record EditMessageTextRequest(
    long ChatId,
    long MessageId,
    string Text,
    InlineKeyboardMarkup? ReplyMarkup
)
{
    public string ParseMode => TelegramBotClient.Html;

    public LinkPreviewOptions LinkPreviewOptions => new(IsDisabled: true);
}

internal sealed record EditMessageReplyMarkupRequest(long ChatId, long MessageId, InlineKeyboardMarkup? ReplyMarkup);

internal sealed record AnswerCallbackQueryRequest(string CallbackQueryId, string? Text, bool ShowAlert);

/// <summary>What every method answers with.</summary>
internal sealed record Envelope
{
    public required bool Ok { get; init; }

    public JsonElement? Result { get; init; }

    public int ErrorCode { get; init; }

    public string? Description { get; init; }

    public ResponseParameters? Parameters { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(Envelope))]
[JsonSerializable(typeof(Update))]
[JsonSerializable(typeof(GetMeRequest))]
[JsonSerializable(typeof(GetUpdatesRequest))]
[JsonSerializable(typeof(SetWebhookRequest))]
[JsonSerializable(typeof(DeleteWebhookRequest))]
[JsonSerializable(typeof(SetMyCommandsRequest))]
[JsonSerializable(typeof(DeleteMyCommandsRequest))]
[JsonSerializable(typeof(SendMessageRequest))]
[JsonSerializable(typeof(EditMessageTextRequest))]
[JsonSerializable(typeof(EditMessageReplyMarkupRequest))]
[JsonSerializable(typeof(AnswerCallbackQueryRequest))]
internal sealed partial class TelegramJson : JsonSerializerContext;
