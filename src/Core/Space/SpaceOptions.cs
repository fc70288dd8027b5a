namespace BookIT.Core.Space;

/// <summary>What is known of the coworking space itself (section <c>Space</c>).</summary>
public sealed class SpaceOptions
{
    /// <summary>Its time zone, by its IANA name. Times are shown in it to people, and stored in UTC.</summary>
    public string TimeZone { get; init; } = "Europe/Moscow";

    /// <summary>The clock on its wall.</summary>
    public TimeZoneInfo Zone => field ??= TimeZoneInfo.FindSystemTimeZoneById(TimeZone);

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
