using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;

namespace BookIT.Bot.Reservations;

/// <summary>Books a seat: when, how long, which zone, which seat, in one message that the buttons change.</summary>
internal sealed class BookingDialogue(
    Booking booking,
    ReservationQueries reservations,
    SeatAvailability seats,
    BookingSteps steps,
    BookingOptions options,
    TimeProvider time
) : IDialogue
{
    /// <summary>What the buttons of other messages say that begin a booking: in a message of its own, at any time.</summary>
    public const string NewBooking = $"{BookingSteps.BookTopic}:new";

    /// <summary>The same, from now on.</summary>
    public const string NewBookingNow = $"{BookingSteps.BookTopic}:now";

    public IReadOnlyList<string> Commands => ["book"];

    public string Topic => BookingSteps.BookTopic;

    public Audience Audience => Audience.Members;

    public async Task StartAsync(Conversation with, string command, string argument)
    {
        var now = time.Now();
        await with.ShowAsync(place: null, await HeldAsync(with, now) ?? steps.When(with, now));
    }

    public async Task<string?> PressAsync(Conversation with, Message message, string data)
    {
        var now = time.Now();
        var screen = data.Split(':') switch
        {
            ["new"] or ["w"] => await HeldAsync(with, now) ?? steps.When(with, now),
            ["now"] or ["n"] => await HeldAsync(with, now)
                ?? await steps.LengthsAsync(with, moving: null, now.ToMinutes(), now),
            ["d", var page] when ButtonData.ReadNumber(page) is { } number => steps.Days(
                with,
                moving: null,
                number,
                now
            ),
            ["t", var day, var page] when ButtonData.ReadDay(day) is { } date => await steps.TimesAsync(
                with,
                moving: null,
                date,
                ButtonData.ReadNumber(page),
                now
            ),
            ["l", var start] when ButtonData.ReadMinute(start) is { } from => await steps.LengthsAsync(
                with,
                moving: null,
                from,
                now
            ),
            ["z", var span, var page]
                when ButtonData.ReadSpan(span) is { } window && ButtonData.ReadNumber(page) is { } number =>
                await steps.ZonesAsync(with, moving: null, window, number, now),
            ["s", var span, var zone, var page]
                when ButtonData.ReadSpan(span) is { } window && ButtonData.ReadNumber(page) is { } number =>
                await steps.SeatsAsync(with, moving: null, window, zone, number, now),
            ["p", var span, _, _, var seat]
                when ButtonData.ReadSpan(span) is { } window && ButtonData.ReadId(seat) is { } seatId =>
                await BookAsync(with, seatId, window, $"telegram:{message.Chat.Id}:{message.MessageId}:{data}", now),
            ["x"] => Screen.Of(with.Html("bot_book_cancelled"), [with.Button("bot_command_book", $"{Topic}:w")]),
            _ => null,
        };
        if (screen is null)
        {
            return with.Words("bot_old_button");
        }

        await with.ShowAsync(data is "new" or "now" ? null : message, screen);
        return null;
    }

    private async Task<Screen> BookAsync(
        Conversation with,
        Guid seatId,
        Interval window,
        string idempotencyKey,
        DateTimeOffset now
    )
    {
        var booked = await booking.BookAsync(
            new BookingRequest(
                with.UserId,
                seatId,
                window.Start,
                window.End,
                idempotencyKey,
                AdminId: null,
                AnsweredInTelegram: true
            ),
            now,
            with.Cancellation
        );
        if (booked.IsRefused(out var refusal))
        {
            return refusal switch
            {
                Refusal.SeatTaken or Refusal.SeatNotFound => await steps.NearestAsync(
                    with,
                    moving: null,
                    window,
                    seatId,
                    refusal,
                    now
                ),
                Refusal.ActiveReservationExists => Held(
                    with,
                    await reservations.ListLiveAsync(with.UserId, now, with.Cancellation)
                ),
                _ => steps.Again(with, moving: null, refusal, now),
            };
        }

        var reservation = booked.Value;
        var id = ButtonData.Id(reservation.Id);
        var availability = await seats.ReadAsync(reservation.Interval, now, with.Cancellation);
        var zone = availability.Catalog.Seats.FirstOrDefault(seat => seat.Id == seatId)?.Zone;
        return Screen.Of(
            with.Html("bot_book_done", [BookingSteps.Place(reservation.SeatName, zone), reservation.Interval]),
            [
                with.Button("bot_my_pass", $"{BookingSteps.MyTopic}:pass:{id}"),
                with.Button("bot_my_reservations", $"{BookingSteps.MyTopic}:list"),
            ]
        ) with
        {
            Tells = reservation.Id,
        };
    }

    /// <summary>Says so where the person holds as many reservations as they may; null where they may book.</summary>
    private async Task<Screen?> HeldAsync(Conversation with, DateTimeOffset now)
    {
        var live = await reservations.ListLiveAsync(with.UserId, now, with.Cancellation);
        return live.Count < options.LiveReservationsPerUser ? null : Held(with, live);
    }

    private Screen Held(Conversation with, IReadOnlyList<ReservationView> live) =>
        Screen.Of(
            live is [var only]
                ? with.Html("bot_book_held", [only.SeatName, only.Interval])
                : with.Html("bot_book_held_several", [options.LiveReservationsPerUser]),
            [with.Button(live is [_] ? "bot_my_reservation" : "bot_my_reservations", $"{BookingSteps.MyTopic}:ls")]
        );
}
