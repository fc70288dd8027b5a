namespace BookIT.Api.Http;

/// <summary>What every answer tells a browser: nothing here is a page, a frame or a script unless it says so itself.</summary>
internal static class SecurityHeaders
{
    private const string NoFrames = "frame-ancestors 'none'";
    private const string ApiPolicy = $"default-src 'none'; {NoFrames}";

    // Swagger UI starts from an inline script and draws with inline styles.
    private const string DocsPolicy =
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        + $"img-src 'self' data:; {NoFrames}";

    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) =>
        app.Use(
            (context, next) =>
            {
                // At the last moment: the handler of faults clears what was set before.
                context.Response.OnStarting(SetHeaders, context);
                return next(context);
            }
        );

    private static Task SetHeaders(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        if (headers["Referrer-Policy"].Count == 0)
        {
            headers["Referrer-Policy"] = "no-referrer";
        }

        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (headers.ContentSecurityPolicy.Count == 0)
        {
            headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments(
                "/api/docs",
                StringComparison.Ordinal
            )
                ? DocsPolicy
                : ApiPolicy;
        }

        // The old word for it, which cannot name anybody who may.
        if (headers.ContentSecurityPolicy.ToString().Contains(NoFrames, StringComparison.Ordinal))
        {
            headers.XFrameOptions = "DENY";
        }

        if (context.Request.IsHttps)
        {
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        }

        if (headers.CacheControl.Count == 0)
        {
            // Answers are somebody's own unless they say otherwise.
            headers.CacheControl = "no-store";
        }

        return Task.CompletedTask;
    }
}
