using System.ComponentModel;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Data;
using BookIT.Core.Reservations;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BookIT.Api.Admin;

/// <summary>A reservation of today, and who holds it.</summary>
public sealed record VisitResponse(
    Guid ReservationId,
    [property: Description("Null once the account is gone.")] Guid? UserId,
    [property: Description("Null once the account is gone.")] string? FirstName,
    [property: Description("Null once the account is gone.")] string? Email,
    bool Verified,
    Guid SeatId,
    string SeatName,
    [property: Description("The part of the floor where the seat stands.")] string? Zone,
    Instant Start,
    Instant End,
    [property: OneOf("future", "active", "did_not_come")] string Status,
    [property: Description("Null where the member was not checked in.")] Instant? CheckedInOn
)
{
    public static VisitResponse Of(Visit visit)
    {
        var reservation = visit.Reservation;
        return new(
            reservation.Id,
            reservation.UserId,
            visit.FirstName,
            visit.Email,
            visit.Verified,
            reservation.SeatId,
            reservation.SeatName,
            visit.Zone,
            reservation.Interval.Start,
            reservation.Interval.End,
            reservation.Status.Name(),
            visit.CheckedInAt
        );
    }
}

/// <summary>How many of today's reservations stand so, and which.</summary>
public sealed record VisitsResponse(
    int Count,
    [property: Description("By their start; the first 500.")] VisitResponse[] Items
)
{
    public static VisitsResponse Of(IReadOnlyList<Visit> visits) =>
        new(visits.Count, [.. visits.Take(PageRequest.MaxLimit).Select(VisitResponse.Of)]);
}

/// <summary>How full a part of the floor is at this moment.</summary>
public sealed record ZoneOccupancyResponse(
    [property: Description("Null for the seats that are in none.")] string? Zone,
    int Busy,
    int Seats
);

/// <summary>How full an hour of the day was or is going to be.</summary>
public sealed record HourOccupancyResponse(
    Instant Start,
    [property: Description("The seats that somebody used or is expected at, at some moment of the hour.")] int Busy
);

/// <summary>How the space's day goes.</summary>
public sealed record TodayResponse(
    [property: Description("By the clock of the space.")] DateOnly Date,
    [property: Description("When the day begins.")] Instant Start,
    [property: Description("When it ends: 23 or 25 hours later where the clocks change.")] Instant End,
    [property: Description("The seats that are held at this moment.")] int Busy,
    [property: Description("All seats that can be booked.")] int Seats,
    [property: Description("From 0 to 100.")] int Percent,
    ZoneOccupancyResponse[] Zones,
    HourOccupancyResponse[] Hours,
    [property: Description("Who may still come.")] VisitsResponse Expected,
    [property: Description("Who is in.")] VisitsResponse Present,
    [property: Description("Who did not come.")] VisitsResponse NoShows
)
{
    public static TodayResponse Of(SpaceToday today) =>
        new(
            today.Date,
            today.Day.Start,
            today.Day.End,
            today.Occupancy.Busy,
            today.Occupancy.Seats,
            today.Occupancy.Percent,
            [
                .. today.Zones.Select(zone => new ZoneOccupancyResponse(
                    zone.Zone,
                    zone.Occupancy.Busy,
                    zone.Occupancy.Seats
                )),
            ],
            [.. today.Hours.Select(hour => new HourOccupancyResponse(hour.Start, hour.Occupancy.Busy))],
            VisitsResponse.Of(today.Expected),
            VisitsResponse.Of(today.Present),
            VisitsResponse.Of(today.NoShows)
        );
}

internal static class TodayEndpoints
{
    public static RouteGroupBuilder MapToday(this RouteGroupBuilder admin)
    {
        admin
            .MapGet("/today", Get)
            .WithName("adminGetToday")
            .WithSummary("Today by the clock of the space: arrivals, no-shows, occupancy now and by hour");
        return admin;
    }

    private static async Task<Ok<TodayResponse>> Get(
        Visits visits,
        TimeProvider time,
        CancellationToken cancellation
    ) => TypedResults.Ok(TodayResponse.Of(await visits.ReadTodayAsync(time.Now(), cancellation)));
}
