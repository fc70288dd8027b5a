using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using BookIT.Core.Telegram;

namespace BookIT.Bot.Reservations;

/// <summary>Shows what opens the door: the pass of a live reservation, as a picture with a QR code.</summary>
internal sealed class PassDialogue(
    ReservationQueries reservations,
    SeatAvailability seats,
    Pass pass,
    TelegramOptions telegram,
    BookingOptions options,
    TimeProvider time
) : IDialogue
{
    public IReadOnlyList<string> Commands => ["pass"];

    public string Topic => "pass";

    public Audience Audience => Audience.Members;

    public async Task StartAsync(Conversation with, string command, string argument)
    {
        var now = time.Now();
        var live = await reservations.ListLiveAsync(with.UserId, now, with.Cancellation);
        if (live is [var only])
        {
            await SendAsync(with, only, now);
        }
        else
        {
            await with.ShowAsync(place: null, Choice(with, live, page: 0));
        }
    }

    public async Task<string?> PressAsync(Conversation with, Message message, string data)
    {
        var now = time.Now();
        if (data.Split(':') is ["page", var page] && ButtonData.ReadNumber(page) is { } number)
        {
            var live = await reservations.ListLiveAsync(with.UserId, now, with.Cancellation);
            await with.ShowAsync(message, Choice(with, live, number));
            return null;
        }

        if (ButtonData.ReadId(data) is not { } id)
        {
            return with.Words("bot_old_button");
        }

        var own = await reservations.GetLiveAsync(id, with.UserId, now, with.Cancellation);
        if (own.IsRefused(out var refusal))
        {
            return with.Words(refusal);
        }

        await SendAsync(with, own.Value, now);
        return null;
    }

    /// <summary>Sends the pass of a live reservation of the person.</summary>
    public async Task SendAsync(Conversation with, ReservationView reservation, DateTimeOffset now)
    {
        var availability = await seats.ReadAsync(reservation.Interval, now, with.Cancellation);
        var zone = availability.Catalog.Seats.FirstOrDefault(seat => seat.Id == reservation.SeatId)?.Zone;
        var opensAt = reservation.Interval.Start - options.CheckInOpens;
        var caption = with.Html("bot_pass", [BookingSteps.Place(reservation.SeatName, zone), reservation.Interval]);
        var isEarly = reservation.Status is ReservationStatus.Future && now < opensAt;
        await with.SendPngAsync(
            QrPicture.Png(pass.SignForPicture(reservation.Id, telegram)),
            "pass.png",
            isEarly ? $"{caption} {with.Html("bot_my_check_in_opens", [opensAt])}" : caption,
            new InlineKeyboardMarkup([
                [with.Button("bot_my_reservations", $"{BookingSteps.MyTopic}:list")],
            ])
        );
    }

    private Screen Choice(Conversation with, IReadOnlyList<ReservationView> live, int page) =>
        MyDialogue.Choice(
            with,
            with.Html("bot_pass_which"),
            live,
            page,
            reservation => $"{Topic}:{ButtonData.Id(reservation.Id)}",
            number => $"{Topic}:page:{ButtonData.Number(number)}"
        );
}
