using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Api.Http;

namespace BookIT.Api.Reservations;

/// <summary>An instant, or the number -1 where the old protocol means "never".</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct InstantOrNever(Instant? Value)
{
    internal sealed class Converter : JsonConverter<InstantOrNever>
    {
        public override InstantOrNever Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, InstantOrNever value, JsonSerializerOptions options)
        {
            if (value.Value is { } instant)
            {
                writer.WriteStringValue(instant.ToString());
            }
            else
            {
                writer.WriteNumberValue(-1);
            }
        }
    }
}
