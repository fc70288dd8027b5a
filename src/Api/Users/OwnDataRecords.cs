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
    [property: Description("What administrators changed in the account.")] AccountChangeResponse[] Changes,
    NotificationSettingsResponse NotificationSettings,
    [property: Description("Kinds of device that the account was signed in from in the last half-year.")]
        DeviceResponse[] Devices,
    [property: Description("What was written to everybody with a booking, as an administrator.")]
        OwnAnnouncementResponse[] Announcements
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
            [.. data.Changes.Select(AccountChangeResponse.Of)],
            new NotificationSettingsResponse(data.Settings.Muted, data.Settings.QuietFrom, data.Settings.QuietTo),
            [.. data.Devices.Select(device => new DeviceResponse(device.SeenAt))],
            [.. data.Announcements.Select(OwnAnnouncementResponse.Of)]
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

/// <summary>What the account wants to hear from the bot, and when.</summary>
public sealed record NotificationSettingsResponse(
    [property: Description("The kinds of news that are not told.")] string[] Muted,
    [property: Description("By the clock of the space; null without quiet hours.")] TimeOnly? QuietFrom,
    [property: Description("By the clock of the space, also on the next day.")] TimeOnly? QuietTo
);

/// <summary>A kind of device that the account was signed in from. What is kept of it besides is a hash.</summary>
public sealed record DeviceResponse([property: Description("The last sign-in from it.")] Instant SeenOn);

/// <summary>An announcement that the account has written.</summary>
public sealed record OwnAnnouncementResponse(
    Guid Id,
    string Text,
    Instant WrittenOn,
    [property: Description("Null where it was not sent.")] Instant? SentOn,
    int? Recipients
)
{
    public static OwnAnnouncementResponse Of(Announcement announcement) =>
        new(
            announcement.Id,
            announcement.Text,
            announcement.MadeAt,
            announcement.SentAt is { } sent ? new Instant(sent) : null,
            announcement.Recipients
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
