using BookIT.Bot.Reservations;
using BookIT.Bot.Updates;
using BookIT.Core.Reservations;

namespace BookIT.Tests.Unit.Reservations;

/// <summary>What the bot offers to whoever books, by the clock of the space.</summary>
public sealed class BookingChoicesTests
{
    private static readonly BookingOptions Options = new();

    private static BookingChoices In(string zone, DateTimeOffset now, BookingOptions? options = null) =>
        new(options ?? Options, TimeZoneInfo.FindSystemTimeZoneById(zone), now);

    private static List<string> Clock(BookingChoices choices, string zone, DateOnly day) =>
        [
            .. choices
                .Times(day)
                .Select(time =>
                    $"{TimeZoneInfo.ConvertTime(time, TimeZoneInfo.FindSystemTimeZoneById(zone)):dd HH:mm}"
                ),
        ];

    private static DateTimeOffset Utc(int year, int month, int day, int hour = 0, int minute = 0) =>
        new(year, month, day, hour, minute, 0, TimeSpan.Zero);

    [Fact]
    public void A_day_has_every_half_hour_and_no_moment_that_is_gone()
    {
        var choices = In("Europe/Moscow", Utc(2026, 11, 21, 11, 1)); // 14:01

        Assert.Equal(48, choices.Times(new DateOnly(2026, 11, 22)).Count());
        Assert.Equal("21 14:30", Clock(choices, "Europe/Moscow", new DateOnly(2026, 11, 21))[0]);
        Assert.Equal("21 23:30", Clock(choices, "Europe/Moscow", new DateOnly(2026, 11, 21))[^1]);
        Assert.Empty(choices.Times(new DateOnly(2026, 11, 20)));
    }

    [Fact]
    public void A_half_hour_that_begins_now_is_not_gone() =>
        Assert.Equal(
            Utc(2026, 11, 21, 11),
            In("Europe/Moscow", Utc(2026, 11, 21, 11)).Times(new DateOnly(2026, 11, 21)).First()
        );

    [Fact]
    public void Times_that_the_clock_skips_are_not_offered()
    {
        var day = new DateOnly(2026, 3, 29); // Berlin: 02:00 becomes 03:00.
        var times = Clock(In("Europe/Berlin", Utc(2026, 3, 1)), "Europe/Berlin", day);

        Assert.Equal(46, times.Count);
        Assert.Equal(["29 01:00", "29 01:30", "29 03:00", "29 03:30"], times[2..6]);
        Assert.Equal("29 23:30", times[^1]);
    }

    [Fact]
    public void Times_that_the_clock_shows_twice_are_offered_twice_and_told_apart()
    {
        var day = new DateOnly(2026, 10, 25); // Berlin: 03:00 becomes 02:00.
        var choices = In("Europe/Berlin", Utc(2026, 10, 1));
        var times = Clock(choices, "Europe/Berlin", day);

        Assert.Equal(50, times.Count);
        Assert.Equal(["25 02:00", "25 02:30", "25 02:00", "25 02:30", "25 03:00"], times[4..9]);
        Assert.Equal(
            [false, true, true, true, true, false],
            choices.Times(day).Skip(3).Take(6).Select(choices.IsTwice)
        );
        Assert.Equal(choices.Times(day).Count(), choices.Times(day).Distinct().Count());
    }

    [Theory]
    [InlineData("America/Santiago", 2026, 9, 6, 46, "06 01:00")] // Midnight is skipped.
    [InlineData("America/Havana", 2026, 11, 1, 50, "01 00:00")] // Midnight comes twice.
    [InlineData("Australia/Lord_Howe", 2026, 10, 4, 47, "04 00:00")] // The clock moves by half an hour.
    [InlineData("Asia/Kathmandu", 2026, 10, 4, 48, "04 00:00")] // UTC+05:45
    public void Days_begin_and_last_as_the_clock_has_it(
        string zone,
        int year,
        int month,
        int day,
        int count,
        string first
    )
    {
        var times = Clock(In(zone, Utc(year, month, 1).AddDays(-3)), zone, new DateOnly(year, month, day));

        Assert.Equal((count, first), (times.Count, times[0]));
        Assert.All(times, time => Assert.StartsWith($"{day:00} ", time, StringComparison.Ordinal));
    }

