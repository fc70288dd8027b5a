namespace BookIT.Core;

/// <summary>Instants as they are kept: UTC, whole microseconds, which is what PostgreSQL's <c>timestamptz</c> holds.</summary>
public static class Clock
{
    /// <summary>The present, in whole microseconds: what is answered now reads the same when it comes back from the database.</summary>
    public static DateTimeOffset Now(this TimeProvider time) => time.GetUtcNow().ToMicroseconds();

    /// <summary>In UTC, cut to whole microseconds.</summary>
    public static DateTimeOffset ToMicroseconds(this DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    /// <summary>In UTC, cut to whole seconds.</summary>
    public static DateTimeOffset ToSeconds(this DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    /// <summary>Which day it is, by the clock on the wall.</summary>
    public static DateOnly DayOf(this TimeZoneInfo zone, DateTimeOffset instant) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);

    /// <summary>When a day begins (UTC): at midnight, at the first of two, or where the clock lands that leaps over it.</summary>
    public static DateTimeOffset StartOf(this TimeZoneInfo zone, DateOnly day) =>
        zone.InstantsOf(day.ToDateTime(TimeOnly.MinValue)).First;

    /// <summary>
    /// The first and the last instant (UTC) at which the clock on the wall shows this; where it leaps over it, when it
    /// leaps.
    /// </summary>
    public static (DateTimeOffset First, DateTimeOffset Last) InstantsOf(this TimeZoneInfo zone, DateTime wall)
    {
        while (zone.IsInvalidTime(wall))
        {
            wall = wall.AddMinutes(1);
        }

        var offsets = zone.IsAmbiguousTime(wall) ? zone.GetAmbiguousTimeOffsets(wall) : [zone.GetUtcOffset(wall)];
        return (
            new DateTimeOffset(wall, offsets.Max()).ToUniversalTime(),
            new DateTimeOffset(wall, offsets.Min()).ToUniversalTime()
        );
    }
}
