using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Tickets;

public sealed class TicketTests(BookItServer server) : IClassFixture<BookItServer>
{
    private static Task<Answer> OpenAsync(
        ApiClient member,
        string message = "The lamp flickers",
        string theme = "failure"
    ) => member.PostAsync("/api/ticket", new { theme, message });

    private static Task<Answer> SayAsync(ApiClient somebody, Guid ticket, string message) =>
        somebody.PostAsync($"/api/ticket/{ticket}/messages", new { message });

    private static Task<Answer> SetStatusAsync(ApiClient author, Guid ticket, string status) =>
        author.PatchAsync($"/api/ticket/{ticket}/status", new { status });

    private static Task<Answer> AdminSetsStatusAsync(ApiClient admin, Guid ticket, string status) =>
        admin.PatchAsync($"/api/admin/ticket/{ticket}/status", new { status });

    /// <summary>How often a user is told of a ticket so.</summary>
    private Task<long> NewsAsync(ApiClient user, string kind, Guid ticket) =>
        server.QueryAsync<long>(
            $"""
            SELECT count(*) FROM notifications
            WHERE user_id = '{user.UserId}' AND kind = '{kind}' AND payload->>'ticket_id' = '{ticket}'
            """
        );

    [Fact]
    public async Task A_ticket_is_tied_to_the_live_reservation_and_its_seat()
    {
        var (member, seat) = (await server.MemberAsync(), await server.SeatAsync("By the window"));
        var now = TimeProvider.System.GetUtcNow();
        var booked = await member.BookAsync(seat, now, now.AddHours(1));

        var answer = await OpenAsync(member, "  The lamp flickers \n");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var ticket = answer.Body;
        Assert.Equal(
            [
                "closed_on",
                "id",
                "made_on",
                "message",
                "reservation_id",
                "seat_id",
                "seat_name",
                "status",
                "theme",
                "user_id",
            ],
            ticket.AsObject().Select(field => field.Key).Order(StringComparer.Ordinal)
        );
        Assert.Equal(member.UserId.ToString(), (string?)ticket["user_id"]);
        Assert.Equal(booked.Id.ToString(), (string?)ticket["reservation_id"]);
        Assert.Equal((seat.ToString(), "By the window"), ((string?)ticket["seat_id"], (string?)ticket["seat_name"]));
        Assert.Equal(("failure", "active"), ((string?)ticket["theme"], (string?)ticket["status"]));
        Assert.Equal("The lamp flickers", (string?)ticket["message"]);
        Assert.EndsWith("Z", (string?)ticket["made_on"], StringComparison.Ordinal);
        var own = await member.GetAsync("/api/ticket/my");
        Assert.Equal(ticket.ToJsonString(), Assert.Single(own.Body.AsArray())!.ToJsonString());
    }

    [Fact]
    public async Task Without_a_live_reservation_it_is_tied_to_nothing()
    {
        var (member, seat) = (await server.MemberAsync(), await server.SeatAsync());
        var now = TimeProvider.System.GetUtcNow();
        await server.ReservationAsync(member.UserId, seat, now.AddHours(-3), now.AddHours(-2), "closed");

        var answer = await OpenAsync(member, theme: "wish");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Null(answer.Body["reservation_id"]);
        Assert.Null(answer.Body["seat_id"]);
        Assert.Null(answer.Body["seat_name"]);
    }

    [Fact]
    public async Task It_stays_readable_with_the_seats_name_when_the_seat_is_removed()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        var seat = await server.SeatAsync("Doomed");
        var now = TimeProvider.System.GetUtcNow();
        await member.BookAsync(seat, now, now.AddHours(1));
        var ticket = await OpenAsync(member);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/seat/{seat}?force=true")).Status);

        var read = await admin.GetAsync($"/api/ticket/{ticket.Id}");
        var listed = await member.GetAsync("/api/ticket/my");

