using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;

namespace BookIT.Core;

/// <summary>
/// Every way the domain says no, by name. A refusal is an expected answer, not a fault: it is returned, never thrown.
/// Its <see cref="Code"/> is the stable name that clients see; its sentence, in each language, stands in
/// <c>Languages/Sentences.resx</c> under the same name, with <see cref="Arguments"/> filled in.
/// </summary>
public abstract record Refusal
{
    private static readonly ConcurrentDictionary<Type, string> CodesByType = new();

    private Refusal() { }

    /// <summary>The stable name on the wire: the type's name in snake_case, as in <c>seat_taken</c>.</summary>
    public string Code => CodeOf(GetType());

    /// <summary>What the sentence's placeholders <c>{0}</c>, <c>{1}</c>… stand for.</summary>
    public virtual IReadOnlyList<object> Arguments => [];

    /// <summary>All refusals there are: for the tables of codes and for the tests that keep them whole.</summary>
    public static IReadOnlyList<Type> All { get; } =
    [.. typeof(Refusal).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(Refusal)))];

    /// <summary>The <see cref="Code"/> of a kind of refusal.</summary>
    public static string CodeOf(Type refusal) => CodesByType.GetOrAdd(refusal, type => SnakeCase(type.Name));

    private static string SnakeCase(string name)
    {
        var result = new StringBuilder(name.Length + 8);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && result.Length > 0)
            {
                result.Append('_');
            }

            result.Append(char.ToLowerInvariant(letter));
        }

        return result.ToString();
    }

    // Signing in

    /// <summary>There is an account with this e-mail address already.</summary>
    public sealed record EmailTaken : Refusal;

    /// <summary>The key that would make an administrator is not the right one.</summary>
    public sealed record WrongAdminKey : Refusal;

    /// <summary>The e-mail address or the password is wrong; which of them is not told.</summary>
    public sealed record WrongCredentials : Refusal;

    /// <summary>The current password, asked for before a change, is wrong.</summary>
    public sealed record WrongPassword : Refusal;

    /// <summary>Too many attempts to sign in for this account or from this address.</summary>
    public sealed record TooManyAttempts(TimeSpan RetryAfter) : Refusal;

    /// <summary>More passwords wait to be checked than the server has room for.</summary>
    public sealed record SignInBusy(TimeSpan RetryAfter) : Refusal;

    /// <summary>The refresh token is unknown, spent, expired or revoked.</summary>
    public sealed record RefreshTokenInvalid : Refusal;

    /// <summary>Nobody is signed in, or the account behind the token is gone.</summary>
    public sealed record NotSignedIn : Refusal;

    /// <summary>Only an administrator may do this.</summary>
    public sealed record AdminOnly : Refusal;

    /// <summary>This takes the password, or a sign-in that has just begun.</summary>
    public sealed record FreshSignInNeeded : Refusal;

    /// <summary>There is no such sign-in of this account.</summary>
    public sealed record SessionNotFound : Refusal;

    /// <summary>Nobody can sign in by Yandex here: it is not set up.</summary>
    public sealed record YandexOff : Refusal;

    /// <summary>Yandex tells no e-mail address of the person, and they have no account here yet.</summary>
    public sealed record YandexEmailMissing : Refusal;

    /// <summary>There is an account with this e-mail address, which was never confirmed: its password has to be proved first.</summary>
    public sealed record YandexPasswordNeeded : Refusal;

    /// <summary>The account with this e-mail address is linked to another Yandex account.</summary>
    public sealed record YandexLinkedElsewhere : Refusal;

    /// <summary>There is no sign-in by Yandex that waits for a password, or it has waited too long.</summary>
    public sealed record YandexLinkInvalid : Refusal;

    /// <summary>Mail is not set up here, so nothing is confirmed or reset by it.</summary>
    public sealed record MailOff : Refusal;

    /// <summary>The link's token is unknown, used, expired, for something else, or was sent to another address.</summary>
    public sealed record LinkInvalid : Refusal;

    /// <summary>The account's e-mail address is confirmed already.</summary>
    public sealed record EmailAlreadyConfirmed : Refusal;

    // Users

    /// <summary>There is no such account.</summary>
    public sealed record UserNotFound : Refusal;

    /// <summary>The account is somebody else's.</summary>
    public sealed record NotYourAccount : Refusal;

    /// <summary>The last administrator can neither step down nor leave.</summary>
    public sealed record LastAdmin : Refusal;

    // Avatars

    /// <summary>A picture was to be sent, and there is none.</summary>
    public sealed record PictureMissing : Refusal;

    /// <summary>More files came than the one picture.</summary>
    public sealed record OnePictureOnly : Refusal;

    /// <summary>It is no PNG, JPEG, WebP or GIF, whatever it is called.</summary>
    public sealed record PictureNotSupported : Refusal;

    /// <summary>The picture has more than <paramref name="Megabytes"/> MB.</summary>
    public sealed record PictureTooHeavy(int Megabytes) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [Megabytes];
    }

    /// <summary>The picture has more than <paramref name="Side"/> pixels a side.</summary>
    public sealed record PictureTooLarge(int Side) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [Side];
    }

    /// <summary>The picture is cut short or broken.</summary>
    public sealed record PictureDamaged : Refusal;

    /// <summary>There is neither a picture of one's own nor a default one.</summary>
    public sealed record PictureNotFound : Refusal;

    // Telegram

    /// <summary>Whoever speaks for Telegram does not know the bot's secret.</summary>
    public sealed record WrongBotSecret : Refusal;

    /// <summary>The token that links a Telegram account is unknown, spent, expired, or a newer one has taken its place.</summary>
    public sealed record TelegramTokenInvalid : Refusal;

    /// <summary>Nobody can sign in by Telegram here: there is no bot.</summary>
    public sealed record TelegramOff : Refusal;

    /// <summary>What the Mini App says of whoever opened it is not Telegram's word, or too old.</summary>
    public sealed record TelegramDataInvalid : Refusal;

    /// <summary>The Telegram account is nobody's here.</summary>
    /// <param name="FirstName">What its owner is called there; may be empty.</param>
    /// <param name="Proof">Links it, once, to the account of whoever signs in or registers meanwhile.</param>
    public sealed record TelegramNotLinked(string FirstName, string Proof) : Refusal;

    /// <summary>The Mini App's proof of a Telegram account is unknown, spent, expired, or a newer one has taken its place.</summary>
    public sealed record TelegramProofInvalid : Refusal;

    /// <summary>The Telegram account is linked to another account; it moves only on the word of whoever holds it.</summary>
    public sealed record TelegramLinkedElsewhere : Refusal;

    // Demo

    /// <summary>There is no demo here.</summary>
    public sealed record DemoOff : Refusal;

    // Seats

    /// <summary>There is no such seat, or it was removed.</summary>
    public sealed record SeatNotFound : Refusal;

    /// <summary>The seat has live reservations; removing it would close them.</summary>
    public sealed record SeatHasReservations : Refusal;

    /// <summary>Some of the seats that were to be removed have live reservations; removing them would close these.</summary>
    /// <param name="SeatIds">These seats.</param>
    /// <param name="Names">What they are called, the first of them.</param>
    public sealed record SeatsHaveReservations(ImmutableArray<Guid> SeatIds, string Names) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [Names];
    }

    /// <summary>Somebody else has changed the floor since it was read.</summary>
    public sealed record FloorChanged : Refusal;

    // Tickets

    /// <summary>There is no such ticket.</summary>
    public sealed record TicketNotFound : Refusal;

    /// <summary>The ticket is somebody else's.</summary>
    public sealed record NotYourTicket : Refusal;

    /// <summary>Nothing can be said on a closed ticket before it is opened again.</summary>
    public sealed record TicketClosed : Refusal;

    /// <summary>The ticket was closed longer than <paramref name="Within"/> ago.</summary>
    public sealed record TicketReopenTooLate(TimeSpan Within) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [(int)Within.TotalDays];
    }

    /// <summary>The member has <paramref name="Maximum"/> tickets open already.</summary>
    public sealed record TooManyTickets(int Maximum) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [Maximum];
    }

    /// <summary>The member has opened <paramref name="Maximum"/> tickets within 24 hours.</summary>
    public sealed record TooManyTicketsToday(int Maximum) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [Maximum];
    }

    /// <summary>There is no such announcement: withdrawn, sent or written too long ago, or another administrator's.</summary>
    public sealed record AnnouncementNotFound : Refusal;

    /// <summary>The conversation has <paramref name="Maximum"/> messages already.</summary>
    public sealed record TicketFull(int Maximum) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [Maximum];
    }

    // News

    /// <summary>There is no such row in the outbox.</summary>
    public sealed record NotificationNotFound : Refusal;

    /// <summary>It was not given up: it was delivered or dropped, or is still on its way.</summary>
    public sealed record NotificationNotFailed : Refusal;

    // Reservations

    /// <summary>There is no such reservation.</summary>
    public sealed record ReservationNotFound : Refusal;

    /// <summary>The reservation is somebody else's.</summary>
    public sealed record NotYourReservation : Refusal;

    /// <summary>Only an administrator may book for somebody else.</summary>
    public sealed record BookingForAnother : Refusal;

    /// <summary>Somebody holds the seat at some moment of the wanted time.</summary>
    public sealed record SeatTaken : Refusal;

    /// <summary>The user already holds as many live reservations as the space allows.</summary>
    public sealed record ActiveReservationExists : Refusal;

    /// <summary>There is no live reservation to speak of.</summary>
    public sealed record NoActiveReservation : Refusal;

    /// <summary>The end does not lie after the start.</summary>
    public sealed record EndNotAfterStart : Refusal;

    /// <summary>A look at the seats' times that reaches further than <paramref name="Maximum"/>.</summary>
    public sealed record WindowTooLong(TimeSpan Maximum) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [(int)Maximum.TotalDays];
    }

    /// <summary>The wanted time has begun longer ago than a booking is taken back to now.</summary>
    public sealed record StartInPast : Refusal;

    /// <summary>The new end has already passed.</summary>
    public sealed record EndInPast : Refusal;

    /// <summary>The reservation is shorter than <paramref name="Minimum"/>.</summary>
    public sealed record TooShort(TimeSpan Minimum) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [(int)Minimum.TotalMinutes];
    }

    /// <summary>The reservation is longer than <paramref name="Maximum"/>.</summary>
    public sealed record TooLong(TimeSpan Maximum) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [Math.Round(Maximum.TotalHours, 1)];
    }

    /// <summary>The reservation starts further ahead than <paramref name="Maximum"/>.</summary>
    public sealed record TooFarAhead(TimeSpan Maximum) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [(int)Maximum.TotalDays];
    }

    /// <summary>A status that the caller may not set, or that the reservation cannot move to.</summary>
    public sealed record StatusNotAllowed : Refusal;

    /// <summary>A reservation that has been checked in keeps its start.</summary>
    public sealed record StartFixed : Refusal;

    /// <summary>The reservation was cancelled or has ended.</summary>
    public sealed record ReservationClosed : Refusal;

    /// <summary>Nobody came for the reservation, and it was released.</summary>
    public sealed record ReservationMissed : Refusal;

    /// <summary>Check-in opens at <paramref name="OpensAt"/> (UTC), not yet.</summary>
    public sealed record CheckInNotOpen(DateTimeOffset OpensAt) : Refusal
    {
        /// <inheritdoc/>
        public override IReadOnlyList<object> Arguments => [OpensAt];
    }

    /// <summary>An administrator has to verify this user before the first check-in.</summary>
    public sealed record UserNotVerified(Guid UserId) : Refusal;

    /// <summary>The key was used before, for another request.</summary>
    public sealed record IdempotencyKeyReused : Refusal;
}
