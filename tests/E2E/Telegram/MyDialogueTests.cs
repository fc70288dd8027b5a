extern alias Bot;
using System.Globalization;
using System.Net;
using BookIT.Core;
using BookIT.Tests.E2E.Servers;
using Bot::BookIT.Bot.Updates;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>What people do with what they have booked, and the pass.</summary>
public sealed class MyDialogueTests(ServerForMembers server) : IClassFixture<ServerForMembers>
{
    private const string NotYours = "This reservation is somebody else’s.";

    private DateTimeOffset From => server.At(1, 14);

    private DateTimeOffset To => server.At(1, 16);

    private string Span => $"{server.Day(1)}, 14:00–16:00";

    private static readonly string[] Card =
    [
        "Pass",
        "+30 min · until 16:30",
        "+60 min · until 17:00",
        "Move",
        "Cancel it",
    ];

    /// <summary>Somebody who has booked A-1 for tomorrow from 14 to 16.</summary>
    private async Task<(
        ApiClient Member,
        Dialogue Chat,
        Guid Reservation,
        (Guid A1, Guid A2, Guid A10, Guid B1) Seats
    )> Holder(string language = "en")
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync(language);
        return (member, chat, (await member.BookAsync(seats.A1, From, To)).Id, seats);
    }

    private static async Task<(Guid Seat, DateTimeOffset Start, DateTimeOffset End)> Stands(ApiClient member)
    {
        var own = (await member.GetAsync("/api/reservations/active")).Body;
        return (Guid.Parse((string)own["seat_id"]!), (DateTimeOffset)own["start"]!, (DateTimeOffset)own["end"]!);
    }

    private static string Minute(DateTimeOffset end) =>
        (end.ToUnixTimeSeconds() / 60).ToString(CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_notice_that_telegram_does_not_take_any_more_comes_as_a_message()
    {
        var (_, chat) = await server.LinkedAsync();
        await chat.Send("/my");
        await chat.ExpectMessage("You have no reservations.", "Book a seat");
        await chat.Forge("my:nonsense");
        await chat.ExpectToast("This button is out of date");
        // A button of something that there is no longer says so too.
        await chat.Forge("gone:1");
        await chat.ExpectToast("This button is out of date");

        await server.Telegram.PostAsync("/front/fail?status=400&method=answerCallbackQuery");
        await chat.Forge("my:nonsense");
        await chat.ExpectMessage("This button is out of date");
        await server.Telegram.PostAsync("/front/fail?status=0&method=answerCallbackQuery");
    }

    [Fact]
    public async Task Who_has_nothing_is_led_to_book()
    {
        var (_, chat) = await server.LinkedAsync();
        foreach (var command in new[] { "/my", "/pass" })
        {
            await chat.Send(command);
            await chat.ExpectMessage("You have no reservations.", "Book a seat");
        }

        await chat.Press("Book a seat");
        await chat.ExpectMessage("When do you need a seat?", "Now", "Today", "Tomorrow", "Another day", "Cancel");

        var (_, russian) = await server.LinkedAsync("ru");
        await russian.Send("/my");
        await russian.Expect("У вас нет действующих броней.", "Забронировать место");
    }

    [Fact]
    public async Task A_reservation_is_extended_as_far_as_it_may()
    {
        var (member, chat, _, seats) = await Holder();
        await server.TakeAsync(seats.A1, server.At(1, 17), server.At(1, 18));
        await chat.Send("/my");
        await chat.ExpectMessage(
            $"Your reservation: <b>A-1, Quiet zone</b>\n{Span}\nCheck-in opens on {server.Day(1)} at 13:45.",
            Card
        );

        await chat.PressTwice("+30 min · until 16:30");
        await chat.ExpectEdit(
            $"Extended: {server.Day(1)}, 14:00–16:30.\n\nYour reservation: <b>A-1, Quiet zone</b>",
            "Pass",
            "+30 min · until 17:00",
            "Move",
            "Cancel it"
        );
        // The second tap does nothing but show how it stands.
        await chat.ExpectText($"Your reservation: <b>A-1, Quiet zone</b>\n{server.Day(1)}, 14:00–16:30");
        await chat.ExpectToast("The reservation has changed since.");
        Assert.Equal((seats.A1, From, server.At(1, 16, 30)), await Stands(member));

        // What was free when it was offered is not when it is pressed.
        await server.TakeAsync(seats.A1, server.At(1, 16, 30), server.At(1, 16, 45));
        await chat.Press("+30 min · until 17:00");
        await chat.ExpectEdit("Your reservation:", "Pass", "Move", "Cancel it");
        await chat.ExpectToast("It cannot be extended: the seat is taken after that.");
        Assert.Equal((seats.A1, From, server.At(1, 16, 30)), await Stands(member));
        await Eventually.TrueAsync(async () =>
            await server.QueryAsync<long>(
                $"SELECT count(delivered_at) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'reservation_moved'"
            ) == 1
        );
    }

    [Fact]
    public async Task A_reservation_as_long_as_may_be_is_not_extended()
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await member.BookAsync(seats.A1, From, From.AddHours(23.5));
        await chat.Send("/my");
        await chat.Expect("Your reservation:", "Pass", "+30 min · until 14:00", "Move", "Cancel it");
        await chat.Press("+30 min · until 14:00");
        await chat.ExpectEdit("Extended: ", "Pass", "Move", "Cancel it");
    }

    [Fact]
    public async Task Buttons_of_other_messages_are_answered_in_a_new_one()
    {
        var (member, chat, id, seats) = await Holder();
        var extend = $"my:ext:{ButtonData.Id(id)}:30:{Minute(To)}";
        await chat.Send("/help");
        await chat.ExpectMessage("/help");

        await chat.Forge(extend);
        await chat.ExpectMessage(
            $"Extended: {server.Day(1)}, 14:00–16:30.",
            ["Pass", "+30 min · until 17:00", "+60 min · until 17:30", "Move", "Cancel it"]
        );
        // Again, by a second tap or by the bot: nothing, in the same words.
        await chat.Forge(extend);
        await chat.ExpectToast($"Extended: {server.Day(1)}, 14:00–16:30.");
        await chat.Forge($"my:ext:{ButtonData.Id(id)}:30:{Minute(server.At(1, 15))}");
        await chat.ExpectText("Your reservation: <b>A-1, Quiet zone</b>");
        await chat.ExpectToast("The reservation has changed since.");
        await chat.Forge($"my:ext:{ButtonData.Id(id)}:600:{Minute(server.At(1, 16, 30))}");
        await chat.ExpectToast("This button is out of date.");
        Assert.Equal((seats.A1, From, server.At(1, 16, 30)), await Stands(member));

        await chat.Forge("my:list");
        await chat.ExpectText("Your reservation: <b>A-1, Quiet zone</b>");
        await chat.Forge($"my:cancel:{ButtonData.Id(id)}");
        await chat.ExpectMessage(
            $"Cancel the reservation?\n\n<b>A-1</b>\n{server.Day(1)}, 14:00–16:30",
            "Yes, cancel it",
            "No, keep it"
        );
        await chat.Press("No, keep it");
        await chat.ExpectEdit(
            "Your reservation: <b>A-1, Quiet zone</b>",
            "Pass",
            "+30 min · until 17:00",
            "+60 min · until 17:30",
            "Move",
            "Cancel it"
        );
        await chat.Forge($"my:pass:{ButtonData.Id(id)}");
        await chat.ExpectPhoto("Pass: <b>A-1, Quiet zone</b>", "My reservations");
        // Below a picture there is no text to change.
        await chat.Forge($"my:c:{ButtonData.Id(id)}");
        await chat.ExpectMessage("Cancel the reservation?", "Yes, cancel it", "No, keep it");
    }

    [Fact]
    public async Task Cancelling_asks_first_and_twice_is_once()
    {
        var (member, chat, id, _) = await Holder();
        await chat.Send("/my");
        await chat.Expect("Your reservation:", Card);
        await chat.Press("Cancel it");
        await chat.ExpectEdit($"Cancel the reservation?\n\n<b>A-1</b>\n{Span}", "Yes, cancel it", "No, keep it");
        Assert.Equal(1, await server.LiveAsync(member));

        await chat.PressTwice("Yes, cancel it");
        await chat.ExpectEdit($"Done, the seat is given back: <b>A-1</b>, {Span}.", "Book a seat");
        Assert.Equal(0, await server.LiveAsync(member));
        foreach (var button in new[] { "cancel", "pass" })
        {
            await chat.Forge($"my:{button}:{ButtonData.Id(id)}");
            await chat.ExpectToast("has ended or was cancelled");
        }

        await chat.ExpectSilence();
        await Eventually.TrueAsync(async () =>
            await server.QueryAsync<long>(
                $"SELECT count(delivered_at) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'reservation_closed'"
            ) == 1
        );
    }

    [Fact]
    public async Task What_has_changed_since_the_question_is_not_cancelled()
    {
        var (member, chat, id, _) = await Holder();
        await chat.Send("/my");
        await chat.Hear();
        await chat.Press("Cancel it");
        await chat.Hear();
        await member.PatchAsync($"/api/reservations/{id}", new { start = From.AddHours(1), end = To.AddHours(1) });

        await chat.Press("Yes, cancel it");
        await chat.ExpectText($"{server.Day(1)}, 15:00–17:00");
        await chat.ExpectToast("The reservation has changed since.");
        Assert.Equal(1, await server.LiveAsync(member));
    }

    [Fact]
    public async Task A_reservation_gets_another_seat()
    {
        var (member, chat, _, seats) = await Holder();
        string[] leave = ["‹ Back", "Leave as it is"];
        await chat.Send("/my");
        await chat.Hear();
        await chat.Press("Move");
        await chat.ExpectEdit($"<b>A-1</b>, {Span}.\nWhat shall change?", "The seat", "The time", "‹ Back");
        await chat.Press("The seat");
        await chat.ExpectEdit(
            $"{Span}.\nIn which zone?",
            ["Any zone — 3 seats", "Open space — 1 seat", "Quiet zone — 2 seats", .. leave]
        );
        await chat.Press("Quiet zone — 2 seats");
        await chat.ExpectEdit("Which seat?", ["A-2", "A-10", .. leave]);
        await server.TakeAsync(seats.A2, server.At(1, 15), server.At(1, 17));
        await chat.Press("A-2");
        await chat.ExpectEdit(
            "already taken at that time.\n\nThe nearest free seats",
            ["A-10", "B-1", "All free seats", .. leave]
        );
        await chat.Press("Leave as it is");
        await chat.ExpectEdit("Your reservation: <b>A-1", Card);
        await chat.Press("Move");
        await chat.Hear();
        await chat.Press("The seat");
        await chat.Hear();
        await chat.Press("Any zone — 2 seats");
        await chat.Hear();
        await chat.PressTwice("B-1");
        await chat.ExpectEdit("Done, the reservation is changed.\n\nYour reservation: <b>B-1, Open space</b>", Card);
        await chat.ExpectSilence();
        Assert.Equal((seats.B1, From, To), await Stands(member));
    }

    [Fact]
    public async Task A_reservation_gets_another_time()
    {
        var (member, chat, id, seats) = await Holder();
        await server.TakeAsync(seats.A1, server.At(2, 9), server.At(2, 12));
        string[] leave = ["‹ Back", "Leave as it is"];
        var day = server.At(2, 0).ToString("ddd, d MMMM", CultureInfo.GetCultureInfo("en"));
        await chat.Send("/my");
        await chat.Hear();
        await chat.Press("Move");
        await chat.Hear();
        await chat.Press("The time");
        await chat.ExpectText("Which day?");
        // It does not stand in its own way.
        await chat.Press(server.At(1, 0).ToString("ddd, d MMMM", CultureInfo.GetCultureInfo("en")));
        await chat.ExpectText("From what time?");
        Assert.Contains("14:30", chat.Buttons());
        await chat.Press("‹ Back");
        await chat.ExpectText("Which day?");
        await chat.Press(day);
        await chat.ExpectText($"Day: {day}.\nFrom what time?");
        Assert.Equal(
            ["08:00", "08:30", "12:00", "12:30", "13:00", "13:30", "14:00", "14:30", "15:00", "15:30"],
            chat.Buttons().Take(10)
        );
        await chat.Press("08:00");
        await chat.ExpectEdit(
            "For how long?\nThe seat is free until",
            ["30 minutes · until 08:30", "1 hour · until 09:00", .. leave]
        );
        await chat.Press("‹ Back");
        await chat.Hear();
        await chat.Press("12:00");
        await chat.Hear();
        var move = chat.DataOf("1 hour · until 13:00");
        await server.TakeAsync(seats.A1, server.At(2, 12), server.At(2, 13));
        await chat.Press("1 hour · until 13:00");
        await chat.ExpectText("already taken at that time.\n\nWhich day?");
        await chat.Press(day);
        await chat.Hear();
        await chat.Press("13:00");
        await chat.Hear();
        await chat.PressTwice("1 hour · until 14:00");
        await chat.ExpectText("Done, the reservation is changed.");
        await chat.ExpectSilence();
        Assert.Equal((seats.A1, server.At(2, 13), server.At(2, 14)), await Stands(member));

        // What an old button wants, it wanted of what the reservation was then.
        await server.ExecuteAsync(
            $"UPDATE reservations SET status = 'closed', closed_at = now() WHERE seat_id = '{seats.A1}' AND id <> '{id}' AND status = 'future'"
        );
        await chat.Forge(move);
        await chat.ExpectText($"{server.Day(2)}, 13:00–14:00");
        await chat.ExpectToast("The reservation has changed since.");
        Assert.Equal((seats.A1, server.At(2, 13), server.At(2, 14)), await Stands(member));
    }

    [Fact]
    public async Task Of_other_peoples_reservations_nothing_is_shown_or_changed()
    {
        var (member, _, id, seats) = await Holder();
        var (thief, chat) = await server.LinkedAsync();
        var (_, admin) = await server.LinkedAsync();
        await server.ExecuteAsync($"UPDATE users SET role = 'admin' WHERE telegram_id = {admin.Id}");
        var (code, span) = (ButtonData.Id(id), ButtonData.Span(new Interval(From, To)));
        foreach (var other in new[] { chat, admin })
        {
            await other.Send("/help");
            await other.Hear();
            foreach (
                var data in new[]
                {
                    $"pass:{code}",
                    $"my:pass:{code}",
                    $"my:cancel:{code}",
                    $"my:ext:{code}:30:{Minute(To)}",
                }
            )
            {
                await other.Forge(data);
                await other.ExpectToast(NotYours);
            }

            foreach (
                var data in new[]
                {
                    $"my:r:{code}",
                    $"my:c:{code}",
                    $"my:drop:{ButtonData.Minute(From)}:{code}",
                    $"my:e:30:{Minute(To)}:{code}",
                    $"my:mv:{code}",
                    $"my:z:{span}:0:{code}",
                    $"my:s:{span}:*:0:{code}",
                    $"my:p:{ButtonData.Id(seats.B1)}:{span}:{code}",
                    $"my:w:{ButtonData.Span(new Interval(From.AddHours(1), To))}:{ButtonData.Minute(From)}:{code}",
                    $"my:d:0:{code}",
                    $"my:t:{ButtonData.Day(DateOnly.FromDateTime(From.DateTime))}:1:{code}",
                    $"my:l:{ButtonData.Minute(From)}:{code}",
                }
            )
            {
                await other.Forge(data);
                if (data.StartsWith("my:r", StringComparison.Ordinal))
                {
                    await other.ExpectText("You have no reservations.");
                }

                await other.ExpectToast(NotYours);
            }
        }

        Assert.Equal((seats.A1, From, To), await Stands(member));
        Assert.Equal(0, await server.LiveAsync(thief));
        await chat.Forge($"my:cancel:{ButtonData.Id(seats.A1)}");
        await chat.ExpectToast("There is no such reservation.");
    }

    [Fact]
    public async Task Who_is_there_may_change_seats_stay_longer_or_leave()
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync("ru");
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-20);
        await server.ReservationAsync(member.UserId, seats.A1, start, server.At(0, 16), "active");

        await chat.Send("/my");
        await chat.Expect("Вы на месте.", "+30 мин · до 16:30", "+60 мин · до 17:00", "Перенести", "Освободить место");
        await chat.Press("Перенести");
        await chat.ExpectEdit("Что поменять?", "Место", "‹ Назад");
        await chat.Press("Место");
        await chat.ExpectText("В какой зоне?");
        await chat.Press("Любая зона — 3 места");
        await chat.Hear();
        await chat.Press("B-1");
        await chat.ExpectText("Готово, бронь изменена.\n\nВаша бронь: <b>B-1, Open space</b>");
        await chat.Press("+60 мин · до 17:00");
        await chat.ExpectText("Бронь продлена: ");
        await chat.Press("Освободить место");
        await chat.ExpectEdit("Освободить место прямо сейчас?\n\n<b>B-1</b>", "Да, освободить", "Нет, оставить");
        await chat.Press("Да, освободить");
        await chat.ExpectEdit("Готово, место освобождено: <b>B-1</b>", "Забронировать место");
        Assert.Equal(0, await server.LiveAsync(member));
    }

    [Theory]
    [InlineData("ru", "Пропуск: <b>A-1, Quiet zone</b>", "Покажите QR-код администратору", "Мои брони")]
    [InlineData("en", "Pass: <b>A-1, Quiet zone</b>", "Show the QR code to an administrator", "My reservations")]
    public async Task The_pass_is_a_picture_that_checks_in(string language, string title, string how, string button)
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync(language);
        var booked = await member.BookAsync(seats.A1, TimeProvider.System.GetUtcNow(), server.At(0, 16));
        // Not before the request arrived, and a minute may have ended by then.
        var (id, start) = (booked.Id, (DateTimeOffset)booked.Body["start"]!);

        await chat.Send("/pass");
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("pass.png"), await chat.ExpectPhoto(title, button));
        Assert.Contains(how, chat.Text, StringComparison.Ordinal);
        Assert.Contains($"{start.ToOffset(From.Offset):HH:mm}–16:00", chat.Text, StringComparison.Ordinal);
        var code = (await Tool.RunAsync("zbarimg", "--quiet", "--raw", "--nodbus", folder.File("pass.png"))).Trim();

        Assert.StartsWith("https://t.me/TestNameBot?start=pass_", code, StringComparison.Ordinal);
        var admin = await server.AdminAsync();
        var checkedIn = await admin.PostAsync($"/api/admin/check_qr/{Uri.EscapeDataString(code)}");
        Assert.Equal((HttpStatusCode.OK, id), (checkedIn.Status, checkedIn.Id));
        await chat.Press(button);
        await chat.ExpectText("<b>A-1, Quiet zone</b>");
    }
}

