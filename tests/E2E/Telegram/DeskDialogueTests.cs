using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>How administrators see the day, find somebody, and tell everybody something. Each test has the space to itself.</summary>
public sealed class DeskDialogueTests(ServerAtNoon server) : IClassFixture<ServerAtNoon>, IAsyncLifetime
{
    private static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        await server.ExecuteAsync("DELETE FROM reservations");
        await server.ExecuteAsync("DELETE FROM seats");
        await server.ExecuteAsync("UPDATE users SET telegram_id = NULL, telegram_since = NULL");
        await server.ExecuteAsync("UPDATE seat_catalog_version SET version = version + 1");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Unique() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    private async Task<Guid> SeatAsync(string name, string? zone)
    {
        var id = await server.SeatAsync(name);
        await server.ExecuteAsync($"UPDATE seats SET zone = {(zone is null ? "NULL" : $"'{zone}'")} WHERE id = '{id}'");
        return id;
    }

    private async Task<ApiClient> MemberAsync(string name, bool verified = true)
    {
        var member = await server.MemberAsync(verified);
        await server.ExecuteAsync($"UPDATE users SET first_name = '{name}' WHERE id = '{member.UserId}'");
        return member;
    }

    private async Task<(ApiClient Member, Guid Id)> VisitAsync(
        string name,
        Guid seat,
        double start,
        double end,
        string status = "future",
        bool verified = true
    )
    {
        var member = await MemberAsync(name, verified);
        var (from, to) = (now.AddMinutes(start), now.AddMinutes(end));
        return (member, await server.ReservationAsync(member.UserId, seat, from, to, status));
    }

    private async Task<Dialogue> AdminAsync(string language = "en", string? name = null) =>
        await server.ChatOfAsync(await server.AdminAsync(), language, name);

