using System.Security.Claims;
using System.Text.Encodings.Web;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Metrics;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace BookIT.Api.Auth;

/// <summary>
/// Reads the access token from <c>Authorization: Bearer</c> (RFC 6750) or else from the cookie. A stand-in for
/// Microsoft.AspNetCore.Authentication.JwtBearer under its scheme name.
/// </summary>
internal sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    AccessTokens accessTokens,
    BookItMetrics metrics
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Bearer";

    private const string Prefix = SchemeName + " ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (FindToken() is not { Length: > 0 } text)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        var now = TimeProvider.GetUtcNow();
        if (!accessTokens.TryRead(text, now, out var token))
        {
            return Task.FromResult(AuthenticateResult.Fail("The access token is not valid."));
        }

        metrics.UserSeen(token.UserId, now);
        // Not the role: what an administrator may do is read from the database.
        var identity = new ClaimsIdentity(
            [
                new Claim(AccessTokenClaims.Subject, token.UserId.ToString()),
                new Claim(AccessTokenClaims.SignIn, token.SessionId.ToString()),
            ],
            SchemeName
        );
        var ticket = new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName);
        return Task.FromResult(AuthenticateResult.Success(ticket));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = FindToken() is { Length: > 0 }
            ? """Bearer error="invalid_token" """.TrimEnd()
            : SchemeName;
        await new Refusal.NotSignedIn().ToResult().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        new Refusal.AdminOnly().ToResult().ExecuteAsync(Context);

    /// <summary>With an Authorization header of any kind the cookie does not count: see <see cref="OriginCheck"/>.</summary>
    private string? FindToken()
    {
        var authorization = Request.Headers[HeaderNames.Authorization];
        if (authorization.Count == 0)
        {
            return Request.Cookies[TokenCookies.AccessToken];
        }

        return authorization is [{ } header] && header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            ? header[Prefix.Length..].Trim()
            : null;
    }
}

/// <summary>The claims of who is signed in, by their names in the access token.</summary>
internal static class AccessTokenClaims
{
    public const string Subject = "sub";
    public const string SignIn = "sid";

    /// <summary>Who is signed in, where the endpoint asks for that.</summary>
    public static Guid UserId(this ClaimsPrincipal user) => Guid.Parse(user.FindFirstValue(Subject)!);

    /// <summary>Who is signed in, if anybody is.</summary>
    public static Guid? FindUserId(this ClaimsPrincipal user) =>
        user.FindFirstValue(Subject) is { } id ? Guid.Parse(id) : null;

    /// <summary>By which sign-in, where the endpoint asks for one.</summary>
    public static Guid SessionId(this ClaimsPrincipal user) => Guid.Parse(user.FindFirstValue(SignIn)!);
}
