using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Auth;

public sealed class AccessTokenTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Jose_reads_what_the_api_signs()
    {
        var registered = await server.RegisterAsync();

        var claims = JsonNode.Parse(await JwtAsync("verify", registered.AccessToken()))!;

        Assert.Equal((string?)registered.Body["user"]!["id"], (string?)claims["sub"]);
        Assert.Equal("user", (string?)claims["role"]);
        Assert.Equal(900, (long)claims["exp"]! - (long)claims["iat"]!);
        var session = (await server.As(registered).GetAsync("/api/user/sessions")).Body[0]!;
        Assert.Equal((string?)session["id"], (string?)claims["sid"]);
    }

    [Fact]
    public async Task The_api_reads_what_jose_signs()
    {
        var member = await server.MemberAsync();
        var claims = $$"""
            {"iss":"bookit","aud":"bookit","sub":"{{member.UserId}}","sid":"{{Guid.CreateVersion7()}}","role":"user","more":[1]}
            """;

        var me = await server.WithToken((await JwtAsync("sign", claims)).Trim()).GetAsync("/api/user/me");

        Assert.Equal(HttpStatusCode.OK, me.Status);
        Assert.Equal(member.UserId, me.Id);
    }

    [Fact]
    public async Task A_token_that_the_api_did_not_sign_or_that_is_over_opens_nothing()
    {
        var admin = await server.AdminAsync();
        var good = BookItServer.Token(admin.UserId, "admin");
        var parts = good.Split('.');
        string[] bad =
        [
            BookItServer.Token(admin.UserId, "admin", expires: now.AddSeconds(-1)),
            BookItServer.Token(admin.UserId, "admin", secret: "another-secret-that-is-long-enough-too"),
            BookItServer.Token(admin.UserId, "admin", secret: ""),
            BookItServer.Token(admin.UserId, "admin", header: """{"alg":"none","typ":"JWT"}"""),
            BookItServer.Token(admin.UserId, "admin", header: """{"alg":"HS512","typ":"JWT"}"""),
            BookItServer.Token(Guid.Empty, "admin"),
            BookItServer.Token(admin.UserId, "owner"),
            $"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{parts[1]}.",
            $"{parts[0]}.{parts[1]}.",
            $"{parts[0]}.{parts[1]}",
            $"{good}.{parts[2]}",
            $"{parts[0]}.{parts[1]}.{parts[1]}.{parts[2]}",
            good[..^1],
            "",
            ".",
            "null",
            new('a', 20_000),
        ];

        Assert.Equal(HttpStatusCode.OK, (await server.WithToken(good).GetAsync("/api/admin/users")).Status);
        foreach (var token in bad)
        {
            foreach (var header in new[] { ("Authorization", $"Bearer {token}"), ("Cookie", $"access_token={token}") })
            {
                var answer = await server.Anonymous().SendAsync(HttpMethod.Get, "/api/admin/users", headers: header);
                Assert.Equal((HttpStatusCode.Unauthorized, "not_signed_in"), (answer.Status, answer.Code));
                Assert.StartsWith(
                    "Bearer",
                    answer.Response.Headers.WwwAuthenticate.ToString(),
                    StringComparison.Ordinal
                );
            }
        }
    }

    [Fact]
    public async Task With_an_authorization_header_the_cookie_does_not_count()
    {
        var member = await server.MemberAsync();
        var cookie = ("Cookie", $"access_token={BookItServer.Token(member.UserId)}");
        Task<Answer> GetAsync(params (string, string)[] headers) =>
            server.Anonymous().SendAsync(HttpMethod.Get, "/api/user/me", headers: headers);

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(cookie)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(cookie, ("Authorization", "Bearer wrong"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(cookie, ("Authorization", "Basic YTpi"))).Status);
        Assert.Equal(
            HttpStatusCode.OK,
            (await GetAsync(("Authorization", $"bearer {BookItServer.Token(member.UserId)}"))).Status
        );
    }

    [Fact]
    public async Task What_the_token_says_of_the_role_is_not_believed()
    {
        var member = await server.MemberAsync();

        var answer = await server.WithToken(BookItServer.Token(member.UserId, "admin")).GetAsync("/api/admin/users");

        Assert.Equal((HttpStatusCode.Forbidden, "admin_only"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task A_demotion_takes_effect_at_once()
    {
        var (chief, admin) = (await server.AdminAsync(), await server.AdminAsync());
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync("/api/admin/users")).Status);

        await chief.PatchAsync($"/api/admin/user/{admin.UserId}", new { role = "user" });

        Assert.Equal("admin_only", (await admin.GetAsync("/api/admin/users")).Code);
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync("/api/user/me")).Status);
    }

    [Theory]
    [InlineData("GET", "/api/user/me")]
    [InlineData("PATCH", "/api/user")]
    [InlineData("DELETE", "/api/user")]
    [InlineData("GET", "/api/user/sessions")]
    [InlineData("DELETE", "/api/user/sessions/0197ffff-0000-7000-8000-000000000000")]
    [InlineData("GET", "/api/user/0197ffff-0000-7000-8000-000000000000")]
    [InlineData("GET", "/api/admin/users")]
    [InlineData("POST", "/api/admin/verify_user/0197ffff-0000-7000-8000-000000000000")]
    [InlineData("GET", "/api/reservations")]
    [InlineData("GET", "/api/reservations/active")]
    [InlineData("GET", "/api/avatar")]
    [InlineData("GET", "/api/avatar/default")]
    [InlineData("GET", "/api/avatar/0197ffff-0000-7000-8000-000000000000")]
    [InlineData("DELETE", "/api/avatar")]
    [InlineData("POST", "/api/avatar/upload")]
    [InlineData("POST", "/api/admin/default_avatar")]
    public async Task The_token_of_a_deleted_account_opens_nothing(string method, string path)
    {
        var admin = await server.AdminAsync();
        await server.AdminAsync();
        await server.ExecuteAsync($"DELETE FROM users WHERE id = '{admin.UserId}'");

        var answer = await admin.SendAsync(new HttpMethod(method), path, method == "PATCH" ? new { } : null);

        Assert.Equal((HttpStatusCode.Unauthorized, "not_signed_in"), (answer.Status, answer.Code));
    }

    /// <summary>Asks npm's jose.</summary>
    private static Task<string> JwtAsync(string action, string text) =>
        Node.RunAsync("jwt.mjs", action, BookItServer.JwtSecret, text);
}
