using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using BookIT.Api.Reservations;
using BookIT.Api.Telegram;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace BookIT.Api.Http;

/// <summary>
/// What the framework cannot see of our wire records: types behind converters of our own, words to choose from, and that
/// what a request leaves out is as good as null.
/// </summary>
internal static class OpenApiSchemas
{
    private static readonly string[] RequestSuffixes = ["Request", "Body", "Patch"];

    public static Task Describe(
        OpenApiSchema schema,
        OpenApiSchemaTransformerContext context,
        CancellationToken cancellation
    )
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (type == typeof(string))
        {
            schema.Type = JsonSchemaType.String;
        }
        else if (type == typeof(Instant) || type == typeof(DateTimeOffset))
        {
            schema.Type = JsonSchemaType.String;
            schema.Format = "date-time";
        }
        else if (type == typeof(TelegramId))
        {
            schema.OneOf =
            [
                new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[0-9]{1,16}$" },
                new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
            ];
        }
        else if (type == typeof(InstantOrNever))
        {
            schema.OneOf =
            [
                new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" },
                new OpenApiSchema { Type = JsonSchemaType.Integer, Enum = [JsonValue.Create(-1)] },
            ];
        }

        DescribeWords(schema, context.JsonPropertyInfo?.AttributeProvider);

        // Types of values allow null by themselves; of classes only the property can tell.
        var isNullable = context.JsonPropertyInfo is { IsGetNullable: true } or { IsSetNullable: true };
        if (isNullable && schema.Type is JsonSchemaType.String)
        {
            schema.Type |= JsonSchemaType.Null;
        }

        if (context.JsonTypeInfo.Kind is JsonTypeInfoKind.Object && IsRequest(type.Name))
        {
            schema.Required = context
                .JsonTypeInfo.Properties.Where(property =>
                    Find<NeededAttribute>(property.AttributeProvider) is not null
                )
                .Select(property => property.Name)
                .ToHashSet(StringComparer.Ordinal);
        }

        return Task.CompletedTask;
    }

    /// <summary>The words to choose from, where there are only a few.</summary>
    public static void DescribeWords(OpenApiSchema schema, ICustomAttributeProvider? attributes)
    {
        if (Find<OneOfAttribute>(attributes) is { } oneOf)
        {
            schema.Enum = [.. oneOf.Values.OfType<string>().Select(word => JsonValue.Create(word))];
        }
    }

    /// <summary>What a request must have must not be null: known only when all schemas are there.</summary>
    public static void DescribeRequests(IDictionary<string, IOpenApiSchema> schemas)
    {
        foreach (var (_, schema) in schemas.Where(pair => IsRequest(pair.Key)))
        {
            foreach (var name in schema.Required ?? new HashSet<string>(StringComparer.Ordinal))
            {
                schema.Properties![name] = WithoutNull(schema.Properties[name]);
            }
        }
    }

    private static bool IsRequest(string name) =>
        Array.Exists(RequestSuffixes, suffix => name.EndsWith(suffix, StringComparison.Ordinal));

    private static IOpenApiSchema WithoutNull(IOpenApiSchema schema)
    {
        if (schema is not OpenApiSchema inline)
        {
            return schema;
        }

        var alternatives = inline.OneOf?.Where(one => one.Type is not JsonSchemaType.Null).ToList();
        if (alternatives is [var only])
        {
            return only;
        }

        inline.Type &= ~JsonSchemaType.Null;
        return inline;
    }

    private static T? Find<T>(ICustomAttributeProvider? provider)
        where T : Attribute => provider?.GetCustomAttributes(typeof(T), inherit: true).OfType<T>().FirstOrDefault();
}
