using System.Buffers.Text;
using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>An administrator with nothing but a phone's own camera.</summary>
public sealed class CheckInDialogueTests(ServerWithBot server) : IClassFixture<ServerWithBot>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private async Task<(ApiClient Member, Guid Id)> ReservationAsync(
        double start = -1,
        double end = 60,
        string status = "future",
        bool verified = true,
        string name = "Anna"
    )
    {
        var member = await server.MemberAsync(verified);
        await server.ExecuteAsync($"UPDATE users SET first_name = '{name}' WHERE id = '{member.UserId}'");
        var seat = await server.SeatAsync("A-3");
        await server.ExecuteAsync($"UPDATE seats SET zone = 'Window' WHERE id = '{seat}'");
        var (from, to) = (now.AddMinutes(start), now.AddMinutes(end));
        return (member, await server.ReservationAsync(member.UserId, seat, from, to, status));
    }

    /// <summary>The picture of the pass, as the Api draws it, read by a scanner that others wrote.</summary>
    private static async Task<string> ScanAsync(ApiClient member, Guid id)
    {
        var picture = await member.GetAsync($"/api/reservations/{id}/qr.png?signed=true");
        Assert.Equal(HttpStatusCode.OK, picture.Status);
        using var folder = new TemporaryFolder();
        var file = folder.File("pass.png");
        await File.WriteAllBytesAsync(file, picture.Bytes, TestContext.Current.CancellationToken);
        return (await Tool.RunAsync("zbarimg", "--quiet", "--raw", file)).Trim();
    }

    /// <summary>What the phone does with the link: it opens the bot, which sends this.</summary>
    private static async Task<string> StartAsync(ApiClient member, Guid id)
    {
        var link = await ScanAsync(member, id);
        Assert.StartsWith("https://t.me/TestNameBot?start=pass_", link, StringComparison.Ordinal);
        return $"/start {link.Split("?start=")[1]}";
    }

    private async Task<Dialogue> AdminAsync(string language = "en") =>
        await server.ChatOfAsync(await server.AdminAsync(), language);

    private Task<string> StatusAsync(Guid id) =>
        server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{id}'");

    private Task<long> AuditedAsync(Guid target) =>
        server.QueryAsync<long>($"SELECT count(*) FROM audit WHERE target_id = '{target}'");

    private Task<long> ToldAsync(ApiClient member, string kind) =>
        server.QueryAsync<long>(
            $"SELECT count(*) FROM notifications WHERE user_id = '{member.UserId}' AND kind = '{kind}'"
        );

    [Theory]
    [InlineData("en", "Check in", "Not checked in yet", "Checked in on", "Verified.", "Seat: A-3, Window")]
    [InlineData(
        "ru",
        "Отметить вход",
        "Вход ещё не отмечен",
        "Вход отмечен",
        "Личность подтверждена.",
        "Место: A-3, Window"
    )]
    public async Task Who_is_scanned_is_seen_and_checked_in(
        string language,
        string checkIn,
        string waiting,
        string done,
        string verified,
        string seat
    )
    {
        var (member, id) = await ReservationAsync();
        var admin = await AdminAsync(language);

        await admin.Send(await StartAsync(member, id));
        await admin.Expect("<b>Anna</b>, user.", checkIn);
        foreach (var words in new[] { waiting, verified, seat })
        {
            Assert.Contains(words, admin.Text, StringComparison.Ordinal);
        }

        await admin.PressTwice(checkIn);
        await admin.ExpectEdit(done);

        Assert.Equal("active", await StatusAsync(id));
        Assert.Equal((1L, 1L), (await AuditedAsync(id), await ToldAsync(member, "checked_in")));

        // The second press has changed nothing, and the pass scanned again says that they are in.
        await admin.Send(await StartAsync(member, id));
        await admin.Expect(done);
    }

    [Theory]
    [InlineData("en", "Verify and check in", "<b>Not verified.</b>", "Checked in on")]
    [InlineData("ru", "Подтвердить личность и отметить вход", "<b>Личность не подтверждена.</b>", "Вход отмечен")]
    public async Task Who_is_not_verified_is_verified_by_the_same_press(
        string language,
        string button,
        string unverified,
        string done
    )
    {
        var (member, id) = await ReservationAsync(verified: false);
        var admin = await AdminAsync(language);

        await admin.Send(await StartAsync(member, id));
        await admin.Expect(unverified, button);
        await admin.PressTwice(button);
        await admin.ExpectEdit(done);
        Assert.DoesNotContain(unverified, admin.Text, StringComparison.Ordinal);

        Assert.Equal("active", await StatusAsync(id));
        Assert.Equal((1L, 1L), (await AuditedAsync(id), await AuditedAsync(member.UserId)));
        Assert.Equal((1L, 1L), (await ToldAsync(member, "checked_in"), await ToldAsync(member, "user_verified")));
    }

    [Theory]
    [InlineData("en", 30, 60, "future", "Check-in for this reservation opens")]
    [InlineData("en", -30, 60, "closed", "has ended or was cancelled")]
    [InlineData("en", -30, 60, "did_not_come", "nobody came")]
    [InlineData("en", -30, -1, "future", "nobody came")]
    [InlineData("en", -30, -1, "active", "has ended or was cancelled")]
    [InlineData("ru", 30, 60, "future", "Вход ещё не отмечен. Для этой брони вход откроется")]
    [InlineData("ru", -30, 60, "closed", "Эта бронь уже завершена или отменена.")]
    [InlineData("ru", -30, 60, "did_not_come", "Эта бронь снята: никто не пришёл.")]
    public async Task What_cannot_be_checked_in_says_why_and_has_no_button(
        string language,
        int start,
        int end,
        string status,
        string why
    )
    {
        var (member, id) = await ReservationAsync(start, end, status, verified: false);
        var admin = await AdminAsync(language);

        await admin.Send(await StartAsync(member, id));
        await admin.Expect(why);
    }

    [Fact]
    public async Task What_is_no_longer_possible_at_the_press_says_why()
    {
        var (member, id) = await ReservationAsync(verified: false);
        var admin = await AdminAsync();
        await admin.Send(await StartAsync(member, id));
        await admin.Expect("Anna", "Verify and check in");

        await server.ExecuteAsync($"UPDATE reservations SET status = 'closed', closed_at = now() WHERE id = '{id}'");
        await admin.Press("Verify and check in");
        await admin.ExpectEdit("has ended or was cancelled");
        await admin.ExpectToast("This reservation has ended or was cancelled.");
        Assert.Equal((0L, 0L), (await AuditedAsync(member.UserId), await ToldAsync(member, "user_verified")));

        // Old buttons: of somebody who was verified, and is not any more.
        var (other, second) = await ReservationAsync();
        await admin.Send(await StartAsync(other, second));
        await admin.Expect("Anna", "Check in");
        await server.ExecuteAsync($"UPDATE users SET verified = false WHERE id = '{other.UserId}'");
        await admin.Press("Check in");
        await admin.ExpectEdit("Not verified", "Verify and check in");
        await admin.ExpectToast("has not verified this user yet");
        Assert.Equal("future", await StatusAsync(second));
    }

    [Theory]
    [InlineData("starts_at = now() + interval '2 hours', ends_at = now() + interval '3 hours'", "Check-in for this")]
    [InlineData("status = 'did_not_come'", "nobody came")]
    [InlineData("starts_at = now() - interval '2 hours', ends_at = now() - interval '1 minute'", "nobody came")]
    public async Task An_old_button_verifies_nobody_who_cannot_be_checked_in_any_more(string change, string why)
    {
        var (member, id) = await ReservationAsync(verified: false);
        var admin = await AdminAsync();
        await admin.Send(await StartAsync(member, id));
        await admin.Expect("Anna", "Verify and check in");

        await server.ExecuteAsync($"UPDATE reservations SET {change} WHERE id = '{id}'");
        await admin.Press("Verify and check in");
        await admin.ExpectEdit(why);
        Assert.Contains("<b>Not verified.</b>", admin.Text, StringComparison.Ordinal);
        await admin.ExpectToast(why);
        Assert.Equal(0, await AuditedAsync(member.UserId));
    }

    [Fact]
    public async Task A_pass_that_is_pasted_is_no_answer_to_a_question_asked_before()
    {
        var (member, id) = await ReservationAsync();
        var ticket = (await member.PostAsync("/api/ticket", new { theme = "failure", message = "The lamp" })).Id;
        var link = await ScanAsync(member, id);
        var admin = await AdminAsync();
        await admin.Send("/help");
        await admin.Expect("/today");
        var answer = Base64Url.EncodeToString(ticket.ToByteArray(bigEndian: true));
        await admin.Forge($"ticket:answer:{answer}");
        await admin.Expect("Write your answer");

        await admin.Send(link);
        await admin.Expect("Anna", "Check in");
        Assert.Empty((await member.GetAsync($"/api/ticket/{ticket}")).Body["messages"]!.AsArray());

        // The question is still there; and whoever replies with a link means it.
        await admin.Send("It will be mended");
        await admin.Expect("Your message was sent", "Whole conversation");
        await admin.Reply(link);
        await admin.Expect("Your message was sent", "Whole conversation");
        Assert.Equal(2, (await member.GetAsync($"/api/ticket/{ticket}")).Body["messages"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_pass_of_a_deleted_account_is_told_as_such()
    {
        var (member, id) = await ReservationAsync();
        var start = await StartAsync(member, id);
        await server.ExecuteAsync($"UPDATE reservations SET status = 'closed' WHERE id = '{id}'");
        await server.ExecuteAsync($"DELETE FROM users WHERE id = '{member.UserId}'");

        var admin = await AdminAsync();
        await admin.Send(start);
        await admin.Expect("Deleted account");
        Assert.Contains("has ended or was cancelled", admin.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "This pass is not ours")]
    [InlineData("ru", "Это не наш пропуск")]
    public async Task A_forged_pass_is_not_ours(string language, string words)
    {
        var (member, id) = await ReservationAsync();
        var start = await StartAsync(member, id);
        var admin = await AdminAsync(language);

        foreach (
            var forged in new[]
            {
                $"{start[..^2]}{(start[^2] == 'A' ? 'B' : 'A')}{start[^1]}",
                "/start pass_",
                $"/start pass_{new string('A', 43)}",
                $"/start pass_{new string('A', 4000)}",
                $"bookit:{id}.AAAAAAAAAAAAAAAAAAAAAA",
            }
        )
        {
            await admin.Send(forged);
            await admin.Expect(words);
        }

        Assert.Equal("future", await StatusAsync(id));
    }

    [Fact]
    public async Task What_a_scanner_has_read_may_be_pasted()
    {
        var (member, id) = await ReservationAsync();
        var link = await ScanAsync(member, id);
        var admin = await AdminAsync();

        foreach (
            var pasted in new[]
            {
                link,
                link.Split("?start=")[1],
                $"tg://resolve?domain=TestNameBot&start={link.Split("?start=")[1]}",
                $"{id}",
            }
        )
        {
            await admin.Send(pasted);
            await admin.Expect("Anna", "Check in");
        }

        await admin.Send($"{Guid.CreateVersion7()}");
        await admin.Expect("There is no such reservation");
    }

    [Fact]
    public async Task Anybody_else_who_scans_it_learns_nothing()
    {
        var (member, id) = await ReservationAsync(name: "Secretive");
        var start = await StartAsync(member, id);
        var owner = await server.ChatOfAsync(member);
        var other = await server.ChatOfAsync(await server.MemberAsync());
        var stranger = server.Telegram.Somebody();

        foreach (var scanned in new[] { start, start.Split(' ')[1], $"{id}" })
        {
            foreach (var chat in new[] { owner, other })
            {
                await chat.Send(scanned);
                await chat.Expect("Hello! Your BookIT account is linked");
                Assert.DoesNotContain("Secretive", chat.Text, StringComparison.Ordinal);
            }

            await stranger.Send(scanned);
            await stranger.Expect("Hello! This is the bot of BookIT");
        }
    }

    [Fact]
    public async Task Who_is_no_administrator_any_more_checks_nobody_in()
    {
        var (member, id) = await ReservationAsync(verified: false);
        var account = await server.AdminAsync();
        var admin = await server.ChatOfAsync(account);
        await admin.Send(await StartAsync(member, id));
        await admin.Expect("Anna", "Verify and check in");

        await server.ExecuteAsync($"UPDATE users SET role = 'user' WHERE id = '{account.UserId}'");
        await admin.PressTwice("Verify and check in");
        await admin.ExpectToast("This button is out of date");
        await admin.ExpectToast("This button is out of date");

        Assert.Equal("future", await StatusAsync(id));
        Assert.Equal(0, await AuditedAsync(member.UserId));
    }

    [Fact]
    public async Task Forged_buttons_do_nothing()
    {
        var (member, id) = await ReservationAsync();
        var admin = await AdminAsync();
        await admin.Send(await StartAsync(member, id));
        await admin.Expect("Anna", "Check in");
        var data = admin.DataOf("Check in");

        foreach (
            var forged in new[]
            {
                "scan:",
                "scan:in",
                "scan:in:",
                "scan:in:AAAA",
                $"{data}A",
                "scan:out:AAAAAAAAAAAAAAAAAAAAAA",
                "scan:in:%%%%%%%%%%%%%%%%%%%%%%",
            }
        )
        {
            await admin.Forge(forged);
        }

        await admin.Send("/help");
        await admin.Expect("/today");
        Assert.Equal("future", await StatusAsync(id));

        await admin.Forge("scan:in:AAAAAAAAAAAAAAAAAAAAAA");
        await admin.ExpectToast("There is no such reservation");

        // Whoever knows the data of a button is no administrator for that.
        var stranger = await server.ChatOfAsync(member);
        await stranger.Send("/help");
        await stranger.Expect("/book");
        await stranger.Forge(data);
        await stranger.ExpectToast("This button is out of date");
        Assert.Equal("future", await StatusAsync(id));
    }
}