        Assert.Equal("Doomed", (string?)read.Body["ticket"]!["seat_name"]);
        Assert.Equal("Doomed", (string?)listed.Body[0]!["seat_name"]);
    }

    [Fact]
    public async Task A_ticket_is_a_conversation_between_its_author_and_any_administrator()
    {
        var (member, one, other) = (await server.MemberAsync(), await server.AdminAsync(), await server.AdminAsync());
        var ticket = await OpenAsync(member, "The lamp flickers");

        var first = await SayAsync(one, ticket.Id, "Which one?");
        await SayAsync(member, ticket.Id, "The left one");
        await SayAsync(other, ticket.Id, "Mended <b>now</b> 🔧");

        Assert.Equal(HttpStatusCode.Created, first.Status);
        foreach (var reader in new[] { member, one, other })
        {
            var conversation = await reader.GetAsync($"/api/ticket/{ticket.Id}");
            Assert.Equal(HttpStatusCode.OK, conversation.Status);
            Assert.Equal("The lamp flickers", (string?)conversation.Body["ticket"]!["message"]);
            Assert.Equal(
                [("Which one?", true), ("The left one", false), ("Mended <b>now</b> 🔧", true)],
                conversation.Body["messages"]!
                    .AsArray()
                    .Select(message => ((string?)message!["message"], (bool)message["from_support"]!))
            );
            Assert.Equal(one.UserId.ToString(), (string?)conversation.Body["messages"]![0]!["author_id"]);
            Assert.StartsWith(
                "Person",
                (string?)conversation.Body["messages"]![0]!["author_name"],
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task Each_event_is_told_to_the_other_side_once()
    {
        var (member, stranger) = (await server.MemberAsync(), await server.MemberAsync());
        var (admin, other) = (await server.AdminAsync(), await server.AdminAsync());
        var ticket = (await OpenAsync(member)).Id;
        await SayAsync(admin, ticket, "Which one?");
        await SayAsync(member, ticket, "The left one");
        await AdminSetsStatusAsync(admin, ticket, "closed");
        await AdminSetsStatusAsync(admin, ticket, "closed");
        await SetStatusAsync(member, ticket, "active");
        await SetStatusAsync(member, ticket, "closed");
        await AdminSetsStatusAsync(other, ticket, "active");

        async Task<(long, long, long, long)> OfAsync(ApiClient user) =>
            (
                await NewsAsync(user, "ticket_opened", ticket),
                await NewsAsync(user, "ticket_answered", ticket),
                await NewsAsync(user, "ticket_closed", ticket),
                await NewsAsync(user, "ticket_reopened", ticket)
            );
        Assert.Equal((0, 1, 1, 1), await OfAsync(member));
        Assert.Equal((1, 1, 1, 1), await OfAsync(admin));
        Assert.Equal((1, 1, 1, 1), await OfAsync(other));
        Assert.Equal((0, 0, 0, 0), await OfAsync(stranger));
    }

    [Fact]
    public async Task What_administrators_do_is_audited_without_the_text()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        var ticket = (await OpenAsync(member, "The secret lamp")).Id;
        await SayAsync(admin, ticket, "A secret answer");
        await AdminSetsStatusAsync(admin, ticket, "closed");
        await AdminSetsStatusAsync(admin, ticket, "active");
        await SayAsync(member, ticket, "Thanks");

        var audit = await admin.GetAsync($"/api/admin/audit?target_id={ticket}");

        Assert.Equal(
            ["ticket.reopen", "ticket.close", "ticket.answer"],
            audit.Body.AsArray().Select(entry => (string?)entry!["action"])
        );
        Assert.Equal("closed", (string?)audit.Body[1]!["after"]!["status"]);
        Assert.DoesNotContain("secret", audit.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Its_author_opens_it_again_within_seven_days_and_an_administrator_whenever()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        var ticket = (await OpenAsync(member)).Id;
        await AdminSetsStatusAsync(admin, ticket, "closed");
        Task ClosedAsync(string ago) =>
            server.ExecuteAsync(
                $"UPDATE tickets SET status = 'closed', closed_at = now() - interval '{ago}' WHERE id = '{ticket}'"
            );

        await ClosedAsync("6 days 23 hours 59 minutes");
        var inTime = await SetStatusAsync(member, ticket, "active");
        await ClosedAsync("7 days");
        var tooLate = await SetStatusAsync(member, ticket, "active");
        var byAdmin = await AdminSetsStatusAsync(admin, ticket, "active");

        Assert.Equal((HttpStatusCode.OK, "active"), (inTime.Status, (string?)inTime.Body["status"]));
        Assert.Null(inTime.Body["closed_on"]);
        Assert.Equal((HttpStatusCode.Conflict, "ticket_reopen_too_late"), (tooLate.Status, tooLate.Code));
        Assert.Contains("7\u00A0дней", (string?)tooLate.Body["detail"], StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "active"), (byAdmin.Status, (string?)byAdmin.Body["status"]));
    }

    [Fact]
    public async Task Nothing_is_said_on_a_closed_ticket()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        var ticket = (await OpenAsync(member)).Id;
        var closed = await SetStatusAsync(member, ticket, "closed");

        Assert.Equal("closed", (string?)closed.Body["status"]);
        Assert.NotNull(closed.Body["closed_on"]);
        foreach (var somebody in new[] { member, admin })
        {
            var answer = await SayAsync(somebody, ticket, "Hello?");
            Assert.Equal((HttpStatusCode.Conflict, "ticket_closed"), (answer.Status, answer.Code));
        }
    }

    [Fact]
    public async Task Anothers_ticket_is_closed_to_members()
    {
        var (member, stranger) = (await server.MemberAsync(), await server.MemberAsync());
        var ticket = (await OpenAsync(member)).Id;

        Answer[] answers =
        [
            await stranger.GetAsync($"/api/ticket/{ticket}"),
            await SayAsync(stranger, ticket, "Let me in"),
            await SetStatusAsync(stranger, ticket, "closed"),
        ];
        var asAdmin = await AdminSetsStatusAsync(stranger, ticket, "closed");
        var all = await stranger.GetAsync("/api/admin/tickets");

        Assert.All(answers, answer => Assert.Equal("not_your_ticket", answer.Code));
        Assert.All([.. answers, asAdmin, all], answer => Assert.Equal(HttpStatusCode.Forbidden, answer.Status));
        Assert.Empty((await stranger.GetAsync("/api/ticket/my")).Body.AsArray());
        Assert.Empty((await member.GetAsync($"/api/ticket/{ticket}")).Body["messages"]!.AsArray());
        Assert.All(
            [await server.Anonymous().GetAsync($"/api/ticket/{ticket}"), await OpenAsync(server.Anonymous())],
            answer => Assert.Equal(HttpStatusCode.Unauthorized, answer.Status)
        );
    }

    [Fact]
    public async Task A_ticket_that_is_not_there_is_not_found()
    {
        var admin = await server.AdminAsync();
        var nobodys = Guid.CreateVersion7();

        Answer[] answers =
        [
            await admin.GetAsync($"/api/ticket/{nobodys}"),
            await SayAsync(admin, nobodys, "Hello?"),
            await SetStatusAsync(admin, nobodys, "closed"),
            await AdminSetsStatusAsync(admin, nobodys, "closed"),
        ];

        Assert.All(
            answers,
            answer => Assert.Equal((HttpStatusCode.NotFound, "ticket_not_found"), (answer.Status, answer.Code))
        );
    }

    [Theory]
    [InlineData("""{"theme":"complaint","message":"Hello"}""", "theme")]
    [InlineData("""{"theme":null,"message":"Hello"}""", "theme")]
    [InlineData("""{"message":"Hello"}""", "theme")]
    [InlineData("""{"theme":"wish"}""", "message")]
    [InlineData("""{"theme":"wish","message":""}""", "message")]
    [InlineData("""{"theme":"wish","message":" \n\t "}""", "message")]
    [InlineData("""{"theme":"wish","message":"\u200b\u200b"}""", "message")]
    [InlineData("""{"theme":"wish","message":{"a":1}}""", "message")]
    [InlineData("""{"theme":1,"message":"Hello"}""", "theme")]
    public async Task What_does_not_fit_names_its_field(string body, string field)
    {
        var member = await server.MemberAsync();

        var answer = await member.PostAsync("/api/ticket", JsonNode.Parse(body));

        Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (answer.Status, answer.Code));
        Assert.NotNull(answer.Body["errors"]![field]);
    }

    [Fact]
    public async Task A_message_has_its_limit()
    {
        var member = await server.MemberAsync();
        var ticket = await OpenAsync(member, new string('ы', 4000));

        var tooLong = await OpenAsync(member, new string('ы', 4001));
        var farTooLong = await OpenAsync(member, new string('x', 100_000));
        var answer = await SayAsync(member, ticket.Id, new string('ы', 4001));

        Assert.Equal(HttpStatusCode.OK, ticket.Status);
        Assert.All([tooLong, answer], refused => Assert.Equal(HttpStatusCode.BadRequest, refused.Status));
        Assert.NotNull(tooLong.Body["errors"]!["message"]);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body_too_large"), (farTooLong.Status, farTooLong.Code));
        Assert.Single((await member.GetAsync("/api/ticket/my")).Body.AsArray());
    }

    [Theory]
    [InlineData("open")]
    [InlineData("")]
    public async Task A_status_that_does_not_exist_is_refused(string status)
    {
        var admin = await server.AdminAsync();
        var ticket = (await OpenAsync(await server.MemberAsync())).Id;

        var answer = await AdminSetsStatusAsync(admin, ticket, status);

        Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Of_sixty_tickets_at_once_twenty_are_opened()
    {
        var member = await server.MemberAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => OpenAsync(member, $"Number {i}")));

        Assert.Equal(20, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.All(
            answers.Where(answer => answer.Status != HttpStatusCode.OK),
            answer => Assert.Equal((HttpStatusCode.Conflict, "too_many_tickets"), (answer.Status, answer.Code))
        );
        var one = answers.First(answer => answer.Status == HttpStatusCode.OK).Id;
        await SetStatusAsync(member, one, "closed");
        Assert.Equal(HttpStatusCode.OK, (await OpenAsync(member)).Status);
        Assert.Equal("too_many_tickets", (await SetStatusAsync(member, one, "active")).Code);
    }

    [Fact]
    public async Task Of_sixty_tickets_opened_and_closed_within_a_day_fifty_are_taken()
    {
        var member = await server.MemberAsync();
        await server.ExecuteAsync(
            $"""
            INSERT INTO tickets (id, user_id, theme, message, status, made_at, closed_at)
            SELECT gen_random_uuid(), '{member.UserId}', 'wish', 'More', 'closed',
                now() - CASE WHEN n > 49 THEN interval '25 hours' ELSE interval '23 hours' END, now()
            FROM generate_series(1, 60) n
            """
        );

        var last = await OpenAsync(member);
        var more = await OpenAsync(member);

        Assert.Equal(HttpStatusCode.OK, last.Status);
        Assert.Equal((HttpStatusCode.Conflict, "too_many_tickets_today"), (more.Status, more.Code));
    }

    [Fact]
    public async Task Closing_and_opening_again_and_again_is_told_once_a_minute()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        var ticket = (await OpenAsync(member)).Id;

        for (var i = 0; i < 20; i++)
        {
            await SetStatusAsync(member, ticket, "closed");
            await SetStatusAsync(member, ticket, "active");
        }

        // Two, if a minute has ended meanwhile.
        Assert.InRange(await NewsAsync(admin, "ticket_closed", ticket), 1, 2);
        Assert.InRange(await NewsAsync(admin, "ticket_reopened", ticket), 1, 2);
    }

    [Fact]
    public async Task A_ticket_that_goes_while_an_administrator_closes_it_is_no_fault()
    {
        for (var round = 0; round < 10; round++)
        {
            var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
            var ticket = (await OpenAsync(member)).Id;

            var closing = AdminSetsStatusAsync(admin, ticket, "closed");
            var leaving = await member.DeleteAsync("/api/user");

            Assert.Equal(HttpStatusCode.NoContent, leaving.Status);
            Assert.True((int)(await closing).Status is 200 or 404, $"{await closing}");
        }
    }

    [Fact]
    public async Task A_conversation_has_its_limit()
    {
        var member = await server.MemberAsync();
        var ticket = (await OpenAsync(member)).Id;
        await server.ExecuteAsync(
            $"""
            INSERT INTO ticket_messages (id, ticket_id, author_id, from_support, text, made_at)
            SELECT gen_random_uuid(), '{ticket}', '{member.UserId}', false, 'More', now() FROM generate_series(1, 499)
            """
        );

        var last = await SayAsync(member, ticket, "The last word");
        var more = await SayAsync(member, ticket, "And another");

        Assert.Equal(HttpStatusCode.Created, last.Status);
        Assert.Equal((HttpStatusCode.Conflict, "ticket_full"), (more.Status, more.Code));
    }

    [Fact]
    public async Task The_list_is_filtered_and_paged_newest_first()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        var mark = $"mark{Guid.CreateVersion7():N}";
        var first = (await OpenAsync(member, $"{mark} 100%", "failure")).Id;
        var second = (await OpenAsync(member, $"{mark} b", "wish")).Id;
        var third = (await OpenAsync(member, "c", "other")).Id;
        await SayAsync(admin, third, $"Said later: {mark}");
        await AdminSetsStatusAsync(admin, second, "closed");
        async Task<List<Guid>> ListAsync(string query)
        {
            var answer = await admin.GetAsync($"/api/admin/tickets?{query}");
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            return [.. answer.Body.AsArray().Select(ticket => Guid.Parse((string)ticket!["id"]!))];
        }

        Assert.Equal([third, second, first], await ListAsync($"user_id={member.UserId}"));
        Assert.Equal([third, second, first], await ListAsync($"q={mark.ToUpperInvariant()}"));
        Assert.Equal([first], await ListAsync($"q={Uri.EscapeDataString($"{mark} 100%")}"));
        Assert.Equal([second], await ListAsync($"q={mark}&status=closed"));
        Assert.Equal([first], await ListAsync($"q={mark}&theme=failure"));
        Assert.Equal([], await ListAsync($"q={mark}&seat_id={Guid.CreateVersion7()}"));
        Assert.Equal([second], await ListAsync($"q={mark}&limit=1&offset=1"));
        var page = await member.GetAsync("/api/ticket/my?limit=1&offset=2");
        Assert.Equal("3", page.Response.Headers.GetValues("X-Total-Count").Single());
        Assert.Equal(first, Guid.Parse((string)page.Body[0]!["id"]!));
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync("/api/admin/tickets?status=open")).Status);
    }

    [Fact]
    public async Task Closing_and_answering_at_once_leaves_no_answer_after_the_end()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        for (var round = 0; round < 5; round++)
        {
            var ticket = (await OpenAsync(member, $"Round {round}")).Id;
            var answers = Enumerable.Range(0, 10).Select(i => SayAsync(member, ticket, $"Message {i}")).ToList();
            var closing = AdminSetsStatusAsync(admin, ticket, "closed");
            var said = await Task.WhenAll(answers);

            Assert.Equal(HttpStatusCode.OK, (await closing).Status);
            Assert.All(
                said,
                answer =>
                    Assert.True(answer.Status == HttpStatusCode.Created || answer.Code == "ticket_closed", $"{answer}")
            );
            var conversation = await admin.GetAsync($"/api/ticket/{ticket}");
            Assert.Equal(
                said.Count(answer => answer.Status == HttpStatusCode.Created),
                conversation.Body["messages"]!.AsArray().Count
            );
        }
    }

    [Fact]
    public async Task Whoever_leaves_in_the_middle_of_a_conversation_breaks_nothing()
    {
        // Or the first to leave would be the last administrator, who may not.
        await server.AdminAsync();
        for (var round = 0; round < 5; round++)
        {
            var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
            var ticket = (await OpenAsync(member)).Id;
            var talk = Enumerable
                .Range(0, 10)
                .SelectMany(i =>
                    new[]
                    {
                        SayAsync(i % 2 == 0 ? member : admin, ticket, $"Message {i}"),
                        OpenAsync(member, $"Ticket {i}"),
                        AdminSetsStatusAsync(admin, ticket, i % 2 == 0 ? "closed" : "active"),
                    }
                )
                .ToList();
            var leaving = Task.WhenAll(member.DeleteAsync("/api/user"), admin.DeleteAsync("/api/user"));
            var answers = await Task.WhenAll(talk);

            Assert.All(await leaving, answer => Assert.Equal(HttpStatusCode.NoContent, answer.Status));
            Assert.All(answers, answer => Assert.True((int)answer.Status < 500, $"{answer}"));
        }
    }
}
