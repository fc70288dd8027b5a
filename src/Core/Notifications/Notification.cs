using System.Text.Json;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

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

    /// <summary>An administrator tells something to everybody with a booking today.</summary>
    public const string Announcement = "announcement";

    /// <summary>A mail with a link that confirms the account's e-mail address.</summary>
    public const string EmailConfirmation = "email_confirmation";

    /// <summary>A mail with a link that sets a new password.</summary>
    public const string PasswordReset = "password_reset";

    /// <summary>What goes by mail, and not by the bot.</summary>
    internal const string Mailed = $"kind in ('{EmailConfirmation}', '{PasswordReset}')";
}

/// <summary>
/// A row of the outbox: news for a user, written in the transaction of what happened, delivered by the bot at least once.
/// </summary>
public sealed class Notification
{
    /// <summary>In SQL: neither told nor given up.</summary>
    internal const string Pending = "delivered_at is null and failed_at is null and dropped_at is null";

    private Notification() { }

    /// <summary>In the order of writing.</summary>
    public long Id { get; private set; }

    /// <summary>Who is told. The row goes with the account.</summary>
    public Guid UserId { get; private set; }

    /// <summary>One of <see cref="NotificationKind"/>.</summary>
    public string Kind { get; private set; } = "";

    /// <summary>Unique: what happened once is told once.</summary>
    public string Key { get; private set; } = "";

    /// <summary>What the message needs, as JSON.</summary>
    public string Payload { get; private set; } = "{}";

    /// <summary>Not before this instant (UTC).</summary>
    public DateTimeOffset DueAt { get; private set; }

    /// <summary>When it was written (UTC).</summary>
    public DateTimeOffset MadeAt { get; private set; }

    /// <summary>When it arrived (UTC); null until then.</summary>
    public DateTimeOffset? DeliveredAt { get; private set; }

    /// <summary>When its delivery was given up (UTC).</summary>
    public DateTimeOffset? FailedAt { get; private set; }

    /// <summary>When it turned out to be nothing to tell (any more) (UTC).</summary>
    public DateTimeOffset? DroppedAt { get; private set; }

    /// <summary>The next attempt is not before this instant (UTC); null before the first has failed.</summary>
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>How often its delivery was tried.</summary>
    public int Attempts { get; private set; }

    /// <summary>Why the last attempt failed.</summary>
    public string? Error { get; private set; }

    /// <summary>News that is due at once.</summary>
    public static Notification Now(Guid userId, string kind, string key, object payload, DateTimeOffset now) =>
        new()
        {
            UserId = userId,
            Kind = kind,
            Key = key,
            Payload = JsonSerializer.Serialize(payload),
            DueAt = now,
            MadeAt = now,
        };
}

internal sealed class NotificationConfiguration : IEntityTypeConfiguration<Notification>
{
    public void Configure(EntityTypeBuilder<Notification> notification)
    {
        notification.ToTable("notifications");
        notification.Property(n => n.Payload).HasColumnType("jsonb");
        notification.HasIndex(n => n.Key).IsUnique().HasDatabaseName("notifications_key_key");
        notification.Property(n => n.Attempts).HasDefaultValue(0);
        notification.HasIndex(n => n.DueAt, "notifications_by_due");
        notification
            .HasIndex(n => n.DueAt, "notifications_mail_pending")
            .HasFilter($"{NotificationKind.Mailed} and delivered_at is null and failed_at is null");
        notification
            .HasIndex(n => new { n.DueAt, n.Id }, "notifications_pending")
            .HasFilter($"not ({NotificationKind.Mailed}) and {Notification.Pending}");
        notification.HasIndex(n => new { n.FailedAt, n.Id }, "notifications_failed").HasFilter("failed_at is not null");
        notification.HasIndex(n => n.UserId).HasDatabaseName("notifications_by_user");
        notification.HasOne<User>().WithMany().HasForeignKey(n => n.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
