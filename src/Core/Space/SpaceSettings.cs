using BookIT.Core.Floor;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Space;

/// <summary>What administrators set for the whole space: one row.</summary>
public sealed class SpaceSettings
{
    /// <summary>The id of the one row.</summary>
    internal const int OnlyId = 1;

    /// <summary>Stands for the whole floor in the audit trail.</summary>
    internal static readonly Guid FloorId = new("00000000-0000-0000-0000-000000000001");

    private SpaceSettings() { }

    /// <summary>Always <see cref="OnlyId"/>.</summary>
    public int Id { get; private set; }

    /// <summary>The picture of those who have none of their own.</summary>
    public Guid? DefaultAvatarId { get; private set; }

    /// <summary>The picture under the map; null where there is none.</summary>
    public Guid? FloorPlanId { get; private set; }

    /// <summary>Left edge of that picture, in map coordinates; null where there is none, like the other three.</summary>
    public double? FloorPlanX { get; private set; }

    /// <summary>Its upper edge.</summary>
    public double? FloorPlanY { get; private set; }

    /// <summary>How wide it is drawn.</summary>
    public double? FloorPlanWidth { get; private set; }

    /// <summary>How high it is drawn.</summary>
    public double? FloorPlanHeight { get; private set; }

    /// <summary>The picture under the map and where it lies; null where there is none.</summary>
    public FloorPlan? FloorPlan =>
        FloorPlanId is { } id
            ? new FloorPlan(
                id,
                new MapRectangle(FloorPlanX!.Value, FloorPlanY!.Value, FloorPlanWidth!.Value, FloorPlanHeight!.Value)
            )
            : null;

    /// <summary>Lays a picture under the map, or with null takes it away.</summary>
    public void SetFloorPlan(FloorPlan? plan)
    {
        FloorPlanId = plan?.Id;
        FloorPlanX = plan?.Place.X;
        FloorPlanY = plan?.Place.Y;
        FloorPlanWidth = plan?.Place.Width;
        FloorPlanHeight = plan?.Place.Height;
    }

    /// <summary>Sets the picture of those who have none of their own.</summary>
    public void SetDefaultAvatar(Guid? avatarId) => DefaultAvatarId = avatarId;
}

internal sealed class SpaceSettingsConfiguration : IEntityTypeConfiguration<SpaceSettings>
{
    public void Configure(EntityTypeBuilder<SpaceSettings> settings)
    {
        settings.ToTable(
            "space",
            table =>
            {
                table.HasCheckConstraint("space_one_row", $"id = {SpaceSettings.OnlyId}");
                table.HasCheckConstraint(
                    "space_floor_plan_lies_somewhere",
                    "num_nonnulls(floor_plan_id, floor_plan_x, floor_plan_y, floor_plan_width, floor_plan_height) in (0, 5)"
                );
            }
        );
        settings.Ignore(s => s.FloorPlan);
        settings.Property(s => s.Id).ValueGeneratedNever();
        settings.HasData(new { Id = SpaceSettings.OnlyId });
    }
}
