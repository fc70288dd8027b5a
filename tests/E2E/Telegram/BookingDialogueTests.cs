extern alias Bot;
using System.Net;
using BookIT.Core;
using BookIT.Tests.E2E.Servers;
using Bot::BookIT.Bot.Updates;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>Booking by the bot, from the command to the seat.</summary>
public sealed class BookingDialogueTests(ServerForMembers server) : IClassFixture<ServerForMembers>
{
    private static readonly string[] When = ["Now", "Today", "Tomorrow", "Another day", "Cancel"];
    private static readonly string[] Leave = ["‹ Back", "Cancel"];
    private static readonly string[] Lengths =
    [
        "30 minutes · until 14:30",
        "1 hour · until 15:00",
        "2 hours · until 16:00",
        "4 hours · until 18:00",
        "8 hours · until 22:00",
        "Until midnight",
        "24 hours",
    ];

    /// <summary>Two hours from 14:00 tomorrow.</summary>
    private async Task ToZones(Dialogue chat)
    {
        await chat.Send("/book");
        await chat.Expect("When do you need a seat?", When);
        await chat.Press("Tomorrow");
        await chat.Hear();
        await chat.Press("14:00");
        await chat.Hear();
        await chat.Press("2 hours · until 16:00");
    }

    private async Task ToQuietZone(Dialogue chat, params string[] seats)
    {
        await ToZones(chat);
        await chat.Hear();
        await chat.Press("Quiet zone — 3 seats");
        await chat.ExpectEdit(
            $"{server.Day(1)}, 14:00–16:00, Quiet zone.\nWhich seat?\n\n☕ kitchen near by",
            [.. seats, .. Leave]
        );
    }

    private DateTimeOffset From => server.At(1, 14);

    private DateTimeOffset To => server.At(1, 16);

    [Fact]
    public async Task Somebody_books_in_one_message()
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        var tomorrow = server.Day(1);

        await chat.Send("/book");
        await chat.ExpectMessage("When do you need a seat?", When);
        await chat.Press("Tomorrow");
        await chat.ExpectEdit(
            $"{tomorrow}.\nFrom what time?",
            [
                .. Enumerable.Range(8, 8).SelectMany(hour => new[] { $"{hour:00}:00", $"{hour:00}:30" }),
                "‹ 00:00–08:00",
                "16:00–24:00 ›",
                .. Leave,
            ]
        );
        await chat.Press("16:00–24:00 ›");
        await chat.ExpectEdit(
            "From what time?",
            [
                .. Enumerable.Range(16, 8).SelectMany(hour => new[] { $"{hour:00}:00", $"{hour:00}:30" }),
                "‹ 08:00–16:00",
                .. Leave,
            ]
        );
        await chat.Press("‹ 08:00–16:00");
        await chat.Hear();
        await chat.Press("14:00");
        await chat.ExpectEdit($"From {tomorrow} at 14:00.\nFor how long?", [.. Lengths, .. Leave]);
        await chat.Press("2 hours · until 16:00");
        await chat.ExpectEdit(
            $"{tomorrow}, 14:00–16:00.\nIn which zone?",
            ["Any zone — 4 seats", "Open space — 1 seat", "Quiet zone — 3 seats", .. Leave]
        );
        await chat.Press("Quiet zone — 3 seats");
        await chat.ExpectEdit($"{tomorrow}, 14:00–16:00, Quiet zone.", ["A-1 ☕", "A-2", "A-10", .. Leave]);
        await chat.Press("A-1 ☕");
        await chat.ExpectEdit(
            $"Done, the seat is yours!\n\n<b>A-1, Quiet zone</b>\n{tomorrow}, 14:00–16:00",
            "Pass",
            "My reservations"
        );

