using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Users;

public sealed class AdminUserTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task The_list_is_filtered_and_paged_newest_first()
    {
        var admin = await server.AdminAsync();
        var mark = $"mark{Guid.CreateVersion7():N}";
        async Task<Guid> AddAsync(string name, bool verified)
        {
            var member = await server.MemberAsync(verified);
            await member.PatchAsync("/api/user", new { first_name = name });
            return member.UserId;
        }

        var first = await AddAsync($"{mark} 100%_a\\b", verified: true);
        var second = await AddAsync($"{mark} Ёлка", verified: false);
        var third = await AddAsync($"{mark} 100xya\\b", verified: true);
        async Task<List<Guid>> ListAsync(string query)
        {
            var answer = await admin.GetAsync($"/api/admin/users?{query}");
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            return [.. answer.Body.AsArray().Select(u => Guid.Parse((string)u!["id"]!))];
        }

        Assert.Equal([third, second, first], await ListAsync($"q={mark.ToUpperInvariant()}"));
        Assert.Equal([third, first], await ListAsync($"q={mark}&verified=true"));
        Assert.Equal([second], await ListAsync($"q={mark}&verified=false"));
        Assert.Equal([], await ListAsync($"q={mark}&role=admin"));
        Assert.Equal([first], await ListAsync($"q={Uri.EscapeDataString($"{mark} 100%_A\\")}"));
        Assert.Equal([second], await ListAsync($"q={Uri.EscapeDataString("ёЛКА")}"));
        Assert.Equal([], await ListAsync($"q={Uri.EscapeDataString("' OR 1=1 --")}"));
        Assert.Contains(admin.UserId, await ListAsync("role=admin"));
        Assert.Contains(first, await ListAsync("q=USER.&limit=500"));
        Assert.Equal([second], await ListAsync($"q={mark}&limit=1&offset=1"));
        var page = await admin.GetAsync($"/api/admin/users?q={mark}&limit=1&offset=1");
        Assert.Equal("3", page.Response.Headers.GetValues("X-Total-Count").Single());
    }

    [Theory]
    [InlineData("role=owner")]
    [InlineData("verified=perhaps")]
    [InlineData("limit=0")]
    [InlineData("q=%00")]
    public async Task A_filter_that_means_nothing_is_a_bad_request(string query) =>
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await (await server.AdminAsync()).GetAsync($"/api/admin/users?{query}")).Status
        );

    [Fact]
    public async Task The_old_client_sends_the_whole_user_back()
    {
        var (admin, member) = (await server.AdminAsync(), await server.MemberAsync(verified: false));
        var whole = (await admin.GetAsync($"/api/user/{member.UserId}")).Body;
        whole["first_name"] = "Changed";
        whole["verified"] = true;
        whole["telegram_id"] = "12345";

        var answer = await admin.PatchAsync($"/api/admin/user/{member.UserId}", whole);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(("Changed", true), ((string?)answer.Body["first_name"], (bool)answer.Body["verified"]!));
        Assert.Null(answer.Body["telegram_id"]);
        var again = await admin.PatchAsync($"/api/admin/user/{member.UserId}", answer.Body);
        Assert.Equal(answer.Body.ToJsonString(), again.Body.ToJsonString());

        var audit = await AuditAsync(admin, member);
        var entry = Assert.Single(audit)!;
        Assert.Equal("user.update", (string?)entry["action"]);
        Assert.Equal(admin.UserId.ToString(), (string?)entry["actor_id"]);
        Assert.Equal("""{"verified":false}""", Without(entry["before"]!, "first_name"));
        Assert.Equal("""{"verified":true,"first_name":"Changed"}""", Sorted(entry["after"]!));
        Assert.Equal(1, await NewsAsync(member));

        static string Without(JsonNode node, string field)
        {
            var copy = node.DeepClone().AsObject();
            copy.Remove(field);
            return copy.ToJsonString();
        }

        static string Sorted(JsonNode node) =>
            new JsonObject(
                node.AsObject()
                    .OrderByDescending(f => f.Key, StringComparer.Ordinal)
                    .Select(f => KeyValuePair.Create(f.Key, f.Value?.DeepClone()))
            ).ToJsonString();
    }

    [Fact]
    public async Task A_password_hash_is_in_no_audit_entry()
    {
        var admin = await server.AdminAsync();
        var member = server.As(await server.RegisterAsync());

        await admin.PatchAsync($"/api/admin/user/{member.UserId}", new { email = People.NewEmail(), role = "admin" });

        Assert.Equal(0, await server.QueryAsync<long>("SELECT count(*) FROM audit a WHERE a::text ILIKE '%password%'"));
    }

    [Fact]
    public async Task Verifying_is_told_once_however_often_it_is_done()
    {
        var (admin, member) = (await server.AdminAsync(), await server.MemberAsync(verified: false));
        var path = $"/api/admin/verify_user/{member.UserId}";

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => admin.PostAsync(path)));

        Assert.All(
            answers,
            answer => Assert.Equal((HttpStatusCode.OK, true), (answer.Status, (bool)answer.Body["verified"]!))
        );
        Assert.Equal("user.verify", (string?)Assert.Single(await AuditAsync(admin, member))!["action"]);
        Assert.Equal(1, await NewsAsync(member));

        await admin.PatchAsync($"/api/admin/user/{member.UserId}", new { verified = false });
        await admin.PostAsync(path);
        Assert.Equal(2, await NewsAsync(member));
    }

    [Theory]
    [InlineData("PATCH", "/api/admin/user/")]
    [InlineData("POST", "/api/admin/verify_user/")]
    public async Task Who_is_not_there_is_not_found(string method, string path)
    {
        var admin = await server.AdminAsync();
        Task<Answer> SendAsync(string id) =>
            admin.SendAsync(new HttpMethod(method), path + id, method == "PATCH" ? new { role = "user" } : null);

        var unknown = await SendAsync(Guid.CreateVersion7().ToString());
        var malformed = await SendAsync("1");

        Assert.Equal((HttpStatusCode.NotFound, "user_not_found"), (unknown.Status, unknown.Code));
        Assert.Equal(HttpStatusCode.BadRequest, malformed.Status);
    }

    [Theory]
    [InlineData("""{"role": "owner"}""", "role")]
    [InlineData("""{"first_name": " "}""", "first_name")]
    [InlineData("""{"email": "nobody"}""", "email")]
    [InlineData("""{"verified": "yes"}""", "verified")]
    public async Task A_change_that_does_not_fit_names_its_field(string body, string field)
    {
        var (admin, member) = (await server.AdminAsync(), await server.MemberAsync());

        var answer = await admin.PatchAsync($"/api/admin/user/{member.UserId}", JsonNode.Parse(body)!);

        Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (answer.Status, answer.Code));
        Assert.NotNull(answer.Body["errors"]![field]);
    }

    [Fact]
    public async Task A_taken_address_is_refused()
    {
        var (admin, member) = (await server.AdminAsync(), await server.MemberAsync());
        var taken = (await server.RegisterAsync()).Email();

        var answer = await admin.PatchAsync($"/api/admin/user/{member.UserId}", new { email = taken });

        Assert.Equal((HttpStatusCode.BadRequest, "email_taken"), (answer.Status, answer.Code));
        Assert.Empty(await AuditAsync(admin, member));
    }

    [Fact]
    public async Task A_member_can_be_promoted_and_then_acts_at_once()
    {
        var (admin, member) = (await server.AdminAsync(), await server.MemberAsync());

        var answer = await admin.PatchAsync($"/api/admin/user/{member.UserId}", new { role = "admin" });

        Assert.Equal("admin", (string?)answer.Body["role"]);
        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/admin/users")).Status);
    }

    private static async Task<JsonArray> AuditAsync(ApiClient admin, ApiClient target) =>
        (await admin.GetAsync($"/api/admin/audit?target_id={target.UserId}")).Body.AsArray();

    private Task<long> NewsAsync(ApiClient member) =>
        server.QueryAsync<long>(
            $"SELECT count(*) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'user_verified'"
        );
}

