using System.ComponentModel;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Seats;

namespace BookIT.Api.Seats;

/// <summary>A place that can be booked.</summary>
public sealed record SeatResponse(
    Guid Id,
    string Name,
    [property: Description("The kind of seat: `seat`, `room`, …")] string Type,
    [property: Description("The part of the floor where it stands.")] string? Zone,
    [property: Description("Map coordinate.")] double X,
    [property: Description("Map coordinate.")] double Y,
    bool HasWater,
    bool HasKitchen,
    bool HasComputer,
    bool HasSmartDesk,
    [property: Description("In a quiet zone (the spelling is the protocol's).")] bool IsQuite,
    bool IsTalkRoom,
    [property: Description("Whether nobody holds it at any moment of the window asked for.")] bool IsAvailable
)
{
    public static SeatResponse Of(Seat seat, bool isAvailable) =>
        new(
            seat.Id,
            seat.Name,
            seat.Type,
            seat.Zone,
            seat.X,
            seat.Y,
            seat.HasWater,
            seat.HasKitchen,
            seat.HasComputer,
            seat.HasSmartDesk,
            seat.IsQuiet,
            seat.IsTalkRoom,
            isAvailable
        );
}

/// <summary>A time at which a seat is held.</summary>
public sealed record HeldTimeResponse(
    [property: Description("Not before the window begins.")] Instant Start,
    [property: Description("Not after the window ends.")] Instant End,
    [property: Description("Whether the caller, where one is signed in, holds it.")] bool Mine
);

/// <summary>When a seat is held.</summary>
public sealed record SeatTimesResponse(
    Guid SeatId,
    [property: Description("By their start. Of those that touch each is told by itself.")] HeldTimeResponse[] Held
)
{
    internal static SeatTimesResponse Of(Guid seatId, IEnumerable<HeldTime> held, Interval window, Guid? callerId) =>
        new(
            seatId,
            [
                .. held.OrderBy(time => time.Interval.Start)
                    .Select(time => new HeldTimeResponse(
                        time.Interval.Start < window.Start ? window.Start : time.Interval.Start,
                        time.Interval.End > window.End ? window.End : time.Interval.End,
                        time.UserId == callerId
                    )),
            ]
        );
}

/// <summary>What to set on a seat. Fields that are absent or null stay as they are; unknown ones are ignored.</summary>
public sealed record SeatRequest(
    [property: LengthBetween(0, Seat.MaxNameLength)]
    [property: Description("Empty for a new seat: a name is generated.")]
        string? Name,
    [property: LengthBetween(0, Seat.MaxTypeLength)] string? Type,
    [property: LengthBetween(0, Seat.MaxNameLength)] string? Zone,
    [property: NumberBetween(-1e9, 1e9)] double? X,
    [property: NumberBetween(-1e9, 1e9)] double? Y,
    bool? HasWater,
    bool? HasKitchen,
    bool? HasComputer,
    bool? HasSmartDesk,
    bool? IsQuite,
    bool? IsTalkRoom
)
{
    public SeatDetails ToDetails() =>
        new(Name, Type, Zone, X, Y, HasWater, HasKitchen, HasComputer, HasSmartDesk, IsQuite, IsTalkRoom);
}
