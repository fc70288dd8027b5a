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
                    context.Items[typeof(HeadRequests)] = true;
                }

                return next(context);
            }
        );

    /// <summary>Whether the content is not wanted: for answers that would go on for ever.</summary>
    public static bool IsHead(this HttpContext context) => context.Items.ContainsKey(typeof(HeadRequests));
}
