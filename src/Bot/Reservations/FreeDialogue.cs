using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;

namespace BookIT.Bot.Reservations;

/// <summary>Tells what is free now, zone by zone, and until when.</summary>
internal sealed class FreeDialogue(SeatAvailability seats, BookingOptions options, TimeProvider time) : IDialogue
{
    private const int NamesAZone = 8;

    /// <summary>A message holds 4,096 characters: no further zone begins beyond these, and none is longer than the rest.</summary>
    private const int Enough = 2500;

    private static readonly TimeSpan Ahead = TimeSpan.FromHours(24);

    public IReadOnlyList<string> Commands => ["free"];

    public string Topic => "free";

    public Audience Audience => Audience.Members;

    public async Task StartAsync(Conversation with, string command, string argument)
    {
        var now = time.Now();
        var choices = new BookingChoices(options, with.Zone, now);
        var times = await seats.ReadTimesAsync(new Interval(now, now + Ahead), except: null, now, with.Cancellation);
        var free = times
            .Catalog.Seats.Select(seat => (Seat: seat, Until: times.FreeUntil(seat.Id, now)))
            .Where(row => row.Until >= now + options.MinDuration)
            .ToList();
        if (free.Count == 0)
        {
            await with.SayAsync(
                "bot_free_none",
                arguments: null,
                new InlineKeyboardMarkup([
                    [with.Button("bot_free_book_later", BookingDialogue.NewBooking)],
                ])
            );
            return;
        }

        var text = with.Html("bot_free", [free.Count, times.Catalog.Seats.Count]);
        foreach (var zone in BookingSteps.ByZone(free, row => row.Seat.Zone, with))
        {
            if (text.Length > Enough)
            {
                text += "\n\n…";
                break;
            }

            text += $"\n\n{with.Html("bot_free_zone", [zone.Key ?? with.Words("bot_book_no_zone"), zone.Count()])}";
            var shown = zone.OrderByDescending(row => row.Until)
                .ThenBy(row => row.Seat.Name, BookingSteps.ByName(with))
                .Take(NamesAZone)
                .ToList();
            foreach (var group in shown.GroupBy(row => row.Until!.Value))
            {
                var names = string.Join(", ", group.Select(row => row.Seat.Name));
                text +=
                    "\n"
                    + (
                        group.Key == times.Window.End
                            ? with.Html("bot_free_long", [names])
                            : with.Html("bot_free_until", [names, BookingSteps.Moment(with, choices, group.Key)])
                    );
            }

            if (zone.Count() > shown.Count)
            {
                text += $"\n{with.Html("bot_free_more", [zone.Count() - shown.Count])}";
            }
        }

        await with.SayHtmlAsync(
            text,
            new InlineKeyboardMarkup([
                [with.Button("bot_free_book_now", BookingDialogue.NewBookingNow)],
            ])
        );
    }
}
