namespace BookIT.Api.Http;

/// <summary>Whatever can be got can be asked for without its content (RFC 9110, 9.3.2); the server leaves the body out.</summary>
internal static class HeadRequests
{
    public static IApplicationBuilder UseHeadRequests(this IApplicationBuilder app) =>
        app.Use(
            (context, next) =>
            {
                if (HttpMethods.IsHead(context.Request.Method))
                {
                    context.Request.Method = HttpMethods.Get;
                }

                return next(context);
            }
        );
}
