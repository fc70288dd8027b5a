namespace BookIT.Core.Notifications;

/// <summary>The kinds of news. The names are stored; a worker that does not know one leaves it alone.</summary>
public static class NotificationKind
{
    /// <summary>A reservation was made.</summary>
    public const string ReservationMade = "reservation_made";

    /// <summary>A reservation got another seat or time.</summary>
    public const string ReservationMoved = "reservation_moved";

    /// <summary>A reservation was cancelled.</summary>
    public const string ReservationClosed = "reservation_closed";

    /// <summary>A reservation starts in a day.</summary>
    public const string ReminderDay = "reminder_day";

    /// <summary>A reservation starts in an hour.</summary>
    public const string ReminderHour = "reminder_hour";

    /// <summary>The time of somebody who was checked in is about to end.</summary>
    public const string EndingSoon = "ending_soon";

    /// <summary>A member was checked in.</summary>
    public const string CheckedIn = "checked_in";

    /// <summary>Nobody came, and the seat was released.</summary>
    public const string NoShow = "no_show";

    /// <summary>An administrator vouched for the account.</summary>
    public const string UserVerified = "user_verified";

    /// <summary>Somebody asks for help.</summary>
    public const string TicketOpened = "ticket_opened";

    /// <summary>A message was added to a ticket.</summary>
    public const string TicketAnswered = "ticket_answered";

    /// <summary>A ticket was closed.</summary>
    public const string TicketClosed = "ticket_closed";

    /// <summary>A ticket was opened again.</summary>
    public const string TicketReopened = "ticket_reopened";

    /// <summary>Somebody has signed in to the account from a device that it has not been used on.</summary>
    public const string NewSignIn = "new_sign_in";

    /// <summary>What an administrator tells many at once: <c>text</c> in the payload.</summary>
    public const string Announcement = "announcement";

    /// <summary>A mail with a link that confirms the account's e-mail address.</summary>
    public const string EmailConfirmation = "email_confirmation";

    /// <summary>A mail with a link that sets a new password.</summary>
    public const string PasswordReset = "password_reset";

    /// <summary>What goes by mail, and not by the bot.</summary>
    internal const string Mailed = $"kind in ('{EmailConfirmation}', '{PasswordReset}')";

    /// <summary>
    /// What the bot tells, in the order in which people are asked whether they want it; each can be switched off. What can
    /// wait is not told in somebody's quiet hours, unless their reservation begins soon after them.
    /// </summary>
    public static IReadOnlyList<NotificationRule> Told { get; } =
    [
        new(ReservationMade, CanWait: true),
        new(ReservationMoved, CanWait: true),
        new(ReservationClosed, CanWait: true),
        new(ReminderDay, CanWait: true),
        new(ReminderHour, CanWait: false),
        new(EndingSoon, CanWait: false),
        new(CheckedIn, CanWait: false),
        new(NoShow, CanWait: false),
        new(UserVerified, CanWait: true),
        new(TicketOpened, CanWait: true, ForAdmins: true),
        new(TicketAnswered, CanWait: true),
        new(TicketClosed, CanWait: true),
        new(TicketReopened, CanWait: true),
        new(NewSignIn, CanWait: false),
        new(Announcement, CanWait: false),
    ];

    /// <summary>The kinds that somebody can switch on and off.</summary>
    public static IEnumerable<string> SwitchableBy(bool isAdmin) =>
        Told.Where(rule => isAdmin || !rule.ForAdmins).Select(rule => rule.Kind);
}

/// <summary>How a kind of news is told.</summary>
/// <param name="Kind">Which.</param>
/// <param name="CanWait">Until somebody's quiet hours are over.</param>
/// <param name="ForAdmins">Others never get it.</param>
public sealed record NotificationRule(string Kind, bool CanWait, bool ForAdmins = false);
