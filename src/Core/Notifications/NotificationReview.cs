using BookIT.Core.Audit;
using BookIT.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Notifications;

/// <summary>What has become of news.</summary>
public enum NotificationState
{
    /// <summary>It is on its way, or its time has not come.</summary>
    Pending,

    /// <summary>It has arrived.</summary>
    Delivered,

    /// <summary>There was nothing to tell any more.</summary>
    Dropped,

    /// <summary>It was given up.</summary>
    Failed,
}

/// <summary>News as administrators see it: not what it says.</summary>
/// <param name="Notification">The row of the outbox.</param>
/// <param name="FirstName">Of whom it is for.</param>
/// <param name="Email">Of whom it is for.</param>
public sealed record NotificationView(Notification Notification, string FirstName, string Email);

/// <summary>Shows administrators what was told to whom, and lets them try again what was given up. Mails too.</summary>
public sealed class NotificationReview(BookItDbContext db)
{
    /// <summary>News in a state, newest first.</summary>
    public Task<Page<NotificationView>> ListAsync(
        NotificationState state,
        PageRequest page,
        CancellationToken cancellation
    )
    {
        var all = db.Notifications.AsNoTracking();
        var found = state switch
        {
            NotificationState.Delivered => all.Where(n => n.DeliveredAt != null),
            NotificationState.Dropped => all.Where(n => n.DroppedAt != null),
            NotificationState.Failed => all.Where(n => n.FailedAt != null),
            _ => all.Where(n => n.DeliveredAt == null && n.DroppedAt == null && n.FailedAt == null),
        };
        var views =
            from notification in found
            join user in db.Users on notification.UserId equals user.Id
            orderby notification.Id descending
            select new NotificationView(notification, user.FirstName, user.Email);
        return views.ToPageAsync(found, page, cancellation);
    }

    /// <summary>Lets news that were given up be tried again from the beginning, now.</summary>
    /// <returns>
    /// The row, or why not: <see cref="Refusal.NotificationNotFound"/>, <see cref="Refusal.NotificationNotFailed"/>.
    /// </returns>
    public async Task<Result<NotificationView>> RetryAsync(
        long id,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var notification = await db
            .Notifications.FromSql($"SELECT * FROM notifications WHERE id = {id} FOR NO KEY UPDATE")
            .SingleOrDefaultAsync(cancellation);
        if (notification is null)
        {
            return new Refusal.NotificationNotFound();
        }

        if (!notification.TryAgain(now))
        {
            return new Refusal.NotificationNotFailed();
        }

        var user = await db
            .Users.Where(u => u.Id == notification.UserId)
            .Select(u => new { u.FirstName, u.Email })
            .SingleAsync(cancellation);
        db.Audit.Add(
            AuditEntry.Made(
                new { NotificationId = id, notification.Kind },
                notification.UserId,
                adminId,
                "notification.retry",
                now
            )
        );
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new NotificationView(notification, user.FirstName, user.Email);
    }
}
