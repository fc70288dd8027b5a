using System.Diagnostics;
using BookIT.Core.Languages;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace BookIT.Api.Http;

/// <summary>
/// Writes every problem there is, the framework's own among them, in one shape: always with a sentence in
/// <c>detail</c> and a <c>code</c>, whatever the client says it accepts.
/// </summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (http, problem) = (context.HttpContext, context.ProblemDetails);
        http.Speak(await http.FindLanguageAsync());
        var status = problem.Status ??= http.Response.StatusCode;
        var code =
            problem.Extensions.TryGetValue("code", out var given) ? (string)given!
            : problem is HttpValidationProblemDetails ? ProblemCodes.ValidationFailed
            : ProblemCodes.OfStatus(status);
        problem.Extensions["code"] = code;
        // The code says what it is; the framework would name the RFC of the status.
        problem.Type = "about:blank";
        problem.Title = ReasonPhrases.GetReasonPhrase(status);
        problem.Detail ??= Sentences.Of(code);
        if (problem is HttpValidationProblemDetails { Errors: var errors })
        {
            // They were written before it was known in which language.
            foreach (var (field, sentences) in errors)
            {
                errors[field] = Array.ConvertAll(sentences, InEveryLanguage.Choose);
            }
        }

        problem.Extensions["trace_id"] = Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier;
        http.Response.StatusCode = status;
        await http.Response.WriteAsJsonAsync(
            problem,
            problem.GetType(),
            options: null,
            contentType: "application/problem+json",
            http.RequestAborted
        );
    }
}
