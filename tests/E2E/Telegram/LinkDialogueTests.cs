using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>How people and the bot get to know each other.</summary>
public sealed class LinkDialogueTests(ServerWithBot server) : IClassFixture<ServerWithBot>
{
    private Task<string> TokenOf(ApiClient member) => ServerWithBot.LinkTokenAsync(member);

    [Fact]
    public async Task A_stranger_is_told_how_to_link()
    {
        var russian = server.Telegram.Somebody("ru");
        await russian.Send("/start");
        await russian.Expect("Здравствуйте! Это бот BookIT");
        await russian.Send(ServerWithBot.Private);
        await russian.Expect("Чтобы привязать аккаунт, откройте свой профиль");
        await russian.Send("/help");
        await russian.Expect("/unlink — Отвязать Telegram");
        await russian.Send("/unlink");
        await russian.Expect("не привязан ни к одному аккаунту");

        var english = server.Telegram.Somebody("en-GB");
        await english.Send("/start");
        await english.Expect("Hello! This is the bot of BookIT");
        await english.Send("/help@TestNameBot");
        await english.Expect("/unlink — Unlink Telegram");
        await english.Send("/unlink");
        await english.Expect("not linked to any BookIT account");
        await english.Send("/no_such_command");
        await english.Expect("To link your account, open your profile");
    }

    [Fact]
    public async Task Whose_language_nobody_knows_is_spoken_to_in_russian()
    {
        var german = server.Telegram.Somebody("de");
        await german.Send("/start");
        await german.Expect("Здравствуйте!");

        var unknown = server.Telegram.Somebody(languageCode: null);
        await unknown.Send("/start");
        await unknown.Expect("Здравствуйте!");
    }

    [Fact]
    public async Task The_link_of_the_web_page_links()
    {
        var member = await server.MemberAsync();
        var link = (string)(await member.GetAsync("/api/telegram/get_token")).Body["link"]!;
        Assert.StartsWith("https://t.me/TestNameBot?start=", link, StringComparison.Ordinal);

        var chat = server.Telegram.Somebody();
        await chat.Send($"/start {link.Split('=')[1]}");
        await chat.Expect("Done, Person");
        Assert.Equal(chat.Id, await server.LinkedIdAsync(member));

        await chat.Send("/start");
        await chat.Expect("Hello! Your BookIT account is linked");
        await chat.Send("/unlink");
        await chat.Expect("Telegram is unlinked");
        Assert.Null(await server.LinkedIdAsync(member));
        await chat.Send("/start");
        await chat.Expect("This is the bot of BookIT");
    }

    [Fact]
    public async Task The_bare_token_links_too()
    {
        var member = await server.MemberAsync();

        var chat = server.Telegram.Somebody("ru");
        await chat.Send($"  {await TokenOf(member)} ");
        await chat.Expect("Готово, Person");
        Assert.Equal(chat.Id, await server.LinkedIdAsync(member));

        await chat.Send("/unlink");
        await chat.Expect("Telegram отвязан");
        Assert.Null(await server.LinkedIdAsync(member));
    }

    [Fact]
    public async Task A_link_that_is_handled_again_is_still_a_link()
    {
        var member = await server.MemberAsync();

        var chat = server.Telegram.Somebody();
        await chat.SendTwice($"/start {await TokenOf(member)}");
        await chat.Expect("Done, Person");
        Assert.Equal(chat.Id, await server.LinkedIdAsync(member));
    }

    [Fact]
    public async Task A_name_is_no_markup()
    {
        var member = await server.MemberAsync();
        await server.ExecuteAsync($"UPDATE users SET first_name = '<b>A & B' WHERE id = '{member.UserId}'");

        var chat = server.Telegram.Somebody();
        await chat.Send(await TokenOf(member));
        await chat.Expect("Done, &lt;b&gt;A &amp; B!");
    }

    [Fact]
    public async Task A_bad_token_is_told_as_such()
    {
        var member = await server.MemberAsync();
        var spent = await TokenOf(member);
        var token = await TokenOf(member);

        var chat = server.Telegram.Somebody();
        await chat.Send($"/start {spent}");
        await chat.Expect("This link is no longer valid");
        await chat.Send("/start nonsense");
        await chat.Expect("This link is no longer valid");
        await chat.Send($"/start {new string('x', 5000)}");
        await chat.Expect("This link is no longer valid");
        await chat.Send(spent);
        await chat.Expect("This link is no longer valid");
        await chat.Send(token);
        await chat.Expect("Done, Person");

        var russian = server.Telegram.Somebody("ru");
        await russian.Send(token);
        await russian.Expect("Эта ссылка");
    }

