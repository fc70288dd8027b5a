using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Auth;

/// <summary>A space with two frontends.</summary>
public sealed class ServerWithOrigins(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?> { ["Cors__Origins"] = "https://two.example, http://localhost:5173/" };
}

public sealed class OriginTests(ServerWithOrigins server) : IClassFixture<ServerWithOrigins>
{
    private async Task<Answer> RenameAsync(ApiClient member, params (string, string)[] headers) =>
        await server
            .Anonymous()
            .SendAsync(
                HttpMethod.Patch,
                "/api/user",
                new { first_name = "Renamed" },
                [("Cookie", $"access_token={BookItServer.Token(member.UserId)}"), .. headers]
            );

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    [InlineData("https://bookit.example.evil.example")]
    [InlineData("http://bookit.example")]
    [InlineData("https://bookit.example:8443")]
    [InlineData("https://bookit.example, https://evil.example")]
    [InlineData("")]
    public async Task A_foreign_page_changes_nothing_with_a_members_cookie(string origin)
    {
        var member = await server.MemberAsync();

        var answer = await RenameAsync(member, ("Origin", origin));

        Assert.Equal((HttpStatusCode.Forbidden, "foreign_origin"), (answer.Status, answer.Code));
        Assert.NotEqual("Renamed", (string?)(await member.GetAsync("/api/user/me")).Body["first_name"]);
    }

    [Theory]
    [InlineData(BookItServer.FrontendOrigin)]
    [InlineData("https://two.example")]
    [InlineData("http://localhost:5173")]
    public async Task The_configured_pages_may(string origin) =>
        Assert.Equal(HttpStatusCode.OK, (await RenameAsync(await server.MemberAsync(), ("Origin", origin))).Status);

    [Fact]
    public async Task So_may_its_own_pages_and_what_is_no_browser()
    {
        var member = await server.MemberAsync();

        var own = await RenameAsync(member, ("Origin", server.Address.GetLeftPart(UriPartial.Authority)));
        var noBrowser = await RenameAsync(member);
        var sameSite = await RenameAsync(member, ("Sec-Fetch-Site", "same-origin"));
        var crossSite = await RenameAsync(member, ("Sec-Fetch-Site", "cross-site"));

        Assert.Equal(HttpStatusCode.OK, own.Status);
        Assert.Equal(HttpStatusCode.OK, noBrowser.Status);
        Assert.Equal(HttpStatusCode.OK, sameSite.Status);
        Assert.Equal("foreign_origin", crossSite.Code);
    }

    [Fact]
    public async Task A_foreign_page_cannot_sign_a_browser_in_either()
    {
        var answer = await server
            .Anonymous()
            .SendAsync(
                HttpMethod.Post,
                "/api/auth/login",
                new { email = "a@example.com", password = "password" },
                ("Origin", "https://evil.example")
            );

        Assert.Equal("foreign_origin", answer.Code);
    }

    [Fact]
    public async Task Who_has_the_token_itself_may_come_from_anywhere()
    {
        var member = await server.MemberAsync();

        var answer = await member.SendAsync(
            HttpMethod.Patch,
            "/api/user",
            new { first_name = "Renamed" },
            ("Origin", "https://evil.example")
        );

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task Reading_is_free_but_only_configured_pages_see_the_answer()
    {
        var foreign = await GetAsync("https://evil.example");
        var frontend = await GetAsync(BookItServer.FrontendOrigin);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (foreign.Status, frontend.Status));
        Assert.False(foreign.Response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal(BookItServer.FrontendOrigin, Header(frontend, "Access-Control-Allow-Origin"));
        Assert.Equal("true", Header(frontend, "Access-Control-Allow-Credentials"));
        Assert.Equal("X-Total-Count,ETag,Retry-After", Header(frontend, "Access-Control-Expose-Headers"));

        Task<Answer> GetAsync(string origin) =>
            server.Anonymous().SendAsync(HttpMethod.Get, "/api/seat", headers: ("Origin", origin));
    }

    [Theory]
    [InlineData(BookItServer.FrontendOrigin, true)]
    [InlineData("https://two.example", true)]
    [InlineData("https://evil.example", false)]
    public async Task A_browser_that_asks_first_is_told(string origin, bool allowed)
    {
        var answer = await server
            .Anonymous()
            .SendAsync(
                HttpMethod.Options,
                "/api/reservations",
                body: null,
                ("Origin", origin),
                ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", "content-type,idempotency-key")
            );

        Assert.Equal(HttpStatusCode.NoContent, answer.Status);
        Assert.Equal(allowed, answer.Response.Headers.Contains("Access-Control-Allow-Origin"));
        if (allowed)
        {
            Assert.Equal("content-type,idempotency-key", Header(answer, "Access-Control-Allow-Headers"));
        }
    }

    [Fact]
    public async Task Also_a_refusal_can_be_read_by_the_frontend()
    {
        var answer = await server
            .Anonymous()
            .SendAsync(HttpMethod.Get, "/api/user/me", headers: ("Origin", BookItServer.FrontendOrigin));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        Assert.Equal(BookItServer.FrontendOrigin, Header(answer, "Access-Control-Allow-Origin"));
    }

    private static string Header(Answer answer, string name) =>
        string.Join(',', answer.Response.Headers.GetValues(name));
}
