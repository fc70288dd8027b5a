using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Users;

/// <summary>A member is master of their own data: takes it along, and takes it away.</summary>
public sealed class OwnDataTests(BookItServer server) : IClassFixture<BookItServer>
{
    /// <summary>The same person by a sign-in that has begun earlier.</summary>
    private Task<ApiClient> EarlierAsync(ApiClient member, TimeSpan ago) =>
        server.SignedInAsync(member.UserId, signedInAt: TimeProvider.System.GetUtcNow() - ago);

    [Fact]
    public async Task The_export_holds_all_that_is_kept()
    {
        var admin = await server.AdminAsync();
        var registered = await server.RegisterAsync();
        var member = server.As(registered);
        var now = TimeProvider.System.GetUtcNow();
        var old = await server.ReservationAsync(
            member.UserId,
            await server.SeatAsync("Old seat"),
            now.AddDays(-3),
            now.AddDays(-3).AddHours(1),
            "closed"
        );
        var booked = await member.BookAsync(await server.SeatAsync("New seat"), now, now.AddHours(1));
        var ticket = await member.PostAsync("/api/ticket", new { theme = "wish", message = "More plants" });
        await admin.PostAsync($"/api/ticket/{ticket.Id}/messages", new { message = "Which?" });
        await admin.PostAsync($"/api/admin/verify_user/{member.UserId}");
        var announcement = Guid.CreateVersion7();
        await server.ExecuteAsync(
            $"""
            INSERT INTO notification_settings (user_id, muted, quiet_from, quiet_to)
            VALUES ('{member.UserId}', ARRAY['ticket_closed'], '22:00', '08:30');
            INSERT INTO announcements (id, author_id, text, made_at)
            VALUES ('{announcement}', '{member.UserId}', 'Cake in the kitchen', now());
            """
        );

        var export = await member.GetAsync("/api/user/export");

        Assert.Equal(HttpStatusCode.OK, export.Status);
        Assert.Equal("application/json", export.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment", export.Response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.EndsWith(".json", export.Response.Content.Headers.ContentDisposition.FileName, StringComparison.Ordinal);
        var data = export.Body;
        Assert.Equal(registered.Email(), (string?)data["profile"]!["email"]);
        Assert.True((bool)data["profile"]!["has_password"]!);
        Assert.Equal(
            [booked.Id.ToString(), old.ToString()],
            data["reservations"]!.AsArray().Select(reservation => (string?)reservation!["id"])
        );
        var conversation = Assert.Single(data["tickets"]!.AsArray())!;
        Assert.Equal("More plants", (string?)conversation["ticket"]!["message"]);
        Assert.Equal("Which?", (string?)Assert.Single(conversation["messages"]!.AsArray())!["message"]);
        Assert.True((bool)Assert.Single(data["sign_ins"]!.AsArray())!["current"]!);
        Assert.Equal(
            ["user_verified", "ticket_answered", "reservation_made"],
            data["notifications"]!.AsArray().Select(news => (string?)news!["kind"])
        );
        Assert.True((bool)Assert.Single(data["changes"]!.AsArray())!["after"]!["verified"]!);
        Assert.Equal(
            """{"muted":["ticket_closed"],"quiet_from":"22:00:00","quiet_to":"08:30:00"}""",
            data["notification_settings"]!.ToJsonString()
        );
        var device = Assert.Single(data["devices"]!.AsArray())!;
        Assert.InRange((DateTimeOffset)device["seen_on"]!, now.AddMinutes(-5), now.AddMinutes(5));
        var written = Assert.Single(data["announcements"]!.AsArray())!;
        Assert.Equal("Cake in the kitchen", (string?)written["text"]);
        Assert.Null(written["sent_on"]);
        Assert.DoesNotContain("AQAAAA", export.ToString(), StringComparison.Ordinal); // a password's hash
    }

    [Fact]
    public async Task It_holds_nothing_of_anybody_else()
    {
        var (one, other) = (await server.MemberAsync(), await server.MemberAsync());
        await other.PostAsync("/api/ticket", new { theme = "wish", message = "Not yours to read" });
        await server.ExecuteAsync(
            $"""
            INSERT INTO announcements (id, author_id, text, made_at)
            VALUES (gen_random_uuid(), '{other.UserId}', 'Not yours either', now());
            INSERT INTO notification_settings (user_id, muted) VALUES ('{other.UserId}', ARRAY['ticket_closed']);
            """
        );

        var export = await one.GetAsync("/api/user/export");

        Assert.Empty(export.Body["tickets"]!.AsArray());
        Assert.Empty(export.Body["announcements"]!.AsArray());
        Assert.Equal(
            """{"muted":[],"quiet_from":null,"quiet_to":null}""",
            export.Body["notification_settings"]!.ToJsonString()
        );
        Assert.DoesNotContain(other.UserId.ToString(), export.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Anonymous().GetAsync("/api/user/export")).Status);
    }

