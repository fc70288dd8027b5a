using BookIT.Core;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BookIT.Api.Http;

internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health").AllowAnonymous();
        health.MapGet("/live", () => TypedResults.Ok()).WithName("isLive").WithSummary("The process answers");
        health
            .MapGet("/ready", Ready)
            .WithName("isReady")
            .WithSummary("The servers behind it answer; which do not, and for how long")
            .Produces<Readiness>()
            .Produces<Readiness>(StatusCodes.Status503ServiceUnavailable);
    }

    private static JsonHttpResult<Readiness> Ready(Health health)
    {
        var readiness = health.Current;
        return TypedResults.Json(
            readiness,
            statusCode: readiness.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable
        );
    }
}
