using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Notifications;

/// <summary>What a person wants to hear, and when. Who has no row hears everything at any time.</summary>
public sealed class NotificationSettings
{
    private NotificationSettings() { }

    /// <summary>Whose.</summary>
    public Guid UserId { get; private set; }

    /// <summary>The kinds of news that are not told: names of <see cref="NotificationKind"/>.</summary>
    public string[] Muted { get; private set; } = [];

    /// <summary>When the quiet hours begin, by the clock of the space; null without quiet hours.</summary>
    public TimeOnly? QuietFrom { get; private set; }

    /// <summary>When the quiet hours end, by the clock of the space, also on the next day; null without quiet hours.</summary>
    public TimeOnly? QuietTo { get; private set; }
}

internal sealed class NotificationSettingsConfiguration : IEntityTypeConfiguration<NotificationSettings>
{
    public void Configure(EntityTypeBuilder<NotificationSettings> settings)
    {
        settings.ToTable(
            "notification_settings",
            table =>
                table.HasCheckConstraint(
                    "notification_settings_quiet_check",
                    "coalesce(quiet_from <> quiet_to, quiet_from is null and quiet_to is null)"
                )
        );
        settings.HasKey(s => s.UserId);
        settings
            .HasOne<User>()
            .WithOne()
            .HasForeignKey<NotificationSettings>(s => s.UserId)
            .OnDelete(DeleteBehavior.Cascade);
    }
}
