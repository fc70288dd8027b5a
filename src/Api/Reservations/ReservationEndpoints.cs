using System.ComponentModel;
using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Api.Seats;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Reservations;
using BookIT.Core.Space;
using BookIT.Core.Telegram;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Reservations;

internal static class ReservationEndpoints
{
    /// <summary>Every way in which a wish for a seat and a time can be refused.</summary>
    public static readonly Type[] BookingRefusals =
    [
        typeof(Refusal.EndNotAfterStart),
        typeof(Refusal.StartInPast),
        typeof(Refusal.EndInPast),
        typeof(Refusal.TooShort),
        typeof(Refusal.TooLong),
        typeof(Refusal.TooFarAhead),
        typeof(Refusal.SeatNotFound),
        typeof(Refusal.SeatTaken),
        typeof(Refusal.ActiveReservationExists),
    ];

    /// <summary>Every way in which a change of a reservation can be refused.</summary>
    public static readonly Type[] ChangeRefusals =
    [
        .. BookingRefusals,
        typeof(Refusal.ReservationNotFound),
        typeof(Refusal.ReservationClosed),
        typeof(Refusal.ReservationMissed),
        typeof(Refusal.StartFixed),
        typeof(Refusal.StatusNotAllowed),
    ];

    public static RouteGroupBuilder MapReservations(this RouteGroupBuilder api)
    {
        var reservations = api.MapGroup("/reservations").WithTags("Reservations");
        reservations
            .MapPost("/", Book)
            .RequireAuthorization()
            .WithMetadata(new BookingTurns.Needed())
            .WithName("createReservation")
            .WithSummary("Book a seat")
            .WithDescription(
                "With an `Idempotency-Key` header a repeated request gets the first one's answer for 24 hours; "
                    + "the same key with another body is refused."
            )
            .Refuses([.. BookingRefusals, typeof(Refusal.BookingForAnother), typeof(Refusal.IdempotencyKeyReused)]);
        reservations
            .MapGet("/", ListOwn)
            .RequireAccount()
            .WithName("listReservations")
            .WithSummary("One's own reservations, newest first");
        reservations
            .MapGet("/active", GetActive)
            .RequireAuthorization()
            .WithName("getActiveReservation")
            .WithSummary("The next live reservation: booked or checked in, and not over")
            .Refuses<Refusal.NoActiveReservation>();
        reservations
            .MapGet("/maximum-available-time", GetMaximumAvailableTime)
            .RequireAccount()
            .WithName("getMaximumAvailableTime")
            .WithSummary("Until when the seat stays free for the caller")
            .Refuses(
                typeof(Refusal.NoActiveReservation),
                typeof(Refusal.ReservationNotFound),
                typeof(Refusal.NotYourReservation)
            );
        reservations
            .MapGet("/{id}", Get)
            .RequireAccount()
            .WithName("getReservation")
            .WithSummary("One reservation, for its owner or an administrator")
            .Refuses<Refusal.ReservationNotFound, Refusal.NotYourReservation>();
        reservations
            .MapPatch("/{id}", Change)
            .RequireAccount()
            .WithName("updateReservation")
            .WithSummary("Move, extend or cancel one's own reservation")
            .Refuses([.. ChangeRefusals, typeof(Refusal.NotYourReservation)]);
        reservations
            .MapGet("/{id}/qr.png", GetPng)
            .RequireAccount()
            .WithName("getReservationQrPng")
            .WithSummary("The pass as a picture")
            .Produces<byte[]>(StatusCodes.Status200OK, "image/png")
            .Refuses<Refusal.ReservationNotFound, Refusal.NotYourReservation>();
        reservations
            .MapGet("/{id}/qr.svg", GetSvg)
            .RequireAccount()
            .WithName("getReservationQrSvg")
            .WithSummary("The pass as a picture that scales")
            .Produces<string>(StatusCodes.Status200OK, "image/svg+xml")
            .Refuses<Refusal.ReservationNotFound, Refusal.NotYourReservation>();
        reservations
            .MapGet("/{id}/calendar.ics", GetCalendar)
            .RequireAccount()
            .WithName("getReservationCalendar")
            .WithSummary("The reservation for a calendar: iCalendar (RFC 5545), with a reminder")
            .Produces<string>(StatusCodes.Status200OK, "text/calendar")
            .Refuses<Refusal.ReservationNotFound, Refusal.NotYourReservation>();
        return api;
    }

    private static async Task<Results<Created<ReservationResponse>, Refused>> Book(
        BookingBody body,
        [FromHeader(Name = "Idempotency-Key")]
        [LengthBetween(1, BookingRequest.MaxIdempotencyKeyLength)]
            string? idempotencyKey,
        ClaimsPrincipal user,
        Booking booking,
        Alternatives alternatives,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var callerId = user.UserId();
        if (body.UserId is { } holder && holder != callerId)
        {
            return new Refusal.BookingForAnother().ToResult();
        }

        var result = await booking.BookAsync(
            new BookingRequest(callerId, body.SeatId!.Value, body.Start!.Value, body.End!.Value, idempotencyKey),
            time.Now(),
            cancellation
        );
        if (result.Refusal is Refusal.SeatTaken taken)
        {
            var window = new Interval(body.Start.Value, body.End.Value);
            return new Refused(taken) { FreeSeats = await alternatives.FindAsync(body.SeatId.Value, window) };
        }

        return Created(result);
    }

