using BookIT.Core;

namespace BookIT.Api.Http;

/// <summary>
/// The one table from a refusal to its HTTP status, and the codes of what goes wrong before the domain is asked.
/// </summary>
public static class ProblemCodes
{
    public const string MalformedRequest = "malformed_request";
    public const string ValidationFailed = "validation_failed";
    public const string ForeignOrigin = "foreign_origin";
    public const string NotFound = "not_found";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string BodyTooLarge = "body_too_large";
    public const string UnsupportedMediaType = "unsupported_media_type";
    public const string HeadersTooLarge = "headers_too_large";
    public const string TooManyRequests = "too_many_requests";
    public const string InternalError = "internal_error";
    public const string ServiceUnavailable = "service_unavailable";

    private static readonly Dictionary<Type, int> StatusByRefusal = new()
    {
        [typeof(Refusal.EmailTaken)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.WrongAdminKey)] = StatusCodes.Status403Forbidden,
        [typeof(Refusal.WrongCredentials)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.WrongPassword)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.TooManyAttempts)] = StatusCodes.Status429TooManyRequests,
        [typeof(Refusal.SignInBusy)] = StatusCodes.Status503ServiceUnavailable,
        [typeof(Refusal.RefreshTokenInvalid)] = StatusCodes.Status401Unauthorized,
        [typeof(Refusal.NotSignedIn)] = StatusCodes.Status401Unauthorized,
        [typeof(Refusal.AdminOnly)] = StatusCodes.Status403Forbidden,
        [typeof(Refusal.FreshSignInNeeded)] = StatusCodes.Status403Forbidden,
        [typeof(Refusal.SessionNotFound)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.YandexOff)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.YandexEmailMissing)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.YandexPasswordNeeded)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.YandexLinkedElsewhere)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.YandexLinkInvalid)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.MailOff)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.LinkInvalid)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.EmailAlreadyConfirmed)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.UserNotFound)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.NotYourAccount)] = StatusCodes.Status403Forbidden,
        [typeof(Refusal.LastAdmin)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.PictureMissing)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.OnePictureOnly)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.PictureNotSupported)] = StatusCodes.Status415UnsupportedMediaType,
        [typeof(Refusal.PictureTooHeavy)] = StatusCodes.Status413PayloadTooLarge,
        [typeof(Refusal.PictureTooLarge)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.PictureDamaged)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.PictureNotFound)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.WrongBotSecret)] = StatusCodes.Status401Unauthorized,
        [typeof(Refusal.TelegramTokenInvalid)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.TelegramOff)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.TelegramDataInvalid)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.TelegramNotLinked)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.TelegramProofInvalid)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.TelegramLinkedElsewhere)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.DemoOff)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.SeatNotFound)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.SeatHasReservations)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.SeatsHaveReservations)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.FloorChanged)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.TicketNotFound)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.NotYourTicket)] = StatusCodes.Status403Forbidden,
        [typeof(Refusal.TicketClosed)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.TicketReopenTooLate)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.TooManyTickets)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.TooManyTicketsToday)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.TicketFull)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.NotificationNotFound)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.NotificationNotFailed)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.AnnouncementNotFound)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.ReservationNotFound)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.NotYourReservation)] = StatusCodes.Status403Forbidden,
        [typeof(Refusal.BookingForAnother)] = StatusCodes.Status403Forbidden,
        [typeof(Refusal.SeatTaken)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.ActiveReservationExists)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.NoActiveReservation)] = StatusCodes.Status404NotFound,
        [typeof(Refusal.EndNotAfterStart)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.WindowTooLong)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.StartInPast)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.EndInPast)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.TooShort)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.TooLong)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.TooFarAhead)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.StatusNotAllowed)] = StatusCodes.Status400BadRequest,
        [typeof(Refusal.StartFixed)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.ReservationClosed)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.ReservationMissed)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.CheckInNotOpen)] = StatusCodes.Status409Conflict,
        [typeof(Refusal.UserNotVerified)] = StatusCodes.Status424FailedDependency,
        [typeof(Refusal.IdempotencyKeyReused)] = StatusCodes.Status422UnprocessableEntity,
    };

    private static readonly (int Status, string Code)[] BeforeTheDomain =
    [
        (StatusCodes.Status400BadRequest, MalformedRequest),
        (StatusCodes.Status400BadRequest, ValidationFailed),
        (StatusCodes.Status403Forbidden, ForeignOrigin),
        (StatusCodes.Status404NotFound, NotFound),
        (StatusCodes.Status405MethodNotAllowed, MethodNotAllowed),
        (StatusCodes.Status413PayloadTooLarge, BodyTooLarge),
        (StatusCodes.Status415UnsupportedMediaType, UnsupportedMediaType),
        (StatusCodes.Status429TooManyRequests, TooManyRequests),
        (StatusCodes.Status431RequestHeaderFieldsTooLarge, HeadersTooLarge),
        (StatusCodes.Status500InternalServerError, InternalError),
        (StatusCodes.Status503ServiceUnavailable, ServiceUnavailable),
    ];

    /// <summary>Every code there is with its status: for the table in docs/api.md.</summary>
    public static IEnumerable<(int Status, string Code)> All =>
        BeforeTheDomain.Concat(StatusByRefusal.Select(pair => (pair.Value, Refusal.CodeOf(pair.Key))));

    /// <summary>The status that a kind of refusal is answered with.</summary>
    public static int StatusOf(Type refusal) => StatusByRefusal[refusal];

    /// <summary>What a bare status means where nobody said more.</summary>
    public static string OfStatus(int status) =>
        status switch
        {
            StatusCodes.Status401Unauthorized => Refusal.CodeOf(typeof(Refusal.NotSignedIn)),
            StatusCodes.Status403Forbidden => Refusal.CodeOf(typeof(Refusal.AdminOnly)),
            StatusCodes.Status404NotFound => NotFound,
            StatusCodes.Status405MethodNotAllowed => MethodNotAllowed,
            StatusCodes.Status413PayloadTooLarge => BodyTooLarge,
            StatusCodes.Status415UnsupportedMediaType => UnsupportedMediaType,
            StatusCodes.Status429TooManyRequests => TooManyRequests,
            StatusCodes.Status431RequestHeaderFieldsTooLarge => HeadersTooLarge,
            StatusCodes.Status503ServiceUnavailable => ServiceUnavailable,
            < StatusCodes.Status500InternalServerError => MalformedRequest,
            _ => InternalError,
        };
}