        var own = (await member.GetAsync("/api/reservations/active")).Body;
        Assert.Equal($"{seats.A1}", (string?)own["seat_id"]);
        Assert.Equal((From, To), ((DateTimeOffset)own["start"]!, (DateTimeOffset)own["end"]!));
        // They have read it here: no message comes besides.
        await Eventually.TrueAsync(async () =>
            await server.QueryAsync<long>(
                $"SELECT count(delivered_at) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'reservation_made'"
            ) == 1
        );
    }

    [Fact]
    public async Task If_the_answer_does_not_arrive_the_news_do()
    {
        await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await server.ExecuteAsync($"DELETE FROM notification_settings WHERE user_id = '{member.UserId}'");
        await ToQuietZone(chat, "A-1 ☕", "A-2", "A-10");
        // A press is answered after its screen is shown: that of the last one is not to be counted below.
        await chat.ExpectSilence();
        await server.Telegram.PostAsync($"/front/fail?status=502&chat={chat.Id}");
        var before = (await server.Telegram.CallsAsync("answerCallbackQuery")).Count;
        await chat.Press("A-1 ☕");
        await Eventually.TrueAsync(async () =>
            (await server.Telegram.CallsAsync("answerCallbackQuery")).Count > before
        );
        await server.Telegram.PostAsync($"/front/fail?status=0&chat={chat.Id}");
        Assert.Equal(1, await server.LiveAsync(member));
        Assert.Equal(
            60,
            await server.QueryAsync<int>(
                $"SELECT extract(epoch FROM due_at - made_at)::int FROM notifications WHERE user_id = '{member.UserId}' AND delivered_at IS NULL"
            )
        );

        // A minute later.
        await server.ExecuteAsync($"UPDATE notifications SET due_at = now() WHERE user_id = '{member.UserId}'");
        await chat.Expect("Your seat is booked", "Pass", "Cancel");
    }

    [Fact]
    public async Task Somebody_books_in_russian()
    {
        await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync("ru", verified: false);
        string[] leave = ["‹ Назад", "Отмена"];

        await chat.Send("/book");
        await chat.Expect("Когда вам нужно место?", "Сейчас", "Сегодня", "Завтра", "Другой день", "Отмена");
        await chat.Press("Завтра");
        await chat.ExpectText("С какого времени?");
        await chat.Press("14:00");
        await chat.ExpectEdit(
            "в 14:00.\nНа сколько?",
            [
                "30 минут · до 14:30",
                "1 час · до 15:00",
                "2 часа · до 16:00",
                "4 часа · до 18:00",
                "8 часов · до 22:00",
                "До конца дня",
                "24 часа",
                .. leave,
            ]
        );
        await chat.Press("До конца дня");
        await chat.ExpectEdit(
            "В какой зоне?",
            ["Любая зона — 4 места", "Open space — 1 место", "Quiet zone — 3 места", .. leave]
        );
        await chat.Press("Любая зона — 4 места");
        await chat.ExpectEdit("Какое место?\n\n☕ рядом кухня", ["A-1 ☕", "A-2", "A-10", "B-1", .. leave]);
        await server.ExecuteAsync("UPDATE seats SET deleted_at = now() WHERE name = 'A-2' AND deleted_at IS NULL");
        await chat.Press("A-2");
        await chat.ExpectEdit(
            "Такого места нет.\n\nБлижайшие свободные места на ",
            ["A-10", "A-1 ☕", "B-1", "Все свободные места", .. leave]
        );
        await chat.Press("A-10");
        await chat.ExpectEdit("Готово, место за вами!\n\n<b>A-10, Quiet zone</b>", "Пропуск", "Мои брони");
        Assert.Equal(1, await server.LiveAsync(member));
        await chat.Send("/book");
        await chat.Expect("У вас уже есть бронь: <b>A-10</b>", "Моя бронь");
    }

    [Fact]
    public async Task Every_step_leads_back_and_out()
    {
        await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await ToQuietZone(chat, "A-1 ☕", "A-2", "A-10");

        await chat.Press("‹ Back");
        await chat.ExpectText("In which zone?");
        await chat.Press("‹ Back");
        await chat.ExpectEdit("For how long?", [.. Lengths, .. Leave]);
        await chat.Press("‹ Back");
        await chat.ExpectText("From what time?");
        await chat.Press("‹ Back");
        await chat.ExpectEdit("When do you need a seat?", When);
        await chat.Press("Another day");
        await chat.ExpectText("Which day?");
        Assert.Equal(7 + 1 + 2, chat.Buttons().Count);
        await chat.Press("›");
        await chat.ExpectText("Which day?");
        var nextWeek = server.At(8, 0).ToString("ddd, d MMMM", System.Globalization.CultureInfo.GetCultureInfo("en"));
        await chat.Press(nextWeek);
        await chat.ExpectText($"Day: {nextWeek}.");
        await chat.Press("‹ Back");
        await chat.ExpectText("Which day?");
        Assert.Contains(nextWeek, chat.Buttons());
        await chat.Press("‹");
        await chat.ExpectText("Which day?");
        await chat.Press("‹ Back");
        await chat.ExpectEdit("When do you need a seat?", When);
        await chat.Press("Today");
        await chat.ExpectText("From what time?");
        await chat.Press("Cancel");
        await chat.ExpectEdit("All right, nothing is booked.", "Book a seat");
        await chat.Press("Book a seat");
        await chat.ExpectEdit("When do you need a seat?", When);
        await chat.Press("Now");
        await chat.ExpectText("For how long?");
        await chat.Press("‹ Back");
        await chat.ExpectEdit("When do you need a seat?", When);
        Assert.Equal(0, await server.LiveAsync(member));
    }

    [Fact]
    public async Task A_booking_from_now_begins_now()
    {
        await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await chat.Send("/book");
        await chat.Hear();
        await chat.Press("Now");
        await chat.Hear();
        await chat.Press(chat.Buttons()[1]);
        await chat.Hear();
        await chat.Press("Open space — 1 seat");
        await chat.Hear();
        await chat.Press("B-1");
        await chat.ExpectEdit("Done, the seat is yours!\n\n<b>B-1, Open space</b>", "Pass", "My reservations");

        var start = (DateTimeOffset)(await member.GetAsync("/api/reservations/active")).Body["start"]!;
        Assert.InRange(TimeProvider.System.GetUtcNow() - start, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_double_tap_books_once_and_says_the_same()
    {
        await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await ToQuietZone(chat, "A-1 ☕", "A-2", "A-10");

        await chat.PressTwice("A-1 ☕");

        await chat.ExpectEdit("Done, the seat is yours!", "Pass", "My reservations");
        await chat.ExpectSilence();
        Assert.Equal(1, await server.LiveAsync(member));
    }

    [Fact]
    public async Task Who_loses_the_seat_is_offered_the_nearest_in_its_zone_and_then_on_the_map()
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await ToQuietZone(chat, "A-1 ☕", "A-2", "A-10");
        var (other, _) = await server.LinkedAsync();
        var taken = await other.BookAsync(seats.A1, From, To);

        await chat.PressTwice("A-1 ☕");
        for (var tap = 0; tap < 2; tap++)
        {
            await chat.ExpectEdit(
                $"already taken at that time.\n\nThe nearest free seats for {server.Day(1)}, 14:00–16:00:",
                ["A-10", "A-2", "B-1", "All free seats", .. Leave]
            );
        }

        await chat.Press("All free seats");
        await chat.ExpectText("In which zone?");

        // Given back: whoever looks again gets it.
        await other.PatchAsync($"/api/reservations/{taken.Id}", new { status = "closed" });
        await chat.Press("Any zone — 3 seats");
        await chat.Hear();
        await chat.Press("‹ Back");
        await chat.Hear();
        await chat.Press("Quiet zone — 3 seats");
        await chat.Hear();
        await chat.Press("A-1 ☕");
        await chat.ExpectEdit("Done, the seat is yours!", "Pass", "My reservations");
        Assert.Equal(1, await server.LiveAsync(member));
    }

    [Fact]
    public async Task When_the_last_seat_goes_other_lengths_and_times_are_offered()
    {
        await server.EmptyAsync();
        var seat = await server.SeatAsync("Only", zone: null);
        var (member, chat) = await server.LinkedAsync();
        // One zone, or none, is no choice.
        await ToZones(chat);
        await chat.ExpectEdit($"{server.Day(1)}, 14:00–16:00.\nWhich seat?", ["Only", .. Leave]);
        await server.TakeAsync(seat, server.At(1, 15), server.At(1, 17));

        await chat.Press("Only");
        await chat.ExpectEdit("already taken at that time.", ["Another length", "Another time", .. Leave]);
        await chat.Press("Another length");
        await chat.ExpectEdit(
            "For how long?\nSeats are free until",
            ["30 minutes · until 14:30", "1 hour · until 15:00", .. Leave]
        );
        await chat.Press("‹ Back");
        await chat.Hear();
        Assert.DoesNotContain("15:00", chat.Buttons());
        Assert.Contains("14:30", chat.Buttons());
        await chat.Forge("book:l:" + ButtonData.Minute(server.At(1, 15)));
        await chat.ExpectEdit(
            $"No seat is free on {server.Day(1)} at 15:00. The next free times:",
            [.. new[] { "17:00", "17:30", "18:00", "18:30" }.Select(clock => $"{server.Day(1)} at {clock}"), .. Leave]
        );
        await chat.Press($"{server.Day(1)} at 17:00");
        await chat.Hear();
        await chat.Press("1 hour · until 18:00");
        await chat.Hear();
        await chat.Press("Only");
        await chat.ExpectEdit("Done, the seat is yours!\n\n<b>Only</b>", "Pass", "My reservations");
        Assert.Equal(1, await server.LiveAsync(member));
    }

    [Fact]
    public async Task A_space_without_seats_says_so()
    {
        await server.EmptyAsync();
        var (_, chat) = await server.LinkedAsync();
        await chat.Send("/free");
        await chat.Expect("Everything is taken now.", "Choose another time");
        await chat.Press("Choose another time");
        await chat.ExpectMessage("When do you need a seat?", When);
        await chat.Press("Now");
        await chat.ExpectEdit("No seat is free on", Leave);
        await chat.Press("‹ Back");
        await chat.Hear();
        await chat.Press("Tomorrow");
        await chat.ExpectEdit("No time is free: ", Leave);
    }

    [Fact]
    public async Task Who_holds_a_reservation_is_led_to_it()
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await ToQuietZone(chat, "A-1 ☕", "A-2", "A-10");
        await member.BookAsync(seats.B1, server.At(2, 9), server.At(2, 10));

        await chat.Press("A-1 ☕");
        await chat.ExpectEdit(
            $"You already have a reservation: <b>B-1</b>, {server.Day(2)}, 09:00–10:00.",
            "My reservation"
        );
        foreach (var command in new[] { "/book", "/free" })
        {
            await chat.Send(command);
            await chat.Hear();
        }

        await chat.Press("Book from now");
        await chat.ExpectMessage("You already have a reservation: <b>B-1</b>", "My reservation");
        await chat.Press("My reservation");
        await chat.ExpectText("Your reservation: <b>B-1, Open space</b>");
        Assert.Equal(1, await server.LiveAsync(member));
    }

    [Fact]
    public async Task Buttons_of_another_day_begin_again()
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await chat.Send("/book");
        await chat.Hear();
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-7);
        var span = ButtonData.Span(new Interval(start, start.AddHours(1)));
        foreach (
            var data in new[]
            {
                $"book:l:{ButtonData.Minute(start)}",
                $"book:z:{span}:0",
                $"book:s:{span}:*:0",
                $"book:p:{span}:*:1:{ButtonData.Id(seats.A1)}",
                $"book:t:{ButtonData.Day(DateOnly.FromDateTime(server.At(-1, 0).DateTime))}:",
            }
        )
        {
            await chat.Forge(data);
            await chat.ExpectEdit("has already passed.\n\nWhen do you need a seat?", When);
            await chat.Forge("book:x");
            await chat.Hear();
        }

        await chat.Forge($"book:l:{ButtonData.Minute(start.AddDays(40))}");
        await chat.ExpectEdit("When do you need a seat?", When);
        Assert.Equal(0, await server.LiveAsync(member));
    }

    [Fact]
    public async Task Nonsense_does_nothing()
    {
        await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await chat.Send("/book");
        await chat.Hear();
        foreach (
            var data in new[]
            {
                "book:",
                "book:zz",
                "book:p",
                "book:p:1:1:1:1",
                "book:p:1.1:*:1:AAAA",
                "book:l:99999999999",
                "book:d:-1",
                "book:t:zz:0",
                "book:z:1.1",
                "my:",
                "my:w:1.1:1:x",
                "my:drop",
                "pass:x",
                "pass:",
            }
        )
        {
            await chat.Forge(data);
            await chat.ExpectToast("This button is out of date.");
        }

        // Read, and out of all bounds.
        await chat.Forge("book:t:1:0");
        await chat.ExpectEdit("has already passed.", When);
        await chat.Forge("book:d:2147483647");
        await chat.ExpectText("Which day?");
        await chat.Forge("book:l:fffffff");
        await chat.ExpectEdit("When do you need a seat?", When);
        await chat.Forge("free:x");
        await chat.ExpectSilence();
        Assert.Equal(0, await server.LiveAsync(member));
    }

    [Fact]
    public async Task Who_is_no_longer_linked_books_nothing()
    {
        await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await ToQuietZone(chat, "A-1 ☕", "A-2", "A-10");
        await server.ExecuteAsync(
            $"UPDATE users SET telegram_id = NULL, telegram_since = NULL WHERE id = '{member.UserId}'"
        );

        await chat.Press("A-1 ☕");
        await chat.ExpectToast("This button is out of date");
        await chat.ExpectSilence();
        Assert.Equal(0, await server.LiveAsync(member));
    }

    [Fact]
    public async Task Many_seats_and_zones_come_page_by_page()
    {
        await server.EmptyAsync();
        foreach (var number in Enumerable.Range(1, 10))
        {
            await server.SeatAsync($"Desk {number}", "Zone <1>", with: number == 10 ? "is_quiet" : null);
            await server.SeatAsync($"Alone {number}", number == 1 ? null : $"Zone {number}");
        }

        var (_, chat) = await server.LinkedAsync();
        await ToZones(chat);
        await chat.ExpectEdit(
            "In which zone?",
            [
                "Any zone — 20 seats",
                "Zone <1> — 10 seats",
                .. Enumerable.Range(2, 7).Select(number => $"Zone {number} — 1 seat"),
                "›",
                .. Leave,
            ]
        );
        await chat.Press("›");
        await chat.ExpectEdit(
            "In which zone?",
            ["Any zone — 20 seats", "Zone 9 — 1 seat", "Zone 10 — 1 seat", "Other seats — 1 seat", "‹", .. Leave]
        );
        await chat.Press("‹");
        await chat.Hear();
        await chat.Press("Zone <1> — 10 seats");
        await chat.ExpectEdit(
            "Zone &lt;1&gt;.\nWhich seat?",
            [.. Enumerable.Range(1, 8).Select(number => $"Desk {number}"), "›", .. Leave]
        );
        await chat.Press("›");
        await chat.ExpectEdit("Which seat?\n\n🤫 quiet", ["Desk 9", "Desk 10 🤫", "‹", .. Leave]);
        await chat.Press("Desk 10 🤫");
        await chat.ExpectEdit("<b>Desk 10, Zone &lt;1&gt;</b>", "Pass", "My reservations");
    }

    [Fact]
    public async Task What_is_free_is_told_zone_by_zone()
    {
        var seats = await server.FourSeatsAsync();
        await server.TakeAsync(seats.A1, server.At(0, 15), server.At(0, 16));
        await server.TakeAsync(seats.B1, TimeProvider.System.GetUtcNow(), server.At(0, 16));
        await server.TakeAsync(seats.A2, TimeProvider.System.GetUtcNow().AddMinutes(5), server.At(0, 16));

        var (_, chat) = await server.LinkedAsync();
        await chat.Send("/free");
        await chat.ExpectMessage(
            "Free now: 2 seats of 4.\n\n<b>Quiet zone</b> — 2 seats\nfor a day and longer: A-10\nuntil 15:00: A-1",
            "Book from now"
        );
        await chat.Press("Book from now");
        await chat.ExpectText("For how long?");

        var (_, russian) = await server.LinkedAsync("ru");
        await russian.Send("/free");
        await russian.Expect(
            "Сейчас свободно: 2 места из 4.\n\n<b>Quiet zone</b> — 2 места\nна сутки и дольше: A-10\nдо 15:00: A-1",
            "Забронировать сейчас"
        );
    }

    [Fact]
    public async Task A_stranger_is_told_how_to_link()
    {
        var chat = server.Telegram.Somebody();
        foreach (var command in new[] { "/book", "/my", "/pass", "/free" })
        {
            await chat.Send(command);
            await chat.ExpectMessage("To link your account");
        }
    }
}

