using System.Globalization;
using BookIT.Bot.Reservations;
using BookIT.Bot.Telegram;
using BookIT.Bot.Tickets;
using BookIT.Core.Auth;
using BookIT.Core.Languages;
using BookIT.Core.Notifications;
using BookIT.Core.Tickets;

namespace BookIT.Bot.Notifications;

/// <summary>A message as it is sent.</summary>
/// <param name="Html">The text.</param>
/// <param name="Buttons">Below it; null for none.</param>
/// <param name="Purpose">What a reply to it is for; null where it is for nothing.</param>
internal sealed record NewsMessage(string Html, InlineKeyboardMarkup? Buttons = null, string? Purpose = null);

/// <summary>Puts news into words, with buttons of the dialogues that they belong to.</summary>
internal static class NewsMessages
{
    /// <summary>Of a ticket; the whole of it is on the web page.</summary>
    private const int MaxText = 1000;

    public static NewsMessage Write(News news, NewsStory story, CultureInfo language, TimeZoneInfo zone)
    {
        string Say(string sentence, params object[] arguments) => Html.Of(sentence, arguments, language, zone);
        InlineKeyboardButton Button(string sentence, string data, params object[] arguments) =>
            new(Sentences.Of(sentence, arguments, language, zone), CallbackData: data);

        if (story.Ticket is { } ticket)
        {
            return OfTicket(news, story, ticket, Say, Button);
        }

        if (story.Reservation is not { } reservation)
        {
            return new NewsMessage(
                news.Kind switch
                {
                    NotificationKind.NewSignIn => Say(
                        "bot_news_new_sign_in",
                        story.Device is "" ? Say("bot_news_some_device") : DeviceWords.Of(story.Device!),
                        story.Address!,
                        story.At!
                    ),
                    NotificationKind.Announcement => Say("bot_news_announcement", story.Text!),
                    _ => Say($"bot_news_{news.Kind}"),
                }
            );
        }

        var seat = BookingSteps.Place(reservation.SeatName, story.SeatZone);
        var sentence = news.Kind switch
        {
            NotificationKind.ReservationMoved when story.ByAdmin => "bot_news_reservation_moved_by_admin",
            NotificationKind.ReservationClosed when story.SeatGone => "bot_news_seat_gone",
            NotificationKind.EndingSoon when story.Extensions.Count == 0 => "bot_news_ending",
            _ => $"bot_news_{news.Kind}",
        };
        var text = Say(sentence, seat, reservation.Interval, reservation.Interval.End);
        if (story.Reason is { } reason)
        {
            text += "\n" + Say("bot_news_reason", reason);
        }

        List<InlineKeyboardButton> buttons = news.Kind switch
        {
            NotificationKind.ReservationMade
            or NotificationKind.ReservationMoved
            or NotificationKind.ReminderDay
            or NotificationKind.ReminderHour =>
            [
                Button("bot_news_button_pass", MyDialogue.ThePass(reservation)),
                Button("bot_news_button_cancel", MyDialogue.Cancellation(reservation)),
            ],
            NotificationKind.EndingSoon =>
            [
                .. story.Extensions.Select(by =>
                {
                    var minutes = (int)by.TotalMinutes;
                    return Button("bot_news_button_extend", MyDialogue.Extension(reservation, minutes), minutes);
                }),
            ],
            _ => [],
        };
        return new NewsMessage(text, buttons.Count > 0 ? new InlineKeyboardMarkup([buttons]) : null);
    }

    private static NewsMessage OfTicket(
        News news,
        NewsStory story,
        TicketView ticket,
        Func<string, object[], string> say,
        Func<string, string, object[], InlineKeyboardButton> button
    )
    {
        var isAuthor = ticket.Ticket.UserId == news.UserId;
        var theme = say($"bot_news_theme_{ticket.Ticket.Theme.Name()}", []);
        var person = ticket.SeatName is { } seat ? $"{story.Person}, {seat}" : story.Person!;
        var text = Html.Cut(story.Text!, MaxText);
        var html = isAuthor
            ? say($"bot_news_{news.Kind}", [text])
            : say(
                news.Kind is NotificationKind.TicketOpened
                    ? "bot_news_ticket_opened"
                    : $"bot_news_{news.Kind}_by_author",
                [theme, person, text]
            );
        var buttons =
            news.Kind is NotificationKind.TicketClosed
                ? null
                : new InlineKeyboardMarkup([
                    [button("bot_news_button_answer", TicketDialogue.AnswerTo(ticket.Ticket.Id), [])],
                ]);
        return new NewsMessage(html, buttons, TicketDialogue.PurposeOf(ticket.Ticket.Id));
    }
}