    [Fact]
    public void Days_go_as_far_as_a_booking_may_start()
    {
        var choices = In("Europe/Moscow", Utc(2026, 11, 21, 11));

        Assert.Equal(31, choices.Days().Count);
        Assert.Equal(new DateOnly(2026, 11, 21), choices.Days()[0]);
        Assert.Equal(new DateOnly(2026, 12, 21), choices.Days()[^1]);
        Assert.Equal(Utc(2026, 12, 21, 11), choices.Times(choices.Days()[^1]).Last());
    }

    [Fact]
    public void A_day_on_which_nothing_may_begin_any_more_is_none()
    {
        var late = In("Europe/Moscow", Utc(2026, 11, 21, 20, 45)); // 23:45
        Assert.Equal(new DateOnly(2026, 11, 22), late.Days()[0]);

        var soon = new BookingOptions { MaxAhead = TimeSpan.FromMinutes(10) };
        Assert.Empty(In("Europe/Moscow", Utc(2026, 11, 21, 11, 10), soon).Days());
    }

    [Fact]
    public void Lengths_are_usual_ones_and_the_rest_of_the_day()
    {
        var start = Utc(2026, 11, 21, 11); // 14:00
        var ends = In("Europe/Moscow", start).Ends(start);

        Assert.Equal([0.5, 1, 2, 4, 8, 10, 24], ends.Select(end => (end - start).TotalHours));
    }

    [Fact]
    public void Only_allowed_lengths_are_offered()
    {
        var start = Utc(2026, 11, 21, 11);
        List<double> Hours(BookingOptions options) =>
            [.. In("Europe/Moscow", start, options).Ends(start).Select(end => (end - start).TotalHours)];

        Assert.Equal(
            [1, 2, 4],
            Hours(new() { MinDuration = TimeSpan.FromHours(1), MaxDuration = TimeSpan.FromHours(4) })
        );
        // Where nothing usual is allowed, the shortest and the longest are.
        Assert.Equal([5, 6], Hours(new() { MinDuration = TimeSpan.FromHours(5), MaxDuration = TimeSpan.FromHours(6) }));
        Assert.Equal([3], Hours(new() { MinDuration = TimeSpan.FromHours(3), MaxDuration = TimeSpan.FromHours(3) }));
        Assert.Equal(168, Hours(new() { MaxDuration = TimeSpan.FromDays(7) })[^1]);
    }

    [Fact]
    public void The_rest_of_a_day_ends_at_midnight_also_when_the_clock_changes()
    {
        var start = Utc(2026, 10, 24, 23, 30); // Berlin: 01:30 on the day with 25 hours.
        var ends = In("Europe/Berlin", start).Ends(start);

        Assert.Contains(Utc(2026, 10, 25, 23), ends);
        Assert.Contains(start.AddHours(1), ends);
        Assert.Equal(ends.Order(), ends);
    }

    [Fact]
    public void Pages_are_full_but_the_last_and_any_number_is_one()
    {
        int[] all = [.. Enumerable.Range(0, 20)];
        (int[] Items, string[] Buttons) Page(int number)
        {
            var (items, row) = Pages.Of(all, number, 8, page => $"page:{page}");
            return ([.. items], [.. row.Select(button => $"{button.Text}{button.CallbackData}")]);
        }

        Assert.Equal((all[..8], ["›page:1"]), Page(0), Same);
        Assert.Equal((all[8..16], ["‹page:0", "›page:2"]), Page(1), Same);
        Assert.Equal((all[16..], ["‹page:1"]), Page(2), Same);
        Assert.Equal(Page(2), Page(int.MaxValue), Same);
        Assert.Equal(Page(0), Page(-1), Same);

        var (few, none) = Pages.Of([1, 2], 0, 8, page => $"{page}");
        Assert.Equal([1, 2], few);
        Assert.Empty(none);
        Assert.Empty(Pages.Of(Array.Empty<int>(), 3, 8, page => $"{page}").Items);
    }

    private static bool Same((int[] Items, string[] Buttons) one, (int[] Items, string[] Buttons) other) =>
        one.Items.SequenceEqual(other.Items) && one.Buttons.SequenceEqual(other.Buttons, StringComparer.Ordinal);
}