/// <summary>A space with a bot and a Redis of its own, to be taken away.</summary>
public sealed class ServerForMembersWithOwnRedis(TestServers servers) : ServerForMembers(servers)
{
    public RedisServer Redis { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartNewAsync();
        RedisUrl = Redis.Url();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Redis.DisposeAsync();
    }
}

public sealed class BookingDialogueWithoutRedisTests(ServerForMembersWithOwnRedis server)
    : IClassFixture<ServerForMembersWithOwnRedis>
{
    [Fact]
    public async Task Without_redis_members_book_and_cancel()
    {
        await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        server.Redis.Kill();

        await chat.Send("/book");
        foreach (var button in new[] { "Tomorrow", "14:00", "Until midnight", "Any zone — 4 seats", "B-1" })
        {
            await chat.Hear();
            await chat.Press(button);
        }

        await chat.ExpectEdit("Done, the seat is yours!", "Pass", "My reservations");
        await chat.Press("My reservations");
        await chat.Hear();
        await chat.Press("Cancel it");
        await chat.Hear();
        await chat.Press("Yes, cancel it");
        await chat.ExpectEdit("Done, the seat is given back: <b>B-1</b>", "Book a seat");
        Assert.Equal(0, await server.LiveAsync(member));
        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/seat")).Status);
    }
}
