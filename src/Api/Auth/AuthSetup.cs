using System.Net;
using BookIT.Api.Http;
using BookIT.Api.Telegram;
using BookIT.Core;
using BookIT.Core.Auth;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Net.Http.Headers;

namespace BookIT.Api.Auth;

/// <summary>Who may ask, and from where.</summary>
internal static class AuthSetup
{
    private static readonly AuthorizationPolicy Account = Policy(new AccountRequirement(MustBeAdmin: false));
    private static readonly AuthorizationPolicy SignIn = Policy(
        new AccountRequirement(MustBeAdmin: false, MustBeSignedIn: true)
    );
    private static readonly AuthorizationPolicy Admin = Policy(new AccountRequirement(MustBeAdmin: true));

    public static IHostApplicationBuilder AddAuth(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services
            .AddAuthentication(BearerHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.SchemeName, configureOptions: null)
            .AddBot();
        DerivedKey.AddTo(services);
        services.AddAuthorization();
        services.AddScoped<IAuthorizationHandler, AccountHandler>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AuthorizationResultHandler>();

        services.AddValidatedOptions<OriginOptions>("", options => options.Mistakes());
        services.AddCors();
        services
            .AddOptions<CorsOptions>()
            .Configure<OriginOptions>(
                (cors, origins) =>
                    cors.AddDefaultPolicy(policy =>
                        policy
                            .WithOrigins([.. origins.Allowed])
                            .AllowCredentials()
                            .AllowAnyMethod()
                            .AllowAnyHeader()
                            .WithExposedHeaders(PageHeaders.TotalCount, HeaderNames.ETag, HeaderNames.RetryAfter)
                            .SetPreflightMaxAge(TimeSpan.FromHours(1))
                    )
            );
        return builder;
    }

    /// <summary>
    /// Only for accounts that are still there by the database: for endpoints whose own query does not find that out. To
    /// others the access token is enough: <c>RequireAuthorization()</c>.
    /// </summary>
    public static TBuilder RequireAccount<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.RequireAuthorization(Account);

    /// <summary>
    /// Only by a sign-in that is still under way: for what gives, takes or hands over an account. It asks Redis.
    /// </summary>
    public static TBuilder RequireSignIn<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.RequireAuthorization(SignIn);

    /// <summary>Only for those who are administrators by the database at this moment.</summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(Admin).Refuses(typeof(Refusal.AdminOnly));

    /// <summary>Where the request comes from, as the list of sign-ins shows it.</summary>
    public static Client Client(this HttpContext context) =>
        new(context.Request.Headers.UserAgent.ToString(), context.Connection.RemoteIpAddress ?? IPAddress.None);

    private static AuthorizationPolicy Policy(IAuthorizationRequirement requirement) =>
        new AuthorizationPolicyBuilder().RequireAuthenticatedUser().AddRequirements(requirement).Build();
}
