using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using BookIT.Api.Http;
using BookIT.Api.Seats;
using BookIT.Core.Floor;
using BookIT.Core.Seats;

namespace BookIT.Api.Floor;

/// <summary>The picture under the map, and the rectangle of map coordinates that it fills.</summary>
public sealed record FloorPlanResponse(
    [property: Description("Another address for another picture.")] string Url,
    double X,
    double Y,
    double Width,
    double Height
)
{
    public static FloorPlanResponse? Of(FloorPlan? plan) =>
        plan is { Id: var id, Place: var place }
            ? new FloorPlanResponse($"/api/floor/plan/{id}", place.X, place.Y, place.Width, place.Height)
            : null;
}

/// <summary>The floor beside its seats.</summary>
public sealed record FloorResponse(
    [property: Description("Rises with every change of a seat or of the plan.")] long Version,
    [property: Description("Null where there is no picture under the map.")] FloorPlanResponse? Plan
)
{
    public static FloorResponse Of(FloorState floor) => new(floor.Version, FloorPlanResponse.Of(floor.Plan));
}

/// <summary>The floor with its seats.</summary>
public sealed record SavedFloorResponse(
    long Version,
    FloorPlanResponse? Plan,
    [property: Description("All seats, newest first, and whether they are free now.")] SeatResponse[] Seats
);

/// <summary>A rectangle in map coordinates.</summary>
public sealed record MapRectangleBody(
    [property: Needed] [property: NumberBetween(-1e9, 1e9)] double? X,
    [property: Needed] [property: NumberBetween(-1e9, 1e9)] double? Y,
    [property: Needed] [property: NumberBetween(1e-3, 1e9)] double? Width,
    [property: Needed] [property: NumberBetween(1e-3, 1e9)] double? Height
);

/// <summary>A seat of the floor: with an id one that is there, whose fields that are absent or null stay; without one a new one.</summary>
public sealed record FloorSeatBody(
    Guid? Id,
    [property: LengthBetween(0, Seat.MaxNameLength)]
    [property: Description("Empty for a new seat: a name is generated.")]
        string? Name,
    [property: LengthBetween(0, Seat.MaxTypeLength)] string? Type,
    [property: LengthBetween(0, Seat.MaxNameLength)] [property: Description("Empty for none.")] string? Zone,
    [property: NumberBetween(-1e9, 1e9)] double? X,
    [property: NumberBetween(-1e9, 1e9)] double? Y,
    bool? HasWater,
    bool? HasKitchen,
    bool? HasComputer,
    bool? HasSmartDesk,
    [property: Description("In a quiet zone (the spelling is the protocol's).")] bool? IsQuite,
    bool? IsTalkRoom
)
{
    public FloorSeat ToSeat() =>
        new(
            Id,
            new SeatDetails(
                Name,
                Type,
                Zone,
                X,
                Y,
                HasWater,
                HasKitchen,
                HasComputer,
                HasSmartDesk,
                IsQuite,
                IsTalkRoom
            )
        );
}

/// <summary>All that was changed on the floor.</summary>
public sealed record FloorBody(
    [property: Needed] [property: Description("That of the floor which was changed.")] long? Version,
    [property: CountAtMost(FloorBody.MaxSeats)]
    [property: Description("The seats that change, and new ones. Others stay as they are.")]
        IReadOnlyList<FloorSeatBody?>? Seats,
    [property: CountAtMost(FloorBody.MaxSeats)] [property: Description("The seats that go.")] Guid[]? Removed,
    [property: Description("Where the picture lies from now on; absent or null leaves it where it is.")]
        MapRectangleBody? Plan,
    [property: Description("Also where seats that go have live reservations: these are closed, and their owners told.")]
        bool? Force
) : IValidatableObject
{
    public const int MaxSeats = 2_000;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var ids = new HashSet<Guid>();
        for (var i = 0; i < (Seats?.Count ?? 0); i++)
        {
            // JSON may hold a null where the type holds none.
            if (Seats![i] is not { } seat)
            {
                yield return new ValidationResult(InEveryLanguage.Of("field_required"), [$"{nameof(Seats)}[{i}]"]);
            }
            else if (seat.Id is { } id && !ids.Add(id))
            {
                yield return Repeated($"{nameof(Seats)}[{i}].{nameof(FloorSeatBody.Id)}");
            }
        }

        for (var i = 0; i < (Removed?.Length ?? 0); i++)
        {
            if (!ids.Add(Removed![i]))
            {
                yield return Repeated($"{nameof(Removed)}[{i}]");
            }
        }
    }

    public FloorChange ToChange() =>
        new(
            Version!.Value,
            [.. (Seats ?? []).Select(seat => seat!.ToSeat())],
            Removed ?? [],
            Plan is { } plan
                ? new MapRectangle(plan.X!.Value, plan.Y!.Value, plan.Width!.Value, plan.Height!.Value)
                : null,
            Force ?? false
        );

    private static ValidationResult Repeated(string field) => new(InEveryLanguage.Of("field_repeated"), [field]);
}
