using BookIT.Core;
using BookIT.Core.Space;

namespace BookIT.Tests.Unit.Space;

public sealed class SpaceDayTests
{
    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse($"{text}Z", provider: null);

    [Theory]
    [InlineData("Europe/Moscow", "2026-11-21", "2026-11-20T21:00", "2026-11-21T21:00")]
    // The clocks go forward, and back.
    [InlineData("Europe/Berlin", "2027-03-28", "2027-03-27T23:00", "2027-03-28T22:00")]
    [InlineData("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00")]
    // Over midnight: there is no 00:00 on this day.
    [InlineData("Africa/Cairo", "2027-04-30", "2027-04-29T22:00", "2027-04-30T21:00")]
    // Back to midnight: there are two of them, and the first is the beginning.
    [InlineData("America/Havana", "2026-11-01", "2026-11-01T04:00", "2026-11-02T05:00")]
    public void A_day_lasts_from_its_first_instant_to_that_of_the_next(
        string zone,
        string day,
        string start,
        string end
    )
    {
        var space = new SpaceOptions { TimeZone = zone };
        var date = DateOnly.Parse(day, provider: null);

        var interval = space.Day(date);

        Assert.Equal(new Interval(Utc(start), Utc(end)), interval);
        Assert.Equal(date, space.DayOf(interval.Start));
        Assert.Equal(date, space.DayOf(interval.End - Interval.Precision));
        Assert.Equal(date.AddDays(1), space.DayOf(interval.End));
        Assert.Equal(date.AddDays(-1), space.DayOf(interval.Start - Interval.Precision));
    }
}