/// <summary>A space where people hold up to twelve reservations.</summary>
public sealed class ServerForBusyMembers(TestServers servers) : ServerForMembers(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(base.Settings) { ["Booking__LiveReservationsPerUser"] = "12" };
}

public sealed class ManyReservationsDialogueTests(ServerForBusyMembers server) : IClassFixture<ServerForBusyMembers>
{
    [Fact]
    public async Task Of_several_one_is_chosen()
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await member.BookAsync(seats.A2, server.At(2, 9), server.At(2, 10));
        await member.BookAsync(seats.A1, server.At(1, 9), server.At(1, 10));
        string[] both = [$"{server.Day(1)}, 09:00–10:00 · A-1", $"{server.Day(2)}, 09:00–10:00 · A-2"];

        await chat.Send("/my");
        await chat.ExpectMessage("Your reservations:", [.. both, "Book a seat"]);
        await chat.Press(both[1]);
        await chat.ExpectEdit(
            "Your reservation: <b>A-2, Quiet zone</b>",
            "Pass",
            "+30 min · until 10:30",
            "+60 min · until 11:00",
            "Move",
            "Cancel it",
            "‹ All reservations"
        );
        await chat.Press("‹ All reservations");
        await chat.ExpectEdit("Your reservations:", [.. both, "Book a seat"]);

