using System.ComponentModel;
using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Api.Reservations;
using BookIT.Core;
using BookIT.Core.Reservations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Admin;

/// <summary>Which reservations to list.</summary>
public readonly record struct ReservationFilterQuery(
    [property: FromQuery(Name = "status")]
    [property: OneOf("future", "active", "closed", "did_not_come")]
        string? Status,
    [property: FromQuery(Name = "seat_id")] Guid? SeatId,
    [property: FromQuery(Name = "user_id")] Guid? UserId,
    [property: FromQuery(Name = "from")] [property: Description("Those that end after this instant.")] Instant? From,
    [property: FromQuery(Name = "to")] [property: Description("Those that start before this instant.")] Instant? To,
    [property: FromQuery(Name = "q")]
    [property: Description("Part of the user's e-mail address or name, or of the seat's name.")]
    [property: LengthBetween(0, 100)]
        string? Q,
    [property: FromQuery(Name = "sort")]
    [property: OneOf("start", "-start", "made", "-made", "seat", "-seat", "user", "-user", "status", "-status")]
    [property: Description(
        "By what, with a minus the last one first; `-made` by default. Of equals the newest comes first."
    )]
        string? Sort
)
{
    public ReservationFilter ToFilter() => new(ReservationStatusNames.Parse(Status), SeatId, UserId, From, To, Q);

    public ReservationOrder ToOrder() =>
        Sort is null
            ? ReservationOrder.NewestFirst
            : new ReservationOrder(
                Sort.TrimStart('-') switch
                {
                    "start" => ReservationOrderBy.Start,
                    "seat" => ReservationOrderBy.Seat,
                    "user" => ReservationOrderBy.User,
                    "status" => ReservationOrderBy.Status,
                    _ => ReservationOrderBy.Made,
                },
                IsDescending: Sort.StartsWith('-')
            );
}

/// <summary>A seat held for a user, as administrators list it.</summary>
public sealed record ListedReservationResponse(
    Guid Id,
    [property: Description("Null once the account is gone.")] Guid? UserId,
    [property: Description("Null once the account is gone.")] string? FirstName,
    [property: Description("Null once the account is gone.")] string? Email,
    Guid SeatId,
    string SeatName,
    [property: Description("Start, part of the reservation.")] Instant Start,
    [property: Description("End, no longer part of it.")] Instant End,
    [property: OneOf("future", "active", "closed", "did_not_come")] string Status,
    Instant MadeOn
)
{
    public static ListedReservationResponse Of(ListedReservation listed)
    {
        var reservation = listed.Reservation;
        return new(
            reservation.Id,
            reservation.UserId,
            listed.FirstName,
            listed.Email,
            reservation.SeatId,
            reservation.SeatName,
            reservation.Interval.Start,
            reservation.Interval.End,
            reservation.Status.Name(),
            listed.MadeAt
        );
    }
}

internal static class AdminReservationEndpoints
{
    public static RouteGroupBuilder MapAdminReservations(this RouteGroupBuilder admin)
    {
        admin
            .MapGet("/reservations", List)
            .WithName("adminListReservations")
            .WithSummary("All reservations, newest first unless told otherwise");
        admin
            .MapGet("/reservations.csv", ExportCsv)
            .RequireRateLimiting(RateLimits.OneAtATime)
            .WithName("adminExportReservations")
            .WithSummary("The same as a file for spreadsheets (RFC 4180), whole; times by the clock of the space")
            .Produces<string>(StatusCodes.Status200OK, "text/csv");
        admin
            .MapPost("/reservation/create", Book)
            .WithName("adminCreateReservation")
            .WithSummary("Book a seat for a user")
            .Refuses([.. ReservationEndpoints.BookingRefusals, typeof(Refusal.UserNotFound)]);
        admin
            .MapGet("/reservation/{id}", Get)
            .WithName("adminGetReservation")
            .WithSummary("One reservation")
            .Refuses<Refusal.ReservationNotFound>();
        admin
            .MapPatch("/reservation/{id}", Change)
            .WithName("adminUpdateReservation")
            .WithSummary("Move, extend or end a reservation; its owner is told")
            .Refuses([
                .. ReservationEndpoints.ChangeRefusals,
                typeof(Refusal.CheckInNotOpen),
                typeof(Refusal.UserNotVerified),
            ]);
        admin
            .MapDelete("/reservation/{id}", Close)
            .WithName("adminDeleteReservation")
            .WithSummary("Close a reservation; its owner is told, with the reason if there is one")
            .Refuses<Refusal.ReservationNotFound>();
        admin
            .MapPost("/check_qr/{reservation_id}", CheckIn)
            .WithName("checkIn")
            .WithSummary("Check a member in by the reservation's id or by a signed pass")
            .Refuses(
                typeof(Refusal.ReservationNotFound),
                typeof(Refusal.UserNotVerified),
                typeof(Refusal.CheckInNotOpen),
                typeof(Refusal.ReservationClosed),
                typeof(Refusal.ReservationMissed)
            );
        return admin;
    }

