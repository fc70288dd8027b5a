using System.ComponentModel;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Demo;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BookIT.Api.Simulation;

/// <summary>What demo traffic is to do.</summary>
public sealed record SimulationRequest(
    [property: Needed] [property: OneOf("start", "stop")] string? Action,
    [property: NumberBetween(DemoTraffic.MinRate, DemoTraffic.MaxRate)]
    [property: Description("Actions a second, 1 unless said; to start what runs already only sets it.")]
        double? Rate
);

/// <summary>The state of demo traffic; the numbers are those since its start, as of the last second.</summary>
public sealed record SimulationResponse(
    bool Running,
    [property: Description("Actions a second; null where it does not run.")] double? Rate,
    [property: Description("Null where it did not run.")] Instant? StartedAt,
    long SignIns,
    long Bookings,
    long CheckIns,
    [property: Description("Reservations given back, before the check-in or after.")] long Cancellations,
    [property: Description("What the space refused, such as a seat that somebody else was faster to take.")]
        long Refused,
    long Errors
)
{
    internal static SimulationResponse Of(Traffic? traffic, bool isRunning)
    {
        var counts = traffic?.Counts ?? default;
        return new SimulationResponse(
            isRunning,
            isRunning ? traffic?.Rate : null,
            traffic is null ? null : new Instant(traffic.StartedAt),
            counts.SignIns,
            counts.Bookings,
            counts.CheckIns,
            counts.Cancellations,
            counts.Refused,
            counts.Errors
        );
    }
}

internal static class SimulationEndpoints
{
    public static RouteGroupBuilder MapSimulation(this RouteGroupBuilder api)
    {
        var simulation = api.MapGroup("/simulation").WithTags("Simulation").RequireAdmin();
        simulation
            .MapPost("/control", Control)
            .WithName("controlSimulation")
            .WithSummary("Start or stop demo traffic, and see what it does; only where demo mode is on")
            .Refuses<Refusal.DemoOff, Refusal.SignInBusy>();
        return api;
    }

    private static async Task<Results<Ok<SimulationResponse>, Refused>> Control(
        SimulationRequest body,
        DemoTraffic traffic,
        DemoOptions demo,
        IHostEnvironment environment,
        CancellationToken cancellation
    )
    {
        if (!demo.Enabled || environment.IsProduction())
        {
            return new Refusal.DemoOff().ToResult();
        }

        if (body.Action == "stop")
        {
            return TypedResults.Ok(SimulationResponse.Of(await traffic.StopAsync(), isRunning: false));
        }

        var started = await traffic.StartAsync(body.Rate ?? DemoTraffic.DefaultRate, cancellation);
        return started.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Ok(SimulationResponse.Of(started.Value, isRunning: started.Value is not null));
    }
}
