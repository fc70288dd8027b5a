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

    /// <summary>Both ends of the quiet hours; null without.</summary>
    public QuietHours? Quiet => QuietFrom is { } from && QuietTo is { } to ? new QuietHours(from, to) : null;

    /// <summary>What holds for somebody who has chosen nothing.</summary>
    internal static NotificationSettings Of(Guid userId) => new() { UserId = userId };

    /// <summary>Whether a kind of news is told.</summary>
    public bool IsOn(string kind) => !Muted.Contains(kind, StringComparer.Ordinal);

    /// <summary>Switches a kind of news on or off; one that the bot does not tell stays as it is.</summary>
    public void Switch(string kind, bool isOn)
    {
        if (IsOn(kind) != isOn && NotificationKind.Told.Any(rule => rule.Kind == kind))
        {
            Muted = isOn ? [.. Muted.Where(muted => muted != kind)] : [.. Muted, kind];
        }
    }

    /// <summary>Sets the quiet hours; null for none. Those that would never end leave it as it is.</summary>
    public void KeepQuiet(QuietHours? hours)
    {
        if (hours is null || hours.Value.From != hours.Value.To)
        {
            (QuietFrom, QuietTo) = (hours?.From, hours?.To);
        }
    }
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
        settings.Ignore(s => s.Quiet);
        settings
            .HasOne<User>()
            .WithOne()
            .HasForeignKey<NotificationSettings>(s => s.UserId)
            .OnDelete(DeleteBehavior.Cascade);
    }
}
