using BookIT.Core;
using BookIT.Core.Reservations;

namespace BookIT.Tests.Unit.Reservations;

public sealed class ReservationTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = Start.AddHours(2);
    private static readonly BookingOptions Patient = new();
    private static readonly BookingOptions Impatient = new() { NoShowAfter = TimeSpan.FromMinutes(20) };

    private static Reservation Make(ReservationStatus status = ReservationStatus.Future) =>
        Reservation.Recorded(
            Guid.CreateVersion7(Start),
            Guid.CreateVersion7(Start),
            Guid.CreateVersion7(Start),
            new Interval(Start, End),
            status,
            Start.AddDays(-1)
        );

    [Theory]
    [InlineData(ReservationStatus.Future, -1, ReservationStatus.Future)]
    [InlineData(ReservationStatus.Future, 119, ReservationStatus.Future)]
    [InlineData(ReservationStatus.Future, 120, ReservationStatus.DidNotCome)]
    [InlineData(ReservationStatus.Active, 119, ReservationStatus.Active)]
    [InlineData(ReservationStatus.Active, 120, ReservationStatus.Closed)]
    [InlineData(ReservationStatus.Closed, 500, ReservationStatus.Closed)]
    [InlineData(ReservationStatus.DidNotCome, 500, ReservationStatus.DidNotCome)]
    public void The_clock_moves_the_status_at_the_end(ReservationStatus stored, int minute, ReservationStatus shown) =>
        Assert.Equal(shown, Make(stored).StatusAt(Start.AddMinutes(minute), Patient));

    [Theory]
    [InlineData(ReservationStatus.Future, 19, ReservationStatus.Future)]
    [InlineData(ReservationStatus.Future, 20, ReservationStatus.DidNotCome)]
    [InlineData(ReservationStatus.Active, 20, ReservationStatus.Active)]
    public void An_impatient_space_releases_who_does_not_come(
        ReservationStatus stored,
        int minute,
        ReservationStatus shown
    ) => Assert.Equal(shown, Make(stored).StatusAt(Start.AddMinutes(minute), Impatient));

    [Fact]
    public void Check_in_opens_fifteen_minutes_before_the_start_and_stays_open_to_the_end()
    {
        var early = Make().CheckIn(Start.AddMinutes(-15).AddTicks(-1), Patient);

        Assert.Equal(Start.AddMinutes(-15), Assert.IsType<Refusal.CheckInNotOpen>(early).OpensAt);
        foreach (var moment in new[] { Start.AddMinutes(-15), Start, End.AddTicks(-1) })
        {
            var reservation = Make();
            Assert.Null(reservation.CheckIn(moment, Patient));
            Assert.Equal((ReservationStatus.Active, moment), (reservation.Status, reservation.CheckedInAt));
        }

        Assert.IsType<Refusal.ReservationMissed>(Make().CheckIn(End, Patient));
    }

    [Fact]
    public void The_first_check_in_counts()
    {
        var reservation = Make();
        reservation.CheckIn(Start, Patient);

        Assert.Null(reservation.CheckIn(Start.AddMinutes(5), Patient));
        Assert.Equal(Start, reservation.CheckedInAt);
    }

    [Fact]
    public void Cancelling_ends_what_lives_and_leaves_what_is_over()
    {
        var reservation = Make();
        Assert.Null(reservation.Cancel(Start.AddHours(-1), Patient));
        Assert.Equal((ReservationStatus.Closed, Start.AddHours(-1)), (reservation.Status, reservation.ClosedAt));
        Assert.Null(reservation.Cancel(Start, Patient));
        Assert.Equal(Start.AddHours(-1), reservation.ClosedAt);

        Assert.Null(Make(ReservationStatus.Active).Cancel(Start, Patient));
        Assert.IsType<Refusal.ReservationMissed>(Make(ReservationStatus.DidNotCome).Cancel(Start, Patient));
        // Nobody came, though nothing has written it down yet.
        Assert.IsType<Refusal.ReservationMissed>(Make().Cancel(End, Patient));
    }

    [Fact]
    public void Only_what_nobody_came_for_is_missed()
    {
        Assert.Null(Make().Miss(Start));
        Assert.Null(Make(ReservationStatus.DidNotCome).Miss(Start));
        Assert.IsType<Refusal.StatusNotAllowed>(Make(ReservationStatus.Active).Miss(Start));
        Assert.IsType<Refusal.ReservationClosed>(Make(ReservationStatus.Closed).Miss(Start));
    }

    [Theory]
    [InlineData(ReservationStatus.Future, 0, ReservationStatus.Closed)]
    [InlineData(ReservationStatus.Active, 0, ReservationStatus.Closed)]
    [InlineData(ReservationStatus.Active, 121, ReservationStatus.Closed)]
    [InlineData(ReservationStatus.Future, 121, ReservationStatus.DidNotCome)]
    public void What_goes_with_its_seat_or_user_ends_as_the_clock_would_have_it(
        ReservationStatus stored,
        int minute,
        ReservationStatus ended
    )
    {
        var reservation = Make(stored);

        reservation.End(Start.AddMinutes(minute), Patient);

        Assert.Equal(ended, reservation.Status);
    }

    [Fact]
    public void A_refused_move_changes_nothing()
    {
        var reservation = Make();
        var (seat, interval) = (reservation.SeatId, reservation.Interval);

        var refusal = reservation.Move(Guid.CreateVersion7(Start), Start, Start, Start.AddHours(-1), Patient);

        Assert.IsType<Refusal.EndNotAfterStart>(refusal);
        Assert.Equal((seat, interval), (reservation.SeatId, reservation.Interval));
    }
}