        await chat.Send("/pass");
        await chat.ExpectMessage("The pass of which reservation?", both);
        await chat.Press(both[0]);
        await chat.ExpectPhoto("Pass: <b>A-1, Quiet zone</b>", "My reservations");
    }

    [Fact]
    public async Task Who_holds_as_many_as_may_be_is_told_so_and_sees_them_page_by_page()
    {
        var seats = await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        foreach (var day in Enumerable.Range(1, 12))
        {
            Assert.Equal(
                HttpStatusCode.Created,
                (await member.BookAsync(seats.A1, server.At(day, 9), server.At(day, 10))).Status
            );
        }

        await chat.Send("/book");
        await chat.ExpectMessage("You already have 12 reservations, and cannot have more.", "My reservations");
        await chat.Press("My reservations");
        await chat.ExpectText("Your reservations:");
        Assert.Equal(9, chat.Buttons().Count);
        await chat.Press("›");
        await chat.ExpectText("Your reservations:");
        Assert.Equal([$"{server.Day(9)}, 09:00–10:00 · A-1", "‹"], [chat.Buttons()[0], chat.Buttons()[^1]]);
        await chat.Send("/pass");
        await chat.Hear();
        await chat.Press("›");
        await chat.ExpectText("The pass of which reservation?");
        Assert.Equal(5, chat.Buttons().Count);
    }

    [Fact]
    public async Task A_double_tap_books_one_of_many()
    {
        await server.FourSeatsAsync();
        var (member, chat) = await server.LinkedAsync();
        await chat.Send("/book");
        foreach (var button in new[] { "Tomorrow", "14:00", "Until midnight", "Any zone — 4 seats" })
        {
            await chat.Hear();
            await chat.Press(button);
        }

        await chat.Hear();
        await chat.PressTwice("B-1");
        await chat.ExpectEdit("Done, the seat is yours!", "Pass", "My reservations");
        await chat.ExpectSilence();
        Assert.Equal(1, await server.LiveAsync(member));
    }
}
