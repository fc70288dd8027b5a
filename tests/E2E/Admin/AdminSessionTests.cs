using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Admin;

public sealed class AdminSessionTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task An_administrator_sees_where_somebody_is_signed_in_and_ends_it()
    {
        var admin = await server.AdminAsync();
        var registered = await server.RegisterAsync();
        var member = server.As(registered);
        await server.LoginAsync(registered.Email());
        var path = $"/api/admin/user/{member.UserId}/sessions";

        var sessions = (await admin.GetAsync(path)).Body.AsArray();
        Assert.Equal(2, sessions.Count);
        Assert.All(sessions, session => Assert.False((bool)session!["current"]!));
        var first = (string)sessions[1]!["id"]!;

        var ended = await admin.DeleteAsync($"{path}/{first}");
        var again = await admin.DeleteAsync($"{path}/{first}");

        Assert.Equal(HttpStatusCode.NoContent, ended.Status);
        Assert.Equal((HttpStatusCode.NotFound, "session_not_found"), (again.Status, again.Code));
        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(registered.RefreshToken())).Code);
        Assert.Single((await admin.GetAsync(path)).Body.AsArray());
        // What was not done is not told of.
        var entry = Assert.Single(
            (await admin.GetAsync($"/api/admin/audit?target_id={member.UserId}")).Body.AsArray()
        )!;
        Assert.Equal(("user.end_session", first), ((string)entry["action"]!, (string)entry["before"]!["session_id"]!));
    }

    [Fact]
    public async Task Sign_ins_of_nobody_are_not_found_and_of_others_not_reached_through_an_account()
    {
        var admin = await server.AdminAsync();
        var (one, other) = (await server.MemberAsync(), await server.MemberAsync());
        var own = (string)(await one.GetAsync("/api/user/sessions")).Body[0]!["id"]!;
        var nobody = $"/api/admin/user/{Guid.CreateVersion7()}/sessions";

        Assert.Equal("user_not_found", (await admin.GetAsync(nobody)).Code);
        Assert.Equal("user_not_found", (await admin.DeleteAsync($"{nobody}/{own}")).Code);
        Assert.Equal(
            "session_not_found",
            (await admin.DeleteAsync($"/api/admin/user/{other.UserId}/sessions/{own}")).Code
        );
        Assert.Equal("admin_only", (await one.GetAsync($"/api/admin/user/{one.UserId}/sessions")).Code);
        Assert.Equal(HttpStatusCode.OK, (await one.GetAsync("/api/user/sessions")).Status);
    }
}
