using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Avatars;
using BookIT.Api.Http;
using BookIT.Api.Seats;
using BookIT.Core;
using BookIT.Core.Floor;
using BookIT.Core.Seats;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Floor;

internal static class FloorEndpoints
{
    private const string PictureField = "image";

    /// <summary>Two thousand seats, each with all its fields.</summary>
    private const int MaxBodyBytes = 2 * 1024 * 1024;

    public static RouteGroupBuilder MapFloor(this RouteGroupBuilder api)
    {
        var floor = api.MapGroup("/floor").WithTags("Floor");
        floor
            .MapGet("/", Get)
            .WithName("getFloor")
            .WithSummary("The floor beside its seats: the picture under the map, and the version of it all");
        floor
            .MapGet("/plan/{id}", GetPicture)
            .WithName("getFloorPlan")
            .WithSummary("The picture under the map")
            .ShowsPicture();
        return api;
    }

    public static RouteGroupBuilder MapFloorEditing(this RouteGroupBuilder admin)
    {
        admin
            .MapPut("/floor", Save)
            .WithName("saveFloor")
            .WithSummary("Change seats, add some, remove some and move the picture under them: all at once, or nothing")
            .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
            .RequireRateLimiting(RateLimits.OneAtATime)
            .Refuses(
                typeof(Refusal.FloorChanged),
                typeof(Refusal.SeatNotFound),
                typeof(Refusal.SeatsHaveReservations),
                typeof(Refusal.PictureNotFound)
            );
        admin
            .MapPut("/floor/plan", SetPicture)
            .WithName("setFloorPlan")
            .WithSummary("Lay a picture under the map: at 0, 0 a pixel a unit, or where the one before it lay, as wide")
            .TakesPicture(PictureField);
        admin.MapDelete("/floor/plan", RemovePicture).WithName("deleteFloorPlan").WithSummary("Take it away");
        return admin;
    }

    private static async Task<Ok<FloorResponse>> Get(FloorPlans floor, CancellationToken cancellation) =>
        TypedResults.Ok(FloorResponse.Of(await floor.ReadAsync(cancellation)));

    private static async Task<Results<PictureResult, Refused>> GetPicture(
        Guid id,
        FloorPlans floor,
        HttpRequest request,
        CancellationToken cancellation
    )
    {
        var result = await floor.OpenAsync(id, request.HasPicture, cancellation);
        return result.IsRefused(out var refusal)
            ? refusal.ToResult()
            : new PictureResult(result.Value, "plan", "public, max-age=31536000, immutable");
    }

    private static async Task<Results<Ok<SavedFloorResponse>, Refused>> Save(
        FloorBody body,
        ClaimsPrincipal user,
        FloorEditing editing,
        FloorPlans floor,
        SeatAvailability availability,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var now = time.Now();
        var saved = await editing.SaveAsync(body.ToChange(), user.UserId(), now, cancellation);
        if (saved.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        var seats = await availability.ReadAsync(Interval.At(now), now, cancellation);
        var state = await floor.ReadAsync(cancellation);
        return TypedResults.Ok(
            new SavedFloorResponse(
                seats.Catalog.Version,
                FloorPlanResponse.Of(state.Plan),
                [
                    .. seats.Catalog.Seats.Select(seat =>
                        SeatResponse.Of(seat, isAvailable: !seats.Busy.Contains(seat.Id))
                    ),
                ]
            )
        );
    }

    private static async Task<Results<Ok<FloorResponse>, Refused>> SetPicture(
        HttpRequest request,
        ClaimsPrincipal user,
        FloorPlans floor,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var received = await request.ReceivePictureAsync(PictureField, cancellation);
        if (received.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        await using var picture = received.Value;
        return TypedResults.Ok(
            FloorResponse.Of(await floor.SetAsync(picture, user.UserId(), time.Now(), cancellation))
        );
    }

    private static async Task<Ok<FloorResponse>> RemovePicture(
        ClaimsPrincipal user,
        FloorPlans floor,
        TimeProvider time,
        CancellationToken cancellation
    ) => TypedResults.Ok(FloorResponse.Of(await floor.RemoveAsync(user.UserId(), time.Now(), cancellation)));
}
