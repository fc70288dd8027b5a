using System.ComponentModel;
using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace BookIT.Api.Seats;

internal static class SeatEndpoints
{
    /// <summary>The longest booking, and a day.</summary>
    private static readonly TimeSpan LongestTimes = BookingOptions.LongestPossible + TimeSpan.FromDays(1);

    private const int RetryWatchAfterSeconds = 10;

    public static RouteGroupBuilder MapSeats(this RouteGroupBuilder api)
    {
        var seats = api.MapGroup("/seat").WithTags("Seats");
        seats
            .MapGet("/", ListSeats)
            // There is nothing to validate, and nothing is asked for as often.
            .DisableValidation()
            .WithName("listSeats")
            .WithSummary("All seats, and which are free in a window of time")
            .Produces<SeatResponse[]>()
            .Produces(StatusCodes.Status304NotModified)
            .Refuses<Refusal.EndNotAfterStart>();
        seats
            .MapGet("/times", ListTimes)
            .WithName("listSeatTimes")
            .WithSummary("When the seats are held within a window of time, of eight days at the most")
            .Refuses(typeof(Refusal.EndNotAfterStart), typeof(Refusal.WindowTooLong), typeof(Refusal.SeatNotFound));
        seats
            .MapGet("/live", Watch)
            // Its hours would be all that the durations of requests tell of.
            .DisableHttpMetrics()
            .RequireRateLimiting(RateLimits.Streams)
            .WithName("watchSeats")
            .WithSummary("Which seats are free in a window of time, live: a stream of server-sent events")
            .WithDescription(
                """
                - `seats`, `{"version": 7, "busy": [ids]}`: first of all, and whenever seats were added, changed or removed. Who holds
                  another version reads `GET /seat` again.
                - `change`, `{"busy": [ids], "free": [ids]}`: which seats have become so.
                - `mine`, `{}`: something has happened to a reservation of the caller, where one is signed in.

                Each within a second. A stream ends within an hour, and whenever the server restarts; what happens until the client
                is back is told by the first `seats`, and not by a `mine`.
                """
            )
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .Refuses<Refusal.EndNotAfterStart>();
        seats
            .MapGet("/{id}", GetSeat)
            .WithName("getSeat")
            .WithSummary("One seat, and whether it is free in a window of time")
            .Refuses<Refusal.SeatNotFound, Refusal.EndNotAfterStart>();
        seats
            .MapGet("/{id}/nearest", ListNearest)
            .WithName("listNearestFreeSeats")
            .WithSummary("The free seats nearest to one that was wished for: those of its zone first")
            .Refuses<Refusal.EndNotAfterStart>();
        seats.MapPost("/", AddSeat).RequireAdmin().WithName("createSeat").WithSummary("Add a seat");
        seats
            .MapPatch("/{id}", ChangeSeat)
            .RequireAdmin()
            .WithName("updateSeat")
            .WithSummary("Change a seat")
            .Refuses<Refusal.SeatNotFound>();
        seats
            .MapDelete("/{id}", RemoveSeat)
            .RequireAdmin()
            .WithName("deleteSeat")
            .WithSummary("Remove a seat")
            .Refuses<Refusal.SeatNotFound, Refusal.SeatHasReservations>();
        return api;
    }

    private static async Task<IResult> ListSeats(
        [Description("Start of the window; now by default.")] Instant? start,
        [Description("End of the window; the same as the start asks about that instant.")] Instant? end,
        SeatList list,
        TimeProvider time,
        HttpContext context
    )
    {
        if (!TryGetWindow(start, end, time, out var window))
        {
            return new Refusal.EndNotAfterStart().ToResult();
        }

        var seats = await list.GetAsync(window);
        var headers = context.Response.Headers;
        headers.ETag = seats.ETag;
        headers.CacheControl = "no-cache";
        context.Response.SetTotalCount(seats.Count);
        if (context.Request.Headers.IfNoneMatch is { Count: > 0 } known && Matches(known, seats.ETag))
        {
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        }

        return TypedResults.Bytes(seats.Json, "application/json; charset=utf-8");
    }

    private static async Task<Results<Ok<SeatResponse>, Refused>> GetSeat(
        Guid id,
        [Description("Start of the window; now by default.")] Instant? start,
        [Description("End of the window; the same as the start asks about that instant.")] Instant? end,
        SeatAvailability availability,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        if (!TryGetWindow(start, end, time, out var window))
        {
            return new Refusal.EndNotAfterStart().ToResult();
        }

        var seats = await availability.ReadAsync(window, time.Now(), cancellation);
        return seats.Catalog.Seats.FirstOrDefault(seat => seat.Id == id) is { } found
            ? TypedResults.Ok(SeatResponse.Of(found, isAvailable: !seats.Busy.Contains(id)))
            : new Refusal.SeatNotFound().ToResult();
    }

