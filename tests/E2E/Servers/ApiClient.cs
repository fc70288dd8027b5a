using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace BookIT.Tests.E2E.Servers;

/// <summary>An answer, read whole.</summary>
public sealed record Answer(HttpStatusCode Status, HttpResponseMessage Response, byte[] Bytes)
{
    /// <summary>The body as JSON; null where there is none.</summary>
    public JsonNode Body => JsonNode.Parse(Bytes)!;

    /// <summary>The problem's code; null where it is no problem.</summary>
    public string? Code =>
        Response.Content.Headers.ContentType?.MediaType == "application/problem+json" ? (string?)Body["code"] : null;

    public Guid Id => Guid.Parse((string)Body["id"]!);

    public override string ToString() => $"{(int)Status} {System.Text.Encoding.UTF8.GetString(Bytes)}";
}

/// <summary>Speaks to the Api as a client would.</summary>
public sealed class ApiClient(HttpClient http)
{
    public HttpClient Http => http;

    /// <summary>Who it is signed in as.</summary>
    public Guid UserId { get; set; }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    public Task<Answer> PatchAsync(string path, object body) => SendAsync(HttpMethod.Patch, path, body);

    public Task<Answer> DeleteAsync(string path, object? body = null) => SendAsync(HttpMethod.Delete, path, body);

    /// <summary>Books for oneself.</summary>
    public Task<Answer> BookAsync(Guid seat, DateTimeOffset start, DateTimeOffset end, string? idempotencyKey = null) =>
        SendAsync(
            HttpMethod.Post,
            "/api/reservations",
            new
            {
                seat_id = seat,
                start,
                end,
            },
            idempotencyKey is null ? [] : [("Idempotency-Key", idempotencyKey)]
        );

    /// <summary>Sends a request; a body that is content already is sent as it is.</summary>
    public async Task<Answer> SendAsync(
        HttpMethod method,
        string path,
        object? body = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body as HttpContent ?? (body is null ? null : JsonContent.Create(body)),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await http.SendAsync(request);
        return new Answer(response.StatusCode, response, await response.Content.ReadAsByteArrayAsync());
    }
}
