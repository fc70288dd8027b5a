using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>What somebody chooses to hear, in one message whose buttons change it.</summary>
public sealed class SettingsDialogueTests(ServerWithBot server) : IClassFixture<ServerWithBot>
{
    private static readonly string[] Main = ["Русский", "✅ English", "News", "Quiet hours"];

    private static readonly string[] News =
    [
        "✅ Reservation made",
        "✅ Reservation changed",
        "✅ Reservation cancelled by an administrator",
        "✅ Reminder a day before",
        "✅ Reminder an hour before",
        "✅ Your time ends soon",
        "✅ Checked in",
        "✅ Released: you did not come",
        "✅ Account verified",
        "✅ Messages on tickets",
        "✅ Ticket closed",
        "✅ Ticket opened again",
        "✅ Sign-in from a new device",
        "✅ Announcements",
        "‹ Back",
    ];

    private static string[] Hours(int? except = null) =>
        [.. Enumerable.Range(0, 24).Where(hour => hour != except).Select(hour => $"{hour}"), "‹ Back"];

    private async Task<(ApiClient, Dialogue)> LinkedAsync(ApiClient? account = null)
    {
        var member = account ?? await server.MemberAsync();
        var chat = server.Telegram.Somebody();
        await chat.Send(await ServerWithBot.LinkTokenAsync(member));
        await chat.Expect("Done, Person");
        return (member, chat);
    }

    [Fact]
    public async Task Somebody_chooses_the_language_and_it_holds_at_once_here_and_on_the_web()
    {
        var (member, chat) = await LinkedAsync();
        await chat.Send("/settings");
        await chat.Expect("Settings", Main);
        await chat.Press("Русский");
        await chat.ExpectEdit("Настройки", "✅ Русский", "English", "Уведомления", "Тихие часы");
        await chat.Send("/help");
        await chat.Expect("/unlink — Отвязать Telegram");
        Assert.Equal("ru", (string?)(await member.GetAsync("/api/user/me")).Body["language"]);
        await chat.Press("English");
        await chat.ExpectEdit("News: 14 of 14\nQuiet hours: none", Main);
    }

    [Fact]
    public async Task Somebody_switches_news_off_and_on()
    {
        var (_, chat) = await LinkedAsync();
        await chat.Send("/settings");
        await chat.Expect("Settings", Main);
        await chat.Press("News");
        await chat.ExpectEdit("What do you want to hear of?", News);
        string[] changed = [.. News];
        changed[3] = "⬜ Reminder a day before";
        await chat.PressTwice("✅ Reminder a day before");
        await chat.ExpectEdit("What do you want to hear of?", changed);
        await chat.Press("‹ Back");
        await chat.ExpectEdit("News: 13 of 14", Main);
        await chat.Press("News");
        await chat.ExpectEdit("What do you want to hear of?", changed);
        await chat.Press("⬜ Reminder a day before");
        await chat.ExpectEdit("What do you want to hear of?", News);
    }

    [Fact]
    public async Task Administrators_can_switch_new_tickets_as_well()
    {
        var (_, chat) = await LinkedAsync(await server.AdminAsync());
        await chat.Send("/settings");
        await chat.Expect("News: 15 of 15", Main);
        await chat.Press("News");
        await chat.ExpectEdit("What do you want to hear of?", [.. News[..9], "✅ New tickets", .. News[9..]]);
    }

    [Fact]
    public async Task Somebody_sets_quiet_hours()
    {
        var (member, chat) = await LinkedAsync();
        await chat.Send("/settings");
        await chat.Expect("Settings", Main);
        await chat.Press("Quiet hours");
        await chat.ExpectEdit("Quiet hours: none", "22–8", "23–7", "0–9", "Other hours", "✅ none", "‹ Back");
        await chat.Press("23–7");
        await chat.ExpectEdit("Quiet hours: 23:00–07:00", "22–8", "✅ 23–7", "0–9", "Other hours", "none", "‹ Back");
        await chat.Press("Other hours");
        await chat.ExpectEdit("From which hour on", Hours());
        await chat.Press("21");
        await chat.ExpectEdit("From 21:00. Until which hour?", Hours(except: 21));
        await chat.Press("6");
        await chat.ExpectEdit("Quiet hours: 21:00–06:00", "22–8", "23–7", "0–9", "Other hours", "none", "‹ Back");
        Assert.Equal(
            "21:00:00 06:00:00",
            await server.QueryAsync<string>(
                $"SELECT quiet_from || ' ' || quiet_to FROM notification_settings WHERE user_id = '{member.UserId}'"
            )
        );
        await chat.Press("none");
        await chat.ExpectEdit("Quiet hours: none", "22–8", "23–7", "0–9", "Other hours", "✅ none", "‹ Back");
        await chat.Press("‹ Back");
        await chat.ExpectEdit("Settings", Main);
    }

    [Fact]
    public async Task Who_has_no_account_has_nothing_to_set()
    {
        var chat = server.Telegram.Somebody();
        await chat.Send("/settings");
        await chat.Expect("This is the bot of BookIT");
    }
}