/// <summary>Apart from the others, because it counts all administrators that there are.</summary>
public sealed class LastAdminTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task The_last_one_can_neither_step_down_nor_leave()
    {
        await server.ExecuteAsync("DELETE FROM users");
        var admin = await server.AdminAsync();

        var demoted = await admin.PatchAsync(
            $"/api/admin/user/{admin.UserId}",
            new { role = "user", first_name = "Changed" }
        );
        var deleted = await admin.DeleteAsync("/api/user");

        Assert.Equal((HttpStatusCode.Conflict, "last_admin"), (demoted.Status, demoted.Code));
        Assert.Equal((HttpStatusCode.Conflict, "last_admin"), (deleted.Status, deleted.Code));
        var me = await admin.GetAsync("/api/user/me");
        Assert.Equal("admin", (string?)me.Body["role"]);
        Assert.NotEqual("Changed", (string?)me.Body["first_name"]);

        var second = await server.AdminAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync("/api/user")).Status);
        Assert.Equal(HttpStatusCode.OK, (await second.GetAsync("/api/admin/users")).Status);
    }

    [Theory]
    [InlineData("demote each other")]
    [InlineData("step down")]
    [InlineData("leave")]
    [InlineData("demote and leave")]
    public async Task Of_those_who_go_at_the_same_time_one_stays(string how)
    {
        for (var round = 0; round < 15; round++)
        {
            await server.ExecuteAsync("DELETE FROM users");
            var admins = new[] { await server.AdminAsync(), await server.AdminAsync(), await server.AdminAsync() };
            Task<Answer> DemoteAsync(ApiClient by, ApiClient whom) =>
                by.PatchAsync($"/api/admin/user/{whom.UserId}", new { role = "user" });

            var answers = await Task.WhenAll(
                admins.Select(
                    (admin, i) =>
                        how switch
                        {
                            "demote each other" => DemoteAsync(admin, admins[(i + 1) % admins.Length]),
                            "step down" => DemoteAsync(admin, admin),
                            "leave" => admin.DeleteAsync("/api/user"),
                            _ => i == 0 ? admin.DeleteAsync("/api/user") : DemoteAsync(admin, admin),
                        }
                )
            );

            var left = await server.QueryAsync<long>("SELECT count(*) FROM users WHERE role = 'admin'");
            Assert.True(left >= 1, "Nobody is left");
            Assert.All(
                answers,
                answer =>
                    Assert.True(
                        answer.Status is HttpStatusCode.OK or HttpStatusCode.NoContent
                            || answer.Code is "last_admin" or "admin_only" or "not_signed_in",
                        answer.ToString()
                    )
            );
        }
    }
}
