using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Reservations;
using BookIT.Core.Users;

namespace BookIT.Bot.Reservations;

/// <summary>
/// An administrator has scanned a pass by their phone's own camera, which has led them here, or has pasted what a scanner
/// read: sees who it is, and checks them in. Nobody else gets here.
/// </summary>
internal sealed class CheckInDialogue(
    Visits visits,
    ReservationChanges reservations,
    Accounts accounts,
    Pass pass,
    TimeProvider time
) : IDialogue
{
    public const string Name = "scan";

    /// <summary>What the button says that checks in.</summary>
    public const string In = "in";

    /// <summary>What the button says that verifies and checks in.</summary>
    public const string Verified = "verified";

    public IReadOnlyList<string> Commands => [];

    public string LinkPrefix => Pass.ParameterPrefix;

    public string Topic => Name;

    public Audience Audience => Audience.Admins;

    public bool IsBegunBy(string text) =>
        text.StartsWith(Pass.Prefix, StringComparison.Ordinal)
        || text.StartsWith(Pass.ParameterPrefix, StringComparison.Ordinal)
        || text.Contains($"start={Pass.ParameterPrefix}", StringComparison.Ordinal)
        || Guid.TryParseExact(text, "D", out _);

    public async Task StartAsync(Conversation with, string command, string argument)
    {
        if (!pass.TryRead(argument, out var id))
        {
            await with.SayAsync("bot_scan_foreign");
            return;
        }

        var found = await visits.FindAsync(id, time.Now(), with.Cancellation);
        if (found.IsRefused(out var refusal))
        {
            await with.SayAsync(refusal);
            return;
        }

        await with.SayHtmlAsync(VisitCard.Html(with, found.Value), VisitCard.Buttons(with, found.Value));
    }

    public async Task<string?> PressAsync(Conversation with, Message message, string data)
    {
        if (data.Split(':') is not [In or Verified, var text] || ButtonData.ReadId(text) is not { } id)
        {
            return null;
        }

        var now = time.Now();
        var isVerified = data.StartsWith(Verified, StringComparison.Ordinal) && await VerifyAsync(with, id, now);
        var result = await reservations.CheckInAsync(id, with.UserId, now, with.Cancellation);
        var notice =
            !result.IsRefused(out var refusal) ? null
            : isVerified ? with.Words("bot_scan_verified_only", with.Words(refusal))
            : with.Words(refusal);

        // As it stands now, whatever came of it, and whoever else was quicker.
        var visit = await visits.FindAsync(id, now, with.Cancellation);
        await (
            visit.Refusal is null
                ? with.EditHtmlAsync(message, VisitCard.Html(with, visit.Value), VisitCard.Buttons(with, visit.Value))
                : with.RemoveButtonsAsync(message)
        );
        return notice;
    }

    /// <summary>Verifies, where nothing else stands in the way: an old button vouches for nobody.</summary>
    /// <returns>Whether the holder was not verified, and is now.</returns>
    private async Task<bool> VerifyAsync(Conversation with, Guid reservationId, DateTimeOffset now)
    {
        var visit = await visits.FindAsync(reservationId, now, with.Cancellation);
        return visit
                is {
                    Refusal: null,
                    Value:
                    {
                        Verified: false,
                        Obstacle: null,
                        Reservation: { Status: ReservationStatus.Future, UserId: { } userId }
                    }
                }
            && (await accounts.VerifyAsync(userId, with.UserId, now, with.Cancellation)).Refusal is null;
    }
}
