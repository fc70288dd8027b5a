using BookIT.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Notifications;

/// <summary>Reads and changes what somebody wants to hear, and when.</summary>
public sealed class NotificationPreferences(BookItDbContext db)
{
    /// <summary>What somebody has chosen; everything at any time where they have not.</summary>
    public async Task<NotificationSettings> ReadAsync(Guid userId, CancellationToken cancellation) =>
        await db.Set<NotificationSettings>().AsNoTracking().SingleOrDefaultAsync(s => s.UserId == userId, cancellation)
        ?? NotificationSettings.Of(userId);

    /// <summary>Switches a kind of news on or off. Doing it twice changes nothing, and neither does a kind that there is not.</summary>
    /// <returns>What holds now.</returns>
    public Task<NotificationSettings> SwitchAsync(
        Guid userId,
        string kind,
        bool isOn,
        CancellationToken cancellation
    ) => ChangeAsync(userId, settings => settings.Switch(kind, isOn), cancellation);

    /// <summary>Sets the quiet hours; null for none. Those that would never end change nothing.</summary>
    /// <returns>What holds now.</returns>
    public Task<NotificationSettings> KeepQuietAsync(Guid userId, QuietHours? hours, CancellationToken cancellation) =>
        ChangeAsync(userId, settings => settings.KeepQuiet(hours), cancellation);

    private async Task<NotificationSettings> ChangeAsync(
        Guid userId,
        Action<NotificationSettings> change,
        CancellationToken cancellation
    )
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // Not where the account is gone. The lock lets two taps at once both count.
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO notification_settings (user_id, muted)
            SELECT id, ARRAY[]::text[] FROM users WHERE id = {userId} FOR KEY SHARE
            ON CONFLICT DO NOTHING
            """,
            cancellation
        );
        var settings = await db.Set<NotificationSettings>()
            .FromSql($"SELECT * FROM notification_settings WHERE user_id = {userId} FOR UPDATE")
            .SingleOrDefaultAsync(cancellation);
        if (settings is null)
        {
            return NotificationSettings.Of(userId);
        }

        change(settings);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return settings;
    }
}
