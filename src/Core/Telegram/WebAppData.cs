using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BookIT.Core.Telegram;

/// <summary>Who has opened the Mini App, on Telegram's word.</summary>
/// <param name="TelegramId">From 1 to <see cref="TelegramLinks.MaxTelegramId"/>.</param>
/// <param name="FirstName">As the person writes it there; may be empty.</param>
/// <param name="LanguageCode">The IETF language tag of their Telegram, where it is told.</param>
/// <param name="StartParam">What the link to the Mini App carried, where it carried anything.</param>
public sealed record WebAppPerson(long TelegramId, string FirstName, string? LanguageCode, string? StartParam);

/// <summary>
/// The Mini App's <c>initData</c>: what Telegram tells a page in it of whoever opened it, signed with the bot's token.
/// https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
/// </summary>
public static class WebAppData
{
    /// <summary>The longest that is read, in UTF-16 code units; Telegram's own have about a thousand.</summary>
    public const int MaxLength = 4096;

    /// <summary>How long after Telegram has signed it, it is good.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>How far Telegram's clock may be ahead of ours.</summary>
    public static readonly TimeSpan MaxSkew = TimeSpan.FromSeconds(30);

    private const int MaxFields = 32;

    private static readonly byte[] KeyOfKeys = "WebAppData"u8.ToArray();

    /// <summary>Reads <c>initData</c>, a query string, as the page got it.</summary>
    /// <returns>
    /// Who it is, or <see cref="Refusal.TelegramDataInvalid"/>: not signed with this token, changed since, older than
    /// <see cref="Lifetime"/> or from the future, longer than <see cref="MaxLength"/>, with a field twice, or of nobody.
    /// </returns>
    public static Result<WebAppPerson> Read(string initData, string botToken, DateTimeOffset now) =>
        TryReadFields(initData, out var fields)
        && fields.Remove("hash", out var hash)
        && IsSigned(fields, hash, botToken)
        && fields.TryGetValue("auth_date", out var signedAt)
        && IsFresh(signedAt, now)
        && fields.TryGetValue("user", out var user)
        && TryReadPerson(user, fields.GetValueOrDefault("start_param"), out var person)
            ? person
            : new Refusal.TelegramDataInvalid();

    /// <summary>The fields, in the order in which they are signed.</summary>
    private static bool TryReadFields(string initData, out SortedDictionary<string, string> fields)
    {
        fields = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (initData.Length > MaxLength)
        {
            return false;
        }

        foreach (var pair in initData.Split('&', MaxFields + 1))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || fields.Count == MaxFields)
            {
                return false;
            }

            var (name, value) = (Decode(pair[..equals]), Decode(pair[(equals + 1)..]));
            // What separates fields when they are signed has no place within one: no two sets of fields are to be signed
            // alike. Telegram puts none there.
            if (name.AsSpan().ContainsAny('=', '\n') || value.Contains('\n', StringComparison.Ordinal))
            {
                return false;
            }

            if (!fields.TryAdd(name, value))
            {
                return false;
            }
        }

        return true;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    /// <summary>
    /// "A chain of all received fields": that of <c>signature</c>, which came later and is for those who have no token,
    /// is signed here like any other. Only over there it is left out.
    /// </summary>
    private static bool IsSigned(SortedDictionary<string, string> fields, string hash, string botToken)
    {
        var signed = string.Join('\n', fields.Select(field => $"{field.Key}={field.Value}"));
        var key = HMACSHA256.HashData(KeyOfKeys, Encoding.UTF8.GetBytes(botToken));
        var expected = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(signed)));
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hash), Encoding.UTF8.GetBytes(expected));
    }

    private static bool IsFresh(string unixSeconds, DateTimeOffset now) =>
        long.TryParse(unixSeconds, NumberStyles.None, CultureInfo.InvariantCulture, out var signedAt)
        && now.ToUnixTimeSeconds() - signedAt is var age
        && age <= (long)Lifetime.TotalSeconds
        && age >= -(long)MaxSkew.TotalSeconds;

    private static bool TryReadPerson(string json, string? startParam, [NotNullWhen(true)] out WebAppPerson? person)
    {
        person = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            var user = document.RootElement;
            if (
                user.ValueKind is JsonValueKind.Object
                && user.TryGetProperty("id", out var id)
                && id.ValueKind is JsonValueKind.Number
                && id.TryGetInt64(out var telegramId)
                && telegramId is > 0 and <= TelegramLinks.MaxTelegramId
            )
            {
                person = new WebAppPerson(
                    telegramId,
                    Text(user, "first_name") ?? "",
                    Text(user, "language_code"),
                    startParam
                );
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON, or text that is no Unicode.
        }

        return person is not null;
    }

    private static string? Text(JsonElement user, string name) =>
        user.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
