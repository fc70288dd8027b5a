using System.Globalization;
using System.Reflection;
using BookIT.Api.Seats;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Space;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Http;

/// <summary>A <see cref="Refusal"/> as an answer: problem details (RFC 9457) with a sentence and a stable <c>code</c>.</summary>
public sealed class Refused(Refusal refusal) : IResult, IStatusCodeHttpResult
{
    /// <summary>To <c>seat_taken</c>: what is free instead.</summary>
    internal AlternativeResponse[]? FreeSeats { get; init; }

    /// <summary>The status of the answer.</summary>
    public int? StatusCode => ProblemCodes.StatusOf(refusal.GetType());

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Speak(await httpContext.FindLanguageAsync());
        var problem = new ProblemDetails
        {
            Status = StatusCode,
            Detail = Sentences.Of(refusal, zone: httpContext.RequestServices.GetRequiredService<SpaceOptions>().Zone),
        };
        problem.Extensions["code"] = refusal.Code;
        if (FreeSeats is not null)
        {
            problem.Extensions["free_seats"] = FreeSeats;
        }

        switch (refusal)
        {
            case Refusal.UserNotVerified unverified:
                problem.Extensions["user_id"] = unverified.UserId;
                break;
            case Refusal.CheckInNotOpen notOpen:
                problem.Extensions["opens_at"] = new Instant(notOpen.OpensAt);
                break;
            case Refusal.SeatsHaveReservations occupied:
                problem.Extensions["seat_ids"] = occupied.SeatIds.ToArray();
                break;
            case Refusal.TelegramNotLinked unlinked:
                problem.Extensions["first_name"] = unlinked.FirstName;
                problem.Extensions["proof"] = unlinked.Proof;
                break;
            case Refusal.TooManyAttempts { RetryAfter: var wait }:
                RetryAfter(httpContext, wait);
                break;
            case Refusal.SignInBusy { RetryAfter: var wait }:
                RetryAfter(httpContext, wait);
                break;
        }

        await TypedResults.Problem(problem).ExecuteAsync(httpContext);
    }

    private static void RetryAfter(HttpContext context, TimeSpan wait) =>
        context.Response.Headers.RetryAfter = Math.Ceiling(Math.Max(wait.TotalSeconds, 1))
            .ToString(CultureInfo.InvariantCulture);
}

/// <summary>Says in the API's description which refusals an endpoint may answer with.</summary>
public sealed record RefusalMetadata(IReadOnlyList<Type> Refusals);

/// <summary>Makes results of refusals.</summary>
public static class RefusedExtensions
{
    /// <summary>The refusal as an answer.</summary>
    public static Refused ToResult(this Refusal refusal) => new(refusal);

    /// <summary>Documents that the endpoint, or every endpoint of the group, may refuse so.</summary>
    public static TBuilder Refuses<TBuilder>(this TBuilder builder, params Type[] refusals)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RefusalMetadata(refusals));

    /// <inheritdoc cref="Refuses{TBuilder}(TBuilder, Type[])"/>
    public static RouteHandlerBuilder Refuses<T>(this RouteHandlerBuilder builder)
        where T : Refusal => builder.Refuses(typeof(T));

    /// <inheritdoc cref="Refuses{TBuilder}(TBuilder, Type[])"/>
    public static RouteHandlerBuilder Refuses<T1, T2>(this RouteHandlerBuilder builder)
        where T1 : Refusal
        where T2 : Refusal => builder.Refuses(typeof(T1), typeof(T2));
}
