using System.Text.Json;
using BookIT.Core;
using BookIT.Core.Languages;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Http;

/// <summary>
/// What was thrown, as an answer: a request that cannot be read is a 400 that names the field, a server that is away is
/// a 503 that says when to try again, and the rest is a bug of ours.
/// </summary>
internal sealed partial class FaultHandler(IProblemDetailsService problems, ILogger<FaultHandler> logger)
    : IExceptionHandler
{
    private const int RetryAfterSeconds = 2;

    public async ValueTask<bool> TryHandleAsync(
        HttpContext context,
        Exception exception,
        CancellationToken cancellationToken
    )
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for the answer any more (the status is nginx's, for the log).
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        context.Speak(await context.FindLanguageAsync());
        var problem = exception switch
        {
            BadHttpRequestException bad => Unreadable(bad),
            _ when exception.IsServerAway() => new ProblemDetails { Status = StatusCodes.Status503ServiceUnavailable },
            _ => new ProblemDetails { Status = StatusCodes.Status500InternalServerError },
        };
        switch (problem.Status)
        {
            case StatusCodes.Status503ServiceUnavailable:
                LogServerAway(context.Request.Method, context.RouteTemplate(), exception.Message);
                context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
                break;
            case StatusCodes.Status500InternalServerError:
                LogBug(exception, context.Request.Method, context.RouteTemplate());
                break;
        }

        context.Response.StatusCode = problem.Status!.Value;
        await problems.WriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
        return true;
    }

    private static ProblemDetails Unreadable(BadHttpRequestException exception)
    {
        if (exception.StatusCode is not StatusCodes.Status400BadRequest || FieldOf(exception) is not { } field)
        {
            return new ProblemDetails { Status = exception.StatusCode };
        }

        return new HttpValidationProblemDetails
        {
            Status = StatusCodes.Status400BadRequest,
            Errors = { [field] = [Sentences.Of("field_invalid")] },
        };
    }

    /// <summary>Which field of the body, or which parameter, could not be read; the framework says it in words only.</summary>
    private static string? FieldOf(BadHttpRequestException exception) =>
        exception.InnerException is JsonException { Path: ['$', '.', .. var field] } ? field
        : exception.Message.Split('"')
            is ["Failed to bind parameter ", var parameter, [' ', 'f', 'r', 'o', 'm', ..], ..]
            ? JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Split(' ')[^1])
        : null;

    [LoggerMessage(LogLevel.Warning, "{Method} {Route}: a server is away: {Reason}")]
    private partial void LogServerAway(string method, string route, string reason);

    [LoggerMessage(LogLevel.Error, "{Method} {Route} failed")]
    private partial void LogBug(Exception exception, string method, string route);
}
