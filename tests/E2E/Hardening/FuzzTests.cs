using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Hardening;

/// <summary>
/// Thousands of requests made up from the API's own description: valid, half valid and absurd. Nothing may be a 500,
/// and whatever is answered must be among what the description promises.
/// </summary>
public sealed class FuzzTests(BookItServer server) : IClassFixture<BookItServer>
{
    private const int Requests = 4000;

    private static readonly string[] Strings =
    [
        "",
        " ",
        "a",
        "null",
        "'; DROP TABLE users; --",
        "<img src=x onerror=alert(1)>",
        "\u0000",
        "\ufffe\uffff",
        "😀😀😀",
        "\u202eright to left",
        "%00",
        "%s%n{0}",
        "../../etc/passwd",
        new string('x', 300),
        new string('я', 10_000),
        "2026-11-21T10:00:00Z",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59.9999999+14:00",
        "someone@example.com",
        "password123",
        "closed",
        "-1",
        "1e999",
        "true",
    ];

    private static readonly string[] Tokens =
    [
        "0",
        "-1",
        "1",
        "9223372036854775808",
        "1e400",
        "-0.5",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "[[[[]]]]",
        "{\"a\":{\"b\":null}}",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task No_request_is_answered_with_a_500_or_with_what_the_description_does_not_promise(int seed)
    {
        var description = (await server.Anonymous().GetAsync("/api/openapi.json")).Body;
        var operations = Operation.AllOf(description).ToList();
        var ids = new List<string> { Guid.CreateVersion7().ToString(), "not-a-uuid" };
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await server.SeatAsync()).ToString());
        }

        var clients = new[] { server.Anonymous(), await server.MemberAsync(), await server.AdminAsync(), server.Bot() };
        ids.Add(clients[1].UserId.ToString());
        var now = TimeProvider.System.GetUtcNow();
        ids.Add(
            (await server.ReservationAsync(clients[1].UserId, Guid.Parse(ids[2]), now, now.AddHours(1))).ToString()
        );

        var statuses = new ConcurrentDictionary<int, int>();
        var broken = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Requests),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (i, _) =>
            {
                var random = new Random(seed * 1_000_000 + i);
                var operation = operations[i % operations.Count];
                var (path, body) = Make(operation, random, ids);
                var isTooLarge = body?.Headers.ContentLength > 64 * 1024;
                Answer answer;
                try
                {
                    answer = await clients[random.Next(clients.Length)].SendAsync(operation.Method, path, body);
                }
                // Whoever is still sending may find the connection closed before the refusal is read (RFC 9110, 15.5.14).
                catch (HttpRequestException) when (isTooLarge)
                {
                    return;
                }

                statuses.AddOrUpdate((int)answer.Status, 1, (_, n) => n + 1);
                if (!operation.Promises(answer))
                {
                    broken.Enqueue(
                        $"{operation.Method} {path}: {answer.ToString()[..Math.Min(400, answer.ToString().Length)]}"
                    );
                }
            }
        );

        Assert.True(broken.IsEmpty, string.Join('\n', broken.Take(20)));
        // It must have got past the door: successes and domain refusals, not only bad requests.
        Assert.True(statuses.GetValueOrDefault(200) > Requests / 20, string.Join(", ", statuses));
        Assert.True(statuses.GetValueOrDefault(400) > Requests / 20, string.Join(", ", statuses));
    }

    private static (string Path, HttpContent? Body) Make(Operation operation, Random random, List<string> ids)
    {
        var path = operation.Path;
        var query = new StringBuilder();
        foreach (var (name, place) in operation.Parameters)
        {
            var value = random.Next(4) == 0 ? Strings[random.Next(Strings.Length)] : Plausible(name, random, ids);
            // A request line over 8 KB is Kestrel's to refuse (414), before anything of ours.
            value = value.Length > 500 ? value[..500] : value;
            if (place == "path")
            {
                path = path.Replace(
                    $"{{{name}}}",
                    Uri.EscapeDataString(value.Length == 0 ? "x" : value),
                    StringComparison.Ordinal
                );
            }
            else if (place == "query" && random.Next(3) > 0)
            {
                query
                    .Append(query.Length == 0 ? '?' : '&')
                    .Append(name)
                    .Append('=')
                    .Append(Uri.EscapeDataString(value));
            }
        }

        return (path + query, operation.Fields is null ? null : Body(operation.Fields, random, ids));
    }

    private static StringContent Body(List<string> fields, Random random, List<string> ids)
    {
        if (random.Next(20) == 0)
        {
            return new StringContent(Tokens[random.Next(Tokens.Length)], Encoding.UTF8, "application/json");
        }

        var members = fields
            .Where(_ => random.Next(5) > 0)
            .Select(field =>
                $"{JsonSerializer.Serialize(field)}:"
                + random.Next(6) switch
                {
                    0 => Tokens[random.Next(Tokens.Length)],
                    1 => JsonSerializer.Serialize(Strings[random.Next(Strings.Length)]),
                    _ when field.StartsWith("is_", StringComparison.Ordinal)
                            || field.StartsWith("has_", StringComparison.Ordinal) => "true",
                    _ when field is "x" or "y" => $"{random.Next(1000)}",
                    _ => JsonSerializer.Serialize(Plausible(field, random, ids)),
                }
            );
        return new StringContent($"{{{string.Join(',', members)}}}", Encoding.UTF8, "application/json");
    }

    private static string Plausible(string name, Random random, List<string> ids)
    {
        var now = TimeProvider.System.GetUtcNow();
        return name switch
        {
            "start" or "from" or "start_time" => now.AddMinutes(random.Next(-10, 600)).ToString("yyyy-MM-ddTHH:mm:ssZ"),
            "end" or "to" => now.AddMinutes(random.Next(0, 900)).ToString("yyyy-MM-ddTHH:mm:ssZ"),
            "limit" => $"{random.Next(1, 500)}",
            "offset" => $"{random.Next(0, 50)}",
            "force" or "signed" or "verified" => "true",
            "status" => new[] { "future", "active", "closed", "did_not_come" }[random.Next(4)],
            "role" => new[] { "user", "admin" }[random.Next(2)],
            "email" => $"fuzz{random.Next(1000)}@example.com",
            "name" or "first_name" or "q" or "type" or "zone" or "action" => $"Name {random.Next(100)}",
            "password" or "current_password" => "password123",
            _ when name.EndsWith("id", StringComparison.Ordinal) => ids[random.Next(ids.Count)],
            _ => Strings[random.Next(Strings.Length)],
        };
    }

    /// <summary>An operation of the description, and what it says will be answered.</summary>
    private sealed record Operation(
        HttpMethod Method,
        string Path,
        List<(string Name, string Place)> Parameters,
        List<string>? Fields,
        JsonObject Responses
    )
    {
        public static IEnumerable<Operation> AllOf(JsonNode description) =>
            from path in description["paths"]!.AsObject()
            where path.Key.StartsWith("/api/", StringComparison.Ordinal)
            from operation in path.Value!.AsObject()
            // These would end the fuzzer's own accounts, hash a password for each request, or never come to their end.
            where (string?)operation.Value!["operationId"] is not ("deleteMe" or "register" or "login" or "watchSeats")
            let parameters = operation.Value!["parameters"]?.AsArray() ?? []
            select new Operation(
                new HttpMethod(operation.Key.ToUpperInvariant()),
                path.Key,
                [.. parameters.Select(p => ((string)p!["name"]!, (string)p["in"]!))],
                FieldsOf(description, operation.Value!["requestBody"]),
                operation.Value!["responses"]!.AsObject()
            );

        /// <summary>Whether the status is described, and the problem's code is named there.</summary>
        public bool Promises(Answer answer) =>
            answer.Status != HttpStatusCode.InternalServerError
            && Responses[$"{(int)answer.Status}"] is { } response
            && (
                answer.Code is null
                || ((string?)response["description"])!.Contains($"`{answer.Code}`", StringComparison.Ordinal)
            );

        private static List<string>? FieldsOf(JsonNode description, JsonNode? body)
        {
            if (body?["content"]?["application/json"]?["schema"] is not { } schema)
            {
                return null;
            }

            var reference = (string?)schema["$ref"] ?? (string?)schema["oneOf"]?.AsArray().Last()?["$ref"];
            var resolved = reference is null
                ? schema
                : description["components"]!["schemas"]![reference.Split('/')[^1]]!;
            return [.. resolved["properties"]!.AsObject().Select(property => property.Key)];
        }
    }
}