    [Theory]
    [InlineData(
        "ru",
        "Привязать к новому",
        "Оставить как есть",
        "уже привязан к другому",
        "всё осталось",
        "Готово, Person"
    )]
    [InlineData(
        "en",
        "Link to the new one",
        "Leave it as it is",
        "already linked to another",
        "stays as it was",
        "Done, Person"
    )]
    public async Task Linking_to_another_account_asks_first(
        string language,
        string replace,
        string keep,
        string question,
        string kept,
        string linked
    )
    {
        var (old, other) = (await server.MemberAsync(), await server.MemberAsync());
        var chat = server.Telegram.Somebody(language);
        await chat.Send(await TokenOf(old));
        await chat.Expect(linked);

        await chat.Send($"/start {await TokenOf(other)}");
        await chat.Expect(question, replace, keep);
        Assert.Equal(chat.Id, await server.LinkedIdAsync(old));
        await chat.Press(keep);
        await chat.ExpectEdit(kept);
        Assert.Equal(chat.Id, await server.LinkedIdAsync(old));

        await chat.Send(await TokenOf(other));
        await chat.Expect(question, replace, keep);
        await chat.Press(replace);
        await chat.ExpectEdit(linked);
        Assert.Null(await server.LinkedIdAsync(old));
        Assert.Equal(chat.Id, await server.LinkedIdAsync(other));
    }

    [Theory]
    [InlineData(
        "ru",
        "Привязать к новому",
        "Оставить как есть",
        "привязан к другому Telegram",
        "Этот Telegram уже привязан к другому аккаунту",
        "Готово, Person"
    )]
    [InlineData(
        "en",
        "Link to the new one",
        "Leave it as it is",
        "Your BookIT account is linked to another Telegram account",
        "This Telegram account is already linked to another BookIT account",
        "Done, Person"
    )]
    public async Task Linking_another_telegram_account_asks_first(
        string language,
        string replace,
        string keep,
        string question,
        string other,
        string linked
    )
    {
        var (member, second) = (await server.MemberAsync(), await server.MemberAsync());
        var old = server.Telegram.Somebody(language);
        await old.Send(await TokenOf(member));
        await old.Expect(linked);

        var chat = server.Telegram.Somebody(language);
        await chat.Send($"/start {await TokenOf(member)}");
        await chat.Expect(question, replace, keep);
        Assert.DoesNotContain(other, chat.Text, StringComparison.Ordinal);
        await chat.Press(keep);
        await chat.Hear();
        Assert.Equal(old.Id, await server.LinkedIdAsync(member));

        await chat.Send(await TokenOf(member));
        await chat.Expect(question, replace, keep);
        await chat.Press(replace);
        await chat.ExpectEdit(linked);
        Assert.Equal(chat.Id, await server.LinkedIdAsync(member));
        // The same two again: there is nothing to ask.
        await chat.Send(await TokenOf(member));
        await chat.Expect(linked);

        // Both have somebody else: both are told of.
        await old.Send(await TokenOf(second));
        await old.Expect(linked);
        await chat.Send(await TokenOf(second));
        await chat.Expect(question, replace, keep);
        Assert.Contains(other, chat.Text, StringComparison.Ordinal);
        await chat.Press(replace);
        await chat.ExpectEdit(linked);
        Assert.Null(await server.LinkedIdAsync(member));
        Assert.Equal(chat.Id, await server.LinkedIdAsync(second));
    }

    [Fact]
    public async Task A_token_that_is_none_does_not_tell_who_is_linked()
    {
        var member = await server.MemberAsync();
        var old = server.Telegram.Somebody();
        var spent = await TokenOf(member);
        await old.Send(spent);
        await old.Expect("Done, Person");

        var chat = server.Telegram.Somebody();
        await chat.Send(spent);
        await chat.Expect("This link is no longer valid");
    }

    [Fact]
    public async Task A_double_tap_and_an_old_button_do_no_harm()
    {
        var (old, other) = (await server.MemberAsync(), await server.MemberAsync());
        var chat = server.Telegram.Somebody();
        await chat.Send(await TokenOf(old));
        await chat.Expect("Done");
        await chat.Send(await TokenOf(other));
        await chat.Expect("already linked to another", "Link to the new one", "Leave it as it is");

        await chat.PressTwice("Link to the new one");
        await chat.ExpectEdit("Done, Person");
        await chat.ExpectToast("This link is no longer valid");

        Assert.Equal(chat.Id, await server.LinkedIdAsync(other));
        await chat.Send("/help");
        await chat.Expect("/unlink");
    }