    private static async Task<Ok<ListedReservationResponse[]>> List(
        [AsParameters] ReservationFilterQuery filter,
        [AsParameters] PageQuery page,
        ReservationQueries reservations,
        TimeProvider time,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var found = await reservations.ListAsync(
            filter.ToFilter(),
            filter.ToOrder(),
            page.ToRequest(),
            time.Now(),
            cancellation
        );
        response.SetTotalCount(found.Total);
        return TypedResults.Ok(found.Items.Select(ListedReservationResponse.Of).ToArray());
    }

    private static ReservationCsv ExportCsv(
        [AsParameters] ReservationFilterQuery filter,
        ReservationQueries reservations,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var now = time.Now();
        return new ReservationCsv(
            reservations.ReadAllAsync(filter.ToFilter(), filter.ToOrder(), now, cancellation),
            now
        );
    }

    private static async Task<Results<Created<ReservationResponse>, Refused>> Book(
        AdminBookingBody body,
        ClaimsPrincipal user,
        Booking booking,
        TimeProvider time,
        CancellationToken cancellation
    ) =>
        ReservationEndpoints.Created(
            await booking.BookAsync(
                new BookingRequest(
                    body.UserId!.Value,
                    body.SeatId!.Value,
                    body.Start!.Value,
                    body.End!.Value,
                    AdminId: user.UserId()
                ),
                time.Now(),
                cancellation
            )
        );

    private static async Task<Results<Ok<ReservationResponse>, Refused>> Get(
        Guid id,
        ClaimsPrincipal user,
        ReservationQueries reservations,
        TimeProvider time,
        CancellationToken cancellation
    ) => ReservationEndpoints.Ok(await reservations.GetAsync(id, user.UserId(), time.Now(), cancellation));

    private static async Task<Results<Ok<ReservationResponse>, Refused>> Change(
        Guid id,
        AdminReservationPatch body,
        ClaimsPrincipal user,
        ReservationChanges reservations,
        TimeProvider time,
        CancellationToken cancellation
    ) =>
        ReservationEndpoints.Ok(
            await reservations.ChangeAnyAsync(id, body.ToChange(), user.UserId(), time.Now(), cancellation)
        );

    private static async Task<Results<NoContent, Refused>> Close(
        Guid id,
        [FromBody] ReservationClosing? body,
        ClaimsPrincipal user,
        ReservationChanges reservations,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var close = new ReservationChange(Status: ReservationStatus.Closed, Reason: body?.Reason);
        var result = await reservations.ChangeAnyAsync(id, close, user.UserId(), time.Now(), cancellation);
        // One that nobody came for is over already.
        return result.IsRefused(out var refusal) && refusal is not Refusal.ReservationMissed
            ? refusal.ToResult()
            : TypedResults.NoContent();
    }

    private static async Task<Results<Ok<ReservationResponse>, Refused>> CheckIn(
        [Description("The reservation's id, or what a signed pass holds, percent-encoded.")]
        [FromRoute(Name = "reservation_id")]
            string reservationOrPass,
        ClaimsPrincipal user,
        ReservationChanges reservations,
        Pass pass,
        TimeProvider time,
        CancellationToken cancellation
    ) =>
        // A slash is the one thing that a segment of a path keeps percent-encoded.
        pass.TryRead(reservationOrPass.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), out var id)
            ? ReservationEndpoints.Ok(await reservations.CheckInAsync(id, user.UserId(), time.Now(), cancellation))
            : new Refusal.ReservationNotFound().ToResult();
}
