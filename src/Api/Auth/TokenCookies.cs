using BookIT.Core.Auth;

namespace BookIT.Api.Auth;

/// <summary>The two cookies that keep a browser signed in. No script can read them.</summary>
internal static class TokenCookies
{
    public const string AccessToken = "access_token";
    public const string RefreshToken = "refresh_token";

    /// <summary>Signs the browser in. The answer holds tokens, so nobody on the way may keep it.</summary>
    public static void SignIn(this HttpResponse response, SignedIn signedIn)
    {
        response.Headers.CacheControl = "no-store";
        response.Cookies.Append(AccessToken, signedIn.AccessToken, Options(response, AccessTokens.Lifetime));
        response.Cookies.Append(RefreshToken, signedIn.RefreshToken, Options(response, Sessions.Lifetime));
    }

    /// <summary>Signs the browser out.</summary>
    public static void SignOut(this HttpResponse response)
    {
        response.Cookies.Delete(AccessToken, Options(response, lifetime: null));
        response.Cookies.Delete(RefreshToken, Options(response, lifetime: null));
    }

    private static CookieOptions Options(HttpResponse response, TimeSpan? lifetime)
    {
        // In development the frontend's own server answers on another port, over plain HTTP.
        var isDevelopment = response.HttpContext.RequestServices.GetRequiredService<IHostEnvironment>().IsDevelopment();
        return new CookieOptions
        {
            HttpOnly = true,
            Path = "/",
            Secure = !isDevelopment,
            SameSite = isDevelopment ? SameSiteMode.Lax : SameSiteMode.Strict,
            MaxAge = lifetime,
        };
    }
}
