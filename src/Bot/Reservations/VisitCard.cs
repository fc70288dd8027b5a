using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Reservations;

namespace BookIT.Bot.Reservations;

/// <summary>A visit as administrators see it, and what they can do about it: the buttons are those of <see cref="CheckInDialogue"/>.</summary>
internal static class VisitCard
{
    /// <summary>Who, where, when, and how it stands.</summary>
    public static string Html(Conversation with, Visit visit) =>
        $"""
            {with.Html(
                "bot_visit_holder",
                [visit.FirstName ?? with.Words("bot_account_gone"), visit.Email ?? "—"]
            )}
            {Place(with, visit)}

            {Standing(with, visit)}
            {Verification(with, visit.Verified)}
            """;

    /// <summary>Where and when.</summary>
    public static string Place(Conversation with, Visit visit) =>
        with.Html(
            "bot_visit_place",
            [BookingSteps.Place(visit.Reservation.SeatName, visit.Zone), visit.Reservation.Interval]
        );

    /// <summary>How it stands, and what stands in the way.</summary>
    public static string Standing(Conversation with, Visit visit) =>
        visit switch
        {
            { Reservation.Status: ReservationStatus.Active } => with.Html(
                "bot_visit_active",
                [visit.CheckedInAt ?? visit.Reservation.Interval.Start]
            ),
            { Obstacle: Refusal.CheckInNotOpen } => $"{with.Html("bot_visit_future")} {Why(with, visit.Obstacle)}",
            { Obstacle: { } obstacle } => Why(with, obstacle),
            _ => with.Html("bot_visit_future"),
        };

    public static string Verification(Conversation with, bool isVerified) =>
        with.Html(isVerified ? "bot_verified" : "bot_unverified");

    /// <summary>The buttons, where there is something to do.</summary>
    public static InlineKeyboardMarkup? Buttons(Conversation with, Visit visit) =>
        Button(with, visit) is { } button
            ? new InlineKeyboardMarkup([
                [button],
            ])
            : null;

    /// <summary>The one that checks in, where that is possible; somebody unverified is verified by the same press.</summary>
    public static InlineKeyboardButton? Button(Conversation with, Visit visit)
    {
        var id = ButtonData.Id(visit.Reservation.Id);
        return visit is not { Reservation: { Status: ReservationStatus.Future, UserId: not null }, Obstacle: null }
                ? null
            : visit.Verified ? with.Button("bot_visit_check_in", $"{CheckInDialogue.Name}:{CheckInDialogue.In}:{id}")
            : with.Button("bot_visit_verify_and_check_in", $"{CheckInDialogue.Name}:{CheckInDialogue.Verified}:{id}");
    }

    private static string Why(Conversation with, Refusal refusal) => with.Html(refusal.Code, refusal.Arguments);
}
