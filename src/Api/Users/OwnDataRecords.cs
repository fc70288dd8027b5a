using System.ComponentModel;
using System.Text.Json;
using BookIT.Api.Http;
using BookIT.Api.Reservations;
using BookIT.Api.Tickets;
using BookIT.Core.Audit;
using BookIT.Core.Auth;
using BookIT.Core.Notifications;
using BookIT.Core.Users;

namespace BookIT.Api.Users;

/// <summary>All that is kept about the caller, newest first.</summary>
public sealed record OwnDataResponse(
    Instant ExportedOn,
    UserResponse Profile,
    [property: Description("When the account was made.")] Instant RegisteredOn,
    [property: Description("When the e-mail address was confirmed.")] Instant? EmailConfirmedOn,
    [property: Description("Yandex's id of the linked account.")] string? YandexId,
    ReservationResponse[] Reservations,
    ConversationResponse[] Tickets,
    SessionResponse[] SignIns,
    [property: Description("Those of the last 30 days.")] NotificationResponse[] Notifications,
    [property: Description("What administrators changed in the account.")] AccountChangeResponse[] Changes
)
{
    public static OwnDataResponse Of(OwnData data, Guid sessionId, DateTimeOffset now) =>
        new(
            now,
            UserResponse.Of(data.User),
            data.User.MadeAt,
            data.User.EmailConfirmedAt is { } confirmed ? new Instant(confirmed) : null,
            data.User.YandexId,
            [.. data.Reservations.Select(ReservationResponse.Of)],
            [.. data.Tickets.Select(ConversationResponse.Of)],
            [.. data.Sessions.Select(session => SessionResponse.Of(session, sessionId))],
            [.. data.Notifications.Select(NotificationResponse.Of)],
            [.. data.Changes.Select(AccountChangeResponse.Of)]
        );
}

/// <summary>A piece of news.</summary>
public sealed record NotificationResponse(
    string Kind,
    JsonElement Payload,
    Instant MadeOn,
    Instant DueOn,
    [property: Description("Null while it is not delivered.")] Instant? DeliveredOn
)
{
    public static NotificationResponse Of(Notification notification) =>
        new(
            notification.Kind,
            JsonElement.Parse(notification.Payload),
            notification.MadeAt,
            notification.DueAt,
            notification.DeliveredAt is { } delivered ? new Instant(delivered) : null
        );
}

/// <summary>Something that an administrator changed in an account.</summary>
public sealed record AccountChangeResponse(string Action, Instant At, JsonElement? Before, JsonElement? After)
{
    public static AccountChangeResponse Of(AuditEntry entry) =>
        new(
            entry.Action,
            entry.At,
            entry.Before is null ? null : JsonElement.Parse(entry.Before),
            entry.After is null ? null : JsonElement.Parse(entry.After)
        );
}
