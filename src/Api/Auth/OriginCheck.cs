using BookIT.Api.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace BookIT.Api.Auth;

/// <summary>
/// Keeps foreign web pages from acting with the cookies of a signed-in browser, beside the cookies' own
/// <c>SameSite</c>. Browsers send <c>Origin</c> with every request that changes something, so one without it does not
/// come from a page, unless <c>Sec-Fetch-Site</c> says that it does; a page cannot set <c>Authorization</c> without
/// asking by CORS first, and with it cookies do not count.
/// </summary>
internal static class OriginCheck
{
    public static IApplicationBuilder UseOriginCheck(this IApplicationBuilder app)
    {
        var allowed = app.ApplicationServices.GetRequiredService<OriginOptions>().Allowed;
        return app.Use(
            (context, next) =>
            {
                if (!IsForeign(context.Request, allowed))
                {
                    return next(context);
                }

                var problem = new ProblemDetails { Status = StatusCodes.Status403Forbidden };
                problem.Extensions["code"] = ProblemCodes.ForeignOrigin;
                return TypedResults.Problem(problem).ExecuteAsync(context);
            }
        );
    }

    private static bool IsForeign(HttpRequest request, IReadOnlySet<string> allowed)
    {
        var isSafe =
            HttpMethods.IsGet(request.Method)
            || HttpMethods.IsHead(request.Method)
            || HttpMethods.IsOptions(request.Method);
        if (isSafe || request.Headers.Authorization.Count > 0)
        {
            return false;
        }

        var origins = request.Headers.Origin;
        if (origins.Count == 0)
        {
            return request.Headers["Sec-Fetch-Site"] == "cross-site";
        }

        return origins is not [{ } origin]
            || (!allowed.Contains(origin) && origin != $"{request.Scheme}://{request.Host}");
    }
}
