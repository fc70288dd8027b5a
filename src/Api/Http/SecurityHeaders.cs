namespace BookIT.Api.Http;

/// <summary>What every answer tells a browser: nothing here is a page, a frame or a script unless it says so itself.</summary>
internal static class SecurityHeaders
{
    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";

    // Swagger UI starts from an inline script and draws with inline styles.
    private const string DocsPolicy =
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data:; frame-ancestors 'none'";

    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) =>
        app.Use(
            (context, next) =>
            {
                var headers = context.Response.Headers;
                headers.XContentTypeOptions = "nosniff";
                headers.XFrameOptions = "DENY";
                headers["Referrer-Policy"] = "no-referrer";
                headers["Cross-Origin-Opener-Policy"] = "same-origin";
                headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments(
                    "/api/docs",
                    StringComparison.Ordinal
                )
                    ? DocsPolicy
                    : ApiPolicy;
                // Answers are somebody's own unless they say otherwise.
                headers.CacheControl = "no-store";
                return next(context);
            }
        );
}
