using System.Globalization;
using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Auth;

/// <summary>People with a password, who come in by the front door.</summary>
internal static class People
{
    private static int last;

    /// <summary>An address that nobody has yet.</summary>
    public static string NewEmail() =>
        $"somebody.{Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture)}@example.com";

    /// <summary>What a registration sends.</summary>
    public static object Registration(string email, string? adminKey = null) =>
        new
        {
            email,
            password = BookItServer.Password,
            first_name = "Somebody",
            admin_key = adminKey,
        };

    /// <summary>A new account; the answer holds its tokens.</summary>
    public static async Task<Answer> RegisterAsync(
        this BookItServer server,
        string? email = null,
        string? adminKey = null
    )
    {
        var answer = await server
            .Anonymous()
            .PostAsync("/api/auth/register", Registration(email ?? NewEmail(), adminKey));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer;
    }

    public static Task<Answer> LoginAsync(
        this BookItServer server,
        string email,
        string password = BookItServer.Password,
        params (string Name, string Value)[] headers
    ) => server.Anonymous().SendAsync(HttpMethod.Post, "/api/auth/login", new { email, password }, headers);

    public static Task<Answer> RefreshAsync(this BookItServer server, string refreshToken, Uri? address = null) =>
        server.Anonymous(address).PostAsync("/api/auth/refresh", new { refresh_token = refreshToken });

    /// <summary>A client with the access token of this answer.</summary>
    public static ApiClient As(this BookItServer server, Answer tokens)
    {
        var client = server.WithToken(tokens.AccessToken());
        client.UserId = Guid.Parse((string)tokens.Body["user"]!["id"]!);
        return client;
    }

    public static string AccessToken(this Answer answer) => (string)answer.Body["access_token"]!;

    public static string RefreshToken(this Answer answer) => (string)answer.Body["refresh_token"]!;

    public static string Email(this Answer answer) => (string)answer.Body["user"]!["email"]!;

    /// <summary>The cookies that an answer sets, whole.</summary>
    public static IReadOnlyList<string> Cookies(this Answer answer) =>
        answer.Response.Headers.TryGetValues("Set-Cookie", out var cookies) ? [.. cookies] : [];
}
