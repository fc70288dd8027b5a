using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Faults;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Users;

public sealed class SessionTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task A_member_sees_where_they_are_signed_in()
    {
        var email = (await server.RegisterAsync()).Email();
        var phone = await server.LoginAsync(
            email,
            BookItServer.Password,
            ("User-Agent", "Phone/1 " + new string('x', 500))
        );
        var laptop = await server.LoginAsync(email, BookItServer.Password, ("User-Agent", "Laptop <script>/2"));

        var sessions = (await server.As(laptop).GetAsync("/api/user/sessions")).Body.AsArray();

        Assert.Equal(3, sessions.Count);
        Assert.Equal(
            ["id", "device", "address", "made_at", "last_used_at", "current"],
            sessions[0]!.AsObject().Select(field => field.Key)
        );
        Assert.Equal(
            ["Laptop <script>/2", ("Phone/1 " + new string('x', 500))[..200], ""],
            sessions.Select(s => (string?)s!["device"])
        );
        Assert.Equal([true, false, false], sessions.Select(s => (bool)s!["current"]!));
        Assert.All(sessions, s => Assert.Equal("127.0.0.1", (string?)s!["address"]));
        var refreshed = await server.RefreshAsync(phone.RefreshToken());
        var after = (await server.As(refreshed).GetAsync("/api/user/sessions")).Body.AsArray();
        Assert.True((bool)after[0]!["current"]!);
        Assert.Equal((string?)sessions[1]!["made_at"], (string?)after[0]!["made_at"]);
        Assert.NotEqual((string?)after[0]!["made_at"], (string?)after[0]!["last_used_at"]);
    }

    [Fact]
    public async Task A_sign_in_can_be_ended_from_another()
    {
        var registered = await server.RegisterAsync();
        var other = await server.LoginAsync(registered.Email());
        var member = server.As(registered);
        var otherId = (await member.GetAsync("/api/user/sessions")).Body.AsArray().Single(s => !(bool)s!["current"]!)![
            "id"
        ]!.ToString();

        var ended = await member.DeleteAsync($"/api/user/sessions/{otherId}");
        var again = await member.DeleteAsync($"/api/user/sessions/{otherId}");

        Assert.Equal(HttpStatusCode.NoContent, ended.Status);
        Assert.Equal((HttpStatusCode.NotFound, "session_not_found"), (again.Status, again.Code));
        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(other.RefreshToken())).Code);
        Assert.Single((await member.GetAsync("/api/user/sessions")).Body.AsArray());
        Assert.Equal(HttpStatusCode.OK, (await server.RefreshAsync(registered.RefreshToken())).Status);
    }

    [Fact]
    public async Task Anothers_sign_in_is_not_there()
    {
        var victim = await server.RegisterAsync();
        var victimsId = (string?)(await server.As(victim).GetAsync("/api/user/sessions")).Body[0]!["id"];
        var attacker = server.As(await server.RegisterAsync());

        var answer = await attacker.DeleteAsync($"/api/user/sessions/{victimsId}");

        Assert.Equal((HttpStatusCode.NotFound, "session_not_found"), (answer.Status, answer.Code));
        Assert.Equal(HttpStatusCode.OK, (await server.RefreshAsync(victim.RefreshToken())).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await attacker.DeleteAsync("/api/user/sessions/1")).Status);
    }
}

public sealed class SessionsWithoutRedisTests(ServerWithOwnRedis server) : IClassFixture<ServerWithOwnRedis>
{
    [Fact]
    public async Task What_must_end_sign_ins_is_not_done_by_half()
    {
        var registered = await server.RegisterAsync();
        var member = server.As(registered);
        server.Redis.Kill();
        try
        {
            var password = await member.PatchAsync(
                "/api/user",
                new { password = "battery staple", current_password = BookItServer.Password }
            );
            var delete = await member.DeleteAsync("/api/user");
            var logout = await member.PostAsync("/api/auth/logout");
            var refresh = await server.RefreshAsync(registered.RefreshToken());
            var rename = await member.PatchAsync("/api/user", new { first_name = "Renamed" });

            foreach (var answer in new[] { password, delete, logout, refresh })
            {
                Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (answer.Status, answer.Code));
                Assert.NotNull(answer.Response.Headers.RetryAfter);
                Assert.Empty(answer.Cookies());
            }

            Assert.Equal(HttpStatusCode.OK, rename.Status);
            Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/user/me")).Status);
        }
        finally
        {
            await server.StartRedisAsync();
        }

        await Eventually.TrueAsync(async () =>
            (await server.LoginAsync(registered.Email())).Status == HttpStatusCode.OK
        );
    }
}
