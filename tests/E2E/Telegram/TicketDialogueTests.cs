using System.Buffers.Text;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>How members ask for help, and how it is answered.</summary>
public sealed class TicketDialogueTests(ServerWithBot server) : IClassFixture<ServerWithBot>
{
    private static readonly string[] Themes = ["Something is broken", "A wish", "Something else"];

    private static string Short(Guid id) => Base64Url.EncodeToString(id.ToByteArray(bigEndian: true));

    private async Task<(ApiClient Member, Dialogue Chat)> MemberAsync(string language = "en", string name = "Anna")
    {
        var member = await server.MemberAsync();
        return (member, await server.ChatOfAsync(member, language, name));
    }

    private static async Task<Guid> OpenAsync(ApiClient member, string message, string theme = "failure") =>
        (await member.PostAsync("/api/ticket", new { theme, message })).Id;

    private static async Task<List<string>> SaidAsync(ApiClient somebody, Guid ticket) =>
        [
            .. (await somebody.GetAsync($"/api/ticket/{ticket}")).Body["messages"]!
                .AsArray()
                .Select(message => (string)message!["message"]!),
        ];

    private Task<long> NewsAsync(Guid user, string kind, Guid ticket) =>
        server.QueryAsync<long>(
            $"""
            SELECT count(*) FROM notifications
            WHERE user_id = '{user}' AND kind = '{kind}' AND payload->>'ticket_id' = '{ticket}'
            """
        );

    private async Task<Guid> OnlyTicketAsync(ApiClient member) =>
        Guid.Parse((string)Assert.Single((await member.GetAsync("/api/ticket/my")).Body.AsArray())!["id"]!);

    /// <summary>News of a ticket, as the delivery remembers it: a reply to it is said on the ticket.</summary>
    private async Task RememberNewsAsync(Dialogue chat, Guid ticket)
    {
        await chat.Send("/help");
        await chat.Expect("/ticket");
        await server.ExecuteAsync(
            $"""
            INSERT INTO telegram_prompts (chat_id, message_id, purpose, is_question, made_at)
            VALUES ({chat.Id}, {chat.NewestId}, 'ticket:{Short(ticket)}', false, now())
            """
        );
    }

