namespace BookIT.Bench;

/// <summary>What is measured, and the ratio that is to be reached.</summary>
/// <param name="Name">As in docs/performance.md.</param>
/// <param name="Unit">Of both numbers.</param>
/// <param name="Limit">What stands on the other side.</param>
/// <param name="Goal">The ratio.</param>
/// <param name="IsMost">The ratio may be so much at the most; else at least.</param>
internal sealed record Measure(string Name, string Unit, string Limit, double Goal, bool IsMost = false);

/// <summary>Numbers of one side in the order of the rounds.</summary>
internal sealed class Series
{
    public List<double> Values { get; init; } = [];

    public double Median
    {
        get
        {
            var sorted = Values.Order().ToArray();
            return sorted.Length == 0 ? double.NaN
                : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2]
                : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
        }
    }

    /// <summary>How far the rounds lie apart, as a share of the median.</summary>
    public double Noise => (Values.Max() - Values.Min()) / Median;
}

/// <summary>What was measured.</summary>
internal sealed record Outcome(Measure Measure, Series Ours, Series Limit)
{
    public double Ratio => Ours.Median / Limit.Median;

    public bool IsMet => Measure.IsMost ? Ratio <= Measure.Goal : Ratio >= Measure.Goal;
}