    [Theory]
    [InlineData(
        "en",
        "Taken now: 2 of 4 seats (50%)",
        "Window: 1 of 2",
        "Other seats: 0 of 1",
        "Expected: 1",
        "Here: 2",
        "Did not come: 1",
        "Refresh"
    )]
    [InlineData(
        "ru",
        "Занято сейчас: 2 из 4 мест (50 %)",
        "Window: 1 из 2",
        "Остальные места: 0 из 1",
        "Ждём: 1",
        "В коворкинге: 2",
        "Не пришли: 1",
        "Обновить"
    )]
    public async Task Today_is_told_in_numbers_and_lists(
        string language,
        string occupancy,
        string window,
        string others,
        string expected,
        string present,
        string missed,
        string refresh
    )
    {
        var (one, two) = (await SeatAsync("W-1", "Window"), await SeatAsync("W-2", "Window"));
        var (kitchen, other) = (await SeatAsync("K-1", "Kitchen"), await SeatAsync("Somewhere", zone: null));
        await VisitAsync("Present", one, -1, 60, "active");
        await VisitAsync("<Also> here", kitchen, -1, 60, "active");
        await VisitAsync("Missed", two, -1, 1, "did_not_come");
        await VisitAsync("Cancelled", two, -1, 1, "closed");
        await VisitAsync("Tomorrow", two, 24 * 60, 25 * 60);
        await VisitAsync("Yesterday", other, -26 * 60, -25 * 60, "did_not_come");
        var (_, coming) = await VisitAsync("Coming", other, 30, 60);
        var admin = await AdminAsync(language);

        await admin.Send("/today");
        await admin.Expect(occupancy, expected, present, missed, refresh);
        Assert.Contains(window, admin.Text, StringComparison.Ordinal);
        Assert.EndsWith($"{expected}\n{present}\n{missed}", admin.Text, StringComparison.Ordinal);
        Assert.Contains(others, admin.Text, StringComparison.Ordinal);

        await admin.Press(present);
        await admin.ExpectEdit("<b>Present</b>", language is "en" ? "Back to the numbers" : "К сводке");
        Assert.Contains("W-1", admin.Text, StringComparison.Ordinal);
        Assert.Contains("<b>&lt;Also&gt; here</b>", admin.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Missed", admin.Text, StringComparison.Ordinal);

        await server.ExecuteAsync($"UPDATE reservations SET status = 'closed' WHERE id = '{coming}'");
        await admin.Press(language is "en" ? "Back to the numbers" : "К сводке");
        // A list that is empty has no button.
        await admin.ExpectEdit(occupancy, present, missed, refresh);
    }

    [Fact]
    public async Task Long_lists_come_by_the_page()
    {
        for (var i = 1; i <= 25; i++)
        {
            await VisitAsync($"Person-{i:00}.", await SeatAsync($"S-{i:00}", "Hall"), -2 + i / 1000.0, 60, "active");
        }

        var admin = await AdminAsync();
        await admin.Send("/today");
        await admin.Expect("Taken now: 25 of 25 seats (100%)", "Here: 25", "Refresh");
        await admin.Press("Here: 25");
        await admin.ExpectEdit("Person-10.", "›", "Back to the numbers");
        Assert.DoesNotContain("Person-11.", admin.Text, StringComparison.Ordinal);
        await admin.Press("›");
        await admin.ExpectEdit("Person-20.", "‹", "›", "Back to the numbers");
        await admin.Press("›");
        await admin.ExpectEdit("Person-25.", "‹", "Back to the numbers");

        // A page that is gone by now is the last one.
        await server.ExecuteAsync(
            "UPDATE reservations SET status = 'closed' WHERE seat_id NOT IN (SELECT id FROM seats WHERE name < 'S-15')"
        );
        await admin.Press("‹");
        await admin.ExpectEdit("Person-14.", "‹", "Back to the numbers");

        foreach (var forged in new[] { "today:", "today:nothing:0", "today:present:-5", "today:present:99999999999" })
        {
            await admin.Forge(forged);
        }

        await admin.ExpectEdit("Person-10.", "›", "Back to the numbers");
    }

    [Fact]
    public async Task A_space_without_seats_has_a_day_too()
    {
        var admin = await AdminAsync();
        await admin.Send("/today");
        await admin.Expect("Taken now: 0 of 0 seats (0%)", "Refresh");
    }

    [Theory]
    [InlineData(
        "en",
        "Whom shall I find?",
        "Nobody was found for “%nobody%”",
        "Telegram is not linked.",
        "Verified.",
        "No live reservations.",
        "Refresh"
    )]
    [InlineData(
        "ru",
        "Кого найти?",
        "По запросу «%nobody%» никого не нашлось",
        "Telegram не привязан.",
        "Личность подтверждена.",
        "Действующих броней нет.",
        "Обновить"
    )]
    public async Task Somebody_is_found_by_a_part_of_their_name(
        string language,
        string question,
        string nobody,
        string telegram,
        string verified,
        string none,
        string refresh
    )
    {
        var name = $"Wilhelmina {Unique()}";
        var member = await MemberAsync(name);
        var email = await server.QueryAsync<string>($"SELECT email FROM users WHERE id = '{member.UserId}'");
        var admin = await AdminAsync(language);

        await admin.Send("/find");
        await admin.Expect(question);
        await admin.SendPhoto();
        await admin.Expect(language is "en" ? "Words are needed" : "Нужен текст");
        await admin.Send("%nobody%");
        await admin.Expect(nobody);
        await admin.Send($"/find {name.ToUpperInvariant()[..^1]}");
        await admin.Expect(language is "en" ? "Found for" : "нашлось", $"{name}, {email}");
        await admin.Press($"{name}, {email}");
        await admin.ExpectEdit($"<b>{name}</b>, {email}", refresh);
        foreach (var words in new[] { telegram, verified, none })
        {
            Assert.Contains(words, admin.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_more_than_eight_are_shown()
    {
        var family = $"Family{Unique()}";
        for (var i = 0; i < 11; i++)
        {
            await MemberAsync($"{family} {i}");
        }

        var admin = await AdminAsync();
        await admin.Send("/find");
        await admin.Expect("Whom shall I find?");
        await admin.Reply(family);
        Assert.Contains("Found for “", await admin.Hear(), StringComparison.Ordinal);
        Assert.Contains("11 people", admin.Text, StringComparison.Ordinal);
        Assert.Contains("The first 8 are shown", admin.Text, StringComparison.Ordinal);
        Assert.Equal(8, admin.Buttons().Count);

        await admin.Send($"/find {new string('x', 4000)}");
        await admin.Expect("Nobody was found for");
    }

    [Fact]
    public async Task Who_is_found_is_verified_and_checked_in()
    {
        var seat = await SeatAsync("W-1", "Window");
        var name = $"Waiting {Unique()}";
        var (member, id) = await VisitAsync(name, seat, -1, 60, verified: false);
        var chat = await server.ChatOfAsync(member);
        var email = await server.QueryAsync<string>($"SELECT email FROM users WHERE id = '{member.UserId}'");
        var admin = await AdminAsync();

        await admin.Send($"/find {email}");
        await admin.Expect("Found", $"{name}, {email}");
        await admin.Press($"{name}, {email}");
        await admin.ExpectEdit("Seat: W-1, Window", "Verify and check in", "Verify", "Refresh");
        Assert.Contains("Telegram is linked.", admin.Text, StringComparison.Ordinal);
        await admin.PressTwice("Verify");
        await admin.ExpectEdit("Not checked in yet", "Check in", "Refresh");
        var data = admin.DataOf("Refresh");
        await admin.Press("Check in");
        await admin.ExpectEdit("Checked in on");

        Assert.Equal("active", await server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{id}'"));
        Assert.Equal(
            1,
            await server.QueryAsync<long>($"SELECT count(*) FROM audit WHERE target_id = '{member.UserId}'")
        );

        // Buttons of old messages; somebody who is gone; and somebody who has no right to them.
        await server.ExecuteAsync($"UPDATE users SET telegram_since = NULL WHERE id = '{member.UserId}'");
        await admin.Forge(data);
        await admin.ExpectEdit("the bot is blocked", "Refresh");
        await chat.Send("/help");
        await chat.Expect("/book");
        await chat.Forge(data);
        await chat.ExpectToast("This button is out of date");
        await admin.Forge("find:verify:AAAAAAAAAAAAAAAAAAAAAA");
        await admin.ExpectToast("There is no such user");
    }

    private Task<long> ToldAsync(ApiClient member) =>
        server.QueryAsync<long>(
            $"SELECT count(*) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'announcement'"
        );

    /// <summary>Two who can be told, two who cannot, and some whom it does not concern.</summary>
    private async Task<(ApiClient[] Reached, ApiClient[] Others)> PeopleAsync()
    {
        var seats = new List<Guid>();
        for (var i = 0; i < 8; i++)
        {
            seats.Add(await SeatAsync($"S-{i}", "Hall"));
        }

        var (future, _) = await VisitAsync("Future", seats[0], 30, 60);
        var (active, _) = await VisitAsync("Active", seats[1], -60, 60, "active");
        var (blocked, _) = await VisitAsync("Blocked", seats[2], -1, 60);
        var (unlinked, _) = await VisitAsync("Unlinked", seats[3], -1, 60);
        var (tomorrow, _) = await VisitAsync("Tomorrow", seats[4], 24 * 60, 25 * 60);
        var (closed, _) = await VisitAsync("Closed", seats[5], -1, 60, "closed");
        var (gone, _) = await VisitAsync("Gone", seats[6], -60, -1);
        var (muted, _) = await VisitAsync("Muted", seats[7], -1, 60);
        foreach (var member in new[] { future, active, blocked, tomorrow, closed, gone, muted })
        {
            await server.ChatOfAsync(member);
        }

        await server.ExecuteAsync(
            $"""
            UPDATE notification_settings SET muted = array_remove(muted, 'announcement')
            WHERE user_id <> '{muted.UserId}'
            """
        );

        await server.ExecuteAsync($"UPDATE users SET telegram_since = NULL WHERE id = '{blocked.UserId}'");
        return ([future, active], [blocked, unlinked, tomorrow, closed, gone, muted]);
    }

    [Theory]
    [InlineData(
        "en",
        "What shall everybody",
        "This is how they will see it",
        "will get it: 2",
        "switched announcements off: 3",
        "Send",
        "Do not send",
        "<b>Sent.</b> Recipients: 2."
    )]
    [InlineData(
        "ru",
        "Что передать всем",
        "Так увидят ваше сообщение",
        "получат — 2",
        "объявления отключены, — 3",
        "Отправить",
        "Не отправлять",
        "<b>Отправлено.</b> Получателей: 2."
    )]
    public async Task An_announcement_reaches_everybody_with_a_booking_today_once(
        string language,
        string question,
        string preview,
        string reached,
        string unreached,
        string send,
        string keep,
        string sent
    )
    {
        var (told, others) = await PeopleAsync();
        var admin = await AdminAsync(language);

        await admin.Send("/announce");
        await admin.Expect(question);
        await admin.Send("  Water is off <until> 15:00 ");
        await admin.Expect(preview, send, keep);
        Assert.Contains("\n\nWater is off &lt;until&gt; 15:00\n\n", admin.Text, StringComparison.Ordinal);
        Assert.Contains(reached, admin.Text, StringComparison.Ordinal);
        Assert.Contains(unreached, admin.Text, StringComparison.Ordinal);
        Assert.Equal(0, await ToldAsync(told[0]));

        await admin.PressTwice(send);
        await admin.ExpectEdit(sent);
        await admin.Send("/help");
        await admin.Expect("/announce");

        foreach (var member in told)
        {
            Assert.Equal(1, await ToldAsync(member));
        }

        foreach (var member in others)
        {
            Assert.Equal(0, await ToldAsync(member));
        }

        var payload = JsonNode.Parse(
            await server.QueryAsync<string>(
                $"SELECT payload::text FROM notifications WHERE user_id = '{told[0].UserId}' AND kind = 'announcement'"
            )
        )!;
        Assert.Equal("""{"text":"Water is off <until> 15:00"}""", payload.ToJsonString(Plain));
        Assert.Equal(
            1,
            await server.QueryAsync<long>(
                $"""
                SELECT count(*) FROM audit a JOIN announcements n ON a.target_id = n.id
                WHERE action = 'announcement.send' AND a.after->>'text' = n.text AND a.after->>'recipients' = '2'
                    AND actor_id = (SELECT id FROM users WHERE telegram_id = {admin.Id})
                """
            )
        );
    }

    [Fact]
    public async Task What_is_not_to_be_sent_is_not()
    {
        var (told, _) = await PeopleAsync();
        var admin = await AdminAsync();
        await admin.Send("/announce");
        await admin.Expect("What shall everybody");
        await admin.Reply("Never mind");
        await admin.Expect("This is how", "Send", "Do not send");
        var send = admin.DataOf("Send");

        await admin.PressTwice("Do not send");
        await admin.ExpectEdit("nothing was sent");
        await admin.ExpectToast("can no longer be sent");
        await admin.Forge(send);
        await admin.ExpectToast("can no longer be sent");
        Assert.Equal(0, await ToldAsync(told[0]));
    }

    [Fact]
    public async Task Only_its_author_sends_an_announcement_and_within_an_hour()
    {
        var (told, _) = await PeopleAsync();
        var (author, other) = (await AdminAsync(), await AdminAsync());
        await author.Send("/announce");
        await author.Expect("What shall everybody");
        await author.Send("Cake in the kitchen");
        await author.Expect("This is how", "Send", "Do not send");

        await other.Send("/help");
        await other.Expect("/today");
        foreach (
            var forged in new[]
            {
                author.DataOf("Send"),
                author.DataOf("Do not send"),
                "announce:send:AAAAAAAAAAAAAAAAAAAAAA",
            }
        )
        {
            await other.Forge(forged);
            await other.ExpectToast("can no longer be sent");
        }

        await server.ExecuteAsync(
            "UPDATE announcements SET made_at = now() - interval '61 minutes' WHERE sent_at IS NULL"
        );
        await author.Press("Send");
        await author.ExpectEdit("");
        await author.ExpectToast("written more than an hour ago");
        Assert.Equal(0, await ToldAsync(told[0]));
    }

    [Fact]
    public async Task Who_is_no_administrator_any_more_announces_nothing()
    {
        var (told, _) = await PeopleAsync();
        var account = await server.AdminAsync();
        var admin = await server.ChatOfAsync(account);
        await admin.Send("/announce");
        await admin.Expect("What shall everybody");
        await admin.Send("Cake in the kitchen");
        await admin.Expect("This is how", "Send", "Do not send");
        await admin.Send("/announce");
        await admin.Expect("What shall everybody");

        await server.ExecuteAsync($"UPDATE users SET role = 'user' WHERE id = '{account.UserId}'");
        await admin.PressTwice("Send");
        await admin.ExpectToast("This button is out of date");
        await admin.ExpectToast("This button is out of date");
        await admin.Send("More cake");
        await admin.Expect("Hello! Your BookIT account is linked");
        Assert.Equal(0, await ToldAsync(told[0]));
    }

    [Theory]
    [InlineData("en", "Words are needed", "Too long: 1,001 characters. Please keep it within 1,000 characters")]
    [InlineData("ru", "Нужен текст", "Слишком длинно: 1 001 символ. Уложитесь в 1 000 символов")]
    public async Task An_announcement_that_cannot_be_is_asked_for_again(string language, string words, string tooLong)
    {
        var admin = await AdminAsync(language);
        await admin.Send("/announce");
        await admin.Expect("1");
        await admin.SendPhoto("A photo with words");
        await admin.Expect(words);
        await admin.Send(new string('x', 1001));
        await admin.Expect(tooLong);
        await admin.Send(new string('x', 1000));
        // There is nobody to tell.
        await admin.Expect(
            language is "en" ? "will get it: 0" : "получат — 0",
            language is "en" ? "Do not send" : "Не отправлять"
        );
    }

    [Fact]
    public async Task A_text_that_comes_twice_is_one_announcement()
    {
        var (told, _) = await PeopleAsync();
        var admin = await AdminAsync();
        await admin.Send("/announce");
        await admin.Expect("What shall everybody");
        await admin.SendTwice("Twice is once", () => server.AskAgainAsync(admin, "announce:"));
        await admin.Expect("This is how", "Send", "Do not send");

        Assert.Equal(
            1,
            await server.QueryAsync<long>("SELECT count(*) FROM announcements WHERE text = 'Twice is once'")
        );
        await admin.Press("Send");
        await admin.ExpectEdit("Sent");
        Assert.Equal(1, await ToldAsync(told[0]));
    }
}