    [Theory]
    [InlineData(
        "en",
        "What would you like",
        "A wish",
        "What is missing",
        "wish",
        "Your ticket about seat A-3 has gone to support",
        "Whole conversation"
    )]
    [InlineData(
        "en",
        "What would you like",
        "Something else",
        "Write it in one message",
        "other",
        "Your ticket about seat A-3",
        "Whole conversation"
    )]
    [InlineData(
        "ru",
        "О чём хотите написать?",
        "Что-то сломалось",
        "Что сломалось?",
        "failure",
        "Обращение по месту A-3 отправлено в поддержку",
        "Вся переписка"
    )]
    public async Task A_member_asks_for_help(
        string language,
        string menu,
        string button,
        string question,
        string theme,
        string opened,
        string whole
    )
    {
        var (member, chat) = await MemberAsync(language);
        var admin = await server.AdminAsync();
        var now = TimeProvider.System.GetUtcNow();
        await server.ReservationAsync(member.UserId, await server.SeatAsync("A-3"), now, now.AddHours(1));

        await chat.Send("/ticket");
        Assert.Contains(menu, await chat.Hear(), StringComparison.Ordinal);
        Assert.Equal(3, chat.Buttons().Count);
        await chat.Press(button);
        await chat.Expect(question);
        await chat.Send($"  {ServerWithBot.Private}: the <lamp> flickers ");
        await chat.Expect(opened, whole);

        var ticket = Assert.Single((await member.GetAsync("/api/ticket/my")).Body.AsArray())!;
        Assert.Equal(
            (theme, $"{ServerWithBot.Private}: the <lamp> flickers", "A-3"),
            ((string)ticket["theme"]!, (string)ticket["message"]!, (string)ticket["seat_name"]!)
        );
        Assert.Equal(1, await NewsAsync(admin.UserId, "ticket_opened", Guid.Parse((string)ticket["id"]!)));

        await chat.Press(whole);
        Assert.Contains(
            $"{ServerWithBot.Private}: the &lt;lamp&gt; flickers",
            await chat.Hear(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_conversation_is_carried_on_from_both_sides()
    {
        var (member, chat) = await MemberAsync();
        var account = await server.AdminAsync();
        var support = await server.ChatOfAsync(account, name: "Maria");
        await chat.Send("/ticket");
        await chat.Expect("What would you like to write about?", Themes);
        await chat.Press("Something is broken");
        await chat.Expect("What is broken?");
        await chat.Reply("The lamp flickers");
        await chat.Expect("has gone to support", "Whole conversation");
        var id = await OnlyTicketAsync(member);

        // The administrator answers by the button that the news of it carries.
        await support.Send("/help");
        await support.Expect("/today");
        await support.Forge($"ticket:answer:{Short(id)}");
        await support.Expect("Write your answer in one message. The ticket: “The lamp flickers”");
        await support.Send("Which one?");
        await support.Expect("Your message was sent", "Whole conversation");
        Assert.Equal(1, await NewsAsync(member.UserId, "ticket_answered", id));

        // The member answers by a reply to the news.
        await RememberNewsAsync(chat, id);
        await chat.Reply("The one above A-3");
        await chat.Expect("Your message was sent", "Whole conversation");
        // And adds to that.
        await chat.Reply("And the one beside it");
        await chat.Expect("Your message was sent", "Whole conversation");

        // The administrator looks at the whole, and closes it.
        await server.ExecuteAsync(
            $"UPDATE users SET email = 'anna&<i>.{id:N}@example.com' WHERE id = '{member.UserId}'"
        );
        await support.Press("Whole conversation");
        await support.ExpectEdit("<b>Something is broken</b>. The ticket is open.", "Reply", "Close");
        Assert.Contains($"\nanna&amp;&lt;i&gt;.{id:N}@example.com\n", support.Text, StringComparison.Ordinal);
        var text = support.Text;
        foreach (
            var (one, next) in new[]
            {
                ("Anna", "The lamp flickers"),
                ("The lamp flickers", "<b>You</b> wrote"),
                ("Which one?", "The one above A-3"),
                ("The one above A-3", "And the one beside it"),
            }
        )
        {
            Assert.True(
                text.IndexOf(one, StringComparison.Ordinal) < text.IndexOf(next, StringComparison.Ordinal),
                text
            );
        }

        await support.PressTwice("Close");
        await support.ExpectEdit("The ticket is closed.", "Open again");
        Assert.Equal(1, await NewsAsync(member.UserId, "ticket_closed", id));

        // What is said now is not lost without a word.
        await RememberNewsAsync(chat, id);
        await chat.Reply("Still flickers");
        await chat.Expect("<b>Not sent.</b> The ticket is closed", "Open again");
        await chat.Press("Open again");
        await chat.ExpectEdit("The ticket is open", "Reply", "Close", "To all tickets");
        Assert.Contains("<b>Maria (support)</b> wrote", chat.Text, StringComparison.Ordinal);
        await chat.Reply("Still flickers");
        await chat.Expect("Your message was sent", "Whole conversation");
        Assert.Equal(
            ["Which one?", "The one above A-3", "And the one beside it", "Still flickers"],
            await SaidAsync(member, id)
        );
    }

    [Theory]
    [InlineData(
        "en",
        "Reply",
        "Close",
        "Open again",
        "To all tickets",
        "Write your answer",
        "The ticket is closed. Open it again to reply"
    )]
    [InlineData(
        "ru",
        "Ответить",
        "Закрыть",
        "Открыть снова",
        "Ко всем обращениям",
        "Напишите ответ одним сообщением",
        "Обращение закрыто. Чтобы ответить"
    )]
    public async Task A_member_finds_their_tickets_and_closes_them(
        string language,
        string reply,
        string close,
        string reopen,
        string all,
        string question,
        string closed
    )
    {
        var (member, chat) = await MemberAsync(language);
        var id = await OpenAsync(member, "The lamp\nflickers");
        await server.ExecuteAsync(
            $"UPDATE tickets SET status = 'closed', closed_at = now() - interval '8 days' WHERE id = '{await OpenAsync(member, "Long ago")}'"
        );

        await chat.Send("/ticket");
        await chat.Hear();
        await chat.Press("• The lamp flickers");
        await chat.ExpectEdit("The lamp\nflickers", reply, close, all);
        await chat.Press(reply);
        await chat.Expect(question);
        await chat.Send("It is the one above A-3");
        await chat.Hear();
        Assert.Equal(["It is the one above A-3"], await SaidAsync(member, id));

        await chat.Press(reply);
        await chat.Expect(question);
        await chat.Press(close);
        await chat.ExpectEdit("A-3", reopen, all);
        await chat.Send("Too late");
        await chat.Expect(closed, reopen);
        // Old buttons.
        await chat.Forge($"ticket:answer:{Short(id)}");
        await chat.ExpectToast(closed);
        await chat.Press(all);
        await chat.Hear();
        Assert.Equal(4, chat.Buttons().Count);
        await chat.Press("✓ The lamp flickers");
        await chat.ExpectEdit("flickers", reopen, all);

        await server.ExecuteAsync($"UPDATE tickets SET closed_at = now() - interval '8 days' WHERE id = '{id}'");
        await chat.Press(reopen);
        await chat.ExpectEdit("flickers", all);
        await chat.ExpectToast("7");
    }

    [Fact]
    public async Task Many_tickets_come_by_the_page()
    {
        var (member, chat) = await MemberAsync();
        for (var i = 1; i <= 10; i++)
        {
            await OpenAsync(member, $"Ticket {i:00}");
        }

        await chat.Send("/ticket");
        await chat.Expect(
            "Below are your tickets",
            [.. Themes, .. Enumerable.Range(3, 8).Reverse().Select(i => $"• Ticket {i:00}"), "›"]
        );
        await chat.Press("›");
        await chat.ExpectEdit("Below are your tickets", [.. Themes, "• Ticket 02", "• Ticket 01", "‹"]);
        await chat.Press("‹");
        await chat.Hear();
        foreach (
            var forged in new[]
            {
                "ticket:list:-3",
                "ticket:list:x",
                "ticket:list:99999999999",
                "ticket:see:AAAA",
                "ticket:",
                "ticket:nothing",
                "ticket:reopen:",
            }
        )
        {
            await chat.Forge(forged);
        }

        await chat.Send("/help");
        await chat.Expect("/ticket");
    }

    [Fact]
    public async Task A_long_conversation_is_cut_to_fit()
    {
        var (member, chat) = await MemberAsync();
        var id = await OpenAsync(member, $"First <{new string('a', 3900)}>");
        for (var i = 0; i < 12; i++)
        {
            await member.PostAsync(
                $"/api/ticket/{id}/messages",
                new { message = $"Number {i:00} {new string('&', 900)}" }
            );
        }

        await chat.Send("/ticket");
        await chat.Hear();
        await chat.Forge($"ticket:see:{Short(id)}");
        await chat.ExpectEdit("First &lt;aaa", "Reply", "Close", "To all tickets");
        Assert.Contains("messages left out", chat.Text, StringComparison.Ordinal);
        Assert.Contains("Number 11", chat.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Number 00", chat.Text, StringComparison.Ordinal);
        var visible = System.Net.WebUtility.HtmlDecode(
            chat.Text.Replace("<b>", "", StringComparison.Ordinal).Replace("</b>", "", StringComparison.Ordinal)
        );
        Assert.InRange(visible.Length, 2000, 4096);
    }

    [Theory]
    [InlineData("en", "Words are needed", "Too long: 4,050 characters", "has gone to support")]
    [InlineData(
        "ru",
        "Нужен текст: напишите ответ словами",
        "Слишком длинно: 4 050 символов",
        "отправлено в поддержку"
    )]
    public async Task What_is_no_ticket_is_asked_for_again(string language, string words, string tooLong, string opened)
    {
        var (member, chat) = await MemberAsync(language);
        await chat.Send("/ticket");
        await chat.Hear();
        await chat.Forge("ticket:new:wish");
        await chat.Hear();
        await chat.SendPhoto();
        await chat.Expect(words);
        await chat.SendPhoto("With words under it");
        await chat.Expect(words);
        await chat.Send("   ");
        await chat.Expect(words);
        await chat.Send(new string('x', 4050));
        await chat.Expect(tooLong);
        // A reply to what was said about it is the answer too.
        await chat.Reply(new string('x', 4000));
        Assert.Contains(opened, await chat.Hear(), StringComparison.Ordinal);
        await OnlyTicketAsync(member);
    }

    [Fact]
    public async Task A_message_that_comes_twice_is_one_ticket_and_one_answer()
    {
        var (member, chat) = await MemberAsync();
        await chat.Send("/ticket");
        await chat.Hear();
        await chat.Press("A wish");
        await chat.Expect("What is missing");

        // As after a death between the ticket and the word about it: the question is still there.
        await chat.SendTwice("More plants", () => server.AskAgainAsync(chat, "ticket:new:wish"));
        await chat.Expect("has gone to support", "Whole conversation");
        var id = await OnlyTicketAsync(member);
        Assert.Equal(7, id.Version);
        Assert.True(Math.Abs((TimeProvider.System.GetUtcNow() - Timestamp(id)).TotalMinutes) < 5);

        await chat.Forge($"ticket:answer:{Short(id)}");
        await chat.Expect("Write your answer");
        await chat.SendTwice(
            "And flowers",
            async () =>
            {
                await server.AskAgainAsync(chat, $"ticket:{Short(id)}");
                await server.ExecuteAsync($"UPDATE tickets SET status = 'closed', closed_at = now() WHERE id = '{id}'");
            }
        );
        await chat.Expect("Your message was sent", "Whole conversation");
        Assert.Equal(["And flowers"], await SaidAsync(member, id));
    }

    private static DateTimeOffset Timestamp(Guid id) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64($"{id:N}"[..12], 16));

    [Fact]
    public async Task Messages_of_one_second_are_in_the_order_of_writing()
    {
        var (member, chat) = await MemberAsync();
        var id = await OpenAsync(member, "Several things");
        await RememberNewsAsync(chat, id);
        var said = Enumerable.Range(1, 8).Select(i => $"Thing {i}").ToList();
        var news = chat.NewestId;
        foreach (var text in said)
        {
            await chat.ReplyTo(news, text);
        }

        foreach (var _ in said)
        {
            await chat.Expect("Your message was sent", "Whole conversation");
        }

        Assert.Equal(said, await SaidAsync(member, id));
    }

    [Fact]
    public async Task Anothers_ticket_stays_anothers()
    {
        var (member, _) = await MemberAsync();
        var (_, thief) = await MemberAsync(name: "Thief");
        var id = await OpenAsync(member, ServerWithBot.Private);
        await thief.Send("/help");
        await thief.Expect("/ticket");

        foreach (var verb in new[] { "see", "answer", "close", "reopen" })
        {
            await thief.Forge($"ticket:{verb}:{Short(id)}");
            await thief.ExpectToast("This is somebody else’s ticket.");
            await thief.Forge($"ticket:{verb}:{Short(Guid.CreateVersion7())}");
            await thief.ExpectToast("There is no such ticket.");
        }

        // A prompt that was remembered while the ticket was still theirs to answer.
        await RememberNewsAsync(thief, id);
        await thief.Reply("Let me in");
        await thief.Expect("<b>Not sent.</b> This is somebody else’s ticket.");
        Assert.Empty(await SaidAsync(member, id));
        Assert.Equal("active", await server.QueryAsync<string>($"SELECT status FROM tickets WHERE id = '{id}'"));

        var stranger = server.Telegram.Somebody();
        await stranger.Send("/ticket");
        await stranger.Expect("Hello! This is the bot of BookIT");
        await stranger.Forge($"ticket:see:{Short(id)}");
        await stranger.ExpectToast("This button is out of date");
    }

    [Fact]
    public async Task Who_is_no_administrator_any_more_answers_nobody()
    {
        var (member, _) = await MemberAsync();
        var id = await OpenAsync(member, "The lamp flickers");
        var account = await server.AdminAsync();
        var support = await server.ChatOfAsync(account);
        await support.Send("/help");
        await support.Expect("/today");
        await support.Forge($"ticket:answer:{Short(id)}");
        await support.Expect("Write your answer");

        await server.ExecuteAsync($"UPDATE users SET role = 'user' WHERE id = '{account.UserId}'");
        await support.Send("An answer of nobody");
        await support.Expect("<b>Not sent.</b> This is somebody else’s ticket.");
        Assert.Empty(await SaidAsync(member, id));
    }

    [Fact]
    public async Task Too_many_tickets_are_told_as_such()
    {
        var (member, chat) = await MemberAsync();
        for (var i = 0; i < 20; i++)
        {
            await OpenAsync(member, $"Ticket {i}");
        }

        await chat.Send("/ticket");
        await chat.Hear();
        await chat.Press("A wish");
        await chat.Expect("What is missing");
        await chat.Send("One more");
        await chat.Expect("<b>Not sent.</b> You already have 20");
    }
}