    private static IResult Watch(
        [Description("Start of the window; now by default.")] Instant? start,
        [Description("End of the window; the same as the start asks about that instant.")] Instant? end,
        ClaimsPrincipal user,
        SeatWatch watch,
        TimeProvider time,
        HttpResponse response
    )
    {
        if (!TryGetWindow(start, end, time, out var window))
        {
            return new Refusal.EndNotAfterStart().ToResult();
        }

        if (!watch.TryWatch(window, user.FindUserId(), out var watcher))
        {
            response.Headers.RetryAfter = $"{RetryWatchAfterSeconds}";
            return TypedResults.Problem(new ProblemDetails { Status = StatusCodes.Status503ServiceUnavailable });
        }

        return new SeatStream(watcher);
    }

    private static async Task<Results<Ok<SeatTimesResponse[]>, Refused>> ListTimes(
        [Description("Start of the window; now by default.")] Instant? start,
        [Description("End of the window; the same as the start asks about that instant.")] Instant? end,
        [FromQuery(Name = "seat_id")]
        [Description("Only this seat, also where nobody holds it; otherwise all that somebody holds.")]
            Guid? seatId,
        [Description("A reservation of the caller that is taken as if it were not there: the one that is to move.")]
            Guid? except,
        ClaimsPrincipal user,
        SeatAvailability availability,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        if (!TryGetWindow(start, end, time, out var window))
        {
            return new Refusal.EndNotAfterStart().ToResult();
        }

        if (window.Duration > LongestTimes)
        {
            return new Refusal.WindowTooLong(LongestTimes).ToResult();
        }

        var times = await availability.ReadTimesAsync(window, except: null, time.Now(), cancellation);
        if (seatId is { } wanted && times.Catalog.Seats.All(seat => seat.Id != wanted))
        {
            return new Refusal.SeatNotFound().ToResult();
        }

        // What is not the caller's is not taken away for the asking: whose it is must not be told.
        var callerId = user.FindUserId();
        var seats = times
            .Catalog.Seats.Where(seat => seatId is null || seat.Id == seatId)
            .Select(seat =>
                SeatTimesResponse.Of(
                    seat.Id,
                    times.Held[seat.Id].Where(held => held.ReservationId != except || held.UserId != callerId),
                    window,
                    callerId
                )
            )
            .Where(seat => seatId is not null || seat.Held.Length > 0);
        return TypedResults.Ok(seats.ToArray());
    }

    private static async Task<Results<Ok<SeatResponse[]>, Refused>> ListNearest(
        Guid id,
        [Description("Start of the window; now by default.")] Instant? start,
        [Description("End of the window; the same as the start asks about that instant.")] Instant? end,
        [Description("At most this many, 1 to 20; 5 by default.")] [NumberBetween(1, 20)] int? limit,
        SeatAvailability availability,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        if (!TryGetWindow(start, end, time, out var window))
        {
            return new Refusal.EndNotAfterStart().ToResult();
        }

        var free = await availability.ReadAsync(window, time.Now(), cancellation);
        var seats = await availability.FindNearestFreeAsync(id, free, limit ?? 5, cancellation);
        return TypedResults.Ok(seats.Select(seat => SeatResponse.Of(seat, isAvailable: true)).ToArray());
    }

    private static async Task<Ok<SeatResponse>> AddSeat(
        SeatRequest body,
        ClaimsPrincipal user,
        SeatEditing seats,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var seat = await seats.AddAsync(body.ToDetails(), user.UserId(), time.Now(), cancellation);
        return TypedResults.Ok(SeatResponse.Of(seat, isAvailable: true));
    }

    private static async Task<Results<Ok<SeatResponse>, Refused>> ChangeSeat(
        Guid id,
        SeatRequest body,
        ClaimsPrincipal user,
        SeatEditing seats,
        SeatAvailability availability,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var now = time.Now();
        var result = await seats.ChangeAsync(id, body.ToDetails(), user.UserId(), now, cancellation);
        if (result.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        var current = await availability.ReadAsync(Interval.At(now), now, cancellation);
        return TypedResults.Ok(SeatResponse.Of(result.Value, isAvailable: !current.Busy.Contains(id)));
    }

    private static async Task<Results<NoContent, Refused>> RemoveSeat(
        Guid id,
        [Description("Also when it has live reservations: they are closed.")] bool? force,
        ClaimsPrincipal user,
        SeatEditing seats,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var result = await seats.RemoveAsync(id, force ?? false, user.UserId(), time.Now(), cancellation);
        return result.IsRefused(out var refusal) ? refusal.ToResult() : TypedResults.NoContent();
    }

    private static bool TryGetWindow(Instant? start, Instant? end, TimeProvider time, out Interval window)
    {
        // "Now" is this second, the same for all who ask in it; nothing is newer than that anyway.
        var from = start?.Value ?? time.Now().ToSeconds();
        var to = end?.Value ?? from;
        window = to == from ? Interval.At(from) : new Interval(from, to);
        return to >= from;
    }

    private static bool Matches(Microsoft.Extensions.Primitives.StringValues known, string etag) =>
        EntityTagHeaderValue.TryParseList(known, out var tags)
        && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Tag == etag);
}
