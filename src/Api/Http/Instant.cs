using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Core;

namespace BookIT.Api.Http;

/// <summary>
/// An instant on the wire: ISO 8601, with an offset or none (then UTC) on the way in, UTC with <c>Z</c> on the way out,
/// the same in JSON and in a query. Kept in whole microseconds, between the years 2000 and 2100, so that no arithmetic
/// on it can overflow.
/// </summary>
[JsonConverter(typeof(Converter))]
public readonly record struct Instant(DateTimeOffset Value) : IParsable<Instant>
{
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd' 'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd' 'HH:mmK",
        "yyyy-MM-dd",
    ];

    public static implicit operator Instant(DateTimeOffset value) => new(value);

    public static implicit operator DateTimeOffset(Instant instant) => instant.Value;

    public static Instant Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var instant) ? instant : throw new FormatException();

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Instant result)
    {
        result = default;
        if (s is null || s.Length > 40)
        {
            return false;
        }

        // A plus that was not escaped arrives from a query as a space: "…T10:00:00 03:00".
        if (s.Length > 6 && s[^6] == ' ' && s.Contains('T', StringComparison.Ordinal))
        {
            s = string.Concat(s.AsSpan(0, s.Length - 6), "+", s.AsSpan(s.Length - 5));
        }

        if (
            !DateTimeOffset.TryParseExact(
                s,
                Formats,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var value
            )
            || value < Earliest
            || value >= Latest
        )
        {
            return false;
        }

        result = new Instant(value.ToMicroseconds());
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => UtcJsonConverter.ToText(Value);

    internal sealed class Converter : JsonConverter<Instant>
    {
        public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType is JsonTokenType.String && TryParse(reader.GetString(), provider: null, out var instant)
                ? instant
                : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) =>
            Utc.Write(writer, value.Value, options);

        private static readonly UtcJsonConverter Utc = new();
    }
}
