using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Http;

/// <summary>Refuses U+0000 in a path or a query, which PostgreSQL cannot store; in bodies <see cref="SafeStringConverter"/> does.</summary>
internal static class ForbiddenCharacters
{
    public static IApplicationBuilder UseForbiddenCharacters(this IApplicationBuilder app) =>
        app.Use(
            (context, next) =>
            {
                var request = context.Request;
                if (
                    !request.QueryString.Value!.Contains("%00", StringComparison.Ordinal)
                    && !request.Path.Value!.Contains('\0', StringComparison.Ordinal)
                )
                {
                    return next(context);
                }

                return TypedResults
                    .Problem(new ProblemDetails { Status = StatusCodes.Status400BadRequest })
                    .ExecuteAsync(context);
            }
        );
}
