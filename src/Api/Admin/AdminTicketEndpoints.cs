using System.ComponentModel;
using BookIT.Api.Http;
using BookIT.Api.Tickets;
using BookIT.Core;
using BookIT.Core.Tickets;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Admin;

/// <summary>Which tickets to list.</summary>
public readonly record struct TicketFilterQuery(
    [property: FromQuery(Name = "status")] [property: OneOf("active", "closed")] string? Status,
    [property: FromQuery(Name = "theme")] [property: OneOf("failure", "wish", "other")] string? Theme,
    [property: FromQuery(Name = "user_id")] Guid? UserId,
    [property: FromQuery(Name = "seat_id")] Guid? SeatId,
    [property: FromQuery(Name = "q")]
    [property: Description("Part of any of its messages.")]
    [property: LengthBetween(0, 100)]
        string? Q
)
{
    public TicketFilter ToFilter() =>
        new(
            Status is null ? null : TicketNames.Status(Status),
            Theme is null ? null : TicketNames.Theme(Theme),
            UserId,
            SeatId,
            Q
        );
}

internal static class AdminTicketEndpoints
{
    public static RouteGroupBuilder MapAdminTickets(this RouteGroupBuilder admin)
    {
        admin.MapGet("/tickets", List).WithName("adminListTickets").WithSummary("All tickets, newest first");
        admin
            .MapPatch("/ticket/{id}/status", TicketEndpoints.SetStatus)
            .WithName("adminUpdateTicketStatus")
            .WithSummary("Close a ticket or open it again; its author is told")
            .Refuses<Refusal.TicketNotFound>();
        return admin;
    }

    private static async Task<Ok<TicketResponse[]>> List(
        [AsParameters] TicketFilterQuery filter,
        [AsParameters] PageQuery page,
        SupportTickets tickets,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var found = await tickets.ListAsync(filter.ToFilter(), page.ToRequest(), cancellation);
        response.SetTotalCount(found.Total);
        return TypedResults.Ok(found.Items.Select(TicketResponse.Of).ToArray());
    }
}