    private static async Task<Ok<ReservationResponse[]>> ListOwn(
        [AsParameters] PageQuery page,
        ClaimsPrincipal user,
        ReservationQueries reservations,
        TimeProvider time,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var found = await reservations.ListOwnAsync(user.UserId(), page.ToRequest(), time.Now(), cancellation);
        response.SetTotalCount(found.Total);
        return TypedResults.Ok(found.Items.Select(ReservationResponse.Of).ToArray());
    }

    private static async Task<Results<Ok<ReservationResponse>, Refused>> GetActive(
        ClaimsPrincipal user,
        ReservationQueries reservations,
        TimeProvider time,
        CancellationToken cancellation
    ) => Ok(await reservations.FindActiveAsync(user.UserId(), time.Now(), cancellation));

    private static async Task<Results<Ok<MaximumAvailableTimeResponse>, Refused>> GetMaximumAvailableTime(
        [FromQuery(Name = "start_time")] [Description("From when on; now by default.")] Instant? startTime,
        [FromQuery(Name = "reservation_id")]
        [Description("Whose seat; the caller's live reservation by default.")]
            Guid? reservationId,
        ClaimsPrincipal user,
        ReservationQueries reservations,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var now = time.Now();
        var next = await reservations.NextOnSeatAsync(
            user.UserId(),
            reservationId,
            startTime ?? now,
            now,
            cancellation
        );
        return next.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Ok(
                new MaximumAvailableTimeResponse(new InstantOrNever(next.Value is { } at ? new Instant(at) : null))
            );
    }

    private static async Task<Results<Ok<ReservationResponse>, Refused>> Get(
        Guid id,
        ClaimsPrincipal user,
        ReservationQueries reservations,
        TimeProvider time,
        CancellationToken cancellation
    ) => Ok(await reservations.GetAsync(id, user.UserId(), time.Now(), cancellation));

    private static async Task<Results<Ok<ReservationResponse>, Refused>> Change(
        Guid id,
        ReservationPatch body,
        ClaimsPrincipal user,
        ReservationChanges reservations,
        TimeProvider time,
        CancellationToken cancellation
    ) => Ok(await reservations.ChangeOwnAsync(id, body.ToChange(), user.UserId(), time.Now(), cancellation));

    private static async Task<Results<FileContentHttpResult, Refused>> GetPng(
        Guid id,
        [Description(SignedDescription)] bool? signed,
        ClaimsPrincipal user,
        ReservationQueries reservations,
        Pass pass,
        TelegramOptions telegram,
        TimeProvider time,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var reservation = await reservations.GetAsync(id, user.UserId(), time.Now(), cancellation);
        if (reservation.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        // The code of a reservation never changes.
        response.Headers.CacheControl = "private, max-age=3600";
        return TypedResults.Bytes(QrPicture.Png(Text(id, signed, pass, telegram)), "image/png");
    }

    private static async Task<Results<ContentHttpResult, Refused>> GetSvg(
        Guid id,
        [Description(SignedDescription)] bool? signed,
        ClaimsPrincipal user,
        ReservationQueries reservations,
        Pass pass,
        TelegramOptions telegram,
        SpaceOptions space,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellation
    )
    {
        var reservation = await reservations.GetAsync(id, user.UserId(), time.Now(), cancellation);
        if (reservation.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        context.Speak(await context.FindLanguageAsync());
        var (seat, interval) = (reservation.Value.SeatName, reservation.Value.Interval);
        var title = Sentences.Of("pass_title", [seat, interval], zone: space.Zone);
        var when = Sentences.Of("pass_time", [interval], zone: space.Zone);
        return TypedResults.Text(QrPicture.Svg(Text(id, signed, pass, telegram), title, seat, when), "image/svg+xml");
    }

    private static async Task<Results<ContentHttpResult, Refused>> GetCalendar(
        Guid id,
        ClaimsPrincipal user,
        ReservationQueries reservations,
        SpaceOptions space,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellation
    )
    {
        var found = await reservations.GetCalendarEventAsync(id, user.UserId(), time.Now(), cancellation);
        if (found.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        var language = await context.FindLanguageAsync();
        context.Speak(language);
        var day = space.DayOf(found.Value.Reservation.Interval.Start);
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"bookit-{day:yyyy-MM-dd}.ics\"";
        return TypedResults.Text(found.Value.ToText(language), "text/calendar", System.Text.Encoding.UTF8);
    }

    private const string SignedDescription =
        "Holds a pass that the server has signed, instead of the bare id that old scanners read; as a link to the Telegram "
        + "bot where there is one.";

    private static string Text(Guid id, bool? signed, Pass pass, TelegramOptions telegram) =>
        signed is true ? pass.SignForPicture(id, telegram) : id.ToString("D");

    public static Results<Created<ReservationResponse>, Refused> Created(Result<ReservationView> result) =>
        result.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Created($"/api/reservations/{result.Value.Id}", ReservationResponse.Of(result.Value));

    public static Results<Ok<ReservationResponse>, Refused> Ok(Result<ReservationView> result) =>
        result.IsRefused(out var refusal) ? refusal.ToResult() : TypedResults.Ok(ReservationResponse.Of(result.Value));
}
