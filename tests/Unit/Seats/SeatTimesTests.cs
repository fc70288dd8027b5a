using BookIT.Core;
using BookIT.Core.Seats;

namespace BookIT.Tests.Unit.Seats;

public sealed class SeatTimesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Seat = Guid.CreateVersion7(Noon);

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(0.5, 1.0)]
    [InlineData(1, null)]
    [InlineData(1.5, null)]
    [InlineData(2, null)] // One ends, the next begins.
    [InlineData(3, 6.0)]
    [InlineData(6, null)]
    [InlineData(7, 10.0)]
    public void A_seat_is_free_until_the_next_reservation_begins(double from, double? until)
    {
        Interval Hours(double start, double end) => new(Noon.AddHours(start), Noon.AddHours(end));
        HeldTime Held(Interval interval) => new(interval, Guid.Empty, Guid.Empty);
        Interval[] held = [Hours(6, 7), Hours(2, 3), Hours(1, 2)];
        var times = new SeatTimes(new SeatCatalog(1, []), Hours(0, 10), held.ToLookup(_ => Seat, Held));

        Assert.Equal(until, (times.FreeUntil(Seat, Noon.AddHours(from)) - Noon)?.TotalHours);
        Assert.Equal(Noon.AddHours(10), times.FreeUntil(Guid.CreateVersion7(Noon.AddDays(1)), Noon.AddHours(from)));
    }
}