    [Fact]
    public async Task The_language_that_the_account_has_chosen_comes_first()
    {
        var member = await server.MemberAsync();
        await server.ExecuteAsync($"UPDATE users SET language = 'ru' WHERE id = '{member.UserId}'");

        var chat = server.Telegram.Somebody("en");
        await chat.Send(await TokenOf(member));
        await chat.Expect("Done");
        await chat.Send("/help");
        await chat.Expect("/unlink — Отвязать");
    }

    [Fact]
    public async Task News_come_in_the_language_of_the_app_as_it_is_now_where_none_is_chosen()
    {
        var (admin, member) = (await server.AdminAsync(), await server.MemberAsync(verified: false));
        var chat = server.Telegram.Somebody("en");
        await chat.Send(await TokenOf(member));
        await chat.Expect("Done");
        // Noted after the answer.
        await SpeaksAsync("en");
        await admin.PostAsync($"/api/admin/verify_user/{member.UserId}");
        await chat.Expect("An administrator has verified your account");

        var russian = server.Telegram.Known(chat.Id, "ru");
        await russian.Send("/start");
        await SpeaksAsync("ru");
        await server.ExecuteAsync($"UPDATE users SET verified = false WHERE id = '{member.UserId}'");
        await admin.PostAsync($"/api/admin/verify_user/{member.UserId}");
        await Eventually.TrueAsync(async () =>
            (await server.Telegram.GetAsync($"/front/events?chat={chat.Id}&after=0")).Any(said =>
                ((string?)said["text"])!.Contains("Администратор подтвердил", StringComparison.Ordinal)
            )
        );

        Task SpeaksAsync(string language) =>
            Eventually.TrueAsync(async () =>
                await server.QueryAsync<long>(
                    $"SELECT count(*) FROM users WHERE id = '{member.UserId}' AND telegram_language = '{language}'"
                ) == 1
            );
    }

    [Fact]
    public async Task The_menu_is_there_in_both_languages()
    {
        await Eventually.TrueAsync(async () => (await server.Telegram.CallsAsync("setMyCommands")).Count >= 2);

        var calls = await server.Telegram.CallsAsync("setMyCommands");
        foreach (var (language, word) in new[] { (null, "Забронировать"), ("en", "Book") })
        {
            var menu = calls.First(call => (string?)call["body"]!["language_code"] == language)["body"]!["commands"]!;
            Assert.Equal(
                ["book", "my", "pass", "free", "ticket", "settings", "unlink", "help"],
                menu.AsArray().Select(entry => (string?)entry!["command"])
            );
            Assert.StartsWith(word, (string?)menu[0]!["description"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_none_of_its_business_it_leaves_alone()
    {
        var chat = server.Telegram.Somebody();
        var group = new { id = -100, type = "group" };
        var person = new { id = chat.Id, first_name = "Somebody" };
        await server.Telegram.PostAsync(
            "/front/update",
            new
            {
                message = new
                {
                    message_id = 1,
                    from = person,
                    chat = group,
                    text = "/start",
                },
            }
        );
        await server.Telegram.PostAsync("/front/update", new { message = "unreadable" });
        await server.Telegram.PostAsync("/front/update", new { poll = new { id = "1" } });
        foreach (var status in new[] { "kicked", "member" })
        {
            await server.Telegram.PostAsync(
                "/front/update",
                new
                {
                    my_chat_member = new
                    {
                        chat = new { id = chat.Id, type = "private" },
                        from = person,
                        new_chat_member = new { status, user = person },
                    },
                }
            );
        }

        await chat.Send("/help");
        await chat.Expect("/unlink");
        Assert.Empty(await server.Telegram.GetAsync("/front/events?chat=-100&after=0"));
    }

    [Fact]
    public async Task Who_comes_through_a_proxy_needs_the_secret_to_ask_how_the_bot_does()
    {
        var (_, address) = await server.StartBotAsync();
        // A bot that is ready may not have had Telegram's first answer yet.
        await Eventually.TrueAsync(async () => await server.StateAsync(address) is "standby" or "polling");
        var proxied = ("X-Forwarded-For", "203.0.113.7");
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await server.Anonymous(address).SendAsync(HttpMethod.Post, "/start_bot", null, proxied)).Status
        );
        Assert.Equal(
            HttpStatusCode.OK,
            (await server.Bot(address).SendAsync(HttpMethod.Post, "/start_bot", null, proxied)).Status
        );
    }
}
