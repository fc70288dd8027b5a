using System.Text.Json;
using BookIT.Core.Traces;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Notifications;

/// <summary>
/// A row of the outbox: news for a user, written in the transaction of what happened, delivered by the bot at least once.
/// </summary>
public sealed class Notification
{
    /// <summary>In SQL: neither told nor given up.</summary>
    internal const string Pending = "delivered_at is null and failed_at is null and dropped_at is null";

    /// <summary>How long the bot has to say itself, in its answer, what somebody did in the chat; then it is told as news.</summary>
    public static readonly TimeSpan AnswerPatience = TimeSpan.FromMinutes(1);

    /// <summary>How long a trace's header is, in characters.</summary>
    internal const int MaxTraceParentLength = 55;

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

    /// <summary>Why the last attempt failed, or why there is nothing to tell.</summary>
    public string? Error { get; private set; }

    /// <summary>
    /// The trace of what happened, which the delivery continues (W3C's <c>traceparent</c>); null where it is not traced.
    /// </summary>
    public string? TraceParent { get; private set; }

    /// <summary>News that is due at once.</summary>
    /// <param name="userId">Who is told.</param>
    /// <param name="kind">One of <see cref="NotificationKind"/>.</param>
    /// <param name="key">Unique.</param>
    /// <param name="payload">What the message needs.</param>
    /// <param name="now">UTC.</param>
    /// <param name="isAnswered">The bot says it in its answer: due only if that fails, see <see cref="AnswerPatience"/>.</param>
    public static Notification Now(
        Guid userId,
        string kind,
        string key,
        object payload,
        DateTimeOffset now,
        bool isAnswered = false
    ) =>
        new()
        {
            UserId = userId,
            Kind = kind,
            Key = key,
            Payload = JsonSerializer.Serialize(payload),
            DueAt = isAnswered ? now + AnswerPatience : now,
            MadeAt = now,
            TraceParent = Tracing.Parent,
        };

    /// <summary>What has become of it.</summary>
    public NotificationState State =>
        DeliveredAt is not null ? NotificationState.Delivered
        : DroppedAt is not null ? NotificationState.Dropped
        : FailedAt is not null ? NotificationState.Failed
        : NotificationState.Pending;

    /// <summary>Begins again with what was given up.</summary>
    /// <returns>Whether it was.</returns>
    internal bool TryAgain(DateTimeOffset now)
    {
        if (State is not NotificationState.Failed)
        {
            return false;
        }

        (FailedAt, RetryAt, Attempts, Error, DueAt) = (null, null, 0, null, now);
        return true;
    }
}

internal sealed class NotificationConfiguration : IEntityTypeConfiguration<Notification>
{
    public void Configure(EntityTypeBuilder<Notification> notification)
    {
        notification.ToTable("notifications");
        notification.Ignore(n => n.State);
        notification.Property(n => n.Payload).HasColumnType("jsonb");
        notification.HasIndex(n => n.Key).IsUnique().HasDatabaseName("notifications_key_key");
        notification.Property(n => n.Attempts).HasDefaultValue(0);
        notification.Property(n => n.TraceParent).HasMaxLength(Notification.MaxTraceParentLength);
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
