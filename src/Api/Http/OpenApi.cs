using System.Globalization;
using BookIT.Api.Avatars;
using BookIT.Api.Telegram;
using BookIT.Core;
using BookIT.Core.Languages;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace BookIT.Api.Http;

/// <summary>The API's description (OpenAPI 3.1): what the endpoints say of themselves, and the problems each may answer with.</summary>
internal static class OpenApi
{
    private const string Problem = "Problem";
    private const string Bearer = "bearer";
    private const string Cookie = "cookie";
    private const string Bot = "bot";

    public static IServiceCollection AddApiDescription(this IServiceCollection services) =>
        services.AddOpenApi(
            "openapi",
            options =>
            {
                options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
                options.AddDocumentTransformer(DescribeDocument);
                options.AddOperationTransformer(DescribeOperation);
                options.AddSchemaTransformer(OpenApiSchemas.Describe);
            }
        );

    public static void MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi("/api/{documentName}.json").AllowAnonymous();
        // Only there: it holds regular expressions against the path of every request that it is shown.
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments("/api/docs", StringComparison.OrdinalIgnoreCase),
            docs =>
                docs.UseSwaggerUI(options =>
                {
                    options.RoutePrefix = "api/docs";
                    options.SwaggerEndpoint("/api/openapi.json", "BookIT");
                    options.DocumentTitle = "BookIT API";
                    options.EnablePersistAuthorization();
                })
        );
    }

    private static Task DescribeDocument(
        OpenApiDocument document,
        OpenApiDocumentTransformerContext context,
        CancellationToken cancellation
    )
    {
        document.Info = new OpenApiInfo
        {
            Title = "BookIT",
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
            Version = typeof(OpenApi).Assembly.GetName().Version?.ToString(3) ?? "0",
            Description =
                "Book a seat in a coworking space. Instants are ISO 8601, in UTC with `Z` on the way out. Problems are "
                + "RFC 9457 problem details with a stable `code`; `detail` is a sentence for a person, in the language "
                + "of `Accept-Language` (`ru` by default, or `en`).",
        };
        document.Servers = [new OpenApiServer { Url = "/", Description = "Where this description comes from." }];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
            },
            [Cookie] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = "access_token",
            },
            [Bot] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = BotHandler.HeaderName,
            },
        };
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas[Problem] = ProblemSchema();
        OpenApiSchemas.DescribeRequests(document.Components.Schemas);
        return Task.CompletedTask;
    }

    private static Task DescribeOperation(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellation
    )
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var policies = metadata.OfType<AuthorizationPolicy>().ToList();
        var needsBot = policies.Exists(policy => policy.AuthenticationSchemes.Contains(BotHandler.SchemeName));
        var needsSignIn = !needsBot && (policies.Count > 0 || metadata.OfType<IAuthorizeData>().Any());
        if (needsBot)
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bot, context.Document)] = [] },
            ];
        }
        else if (needsSignIn && !metadata.OfType<IAllowAnonymous>().Any())
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] },
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Cookie, context.Document)] = [] },
            ];
        }
        else
        {
            // Said, not only left out: nobody needs to be signed in.
            operation.Security = [];
        }

        DescribeParameters(operation, context);
        if (metadata.OfType<FileField>().FirstOrDefault() is { } file)
        {
            operation.RequestBody = FormWith(file.Name);
        }

        operation.Responses ??= [];
        foreach (var (status, codes) in ProblemsOf(operation, context, needsSignIn))
        {
            operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = string.Join(
                    "\n",
                    codes.Select(code => $"- `{code}`: {Sentences.Outline(code, Sentences.Languages[1])}")
                ),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new()
                    {
                        Schema = new OpenApiSchemaReference(Problem, context.Document),
                    },
                },
            };
        }

        DescribeHeaders(operation);
        return Task.CompletedTask;
    }

    /// <summary>The codes an operation may answer with, by status: what its refusals say, and what can happen to any.</summary>
    private static SortedDictionary<int, SortedSet<string>> ProblemsOf(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        bool needsSignIn
    )
    {
        var problems = new SortedDictionary<int, SortedSet<string>>();
        void Add(int status, string code)
        {
            if (!problems.TryGetValue(status, out var codes))
            {
                problems[status] = codes = new SortedSet<string>(StringComparer.Ordinal);
            }

            codes.Add(code);
        }

        if (context.Description.RelativePath?.StartsWith("api/", StringComparison.Ordinal) is not true)
        {
            return problems;
        }

        foreach (
            var refusal in context
                .Description.ActionDescriptor.EndpointMetadata.OfType<RefusalMetadata>()
                .SelectMany(metadata => metadata.Refusals)
        )
        {
            Add(ProblemCodes.StatusOf(refusal), Refusal.CodeOf(refusal));
        }

        foreach (
            var described in context.Description.ActionDescriptor.EndpointMetadata.OfType<IProducesResponseTypeMetadata>()
        )
        {
            if (described.StatusCode >= StatusCodes.Status400BadRequest)
            {
                Add(described.StatusCode, ProblemCodes.OfStatus(described.StatusCode));
            }
        }

        var isUnsafe = context.Description.HttpMethod is not ("GET" or "HEAD");
        if (needsSignIn)
        {
            Add(StatusCodes.Status401Unauthorized, Refusal.CodeOf(typeof(Refusal.NotSignedIn)));
        }

        if (isUnsafe)
        {
            Add(StatusCodes.Status403Forbidden, ProblemCodes.ForeignOrigin);
        }

        if (operation.Parameters is { Count: > 0 } || operation.RequestBody is not null)
        {
            Add(StatusCodes.Status400BadRequest, ProblemCodes.MalformedRequest);
            Add(StatusCodes.Status400BadRequest, ProblemCodes.ValidationFailed);
        }

        if (operation.RequestBody is not null)
        {
            Add(StatusCodes.Status413PayloadTooLarge, ProblemCodes.BodyTooLarge);
            Add(StatusCodes.Status415UnsupportedMediaType, ProblemCodes.UnsupportedMediaType);
        }

        Add(StatusCodes.Status429TooManyRequests, ProblemCodes.TooManyRequests);
        Add(StatusCodes.Status503ServiceUnavailable, ProblemCodes.ServiceUnavailable);
        return problems;
    }

    /// <summary>The headers that a client may want to read, where they are sent.</summary>
    private static void DescribeHeaders(OpenApiOperation operation)
    {
        static OpenApiHeader Header(JsonSchemaType type, string description) =>
            new()
            {
                Description = description,
                Schema = new OpenApiSchema { Type = type },
            };

        var isList =
            operation.OperationId == "listSeats"
            || operation.Parameters?.Any(parameter => parameter.Name == "offset") is true;
        foreach (var (status, response) in operation.Responses!)
        {
            if (response is not OpenApiResponse answer)
            {
                continue;
            }

            var headers = answer.Headers ??= new Dictionary<string, IOpenApiHeader>();
            switch (status)
            {
                case "200" when isList:
                    headers[PageHeaders.TotalCount] = Header(JsonSchemaType.Integer, "How long the whole list is.");
                    break;
                case "201" or "302":
                    headers["Location"] = Header(JsonSchemaType.String, "Where it is.");
                    break;
                case "429" or "503":
                    headers["Retry-After"] = Header(JsonSchemaType.Integer, "In how many seconds to try again.");
                    break;
            }

            if (status is "200" or "304" && operation.Responses.ContainsKey("304"))
            {
                headers["ETag"] = Header(JsonSchemaType.String, "For `If-None-Match`.");
            }
        }
    }

    /// <summary>Parameters of types that the framework takes for text it knows nothing of.</summary>
    private static void DescribeParameters(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            if (parameter.Schema is not OpenApiSchema { OneOf: null } schema)
            {
                continue;
            }

            var described = context.Description.ParameterDescriptions.FirstOrDefault(p => p.Name == parameter.Name);
            var info = (described?.ParameterDescriptor as IParameterInfoParameterDescriptor)?.ParameterInfo;
            schema.Type ??= JsonSchemaType.String;
            if (info?.ParameterType == typeof(Instant?))
            {
                schema.Format = "date-time";
            }

            OpenApiSchemas.DescribeWords(schema, info);
        }
    }

    /// <summary>A form with a file in it (OpenAPI 3.1, 4.8.14.3), which is read by hand as it comes in.</summary>
    private static OpenApiRequestBody FormWith(string field) =>
        new()
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["multipart/form-data"] = new()
                {
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Required = new HashSet<string>(StringComparer.Ordinal) { field },
                        Properties = new Dictionary<string, IOpenApiSchema>
                        {
                            [field] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                        },
                    },
                },
            },
        };

    private static OpenApiSchema ProblemSchema()
    {
        static OpenApiSchema Text(string description) =>
            new() { Type = JsonSchemaType.String, Description = description };

        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "Problem details (RFC 9457).",
            Required = new HashSet<string>(StringComparer.Ordinal) { "status", "title", "detail", "code" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["type"] = Text("Always `about:blank`: the code says what it is."),
                ["title"] = Text("The status in words."),
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
                ["detail"] = Text("One sentence for a person, in the language of `Accept-Language`."),
                ["code"] = Text("The stable name of the problem."),
                ["trace_id"] = Text("What to quote when asking for help."),
                ["user_id"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Format = "uuid",
                    Description = "With `user_not_verified`: whom to verify.",
                },
                ["opens_at"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Format = "date-time",
                    Description = "With `check_in_not_open`: when it opens.",
                },
                ["seat_ids"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Items = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
                    Description = "With `seats_have_reservations`: which seats.",
                },
                ["free_seats"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Description =
                        "With `seat_taken`, where a seat is booked: the free ones nearest to it, five at the most.",
                    Items = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Properties = new Dictionary<string, IOpenApiSchema>
                        {
                            ["id"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
                            ["name"] = Text("What it is called."),
                            ["zone"] = Text("Where it stands."),
                        },
                    },
                },
                ["first_name"] = Text("With `telegram_not_linked`: what the person is called in Telegram."),
                ["proof"] = Text("With `telegram_not_linked`: what links the Telegram account after signing in."),
                ["errors"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Description = "By field, what is wrong with it.",
                    AdditionalProperties = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Array,
                        Items = new OpenApiSchema { Type = JsonSchemaType.String },
                    },
                },
            },
        };
    }
}
