namespace BookIT.Core.Auth;

/// <summary>How often somebody may be wrong, and how many may watch (section <c>RateLimits</c>).</summary>
public sealed class RateLimitOptions
{
    /// <summary>Off only for load tests.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Failures within <see cref="FailureWindow"/> of one account from one address.</summary>
    public int FailuresPerAccountAndAddress { get; init; } = 10;

    /// <summary>Failures within <see cref="FailureWindow"/> of one account from all addresses that it never signed in from.</summary>
    public int FailuresPerAccount { get; init; } = 100;

    /// <summary>Failures within <see cref="FailureWindow"/> from one address, which may be a whole office.</summary>
    public int FailuresPerAddress { get; init; } = 50;

    /// <summary>Counts begin with the first failure and end after this time, however many more there were.</summary>
    public TimeSpan FailureWindow { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How many may watch the seats at once in each replica; a stream takes some 30 KB of memory.</summary>
    public int LiveStreams { get; init; } = 5_000;

    /// <summary>How many connections each replica keeps; more are closed at once. An idle one takes some 10 KB and a file descriptor.</summary>
    public int Connections { get; init; } = 10_000;

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (FailuresPerAccountAndAddress < 1 || FailuresPerAccount < 1 || FailuresPerAddress < 1)
        {
            yield return "RateLimits: the numbers of failures must be at least 1.";
        }

        if (LiveStreams is < 1 or > 100_000)
        {
            yield return $"RateLimits:LiveStreams is {LiveStreams}, but must lie between 1 and 100000.";
        }

        if (Connections is < 10 or > 1_000_000)
        {
            yield return $"RateLimits:Connections is {Connections}, but must lie between 10 and 1000000.";
        }

        if (FailureWindow < TimeSpan.FromSeconds(1) || FailureWindow > TimeSpan.FromDays(1))
        {
            yield return "RateLimits:FailureWindow must lie between a second and a day, as in 00:15:00.";
        }
    }
}
