namespace BookIT.Core.Space;

/// <summary>What is known of the coworking space itself (section <c>Space</c>).</summary>
public sealed class SpaceOptions
{
    /// <summary>Its time zone, by its IANA name. Times are shown in it to people, and stored in UTC.</summary>
    public string TimeZone { get; init; } = "Europe/Moscow";

    /// <summary>The clock on its wall.</summary>
    public TimeZoneInfo Zone => field ??= TimeZoneInfo.FindSystemTimeZoneById(TimeZone);

    /// <summary>Which day an instant belongs to.</summary>
    public DateOnly DayOf(DateTimeOffset instant) => Zone.DayOf(instant);

    /// <summary>A day from its first instant to that of the next (UTC): 23 or 25 hours where the clocks change.</summary>
    public Interval Day(DateOnly day) => new(Zone.StartOf(day), Zone.StartOf(day.AddDays(1)));

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out _))
        {
            yield return $"Space:TimeZone is '{TimeZone}', which is no time zone that this machine knows: "
                + "set Space__TimeZone to an IANA name, such as Europe/Moscow.";
        }
    }
}
