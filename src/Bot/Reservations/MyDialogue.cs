using System.Globalization;
using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;

namespace BookIT.Bot.Reservations;

/// <summary>
/// What a person has booked: the pass, longer, elsewhere or at another time, cancelled. Buttons of other messages say
/// <c>my:list</c>, <see cref="ThePass"/>, <see cref="Cancellation"/> and <see cref="Extension"/>; they are
/// answered in a new message. The other buttons change the message that they stand below.
/// </summary>
internal sealed class MyDialogue(
    ReservationQueries reservations,
    ReservationChanges changes,
    SeatAvailability seats,
    BookingSteps steps,
    PassDialogue passes,
    BookingOptions options,
    TimeProvider time
) : IDialogue
{
    private const int OnAPage = 8;

    private static readonly IReadOnlyList<int> Extensions =
    [
        .. BookingOptions.Extensions.Select(by => (int)by.TotalMinutes),
    ];

    public IReadOnlyList<string> Commands => ["my"];

    public string Topic => BookingSteps.MyTopic;

    public Audience Audience => Audience.Members;

    /// <summary>What a button says that shows the pass of a reservation.</summary>
    public static string ThePass(ReservationView reservation) =>
        $"{BookingSteps.MyTopic}:pass:{ButtonData.Id(reservation.Id)}";

    /// <summary>What a button says that asks whether a reservation shall be cancelled.</summary>
    public static string Cancellation(ReservationView reservation) =>
        $"{BookingSteps.MyTopic}:cancel:{ButtonData.Id(reservation.Id)}";

    /// <summary>
    /// What a button says that makes a reservation longer, from the end that it has now (in whole minutes since 1970): where
    /// it has another end when the button is pressed, nothing happens.
    /// </summary>
    public static string Extension(ReservationView reservation, int minutes) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{BookingSteps.MyTopic}:ext:{ButtonData.Id(reservation.Id)}:{minutes}:{EndOf(reservation)}"
        );

    /// <summary>A list of reservations, a button each; without any, a way to book one.</summary>
    public static Screen Choice(
        Conversation with,
        string html,
        IReadOnlyList<ReservationView> live,
        int page,
        Func<ReservationView, string> data,
        Func<int, string> pageData,
        bool mayBook = false
    )
    {
        if (live.Count == 0)
        {
            return Screen.Of(with.Html("bot_my_none"), [with.Button("bot_command_book", BookingDialogue.NewBooking)]);
        }

        var (shown, pages) = Pages.Of(live, page, OnAPage, pageData);
        return Screen.Of(
            html,
            [
                .. shown.Select(reservation =>
                    new[]
                    {
                        new InlineKeyboardButton(
                            $"{with.Value(reservation.Interval, "span")} · {reservation.SeatName}",
                            data(reservation)
                        ),
                    }
                ),
                pages,
                [
                    .. mayBook
                        ? [with.Button("bot_command_book", BookingDialogue.NewBooking)]
                        : Array.Empty<InlineKeyboardButton>(),
                ],
            ]
        );
    }

    public async Task StartAsync(Conversation with, string command, string argument) =>
        await with.ShowAsync(place: null, await ListAsync(with, page: 0, time.Now()));

    public async Task<string?> PressAsync(Conversation with, Message message, string data)
    {
        var now = time.Now();
        string[] words = data.Split(':');
        switch (words)
        {
            case ["list"]:
                await with.ShowAsync(place: null, await ListAsync(with, page: 0, now));
                return null;
            case ["ls"]:
                await with.ShowAsync(message, await ListAsync(with, page: 0, now));
                return null;
            case ["ls", var page] when ButtonData.ReadNumber(page) is { } number:
                await with.ShowAsync(message, await ListAsync(with, number, now));
                return null;
            case ["drop", var start, var text]
                when ButtonData.ReadId(text) is { } id && ButtonData.ReadMinute(start) is { } from:
                return await CancelAsync(with, message, id, from, now);
            case ["pass", var text] when ButtonData.ReadId(text) is { } id:
                return await passes.PressAsync(with, message, ButtonData.Id(id));
            case ["cancel" or "ext", var text, ..] when ButtonData.ReadId(text) is { } id:
            {
                var own = await reservations.GetLiveAsync(id, with.UserId, now, with.Cancellation);
                if (own.IsRefused(out var refusal))
                {
                    return with.Words(refusal);
                }

                if (words is ["ext", _, var minutes, var end])
                {
                    return await ExtendAsync(with, message, own.Value, minutes, end, isCard: false, now);
                }

                await with.ShowAsync(place: null, Question(with, own.Value));
                return null;
            }
            case [_, .., var text] when ButtonData.ReadId(text) is { } id:
            {
                var own = await reservations.GetLiveAsync(id, with.UserId, now, with.Cancellation);
                if (own.IsRefused(out var refusal))
                {
                    await with.ShowAsync(message, await ListAsync(with, page: 0, now));
                    return with.Words(refusal);
                }

                return await PressAsync(with, message, words[..^1], own.Value, now);
            }
            default:
                return with.Words("bot_old_button");
        }
    }

    /// <summary>A button below a message of this dialogue, about a live reservation of the person.</summary>
    private async Task<string?> PressAsync(
        Conversation with,
        Message message,
        string[] words,
        ReservationView own,
        DateTimeOffset now
    )
    {
        switch (words)
        {
            case ["e", var minutes, var end]:
                return await ExtendAsync(with, message, own, minutes, end, isCard: true, now);
            case ["w", var span, var start]
                when ButtonData.ReadSpan(span) is { } wanted && ButtonData.ReadMinute(start) is { } from:
                return await MoveTimeAsync(with, message, own, wanted, from, now);
            case ["p", var seat, var span] when ButtonData.ReadId(seat) is { } seatId:
                return span == ButtonData.Span(own.Interval)
                    ? await MoveSeatAsync(with, message, own, seatId, now)
                    : await ChangedAsync(with, message, own, now);
            case ["z" or "s", var span, ..] when span != ButtonData.Span(own.Interval):
                return await ChangedAsync(with, message, own, now);
        }

        var screen = words switch
        {
            ["r"] => await CardAsync(with, own, now),
            ["c"] => Question(with, own),
            ["mv"] => MoveQuestion(with, own, now),
            ["d", var page] when ButtonData.ReadNumber(page) is { } number => steps.Days(with, own, number, now),
            ["t", var day, var page] when ButtonData.ReadDay(day) is { } date => await steps.TimesAsync(
                with,
                own,
                date,
                ButtonData.ReadNumber(page),
                now
            ),
            ["l", var start] when ButtonData.ReadMinute(start) is { } from => await steps.LengthsAsync(
                with,
                own,
                from,
                now
            ),
            ["z", _, var page] when ButtonData.ReadNumber(page) is { } number => await steps.ZonesAsync(
                with,
                own,
                own.Interval,
                number,
                now
            ),
            ["s", _, var zone, var page] when ButtonData.ReadNumber(page) is { } number => await steps.SeatsAsync(
                with,
                own,
                own.Interval,
                zone,
                number,
                now
            ),
            _ => null,
        };
        if (screen is null)
        {
            return with.Words("bot_old_button");
        }

        await with.ShowAsync(message, screen);
        return null;
    }

    /// <summary>The reservations to choose from, or the only one.</summary>
    private async Task<Screen> ListAsync(Conversation with, int page, DateTimeOffset now)
    {
        var live = await reservations.ListLiveAsync(with.UserId, now, with.Cancellation);
        return live is [var only]
            ? await CardAsync(with, only, now)
            : Choice(
                with,
                with.Html("bot_my_which"),
                live,
                page,
                reservation => Data("r", reservation),
                number => $"{Topic}:ls:{ButtonData.Number(number)}",
                mayBook: live.Count < options.LiveReservationsPerUser
            );
    }

    /// <summary>A reservation, and what can be done with it.</summary>
    private async Task<Screen> CardAsync(Conversation with, ReservationView own, DateTimeOffset now)
    {
        var longest = TimeSpan.FromMinutes(Extensions.Max());
        var times = await seats.ReadTimesAsync(
            new Interval(own.Interval.End, own.Interval.End + longest),
            own.Id,
            now,
            with.Cancellation
        );
        var freeUntil = times.FreeUntil(own.SeatId, own.Interval.End);
        var zone = times.Catalog.Seats.FirstOrDefault(seat => seat.Id == own.SeatId)?.Zone;
        var opensAt = own.Interval.Start - options.CheckInOpens;
        var isHere = own.Status is ReservationStatus.Active;
        return Screen.Of(
            with.Html("bot_my_card", [BookingSteps.Place(own.SeatName, zone), own.Interval])
                + "\n"
                + (
                    isHere ? with.Html("bot_my_checked_in")
                    : now < opensAt ? with.Html("bot_my_check_in_opens", [opensAt])
                    : with.Html("bot_my_come")
                ),
            [.. isHere ? Array.Empty<InlineKeyboardButton>() : [with.Button("bot_my_pass", Data("pass", own))]],
            [
                .. Extensions
                    .Where(minutes => Longer(own, minutes) is var end && IsAllowed(own, end, now) && freeUntil >= end)
                    .Select(minutes =>
                        with.Button(
                            "bot_my_extend",
                            Data("e", own, ButtonData.Number(minutes), EndOf(own)),
                            minutes,
                            Longer(own, minutes)
                        )
                    ),
            ],
            [
                with.Button("bot_my_move", Data("mv", own)),
                with.Button(isHere ? "bot_my_leave" : "bot_my_cancel", Data("c", own)),
            ],
            [
                .. options.LiveReservationsPerUser > 1
                    ? [with.Button("bot_my_all", $"{Topic}:ls")]
                    : Array.Empty<InlineKeyboardButton>(),
            ]
        );
    }

    private Screen Question(Conversation with, ReservationView own)
    {
        var isHere = own.Status is ReservationStatus.Active;
        return Screen.Of(
            with.Html(isHere ? "bot_my_leave_question" : "bot_my_cancel_question", [own.SeatName, own.Interval]),
            [
                with.Button(
                    isHere ? "bot_my_leave_yes" : "bot_my_cancel_yes",
                    Data("drop", own, ButtonData.Minute(own.Interval.Start))
                ),
                with.Button("bot_my_keep", Data("r", own)),
            ]
        );
    }

    private Screen MoveQuestion(Conversation with, ReservationView own, DateTimeOffset now) =>
        Screen.Of(
            with.Html("bot_my_move_question", [own.SeatName, own.Interval]),
            [
                with.Button("bot_my_other_seat", Data("z", own, ButtonData.Span(own.Interval), "0")),
                .. own.Status is ReservationStatus.Active
                    ? Array.Empty<InlineKeyboardButton>()
                    : [with.Button("bot_my_other_time", Data("d", own, "0"))],
            ],
            [with.Button("bot_back", Data("r", own))]
        );

    private async Task<string?> CancelAsync(
        Conversation with,
        Message message,
        Guid id,
        DateTimeOffset start,
        DateTimeOffset now
    )
    {
        // Closed already is as good as closed now: it may be the second of two quick taps.
        var found = await reservations.GetOwnAsync(id, with.UserId, now, with.Cancellation);
        if (!found.IsRefused(out _) && found.Value.Interval.Start.ToMinutes() != start)
        {
            return found.Value.IsLive
                ? await ChangedAsync(with, message, found.Value, now)
                : with.Words("bot_old_button");
        }

        var closed = await changes.ChangeOwnAsync(
            id,
            new ReservationChange(Status: ReservationStatus.Closed),
            with.UserId,
            now,
            with.Cancellation,
            answeredInTelegram: true
        );
        if (closed.IsRefused(out var refusal))
        {
            await with.ShowAsync(message, await ListAsync(with, page: 0, now));
            return with.Words(refusal);
        }

        await with.ShowAsync(
            message,
            Screen.Of(
                with.Html("bot_my_cancelled", [closed.Value.SeatName, closed.Value.Interval]),
                [with.Button("bot_command_book", BookingDialogue.NewBooking)]
            ) with
            {
                Tells = id,
            }
        );
        return null;
    }

    /// <param name="with">The person.</param>
    /// <param name="message">The message with the button.</param>
    /// <param name="own">A live reservation of the person.</param>
    /// <param name="minutes">By how much.</param>
    /// <param name="end">The end that the person saw when they pressed, in minutes since 1970.</param>
    /// <param name="isCard">Whether the message shows the reservation; it is another one otherwise, which keeps its words.</param>
    /// <param name="now">The present.</param>
    private async Task<string?> ExtendAsync(
        Conversation with,
        Message message,
        ReservationView own,
        string minutes,
        string end,
        bool isCard,
        DateTimeOffset now
    )
    {
        if (ButtonData.ReadNumber(minutes) is not { } count || !Extensions.Contains(count))
        {
            return with.Words("bot_old_button");
        }

        if (end != EndOf(own))
        {
            if (!isCard && ButtonData.ReadNumber(end) + count == ButtonData.ReadNumber(EndOf(own)))
            {
                // The second of two quick taps.
                return with.Words("bot_my_extended", own.Interval);
            }

            return await ChangedAsync(with, isCard ? message : null, own, now);
        }

        var longer = await changes.ChangeOwnAsync(
            own.Id,
            new ReservationChange(End: Longer(own, count)),
            with.UserId,
            now,
            with.Cancellation,
            answeredInTelegram: true
        );
        if (longer.IsRefused(out var refusal))
        {
            if (isCard)
            {
                await with.ShowAsync(message, await CardAsync(with, own, now));
            }

            return with.Words(refusal is Refusal.SeatTaken ? "bot_my_extend_taken" : refusal.Code, refusal.Arguments);
        }

        if (!isCard)
        {
            await with.RemoveButtonsAsync(message);
        }

        var card = await CardAsync(with, longer.Value, now);
        await with.ShowAsync(
            isCard ? message : null,
            card.Below(with.Html("bot_my_extended", [longer.Value.Interval])) with
            {
                Tells = own.Id,
            }
        );
        return null;
    }

    private async Task<string?> MoveTimeAsync(
        Conversation with,
        Message message,
        ReservationView own,
        Interval wanted,
        DateTimeOffset from,
        DateTimeOffset now
    )
    {
        if (own.Interval.Start.ToMinutes() != from && own.Interval != wanted)
        {
            return await ChangedAsync(with, message, own, now);
        }

        var moved = await changes.ChangeOwnAsync(
            own.Id,
            new ReservationChange(wanted.Start, wanted.End),
            with.UserId,
            now,
            with.Cancellation,
            answeredInTelegram: true
        );
        await with.ShowAsync(
            message,
            moved.IsRefused(out var refusal)
                ? steps.Again(with, own, refusal, now)
                : (await CardAsync(with, moved.Value, now)).Below(with.Html("bot_my_moved")) with
                {
                    Tells = own.Id,
                }
        );
        return null;
    }

    private async Task<string?> MoveSeatAsync(
        Conversation with,
        Message message,
        ReservationView own,
        Guid seatId,
        DateTimeOffset now
    )
    {
        var moved = await changes.ChangeOwnAsync(
            own.Id,
            new ReservationChange(SeatId: seatId),
            with.UserId,
            now,
            with.Cancellation,
            answeredInTelegram: true
        );
        await with.ShowAsync(
            message,
            moved.IsRefused(out var refusal)
                ? refusal is Refusal.SeatTaken or Refusal.SeatNotFound
                    ? await steps.NearestAsync(with, own, own.Interval, seatId, refusal, now)
                    : (await CardAsync(with, own, now)).Below(with.Html(refusal.Code, refusal.Arguments))
                : (await CardAsync(with, moved.Value, now)).Below(with.Html("bot_my_moved")) with
                {
                    Tells = own.Id,
                }
        );
        return null;
    }

    /// <summary>The reservation is no longer what the person saw when they pressed: they see what it is, and nothing is done.</summary>
    private async Task<string?> ChangedAsync(
        Conversation with,
        Message? message,
        ReservationView own,
        DateTimeOffset now
    )
    {
        await with.ShowAsync(message, await CardAsync(with, own, now));
        return with.Words("bot_my_changed");
    }

    private bool IsAllowed(ReservationView own, DateTimeOffset end, DateTimeOffset now) =>
        options.ForMove(own.Interval, start: null, end, now).Refusal is null;

    private static DateTimeOffset Longer(ReservationView own, int minutes) => own.Interval.End.AddMinutes(minutes);

    private static string EndOf(ReservationView own) =>
        ButtonData.Number((int)(own.Interval.End.ToUnixTimeSeconds() / 60));

    private string Data(string step, ReservationView own, params IEnumerable<string> values) =>
        string.Join(':', [Topic, step, .. values, ButtonData.Id(own.Id)]);
}
