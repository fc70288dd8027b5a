using BookIT.Core;

namespace BookIT.Tests.Unit;

public sealed class IntervalTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private static Interval Hours(int from, int to) => new(Noon.AddHours(from), Noon.AddHours(to));

    [Theory]
    [InlineData(0, 1, 1, 2, false)]
    [InlineData(1, 2, 0, 1, false)]
    [InlineData(0, 2, 1, 3, true)]
    [InlineData(0, 3, 1, 2, true)]
    [InlineData(1, 2, 0, 3, true)]
    [InlineData(0, 1, 0, 1, true)]
    public void Neighbours_do_not_overlap_and_everything_else_that_meets_does(int a, int b, int c, int d, bool overlap)
    {
        Assert.Equal(overlap, Hours(a, b).Overlaps(Hours(c, d)));
        Assert.Equal(overlap, Hours(c, d).Overlaps(Hours(a, b)));
    }

    [Fact]
    public void The_start_belongs_to_it_and_the_end_does_not()
    {
        Assert.True(Hours(0, 1).Contains(Noon));
        Assert.False(Hours(0, 1).Contains(Noon.AddHours(1)));
        Assert.True(Interval.At(Noon).Contains(Noon));
        Assert.False(Interval.At(Noon).Contains(Noon + Interval.Precision));
    }
}