    [Fact]
    public async Task A_sign_in_of_long_ago_deletes_the_account_by_its_password_only()
    {
        var registered = await server.RegisterAsync();
        var member = await EarlierAsync(server.As(registered), TimeSpan.FromMinutes(10.1));

        var without = await member.DeleteAsync("/api/user");
        var empty = await member.DeleteAsync("/api/user", new { password = "" });
        var wrong = await member.DeleteAsync("/api/user", new { password = "battery staple" });
        var stillThere = await member.GetAsync("/api/user/me");
        var right = await member.DeleteAsync("/api/user", new { password = BookItServer.Password });

        Assert.Equal((HttpStatusCode.Forbidden, "fresh_sign_in_needed"), (without.Status, without.Code));
        Assert.Equal("fresh_sign_in_needed", empty.Code);
        Assert.Equal((HttpStatusCode.BadRequest, "wrong_password"), (wrong.Status, wrong.Code));
        Assert.Equal(HttpStatusCode.OK, stillThere.Status);
        Assert.Equal(HttpStatusCode.NoContent, right.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await member.GetAsync("/api/user/me")).Status);
    }

    [Fact]
    public async Task A_wrong_password_deletes_nothing_even_when_the_sign_in_is_fresh()
    {
        var member = server.As(await server.RegisterAsync());

        var answer = await member.DeleteAsync("/api/user", new { password = "battery staple" });

        Assert.Equal("wrong_password", answer.Code);
        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/user/me")).Status);
    }

    [Fact]
    public async Task An_account_without_a_password_needs_a_fresh_sign_in_to_go_and_to_get_one()
    {
        var member = await server.MemberAsync();
        Assert.False((bool)(await member.GetAsync("/api/user/me")).Body["has_password"]!);
        var stale = await EarlierAsync(member, TimeSpan.FromMinutes(11));
        object password = new { password = "battery staple" };

        Assert.Equal("fresh_sign_in_needed", (await stale.DeleteAsync("/api/user")).Code);
        Assert.Equal("fresh_sign_in_needed", (await stale.PatchAsync("/api/user", password)).Code);
        Assert.Equal("wrong_password", (await stale.DeleteAsync("/api/user", password)).Code);

        var set = await member.PatchAsync("/api/user", password);
        var again = await member.PatchAsync("/api/user", new { password = "correct horse" });

        Assert.Equal((HttpStatusCode.OK, true), (set.Status, (bool)set.Body["has_password"]!));
        Assert.Equal("wrong_password", again.Code);
        Assert.Equal(HttpStatusCode.NoContent, (await stale.DeleteAsync("/api/user", password)).Status);
    }

    [Fact]
    public async Task An_access_token_that_outlives_its_sign_in_proves_nothing()
    {
        var (member, other) = (await server.MemberAsync(), await server.MemberAsync());
        var sessions = (await member.GetAsync("/api/user/sessions")).Body.AsArray();
        var own = (string?)Assert.Single(sessions)!["id"];
        Assert.Equal(HttpStatusCode.NoContent, (await member.DeleteAsync($"/api/user/sessions/{own}")).Status);
        var borrowed = server.WithToken(
            BookItServer.Token(
                member.UserId,
                sessionId: Guid.Parse((string)(await other.GetAsync("/api/user/sessions")).Body[0]!["id"]!)
            )
        );

        foreach (var left in new[] { member, borrowed })
        {
            Assert.Equal("fresh_sign_in_needed", (await left.DeleteAsync("/api/user")).Code);
            Assert.Equal(
                "fresh_sign_in_needed",
                (await left.PatchAsync("/api/user", new { password = "battery staple" })).Code
            );
            Assert.Equal("not_signed_in", (await left.PatchAsync("/api/user", new { email = People.NewEmail() })).Code);
            foreach (var path in new[] { "/api/user/export", "/api/user/sessions", "/api/telegram/get_token" })
            {
                var answer = await left.GetAsync(path);
                Assert.Equal((HttpStatusCode.Unauthorized, "not_signed_in"), (answer.Status, answer.Code));
            }
        }

        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/user/me")).Status);
    }

    [Theory]
    [InlineData("""{"password":1}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public async Task A_deletion_that_cannot_be_read_deletes_nothing(string body)
    {
        var member = await server.MemberAsync();

        var answer = await member.DeleteAsync("/api/user", new StringContent(body, null, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/user/me")).Status);
    }

    [Fact]
    public async Task An_administrators_answers_stay_when_they_leave_without_their_name()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        var ticket = (await member.PostAsync("/api/ticket", new { theme = "other", message = "Hello" })).Id;
        await admin.PostAsync($"/api/ticket/{ticket}/messages", new { message = "Good day" });
        await server.AdminAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync("/api/user")).Status);

        var message = Assert.Single((await member.GetAsync($"/api/ticket/{ticket}")).Body["messages"]!.AsArray())!;

        Assert.Equal(("Good day", true), ((string?)message["message"], (bool)message["from_support"]!));
        Assert.Null(message["author_id"]);
        Assert.Null(message["author_name"]);
    }

    [Theory]
    [InlineData("/api/user")]
    [InlineData("/api/telegram")]
    public async Task What_the_bot_has_asked_goes_with_the_account_and_with_its_link(string path)
    {
        var (leaving, staying) = (await server.MemberAsync(), await server.MemberAsync());
        var chat = Random.Shared.NextInt64(1L << 40, 1L << 50);
        foreach (var (member, id) in new[] { (leaving, chat), (staying, chat + 1) })
        {
            await server.ExecuteAsync(
                $"""
                UPDATE users SET telegram_id = {id} WHERE id = '{member.UserId}';
                INSERT INTO telegram_prompts (chat_id, message_id, purpose, is_question, made_at)
                VALUES ({id}, 1, 'ticket:', true, now()), ({id}, 2, 'ticket:', false, now());
                """
            );
        }

        var left = await leaving.DeleteAsync(path);

        Assert.True(left.Response.IsSuccessStatusCode, left.ToString());
        Task<long> Asked(long id) =>
            server.QueryAsync<long>($"SELECT count(*) FROM telegram_prompts WHERE chat_id = {id}");
        Assert.Equal((0L, 2L), (await Asked(chat), await Asked(chat + 1)));
    }

    [Fact]
    public async Task Tickets_and_news_of_others_stay()
    {
        var (leaving, staying) = (await server.MemberAsync(), await server.MemberAsync());
        foreach (var member in new[] { leaving, staying })
        {
            await member.PostAsync("/api/ticket", new { theme = "other", message = "Hello" });
        }

        await leaving.DeleteAsync("/api/user");

        Assert.Single((await staying.GetAsync("/api/ticket/my")).Body.AsArray());
    }
}
