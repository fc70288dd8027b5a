using System.Text.Json;
using System.Text.Json.Serialization;

namespace BookIT.Api.Http;

/// <summary>Text may hold anything but U+0000, which PostgreSQL cannot store.</summary>
internal sealed class SafeStringConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.String)
        {
            throw new JsonException();
        }

        var text = reader.GetString();
        return text is null || !text.Contains('\0', StringComparison.Ordinal) ? text : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);
}
