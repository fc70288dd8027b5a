namespace BookIT.Core;

/// <summary>A span of time: UTC, half-open. The start belongs to it, the end does not, so neighbours never overlap.</summary>
public readonly record struct Interval(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>The shortest span there is: PostgreSQL keeps time in microseconds.</summary>
    public static readonly TimeSpan Precision = TimeSpan.FromMicroseconds(1);

    /// <summary>How long it lasts.</summary>
    public TimeSpan Duration => End - Start;

    /// <summary>The span that holds this instant and nothing else.</summary>
    public static Interval At(DateTimeOffset instant) => new(instant, instant + Precision);

    /// <summary>Whether some instant belongs to both.</summary>
    public bool Overlaps(Interval other) => Start < other.End && other.Start < End;

    /// <summary>Whether the instant belongs to it.</summary>
    public bool Contains(DateTimeOffset instant) => Start <= instant && instant < End;
}
