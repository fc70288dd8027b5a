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
}
