using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace BookIT.Api.Http;

/// <summary>
/// Makes bodies what the framework's JSON reader expects. A type without a body says nothing (some clients send one with
/// every POST); UTF-8 may be spelt in several ways; what is encoded otherwise is refused, not taken for a bug.
/// </summary>
internal static class RequestBodies
{
    public static IApplicationBuilder UseRequestBodies(this IApplicationBuilder app) =>
        app.Use(
            (context, next) =>
            {
                var request = context.Request;
                if (request.ContentLength == 0)
                {
                    request.ContentType = null;
                    return next(context);
                }

                if (request.Headers.ContentEncoding.Count > 0 || !TryDropCharset(request))
                {
                    return TypedResults
                        .Problem(new ProblemDetails { Status = StatusCodes.Status415UnsupportedMediaType })
                        .ExecuteAsync(context);
                }

                return next(context);
            }
        );

    private static bool TryDropCharset(HttpRequest request)
    {
        if (
            request.ContentType is not { } text
            || !text.Contains("charset", StringComparison.OrdinalIgnoreCase)
            || !MediaTypeHeaderValue.TryParse(text, out var type)
        )
        {
            return true;
        }

        var charset = HeaderUtilities.RemoveQuotes(type.Charset);
        if (
            !charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            && !charset.Equals("utf8", StringComparison.OrdinalIgnoreCase)
        )
        {
            return false;
        }

        type.Charset = default;
        request.ContentType = type.ToString();
        return true;
    }
}
