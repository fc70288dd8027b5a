using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Space;

/// <summary>What administrators set for the whole space: one row.</summary>
public sealed class SpaceSettings
{
    /// <summary>The id of the one row.</summary>
    internal const int OnlyId = 1;

    private SpaceSettings() { }

    /// <summary>Always <see cref="OnlyId"/>.</summary>
    public int Id { get; private set; }

    /// <summary>The picture of those who have none of their own.</summary>
    public Guid? DefaultAvatarId { get; private set; }

    /// <summary>Sets the picture of those who have none of their own.</summary>
    public void SetDefaultAvatar(Guid? avatarId) => DefaultAvatarId = avatarId;
}

internal sealed class SpaceSettingsConfiguration : IEntityTypeConfiguration<SpaceSettings>
{
    public void Configure(EntityTypeBuilder<SpaceSettings> settings)
    {
        settings.ToTable("space", table => table.HasCheckConstraint("space_one_row", $"id = {SpaceSettings.OnlyId}"));
        settings.Property(s => s.Id).ValueGeneratedNever();
        settings.HasData(new { Id = SpaceSettings.OnlyId });
    }
}
