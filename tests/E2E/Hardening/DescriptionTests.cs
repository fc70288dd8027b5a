using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Hardening;

/// <summary>What the API says of itself is fit for those who make clients from it.</summary>
public sealed class DescriptionTests(BookItServer server) : IClassFixture<BookItServer>
{
    private async Task<JsonNode> DescriptionAsync() => (await server.Anonymous().GetAsync("/api/openapi.json")).Body;

    private static IEnumerable<(string Name, JsonNode Operation)> Operations(JsonNode description) =>
        from path in description["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select ($"{operation.Key} {path.Key}", operation.Value!);

    [Fact]
    public async Task It_is_OpenAPI_3_1() =>
        Assert.StartsWith("3.1.", (string)(await DescriptionAsync())["openapi"]!, StringComparison.Ordinal);

    [Fact]
    public async Task Every_operation_has_a_name_a_summary_and_a_tag()
    {
        var operations = Operations(await DescriptionAsync()).ToList();

        Assert.True(operations.Count > 25);
        Assert.All(
            operations,
            pair =>
            {
                Assert.Matches("^[a-z][A-Za-z]+$", (string?)pair.Operation["operationId"]);
                Assert.False(string.IsNullOrEmpty((string?)pair.Operation["summary"]), pair.Name);
                Assert.Single(pair.Operation["tags"]!.AsArray());
            }
        );
        var ids = operations.Select(pair => (string)pair.Operation["operationId"]!).ToList();
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Every_answer_says_what_it_holds_and_every_problem_is_a_problem()
    {
        Assert.All(
            Operations(await DescriptionAsync()).Where(pair => pair.Name.Contains(" /api/", StringComparison.Ordinal)),
            pair =>
            {
                var responses = pair.Operation["responses"]!.AsObject();
                Assert.Contains(responses, response => response.Key[0] is '2' or '3');
                foreach (var (status, response) in responses.Where(response => response.Key[0] is '4' or '5'))
                {
                    var reference = (string?)response!["content"]!["application/problem+json"]!["schema"]!["$ref"];
                    Assert.Equal("#/components/schemas/Problem", reference);
                    Assert.Contains('`', (string)response["description"]!);
                    Assert.NotEqual("500", status);
                }
            }
        );
    }

    [Fact]
    public async Task Names_on_the_wire_are_snake_case()
    {
        var description = await DescriptionAsync();
        var parameters = Operations(description)
            .SelectMany(pair => pair.Operation["parameters"]?.AsArray() ?? [])
            .Where(parameter => (string?)parameter!["in"] is "query" or "path")
            .Select(parameter => (string)parameter!["name"]!);
        var fields = description["components"]!["schemas"]!
            .AsObject()
            .SelectMany(schema => schema.Value!["properties"]?.AsObject().Select(property => property.Key) ?? []);

        Assert.All(parameters.Concat(fields), name => Assert.Matches("^[a-z][a-z_]*$", name));
    }

    [Fact]
    public async Task Every_field_and_parameter_has_a_type_that_a_client_can_be_made_from()
    {
        var description = await DescriptionAsync();
        var schemas = description["components"]!["schemas"]!;
        static bool HasType(JsonNode schema) =>
            schema["type"] is not null || schema["$ref"] is not null || schema["oneOf"] is not null;

        Assert.All(
            schemas.AsObject().SelectMany(schema => schema.Value!["properties"]?.AsObject().ToList() ?? []),
            property => Assert.True(HasType(property.Value!), property.Key)
        );
        Assert.All(
            Operations(description)
                .SelectMany(pair => pair.Operation["parameters"]?.AsArray() ?? [])
                .Select(parameter => parameter!["schema"]!),
            schema => Assert.True(HasType(schema), schema.ToJsonString())
        );
        var booking = schemas["BookingBody"]!;
        Assert.Equal(["seat_id", "start", "end"], booking["required"]!.AsArray().Select(name => (string?)name));
        Assert.Equal("string", (string?)booking["properties"]!["seat_id"]!["type"]);
        Assert.Null(schemas["ReservationPatch"]!["required"]);
        Assert.Equal(4, schemas["ReservationResponse"]!["properties"]!["status"]!["enum"]!.AsArray().Count);
        Assert.Equal("number", (string?)schemas["SeatResponse"]!["properties"]!["x"]!["type"]);
    }

    [Fact]
    public async Task The_reference_is_a_page_for_people()
    {
        var page = await server.Anonymous().GetAsync("/api/docs/index.html");

        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Equal("text/html", page.Response.Content.Headers.ContentType!.MediaType);
    }
}
