using System.ComponentModel;
using System.Text.Json;
using BookIT.Api.Http;
using BookIT.Core.Audit;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Admin;

/// <summary>What an administrator did.</summary>
public sealed record AuditResponse(
    long Id,
    Instant At,
    [property: Description("The administrator.")] Guid ActorId,
    [property: Description("What was done, as in `seat.update`.")] string Action,
    [property: Description(
        "The seat, reservation or user it was done to; 00000000-0000-0000-0000-000000000001 for the floor as a whole."
    )]
        Guid TargetId,
    [property: Description("The changed values before; null where the target was made.")] JsonElement? Before,
    [property: Description("The changed values after; null where the target was removed.")] JsonElement? After
)
{
    public static AuditResponse Of(AuditEntry entry) =>
        new(entry.Id, entry.At, entry.ActorId, entry.Action, entry.TargetId, Json(entry.Before), Json(entry.After));

    private static JsonElement? Json(string? text) =>
        text is null ? null : JsonSerializer.Deserialize<JsonElement>(text);
}

/// <summary>Which entries to list.</summary>
public readonly record struct AuditQuery(
    [property: FromQuery(Name = "actor_id")] Guid? ActorId,
    [property: FromQuery(Name = "target_id")] Guid? TargetId,
    [property: FromQuery(Name = "action")] [property: LengthBetween(0, 100)] string? Action,
    [property: FromQuery(Name = "from")] [property: Description("Not before this instant.")] Instant? From,
    [property: FromQuery(Name = "to")] [property: Description("Before this instant.")] Instant? To
);

internal static class AuditEndpoints
{
    public static RouteGroupBuilder MapAudit(this RouteGroupBuilder admin)
    {
        admin.MapGet("/audit", List).WithName("adminListAudit").WithSummary("What administrators did, newest first");
        return admin;
    }

    private static async Task<Ok<AuditResponse[]>> List(
        [AsParameters] AuditQuery query,
        [AsParameters] PageQuery page,
        AuditTrail audit,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var filter = new AuditFilter(query.ActorId, query.TargetId, query.Action, query.From, query.To);
        var found = await audit.ListAsync(filter, page.ToRequest(), cancellation);
        response.SetTotalCount(found.Total);
        return TypedResults.Ok(found.Items.Select(AuditResponse.Of).ToArray());
    }
}
