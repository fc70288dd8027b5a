using System.Buffers.Text;
using System.Text.Json.Nodes;
using BookIT.Core.Data;
using BookIT.Core.Notifications;
using BookIT.Core.Telegram;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BookIT.Tests.E2E.Notifications;

/// <summary>What is told, to whom, when, and when not, by a clock that the tests set.</summary>
public sealed class NewsTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    private const string NoBreak = " ";

    private static readonly DateTimeOffset Noon = new(2032, 6, 15, 12, 0, 0, TimeSpan.Zero);

    private async Task<int> HeardAsync(Dialogue chat) =>
        (await server.Telegram.GetAsync($"/front/events?chat={chat.Id}&after=0")).Count;

    private async Task<IReadOnlyList<string?>> ButtonDataAsync(Dialogue chat) =>
        [
            .. (await server.Telegram.GetAsync($"/front/events?chat={chat.Id}&after=0"))[^1]["buttons"]!
                .AsArray()
                .SelectMany(row => row!.AsArray())
                .Select(button => (string?)button!["callback_data"]),
        ];

    private static string Short(Guid id) => Base64Url.EncodeToString(id.ToByteArray(bigEndian: true));

    public static TheoryData<string, string, string, string, string> OfReservations =>
        new()
        {
            { "reservation_made", "future", "", "Your seat is booked", "Место забронировано" },
            { "reservation_moved", "future", "", "Your reservation has changed", "Бронь изменена" },
            {
                "reservation_moved",
                "future",
                """ "by_admin": true """,
                "An administrator has changed your reservation",
                "Администратор изменил вашу бронь"
            },
            {
                "reservation_closed",
                "closed",
                """ "by_admin": true, "reason": "Paint & <dust>" """,
                "An administrator has cancelled your reservation",
                "Администратор отменил вашу бронь"
            },
            {
                "reservation_closed",
                "closed",
                """ "by_admin": true, "seat_gone": true """,
                "Your reservation is cancelled: the seat is gone",
                "Ваша бронь отменена: этого места больше нет"
            },
            { "checked_in", "active", """ "by_admin": true """, "Welcome!", "Добро пожаловать!" },
            { "no_show", "did_not_come", "", "you did not come", "вы не пришли" },
        };

    [Theory]
    [MemberData(nameof(OfReservations))]
    public async Task News_of_a_reservation_name_the_seat_and_the_time(
        string kind,
        string status,
        string payload,
        string english,
        string russian
    )
    {
        await using var bot = new BotInHand(server, Noon);
        foreach (var (language, words) in new[] { ("en", english), ("ru", russian) })
        {
            var (member, chat) = await bot.PersonAsync(language);
            var seat = await server.SeatAsync("Desk <5>");
            await server.ExecuteAsync($"UPDATE seats SET zone = 'Attic' WHERE id = '{seat}'");
            var id = await bot.ReservationAsync(member, seat, Noon.AddHours(1), Noon.AddHours(3), status);
            var more = payload.Length > 0 ? $", {payload}" : "";
            await bot.NewsAsync(member, kind, $$"""{"reservation_id": "{{id}}"{{more}}}""");

            await bot.TellAsync();
            var text = await chat.Hear();
            Assert.Contains(words, text, StringComparison.Ordinal);
            Assert.Contains("Desk &lt;5&gt;, Attic", text, StringComparison.Ordinal);
            var day = language == "en" ? $"15{NoBreak}June" : $"15{NoBreak}июня";
            Assert.Contains(day, text, StringComparison.Ordinal);
            Assert.Contains("15:00", text, StringComparison.Ordinal);
            if (payload.Contains("reason", StringComparison.Ordinal))
            {
                var reason = language == "en" ? "The reason: " : "Причина: ";
                Assert.EndsWith($"\n{reason}Paint &amp; &lt;dust&gt;", text, StringComparison.Ordinal);
            }

            Assert.Equal(
                status is "future" ? [$"my:pass:{Short(id)}", $"my:cancel:{Short(id)}"] : [],
                await ButtonDataAsync(chat)
            );
        }
    }

    [Theory]
    [InlineData("en", "An administrator has verified your account")]
    [InlineData("ru", "Администратор подтвердил ваш аккаунт")]
    public async Task Whoever_was_verified_is_told(string language, string words)
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync(language);
        await bot.NewsAsync(member, NotificationKind.UserVerified);
        await bot.TellAsync();
        await chat.Expect(words);

        // Not where it was taken back meanwhile.
        var id = await bot.NewsAsync(member, NotificationKind.UserVerified);
        await server.ExecuteAsync($"UPDATE users SET verified = false WHERE id = '{member.UserId}'");
        await bot.TellAsync();
        Assert.Equal("dropped overtaken", await bot.EndOfAsync(id));
    }

    [Theory]
    [InlineData("en", "A sign-in to your account from a new device", "15 June at 12:00", "change your password")]
    [InlineData("ru", "Вход в аккаунт с нового устройства", "15 июня в 12:00", "смените пароль")]
    public async Task A_new_sign_in_tells_device_address_time_and_what_to_do(
        string language,
        string words,
        string moment,
        string advice
    )
    {
        const string device = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0";
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync(language);
        await bot.NewsAsync(
            member,
            NotificationKind.NewSignIn,
            $$"""{"device": "{{device}}", "address": "203.0.113.9", "at": "{{Noon:O}}"}"""
        );
        await bot.TellAsync();
        var text = await chat.Hear();
        Assert.All(
            [words, moment, advice, "203.0.113.9", "Firefox, Windows"],
            part => Assert.Contains(part, text, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("en", "An announcement")]
    [InlineData("ru", "Объявление")]
    public async Task An_announcement_is_told_on_its_day_only(string language, string words)
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync(language);
        await bot.NewsAsync(member, NotificationKind.Announcement, """{"text": "Cake at <four>", "by": "Ann"}""");
        await bot.TellAsync();
        var text = await chat.Hear();
        Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.EndsWith("Cake at &lt;four&gt;", text, StringComparison.Ordinal);

        var id = await bot.NewsAsync(member, NotificationKind.Announcement, """{"text": "Cake"}""", Noon.AddHours(-13));
        await bot.TellAsync();
        Assert.Equal("dropped late", await bot.EndOfAsync(id));
    }

    [Theory]
    [InlineData("en", "A new ticket: something does not work", "Support has answered", "Your ticket is closed")]
    [InlineData("ru", "Новое обращение: что-то не работает", "Поддержка ответила", "Ваше обращение закрыто")]
    public async Task A_ticket_is_told_to_the_other_side_and_can_be_replied_to(
        string language,
        string opened,
        string answered,
        string closed
    )
    {
        var english = language == "en";
        // What is told while the test goes on is due by then.
        await using var bot = new BotInHand(server, TimeProvider.System.GetUtcNow().AddMinutes(5));
        await server.ExecuteAsync("UPDATE users SET role = 'user' WHERE role = 'admin'");
        var (admin, adminChat) = await bot.PersonAsync(language, isAdmin: true);
        var (member, chat) = await bot.PersonAsync(language);
        var ticket = (
            await member.PostAsync("/api/ticket", new { theme = "failure", message = new string('x', 1500) + "!" })
        ).Id;

        await bot.TellAsync();
        var text = await adminChat.Hear();
        Assert.Contains(opened, text, StringComparison.Ordinal);
        Assert.Contains("\nPerson ", text, StringComparison.Ordinal);
        Assert.Contains(new string('x', 999) + "…", text, StringComparison.Ordinal);
        Assert.DoesNotContain("!", text, StringComparison.Ordinal);
        Assert.Equal([$"ticket:answer:{Short(ticket)}"], await ButtonDataAsync(adminChat));
        Assert.Equal(0, await HeardAsync(chat));

        // The answer of an administrator, and then the member's own.
        Assert.Equal(
            201,
            (int)(await admin.PostAsync($"/api/ticket/{ticket}/messages", new { message = "We <look>" })).Status
        );
        await bot.TellAsync();
        text = await chat.Hear();
        Assert.Contains(answered, text, StringComparison.Ordinal);
        Assert.Contains("We &lt;look&gt;", text, StringComparison.Ordinal);
        Assert.Equal([$"ticket:answer:{Short(ticket)}"], await ButtonDataAsync(chat));
        await member.PostAsync($"/api/ticket/{ticket}/messages", new { message = "Thanks" });
        await bot.TellAsync();
        await adminChat.Expect("Thanks", english ? "Answer" : "Ответить");

        await admin.PatchAsync($"/api/admin/ticket/{ticket}/status", new { status = "closed" });
        await bot.TellAsync();
        await chat.Expect(closed);
        await member.PatchAsync($"/api/ticket/{ticket}/status", new { status = "active" });
        await bot.TellAsync();
        await adminChat.Expect(
            english ? "The author has opened a ticket again" : "Автор снова открыл обращение",
            english ? "Answer" : "Ответить"
        );

        // Each message is remembered by its number: a reply to it goes to the ticket.
        Assert.Equal(
            5,
            await server.QueryAsync<long>(
                $"""
                SELECT count(*) FROM telegram_prompts
                WHERE purpose = 'ticket:{Short(ticket)}' AND NOT is_question AND chat_id IN ({chat.Id}, {adminChat.Id})
                """
            )
        );
        var last = (await server.Telegram.GetAsync($"/front/events?chat={chat.Id}&after=0"))[^1];
        var prompt = await bot.WithAsync<ReplyPrompts, ReplyPrompt?>(prompts =>
            prompts.FindAsync(chat.Id, (long)last["message_id"]!, default)
        );
        Assert.Equal($"ticket:{Short(ticket)}", prompt?.Purpose);
    }

    [Fact]
    public async Task Whoever_is_no_administrator_any_more_learns_nothing_of_tickets()
    {
        // What is told while the test goes on is due by then.
        await using var bot = new BotInHand(server, TimeProvider.System.GetUtcNow().AddMinutes(5));
        var (admin, adminChat) = await bot.PersonAsync(isAdmin: true);
        var member = await server.MemberAsync();
        var ticket = (await member.PostAsync("/api/ticket", new { theme = "wish", message = "Tea" })).Id;
        await member.PostAsync($"/api/ticket/{ticket}/messages", new { message = "And cake" });
        await server.ExecuteAsync($"UPDATE users SET role = 'user' WHERE id = '{admin.UserId}'");

        await bot.TellAsync();

        Assert.Equal(0, await HeardAsync(adminChat));
        Assert.Equal(
            "dropped no administrator, dropped no administrator",
            await bot.EndOfAsync($"user_id = '{admin.UserId}'")
        );
    }

    [Fact]
    public async Task What_was_overtaken_is_not_told()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var seat = await server.SeatAsync();
        var closed = await bot.ReservationAsync(member, seat, Noon.AddHours(1), Noon.AddHours(2), "closed");
        var moved = await bot.ReservationAsync(member, seat, Noon.AddHours(3), Noon.AddHours(4));
        await server.ExecuteAsync($"UPDATE reservations SET moved_at = '{Noon.AddSeconds(1):O}' WHERE id = '{moved}'");
        var others = await bot.ReservationAsync(await server.MemberAsync(), seat, Noon.AddHours(5), Noon.AddHours(6));
        foreach (
            var (kind, id, end) in new[]
            {
                ("reservation_made", closed, "overtaken"),
                ("reservation_moved", closed, "overtaken"),
                ("reservation_moved", moved, "overtaken"),
                ("checked_in", closed, "overtaken"),
                ("reservation_closed", closed, "own act"),
                ("reservation_made", others, "gone"),
                ("reservation_made", Guid.CreateVersion7(), "gone"),
            }
        )
        {
            var row = await bot.NewsAsync(
                member,
                kind,
                $$"""{"reservation_id": "{{id}}", "by_admin": {{(kind is "reservation_closed" ? "false" : "true")}}}"""
            );
            await bot.TellAsync();
            Assert.Equal($"dropped {end}", await bot.EndOfAsync(row));
        }

        Assert.Equal(0, await HeardAsync(chat));
    }

    [Fact]
    public async Task What_is_switched_off_is_not_told()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        await bot.WithAsync<NotificationPreferences, NotificationSettings>(preferences =>
            preferences.SwitchAsync(member.UserId, NotificationKind.Announcement, isOn: false, default)
        );
        var muted = await bot.NewsAsync(member, NotificationKind.Announcement, """{"text": "Cake"}""");
        await bot.NewsAsync(member, NotificationKind.UserVerified);
        await bot.TellAsync();

        await chat.Expect("An administrator has verified your account");
        Assert.Equal(1, await HeardAsync(chat));
        Assert.Equal("dropped muted", await bot.EndOfAsync(muted));
    }

    [Fact]
    public async Task In_quiet_hours_what_can_wait_waits_for_their_end_and_the_rest_is_told()
    {
        var night = new DateTimeOffset(2032, 6, 15, 23, 0, 0, TimeSpan.Zero);
        await using var bot = new BotInHand(server, night);
        var (member, chat) = await bot.PersonAsync();
        await bot.WithAsync<NotificationPreferences, NotificationSettings>(preferences =>
            preferences.KeepQuietAsync(member.UserId, new QuietHours(new TimeOnly(22, 0), new TimeOnly(8, 0)), default)
        );
        var seat = await server.SeatAsync();
        var soon = await bot.ReservationAsync(member, seat, night.AddHours(9).AddMinutes(30), night.AddHours(11));
        var later = await bot.ReservationAsync(member, seat, night.AddHours(12), night.AddHours(13), "closed");
        await server.ExecuteAsync($"UPDATE reservations SET slot = 2 WHERE id = '{later}'");
        await server.ExecuteAsync($"UPDATE reservations SET status = 'future' WHERE id = '{later}'");

        await bot.NewsAsync(member, NotificationKind.UserVerified);
        await bot.NewsAsync(member, "reservation_moved", $$"""{"reservation_id": "{{later}}"}""");
        await bot.NewsAsync(member, "reservation_moved", $$"""{"reservation_id": "{{soon}}"}""");
        var (gone, goneSoon) = (
            await bot.ReservationAsync(member, seat, night.AddHours(14), night.AddHours(15), "closed"),
            await bot.ReservationAsync(member, seat, night.AddHours(9), night.AddHours(9.25), "closed")
        );
        foreach (var closed in new[] { gone, goneSoon })
        {
            await bot.NewsAsync(
                member,
                NotificationKind.ReservationClosed,
                $$"""{"reservation_id": "{{closed}}", "by_admin": true}"""
            );
        }

        await bot.NewsAsync(member, NotificationKind.Announcement, """{"text": "Fire"}""");
        await bot.TellAsync();
        // Half an hour after the quiet hours: whoever sleeps until then would come late.
        await chat.Expect("08:30–10:00", "Pass", "Cancel");
        await chat.Expect("08:00–08:15");
        await chat.Expect("Fire");
        await bot.TellAtAsync(night.AddHours(9).AddSeconds(-1));
        Assert.Equal(3, await HeardAsync(chat));

        await bot.TellAtAsync(night.AddHours(9));
        await chat.Expect("An administrator has verified your account");
        await chat.Expect("11:00–12:00", "Pass", "Cancel");
        await chat.Expect("13:00–14:00");
    }

    [Fact]
    public async Task What_nobody_can_be_told_is_dropped()
    {
        await using var bot = new BotInHand(server, Noon);
        var unlinked = await server.MemberAsync();
        var (late, lateChat) = await bot.PersonAsync();
        await server.ExecuteAsync($"UPDATE users SET telegram_since = '{Noon:O}' WHERE id = '{late.UserId}'");
        var ids = new[]
        {
            await bot.NewsAsync(unlinked, NotificationKind.UserVerified),
            await bot.NewsAsync(late, NotificationKind.UserVerified, due: Noon.AddSeconds(-1)),
            await bot.NewsAsync(late, NotificationKind.UserVerified, due: Noon),
            // Mails are somebody else's, and what this version does not know a newer one's.
            await bot.NewsAsync(unlinked, NotificationKind.PasswordReset),
            await bot.NewsAsync(unlinked, "from_the_future"),
        };

        await bot.TellAsync();

        var ends = new List<string>();
        foreach (var id in ids)
        {
            ends.Add(await bot.EndOfAsync(id));
        }

        Assert.Equal(["dropped no chat", "dropped no chat", "delivered", "pending", "pending"], ends);
        Assert.Equal(1, await HeardAsync(lateChat));
    }

    [Fact]
    public async Task Whoever_blocks_the_bot_hears_nothing_of_that_time_when_they_come_back()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        await server.Telegram.PostAsync($"/front/block?chat={chat.Id}");
        var first = await bot.NewsAsync(member, NotificationKind.UserVerified);
        var second = await bot.NewsAsync(member, NotificationKind.UserVerified);
        await bot.TellAsync();
        Assert.Equal("dropped blocked", await bot.EndOfAsync(first));
        await bot.TellAsync();
        Assert.Equal("dropped no chat", await bot.EndOfAsync(second));

        await server.Telegram.PostAsync($"/front/unblock?chat={chat.Id}");
        bot.Clock.Now = Noon.AddHours(1);
        await bot.WithAsync<TelegramLinks, bool>(async links =>
        {
            await links.BackAsync(chat.Id, default);
            return true;
        });
        await bot.NewsAsync(member, NotificationKind.UserVerified);
        await bot.TellAsync();
        await chat.Expect("An administrator has verified your account");
        Assert.Equal(1, await HeardAsync(chat));
    }

    private Task<int> AttemptsAsync(long id) =>
        server.QueryAsync<int>($"SELECT attempts FROM notifications WHERE id = {id}");

    [Fact]
    public async Task A_poisoned_row_is_set_aside_after_its_retries_while_others_are_told()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var (other, otherChat) = await bot.PersonAsync();
        var id = await bot.NewsAsync(member, NotificationKind.ReservationMade, """{"reservation_id": 7}""");
        await bot.NewsAsync(member, NotificationKind.UserVerified);
        await bot.NewsAsync(other, NotificationKind.UserVerified);

        await bot.TellAsync();
        await otherChat.Expect("An administrator has verified your account");
        foreach (var seconds in new[] { 1, 2, 4, 8 })
        {
            Assert.Equal(0, await HeardAsync(chat));
            Assert.Equal("pending", await bot.EndOfAsync(id));
            await bot.TellAtAsync(bot.Now.AddSeconds(seconds).AddMilliseconds(-1));
            await bot.TellAtAsync(bot.Now.AddMilliseconds(1));
        }

        Assert.Equal("failed", await bot.EndOfAsync(id));
        Assert.Equal(5, await server.QueryAsync<int>($"SELECT attempts FROM notifications WHERE id = {id}"));
        Assert.Single(bot.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
        // What came after it to the same person was not held up for ever.
        await chat.Expect("An administrator has verified your account");
    }

    [Fact]
    public async Task Of_a_batch_each_row_has_its_own_fate()
    {
        var night = new DateTimeOffset(2032, 6, 15, 23, 0, 0, TimeSpan.Zero);
        await using var bot = new BotInHand(server, night);
        async Task<(long Row, ApiClient Member, Dialogue Chat)> TellAsync(int? status = null, string payload = "{}")
        {
            var (member, chat) = await bot.PersonAsync();
            if (status is not null)
            {
                await server.Telegram.PostAsync($"/front/fail?status={status}&chat={chat.Id}");
            }

            var kind = payload is "{}" ? NotificationKind.UserVerified : NotificationKind.ReservationMade;
            return (await bot.NewsAsync(member, kind, payload), member, chat);
        }

        var told = await TellAsync();
        var refused = await TellAsync(400);
        var odd = await TellAsync(payload: """{"reservation_id": 7}""");
        var muted = await TellAsync();
        await bot.WithAsync<NotificationPreferences, NotificationSettings>(preferences =>
            preferences.SwitchAsync(muted.Member.UserId, NotificationKind.UserVerified, isOn: false, default)
        );
        var asleep = await TellAsync();
        await bot.WithAsync<NotificationPreferences, NotificationSettings>(preferences =>
            preferences.KeepQuietAsync(asleep.Member.UserId, new QuietHours(new(22, 0), new(8, 0)), default)
        );
        var blocked = await TellAsync();
        await server.Telegram.PostAsync($"/front/block?chat={blocked.Chat.Id}");
        // A reservation that the driver cannot read breaks whatever else is read with it.
        var (broken, _) = await bot.PersonAsync();
        var (booked, bookedChat) = await bot.PersonAsync();
        var rows = new List<long>();
        foreach (var (member, hours) in new[] { (broken, 30), (booked, 33) })
        {
            var seat = await server.SeatAsync();
            var id = await bot.ReservationAsync(member, seat, night.AddHours(hours), night.AddHours(hours + 1));
            if (member == broken)
            {
                await server.ExecuteAsync($"UPDATE reservations SET moved_at = '200000-01-01' WHERE id = '{id}'");
            }

            rows.Add(
                await bot.NewsAsync(member, NotificationKind.ReservationMade, $$"""{"reservation_id": "{{id}}"}""")
            );
        }

        // Last: what has not gone off when Telegram fails at something stays.
        var unsure = await TellAsync(1);
        var failed = await TellAsync(500);
        await bot.Delivery.DeliverNextAsync(default);

        await told.Chat.Expect("An administrator has verified your account");
        await bookedChat.ExpectText("Your seat is booked");
        async Task<string> FateAsync(long row) =>
            $"{await bot.EndOfAsync(row)} {await server.QueryAsync<string>(
                $"SELECT attempts || ' ' || coalesce((extract(epoch FROM retry_at - '{night:O}'))::int::text, '-') FROM notifications WHERE id = {row}"
            )}";
        Assert.Equal("delivered 0 -", await FateAsync(told.Row));
        Assert.Equal("delivered 0 -", await FateAsync(rows[1]));
        Assert.Equal("failed 1 -", await FateAsync(refused.Row));
        Assert.Equal("pending 0 1", await FateAsync(unsure.Row));
        Assert.Equal("pending 0 1", await FateAsync(failed.Row));
        Assert.Equal("pending 1 1", await FateAsync(odd.Row));
        Assert.Equal("pending 1 1", await FateAsync(rows[0]));
        Assert.Equal("dropped muted 0 -", await FateAsync(muted.Row));
        Assert.Equal("dropped blocked 0 -", await FateAsync(blocked.Row));
        Assert.Equal("pending 0 -", await FateAsync(asleep.Row));
        Assert.Equal(
            night.AddHours(9).UtcDateTime,
            await server.QueryAsync<DateTime>($"SELECT due_at FROM notifications WHERE id = {asleep.Row}")
        );
        Assert.True(
            await server.QueryAsync<bool>(
                $"SELECT telegram_since IS NULL FROM users WHERE id = '{blocked.Member.UserId}'"
            )
        );
        await bot.TellAsync();
        foreach (var (_, _, chat) in new[] { refused, failed, odd, muted, asleep, blocked })
        {
            Assert.Equal(0, await HeardAsync(chat));
        }
    }

    [Fact]
    public async Task What_telegram_fails_at_for_one_chat_is_tried_again_and_does_not_hold_up_the_others()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var (other, otherChat) = await bot.PersonAsync();
        await server.Telegram.PostAsync($"/front/fail?status=500&chat={chat.Id}");
        var id = await bot.NewsAsync(member, NotificationKind.UserVerified);
        await bot.NewsAsync(other, NotificationKind.UserVerified);
        await bot.TellAsync();
        await otherChat.Expect("An administrator has verified your account");
        // Not yet: it might be Telegram's.
        Assert.Equal(0, await AttemptsAsync(id));
        await bot.TellAtAsync(Noon.AddSeconds(1));
        Assert.Equal(1, await AttemptsAsync(id));

        await server.Telegram.PostAsync($"/front/fail?status=0&chat={chat.Id}");
        await bot.TellAtAsync(Noon.AddSeconds(2));
        await chat.Expect("An administrator has verified your account");
        Assert.Equal("delivered", await bot.EndOfAsync(id));

        // What Telegram refuses it refuses for ever.
        await server.Telegram.PostAsync($"/front/fail?status=400&chat={chat.Id}");
        id = await bot.NewsAsync(member, NotificationKind.UserVerified);
        await bot.TellAsync();
        Assert.Equal("failed", await bot.EndOfAsync(id));
        Assert.Equal(
            "400 Out of order",
            await server.QueryAsync<string>($"SELECT error FROM notifications WHERE id = {id}")
        );
    }

    [Fact]
    public async Task What_telegram_goes_on_failing_at_while_others_are_told_is_set_aside()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var (other, _) = await bot.PersonAsync();
        await server.Telegram.PostAsync($"/front/fail?status=500&chat={chat.Id}");
        var id = await bot.NewsAsync(member, NotificationKind.UserVerified);
        for (var attempt = 0; attempt < 6; attempt++)
        {
            Assert.Equal("pending", await bot.EndOfAsync(id));
            await bot.NewsAsync(other, NotificationKind.UserVerified);
            await bot.TellAtAsync(bot.Now.AddSeconds(30));
        }

        Assert.Equal("failed", await bot.EndOfAsync(id));
    }

    [Fact]
    public async Task While_telegram_takes_no_messages_nothing_is_counted_and_then_all_arrive()
    {
        await using var bot = new BotInHand(server, Noon);
        var people = await Task.WhenAll(bot.PersonAsync(), bot.PersonAsync(), bot.PersonAsync());
        foreach (var (member, chat) in people)
        {
            await server.Telegram.PostAsync($"/front/fail?status=502&chat={chat.Id}");
            await bot.NewsAsync(member, NotificationKind.UserVerified);
        }

        for (var attempt = 0; attempt < 10; attempt++)
        {
            await bot.TellAtAsync(bot.Now.AddSeconds(30));
        }

        foreach (var (member, chat) in people)
        {
            Assert.Equal("pending", await bot.EndOfAsync($"user_id = '{member.UserId}'"));
            Assert.Equal(0, await HeardAsync(chat));
            await server.Telegram.PostAsync($"/front/fail?status=0&chat={chat.Id}");
        }

        await bot.TellAtAsync(bot.Now.AddSeconds(30));
        foreach (var (_, chat) in people)
        {
            await chat.Expect("An administrator has verified your account");
        }
    }

    [Fact]
    public async Task What_was_sent_twice_without_an_answer_is_not_sent_a_third_time()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        await server.Telegram.PostAsync($"/front/fail?status=1&chat={chat.Id}");
        var id = await bot.NewsAsync(member, NotificationKind.UserVerified);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            await bot.TellAtAsync(bot.Now.AddSeconds(30));
        }

        Assert.Equal("delivered", await bot.EndOfAsync(id));
        Assert.Equal(2, await HeardAsync(chat));
        Assert.NotEqual("", await server.QueryAsync<string>($"SELECT error FROM notifications WHERE id = {id}"));
    }

    [Fact]
    public async Task A_claim_does_not_outlive_a_machine_that_dies_by_much()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, _) = await bot.PersonAsync();
        await bot.NewsAsync(member, NotificationKind.UserVerified);
        var patience = await bot.WithAsync<Outbox, string?>(async outbox =>
        {
            await using var hand = await outbox.ClaimAsync(most: 1, Noon, [], default);
            await using var show = hand!.Connection.CreateCommand();
            show.CommandText = "SHOW idle_in_transaction_session_timeout";
            return (string?)await show.ExecuteScalarAsync();
        });
        Assert.Equal("2min", patience);
        await bot.TellAsync();
    }

    [Theory]
    [InlineData(502)]
    [InlineData(401)]
    public async Task While_telegram_is_away_nothing_is_counted_and_the_pauses_grow(int status)
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var id = await bot.NewsAsync(member, NotificationKind.UserVerified);
        await server.Telegram.PostAsync($"/front/fail?status={status}");
        foreach (var pause in new[] { 1, 2, 4, 8, 16, 30, 30 })
        {
            Assert.Equal(TimeSpan.FromSeconds(pause), await bot.Delivery.DeliverNextAsync(default));
        }

        await server.Telegram.PostAsync("/front/fail?status=0");
        Assert.Equal(0, await server.QueryAsync<int>($"SELECT attempts FROM notifications WHERE id = {id}"));
        await bot.TellAsync();
        await chat.Expect("An administrator has verified your account");
    }

    [Fact]
    public async Task Telegram_s_wish_for_patience_is_heeded_and_nothing_is_counted()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var id = await bot.NewsAsync(member, NotificationKind.UserVerified);
        await server.Telegram.PostAsync($"/front/fail?status=429&chat={chat.Id}");
        Assert.Equal(TimeSpan.FromSeconds(2), await bot.Delivery.DeliverNextAsync(default));
        Assert.Equal(TimeSpan.FromSeconds(2), await bot.Delivery.DeliverNextAsync(default));
        await server.Telegram.PostAsync($"/front/fail?status=0&chat={chat.Id}");
        Assert.Equal(0, await server.QueryAsync<int>($"SELECT attempts FROM notifications WHERE id = {id}"));
        await bot.TellAsync();
        await chat.Expect("An administrator has verified your account");
    }

    [Fact]
    public async Task Two_that_tell_at_the_same_time_tell_nothing_twice_and_each_person_in_order()
    {
        await using var one = new BotInHand(server, Noon);
        await using var other = new BotInHand(server, Noon);
        var people = new List<Dialogue>();
        for (var i = 0; i < 20; i++)
        {
            var (member, chat) = await one.PersonAsync();
            people.Add(chat);
            for (var j = 0; j < 5; j++)
            {
                await one.NewsAsync(
                    member,
                    NotificationKind.Announcement,
                    $$"""{"text": "Number {{j}}"}""",
                    Noon.AddSeconds(j - 9)
                );
            }
        }

        await Task.WhenAll(new[] { one, other }.Select(bot => Task.Run(bot.TellAsync)));
        // Each may have left what the other one held.
        await one.TellAsync();

        foreach (var chat in people)
        {
            for (var j = 0; j < 5; j++)
            {
                await chat.Expect($"Number {j}");
            }

            Assert.Equal(5, await HeardAsync(chat));
        }
    }
}
