using BookIT.Core;
using BookIT.Core.Reservations;
using FsCheck;
using FsCheck.Fluent;
using Interval = BookIT.Core.Interval;

namespace BookIT.Tests.Unit.Reservations;

public sealed class BookingOptionsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 10, 0, 0, 500, TimeSpan.Zero);
    private static readonly BookingOptions Options = new();

    [Fact]
    public void The_defaults_have_no_mistakes() => Assert.Empty(Options.Mistakes());

    [Fact]
    public void Each_mistake_is_a_sentence_that_names_the_option()
    {
        var options = new BookingOptions
        {
            MinDuration = TimeSpan.Zero,
            MaxDuration = TimeSpan.FromDays(24),
            MaxAhead = TimeSpan.Zero,
            NoShowAfter = TimeSpan.Zero,
            CheckInOpens = TimeSpan.FromMinutes(-1),
            LiveReservationsPerUser = 0,
        };

        Assert.Collection(
            options.Mistakes(),
            mistake => Assert.StartsWith("Booking:MinDuration", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("Booking:MaxDuration", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("Booking:MaxAhead", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("Booking:NoShowAfter", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("Booking:CheckInOpens", mistake, StringComparison.Ordinal),
            mistake => Assert.StartsWith("Booking:LiveReservationsPerUser", mistake, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(-300, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, 0.5)]
    [InlineData(60, 60.5)]
    public void A_start_up_to_five_minutes_ago_is_taken_as_now_in_whole_seconds(double start, double expected)
    {
        var booked = Options.ForBooking(Now.AddSeconds(start), Now.AddHours(1), Now);

        Assert.Equal(Now.ToSeconds().AddSeconds(expected), booked.Value.Start);
        Assert.Equal(Now.AddHours(1), booked.Value.End);
    }

    [Theory]
    [InlineData(-301, 3600, typeof(Refusal.StartInPast))]
    [InlineData(-200, -100, typeof(Refusal.TooShort))]
    [InlineData(10, 10, typeof(Refusal.EndNotAfterStart))]
    [InlineData(10, 9, typeof(Refusal.EndNotAfterStart))]
    [InlineData(10, 10 + 15 * 60 - 1, typeof(Refusal.TooShort))]
    [InlineData(10, 10 + 24 * 3600 + 1, typeof(Refusal.TooLong))]
    [InlineData(30 * 86400 + 1, 30 * 86400 + 3601, typeof(Refusal.TooFarAhead))]
    public void What_breaks_a_rule_is_refused_by_its_name(int start, int end, Type refusal) =>
        Assert.IsType(refusal, Options.ForBooking(Now.AddSeconds(start), Now.AddSeconds(end), Now).Refusal);

    [Fact]
    public void Whoever_is_late_with_the_shortest_booking_gets_the_rest_of_it()
    {
        var start = Now.AddMinutes(-4);

        var booked = Options.ForBooking(start, start.AddMinutes(15), Now);

        Assert.Equal(new Interval(Now.ToSeconds(), Now.AddMinutes(11)), booked.Value);
        var shorter = new BookingOptions { MinDuration = TimeSpan.FromMinutes(2) };
        Assert.IsType<Refusal.EndInPast>(shorter.ForBooking(start, start.AddMinutes(3), Now).Refusal);
    }

    [Theory]
    [InlineData(10, 10 + 15 * 60)]
    [InlineData(10, 10 + 24 * 3600)]
    [InlineData(30 * 86400, 30 * 86400 + 3600)]
    public void The_limits_themselves_are_allowed(int start, int end) =>
        Assert.Null(Options.ForBooking(Now.AddSeconds(start), Now.AddSeconds(end), Now).Refusal);

    [Fact]
    public void Whatever_is_asked_for_what_is_allowed_keeps_every_rule()
    {
        var minutes = Gen.Choose(-60 * 24 * 40, 60 * 24 * 40);
        var wishes = Arb.From(from start in minutes from length in minutes select (start, length));
        Prop.ForAll(
                wishes,
                wish =>
                {
                    var start = Now.AddMinutes(wish.start);
                    var result = Options.ForBooking(start, start.AddMinutes(wish.length), Now);
                    return result.Refusal is not null
                        || (
                            result.Value.End > Now
                            && TimeSpan.FromMinutes(wish.length) >= Options.MinDuration
                            && result.Value.Duration <= Options.MaxDuration
                            && result.Value.Start >= Now.ToSeconds()
                            && result.Value.Start <= Now + Options.MaxAhead
                        );
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void An_extension_of_what_has_begun_keeps_its_start()
    {
        var current = new Interval(Now.AddHours(-2), Now.AddHours(1));

        var moved = Options.ForMove(current, current.Start, Now.AddHours(2), Now);

        Assert.Equal(new Interval(current.Start, Now.AddHours(2)), moved.Value);
        Assert.IsType<Refusal.EndInPast>(Options.ForMove(current, start: null, Now.AddMinutes(-1), Now).Refusal);
        Assert.IsType<Refusal.TooLong>(Options.ForMove(current, start: null, Now.AddHours(23), Now).Refusal);
        Assert.IsType<Refusal.StartInPast>(Options.ForMove(current, Now.AddHours(-1), end: null, Now).Refusal);
    }

    [Fact]
    public void Resending_what_is_there_changes_nothing_also_when_it_is_over()
    {
        var current = new Interval(Now.AddHours(-3), Now.AddHours(-2));

        Assert.Equal(current, Options.ForMove(current, current.Start, current.End, Now).Value);
    }
}
