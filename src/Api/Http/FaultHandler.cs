using System.Net.Sockets;
using System.Text.Json;
using BookIT.Core.Avatars;
using BookIT.Core.Languages;
using BookIT.Core.Redis;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

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
            _ when IsServerAway(exception) => new ProblemDetails { Status = StatusCodes.Status503ServiceUnavailable },
            _ => new ProblemDetails { Status = StatusCodes.Status500InternalServerError },
        };
        switch (problem.Status)
        {
            case StatusCodes.Status503ServiceUnavailable:
                LogServerAway(context.Request.Method, context.Request.Path, exception.Message);
                context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
                break;
            case StatusCodes.Status500InternalServerError:
                LogBug(exception, context.Request.Method, context.Request.Path);
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

    /// <summary>
    /// Whether a server of ours did not answer. Not each lost race or broken rule that PostgreSQL reports: those that
    /// get here are bugs.
    /// </summary>
    public static bool IsServerAway(Exception exception) =>
        exception switch
        {
            // 57P01…57P03: shutting down or starting up; 53300: out of connections; 53100, 53200: out of disk, memory.
            PostgresException postgres => postgres.SqlState
                is "57P01"
                    or "57P02"
                    or "57P03"
                    or "53300"
                    or "53100"
                    or "53200"
                    or "25006"
                    or "55000",
            NpgsqlException or RedisException or AvatarStoreException or SocketException or TimeoutException => true,
            { InnerException: { } inner } => IsServerAway(inner),
            _ => false,
        };

    [LoggerMessage(LogLevel.Warning, "{Method} {Path}: a server is away: {Reason}")]
    private partial void LogServerAway(string method, PathString path, string reason);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogBug(Exception exception, string method, PathString path);
}
