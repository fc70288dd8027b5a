using BookIT.Core.Reservations;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;

namespace BookIT.Tests.E2E.Notifications;

/// <summary>Reminders, by a clock that the tests set: nothing sleeps.</summary>
public sealed class ReminderTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // The day on which Berlin's clocks go back, and a moment when most people are awake.
    private static readonly DateTimeOffset Noon = new(2032, 10, 31, 12, 0, 0, TimeSpan.Zero);

    private async Task<int> HeardAsync(Dialogue chat) =>
        (await server.Telegram.GetAsync($"/front/events?chat={chat.Id}&after=0")).Count;

    [Fact]
    public async Task Whoever_has_booked_is_reminded_a_day_and_an_hour_before_once_each()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var start = Noon.AddHours(30);
        await bot.ReservationAsync(member, await server.SeatAsync("Desk 1"), start, start.AddHours(2));

        await bot.TellAtAsync(start.AddHours(-24) - Second);
        Assert.Equal(0, await HeardAsync(chat));
        await bot.TellAtAsync(start.AddHours(-24));
        await chat.Expect("A reminder of your reservation", "Pass", "Cancel");
        await bot.TellAtAsync(start.AddHours(-24) + Second);
        await bot.TellAtAsync(start.AddHours(-1) - Second);
        Assert.Equal(1, await HeardAsync(chat));
        await bot.TellAtAsync(start.AddHours(-1));
        await chat.Expect("Your reservation starts soon", "Pass", "Cancel");
        for (var minute = 0; minute < 180; minute++)
        {
            await bot.TellAtAsync(start.AddMinutes(minute - 60));
        }

        // Nobody has checked them in: no word of an end.
        Assert.Equal(2, await HeardAsync(chat));
    }

    [Fact]
    public async Task Only_what_lies_ahead_of_the_booking_is_reminded_of()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var seat = await server.SeatAsync();
        var start = Noon.AddMinutes(90);
        var booked = await bot.WithAsync<Booking, BookIT.Core.Result<ReservationView>>(booking =>
            booking.BookAsync(new BookingRequest(member.UserId, seat, start, start.AddHours(1)), bot.Now, default)
        );
        Assert.Null(booked.Refusal);

        await bot.TellAsync();
        await chat.Expect("Your seat is booked", "Pass", "Cancel");
        await bot.TellAtAsync(start.AddHours(-1));
        await chat.Expect("Your reservation starts soon", "Pass", "Cancel");
        Assert.Equal(2, await HeardAsync(chat));

        // Half an hour ahead there is nothing to remind of.
        var (late, lateChat) = await bot.PersonAsync();
        start = bot.Now.AddMinutes(30);
        seat = await server.SeatAsync();
        await bot.WithAsync<Booking, BookIT.Core.Result<ReservationView>>(booking =>
            booking.BookAsync(new BookingRequest(late.UserId, seat, start, start.AddHours(1)), bot.Now, default)
        );
        await bot.TellAtAsync(start);
        await lateChat.Expect("Your seat is booked", "Pass", "Cancel");
        Assert.Equal(1, await HeardAsync(lateChat));
    }

    [Fact]
    public async Task A_reminder_is_withdrawn_when_the_reservation_moves_and_comes_anew()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var start = Noon.AddHours(5);
        var id = await bot.ReservationAsync(member, await server.SeatAsync(), start, start.AddHours(2));

        // Written already, and not due yet.
        bot.Clock.Now = start.AddHours(-1).AddSeconds(-30);
        await bot.TellAsync();
        Assert.Equal("pending", await bot.EndOfAsync($"user_id = '{member.UserId}'"));
        var later = start.AddHours(3);
        var moved = await bot.WithAsync<ReservationChanges, BookIT.Core.Result<ReservationView>>(changes =>
            changes.ChangeOwnAsync(id, new ReservationChange(later, later.AddHours(2)), member.UserId, bot.Now, default)
        );
        Assert.Null(moved.Refusal);

        await bot.TellAtAsync(start.AddHours(-1));
        await chat.Expect("Your reservation has changed", "Pass", "Cancel");
        Assert.Equal(
            "dropped withdrawn",
            await bot.EndOfAsync($"kind = 'reminder_hour' AND user_id = '{member.UserId}'")
        );
        await bot.TellAtAsync(later.AddHours(-1));
        await chat.Expect("Your reservation starts soon", "Pass", "Cancel");
        Assert.Equal(2, await HeardAsync(chat));
    }

    [Fact]
    public async Task A_reminder_is_withdrawn_when_the_reservation_closes()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var start = Noon.AddHours(5);
        var id = await bot.ReservationAsync(member, await server.SeatAsync(), start, start.AddHours(2));
        await bot.TellAtAsync(start.AddHours(-1).AddSeconds(-30));

        var close = new ReservationChange(Status: ReservationStatus.Closed);
        await bot.WithAsync<ReservationChanges, BookIT.Core.Result<ReservationView>>(changes =>
            changes.ChangeOwnAsync(id, close, member.UserId, bot.Now, default)
        );
        await bot.TellAtAsync(start.AddHours(-1));

        Assert.Equal(0, await HeardAsync(chat));
        Assert.Equal("dropped withdrawn, dropped own act", await bot.EndOfAsync($"user_id = '{member.UserId}'"));
    }

    [Fact]
    public async Task Who_is_there_hears_that_their_time_ends_and_can_stay_as_long_as_the_seat_is_free()
    {
        await using var bot = new BotInHand(server, Noon);
        var seat = await server.SeatAsync("Desk 7");
        var end = Noon.AddHours(2);
        var (member, chat) = await bot.PersonAsync();
        await bot.ReservationAsync(member, seat, Noon.AddHours(-1), end, "active");
        var next = await server.MemberAsync();
        await bot.ReservationAsync(next, seat, end.AddMinutes(45), end.AddHours(3));

        await bot.TellAtAsync(end.AddMinutes(-15));
        await chat.Expect("Desk 7, until 31 October at 14:00", "Extend by 30 minutes");

        // Nobody follows: as far as the rules allow.
        (member, chat) = await bot.PersonAsync("ru");
        await bot.ReservationAsync(member, await server.SeatAsync(), Noon.AddHours(-1), end, "active");
        await bot.TellAsync();
        await chat.Expect("Ваше время скоро закончится", "Продлить на 30 минут", "Продлить на 60 минут");

        // Somebody follows at once, or the longest booking is reached.
        (member, chat) = await bot.PersonAsync();
        seat = await server.SeatAsync();
        await bot.ReservationAsync(member, seat, Noon.AddHours(-1), end, "active");
        await bot.ReservationAsync(await server.MemberAsync(), seat, end, end.AddHours(3));
        var (longest, longestChat) = await bot.PersonAsync();
        await bot.ReservationAsync(longest, await server.SeatAsync(), end.AddHours(-24), end, "active");
        await bot.TellAsync();
        await chat.Expect("Your time ends soon");
        await longestChat.Expect("Your time ends soon");
    }

    [Fact]
    public async Task Whoever_has_stayed_longer_is_told_of_the_new_end()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var end = Noon.AddHours(1);
        var id = await bot.ReservationAsync(member, await server.SeatAsync(), Noon.AddHours(-1), end, "active");
        await bot.TellAtAsync(end.AddMinutes(-15));
        await chat.Hear();

        bot.Clock.Now = end.AddMinutes(-10);
        await bot.WithAsync<ReservationChanges, BookIT.Core.Result<ReservationView>>(changes =>
            changes.ChangeOwnAsync(id, new ReservationChange(End: end.AddMinutes(30)), member.UserId, bot.Now, default)
        );
        await bot.TellAsync();
        await chat.Expect("Your reservation has changed", "Pass", "Cancel");
        await bot.TellAtAsync(end.AddMinutes(15));
        await chat.Expect("until 31 October at 13:30", "Extend by 30 minutes", "Extend by 60 minutes");
        Assert.Equal(3, await HeardAsync(chat));
    }

    [Fact]
    public async Task After_a_long_outage_what_is_too_late_is_dropped_and_not_told()
    {
        await using var bot = new BotInHand(server, Noon);
        var start = Noon.AddHours(30);
        foreach (
            var (planned, late, tooLate, of) in new[]
            {
                (start.AddHours(-24), TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(61), "future"),
                (start.AddHours(-1), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(16), "future"),
                (start.AddMinutes(45), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(11), "active"),
            }
        )
        {
            var (late1, lateChat) = await bot.PersonAsync();
            await bot.ReservationAsync(late1, await server.SeatAsync(), start, start.AddHours(1), of);
            var (late2, tooLateChat) = await bot.PersonAsync();
            await bot.ReservationAsync(late2, await server.SeatAsync(), start, start.AddHours(1), of);

            // Written in time; then the bot is away.
            bot.Clock.Now = planned.AddSeconds(-20);
            await bot.Delivery.PlanAsync(default);
            var mine = $"kind LIKE 'reminder%' OR kind = 'ending_soon'";
            await server.ExecuteAsync(
                $"UPDATE notifications SET due_at = due_at - interval '{(tooLate - late).TotalMinutes} min' WHERE user_id = '{late2.UserId}' AND ({mine})"
            );
            bot.Clock.Now = planned + late;
            while (await bot.Delivery.DeliverNextAsync(default) is not null) { }
            Assert.Equal(1, await HeardAsync(lateChat));
            Assert.Equal(0, await HeardAsync(tooLateChat));
            Assert.Equal("dropped late", await bot.EndOfAsync($"user_id = '{late2.UserId}'"));

            // Never written: it is not written now.
            var (late3, silentChat) = await bot.PersonAsync();
            await bot.ReservationAsync(late3, await server.SeatAsync(), start, start.AddHours(1), of);
            await bot.TellAtAsync(planned + tooLate);
            Assert.Equal("", await bot.EndOfAsync($"user_id = '{late3.UserId}'"));
            Assert.Equal(0, await HeardAsync(silentChat));
        }
    }

    [Fact]
    public async Task Whoever_links_later_is_reminded_from_then_on()
    {
        await using var bot = new BotInHand(server, Noon);
        var (member, chat) = await bot.PersonAsync();
        var start = Noon.AddHours(30);
        await bot.ReservationAsync(member, await server.SeatAsync(), start, start.AddHours(1));
        await server.ExecuteAsync(
            $"UPDATE users SET telegram_since = '{start.AddHours(-12):O}' WHERE id = '{member.UserId}'"
        );

        await bot.TellAtAsync(start.AddHours(-24));
        Assert.Equal(0, await HeardAsync(chat));
        await bot.TellAtAsync(start.AddHours(-1));
        await chat.Expect("Your reservation starts soon", "Pass", "Cancel");
    }

    [Theory]
    // Berlin goes forward at 01:00 UTC on 28 March 2032, and back on 31 October: a day before is 24 hours before, and the
    // clock on the wall shows another time.
    [InlineData("2032-03-28T09:00:00Z", "28 March, 11:00–12:00")]
    [InlineData("2032-10-31T09:00:00Z", "31 October, 10:00–11:00")]
    public async Task On_the_day_when_the_clocks_change_times_are_those_of_the_wall(string start, string words)
    {
        var starts = DateTimeOffset.Parse(start, System.Globalization.CultureInfo.InvariantCulture);
        await using var bot = new BotInHand(server, starts.AddDays(-2), ("Space:TimeZone", "Europe/Berlin"));
        var (member, chat) = await bot.PersonAsync();
        await bot.ReservationAsync(member, await server.SeatAsync(), starts, starts.AddHours(1));
        // Until eight o'clock: the night that has an hour more or less.
        await server.ExecuteAsync(
            $"INSERT INTO notification_settings VALUES ('{member.UserId}', '{{}}', '22:00', '08:00')"
        );

        await bot.TellAtAsync(starts.AddHours(-24));
        // By the new or the old clock it is 10:00 or 11:00: nobody sleeps.
        await chat.Expect(words, "Pass", "Cancel");
        await bot.TellAtAsync(starts.AddHours(-1));
        await chat.Expect("Your reservation starts soon", "Pass", "Cancel");
    }
}
