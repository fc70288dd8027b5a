using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Api.Http;
using BookIT.Core.Telegram;

namespace BookIT.Api.Telegram;

/// <summary>What links a Telegram account to the caller's.</summary>
public sealed record TelegramTokenResponse(
    [property: Description("For one use within 10 minutes; a new one replaces it.")] string Token,
    [property: Description("Opens the bot with the token; null where the bot's name is not known.")] string? Link
);

/// <summary>A Telegram account, and the token that it brought.</summary>
public sealed record TelegramConnectRequest(
    [property: Needed] string? Token,
    [property: Needed] TelegramId? TelegramId,
    [property: Description("Takes the Telegram account away from another account, where there is one: ask first.")]
        bool? Replace
);

/// <summary>That they are linked, as a sentence.</summary>
public sealed record TelegramConnectResponse(string Message, string TelegramId);

/// <summary>What Telegram tells the Mini App of whoever opened it.</summary>
public sealed record TelegramWebAppRequest(
    [property: Needed]
    [property: LengthBetween(1, WebAppData.MaxLength)]
    [property: Description("`Telegram.WebApp.initData`, unchanged.")]
        string? InitData
);

/// <summary>A proof of a Telegram account.</summary>
public sealed record TelegramLinkRequest(
    [property: Needed] [property: Description("Of a `telegram_not_linked`.")] string? Proof
);

/// <summary>Whether a Telegram account is linked.</summary>
public sealed record TelegramExistsResponse(
    bool Exists,
    [property: Description("To which account; null where it is not linked.")] Guid? UserId
);

/// <summary>A Telegram account's id on the wire: a number, or its digits as text, which no script rounds.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct TelegramId(long Value) : IParsable<TelegramId>
{
    public static TelegramId Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException();

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out TelegramId result)
    {
        var isId =
            long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && IsPossible(value);
        result = isId ? new TelegramId(value) : default;
        return isId;
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    private static bool IsPossible(long value) => value is > 0 and <= TelegramLinks.MaxTelegramId;

    internal sealed class Converter : JsonConverter<TelegramId>
    {
        public override TelegramId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.Number when reader.TryGetInt64(out var value) && IsPossible(value) => new TelegramId(
                    value
                ),
                JsonTokenType.String when TryParse(reader.GetString(), provider: null, out var id) => id,
                _ => throw new JsonException(),
            };

        public override void Write(Utf8JsonWriter writer, TelegramId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
