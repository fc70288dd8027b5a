using System.ComponentModel;
using System.Security.Claims;
using BookIT.Api.Http;
using BookIT.Api.Yandex;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Languages;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Auth;

internal static class AuthEndpoints
{
    public static RouteGroupBuilder MapAuth(this RouteGroupBuilder api)
    {
        var auth = api.MapGroup("/auth").WithTags("Sign-in");
        auth.MapPost("/register", Register)
            .WithName("register")
            .WithSummary("Make an account and sign in")
            .Refuses(
                typeof(Refusal.EmailTaken),
                typeof(Refusal.WrongAdminKey),
                typeof(Refusal.TooManyAttempts),
                typeof(Refusal.SignInBusy)
            );
        auth.MapPost("/login", Login)
            .WithName("login")
            .WithSummary("Sign in by e-mail address and password")
            .Refuses(typeof(Refusal.WrongCredentials), typeof(Refusal.TooManyAttempts), typeof(Refusal.SignInBusy));
        auth.MapPost("/refresh", Refresh)
            .WithName("refresh")
            .WithSummary("Stay signed in: spend the refresh token for two new tokens")
            .Refuses<Refusal.RefreshTokenInvalid>();
        auth.MapGet("/providers", GetProviders)
            .WithName("getProviders")
            .WithSummary("How else one can sign in, for the page to show the buttons");
        auth.MapPost("/logout", Logout).RequireAuthorization().WithName("logout").WithSummary("End this sign-in");
        return api;
    }

    private static async Task<Results<Created<TokenResponse>, Refused>> Register(
        RegisterRequest body,
        SignIn signIn,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellation
    )
    {
        var result = await signIn.RegisterAsync(body.ToRegistration(), context.Client(), time.Now(), cancellation);
        if (result.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        context.Response.SignIn(result.Value);
        return TypedResults.Created("/api/user/me", TokenResponse.Of(result.Value));
    }

    private static async Task<Results<Ok<TokenResponse>, Refused>> Login(
        LoginRequest body,
        SignIn signIn,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellation
    ) =>
        SignedIn(
            context,
            await signIn.LoginAsync(body.Email!, body.Password!, context.Client(), time.Now(), cancellation)
        );

    private static async Task<Results<Ok<TokenResponse>, Refused>> Refresh(
        RefreshRequest? body,
        [Description("The refresh token, where it is neither in the body nor in the cookie.")]
        [FromQuery(Name = "refresh_token")]
            string? refreshToken,
        SignIn signIn,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellation
    )
    {
        // What is given on purpose comes before the cookie, which the browser sends anyway.
        string?[] given = [body?.RefreshToken, refreshToken, context.Request.Cookies[TokenCookies.RefreshToken]];
        var token = Array.Find(given, text => !string.IsNullOrEmpty(text)) ?? "";
        return SignedIn(context, await signIn.RefreshAsync(token, context.Client(), time.Now(), cancellation));
    }

    private static Ok<ProvidersResponse> GetProviders(YandexOptions yandex) =>
        TypedResults.Ok(new ProvidersResponse(yandex.IsOn));

    private static async Task<Ok<DetailResponse>> Logout(ClaimsPrincipal user, Sessions sessions, HttpContext context)
    {
        // That it has ended already is as good.
        await sessions.EndAsync(user.UserId(), user.SessionId());
        context.Response.SignOut();
        context.Speak(await context.FindLanguageAsync());
        return TypedResults.Ok(new DetailResponse(Sentences.Of("signed_out")));
    }

    private static Results<Ok<TokenResponse>, Refused> SignedIn(HttpContext context, Result<SignedIn> result)
    {
        if (result.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        context.Response.SignIn(result.Value);
        return TypedResults.Ok(TokenResponse.Of(result.Value));
    }
}
