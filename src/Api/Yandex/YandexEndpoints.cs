using System.ComponentModel;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Languages;
using BookIT.Core.Yandex;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace BookIT.Api.Yandex;

/// <summary>The password of the account that is to be linked.</summary>
public sealed record LinkRequest([property: Needed] string? Password);

internal static partial class YandexEndpoints
{
    public static RouteGroupBuilder MapYandex(this RouteGroupBuilder api)
    {
        var yandex = api.MapGroup("/yandex").WithTags("Sign-in").Refuses(typeof(Refusal.YandexOff));
        yandex
            .MapGet("/login", Login)
            .WithName("signInByYandex")
            .WithSummary("Send the browser to Yandex to sign in")
            .Produces(StatusCodes.Status302Found);
        yandex
            .MapGet("/callback", Callback)
            .WithName("receiveFromYandex")
            .WithSummary("Where Yandex sends the browser back to; sets the cookies and sends it on to the page")
            .WithDescription(
                "With `access_token=issued` somebody is signed in; the token itself is in the cookies only. Otherwise "
                    + $"there is an `error`:\n{string.Join('\n', YandexErrors.All.Select(Describe))}"
            )
            .Produces(StatusCodes.Status302Found);
        yandex
            .MapPost("/link", Link)
            .WithName("linkYandex")
            .WithSummary("After `yandex_password_needed`: prove the account's password, link it to Yandex and sign in")
            .Refuses(
                typeof(Refusal.YandexLinkInvalid),
                typeof(Refusal.YandexLinkedElsewhere),
                typeof(Refusal.WrongPassword),
                typeof(Refusal.TooManyAttempts),
                typeof(Refusal.SignInBusy)
            );
        return api;
    }

    private static Results<ChallengeHttpResult, ProblemHttpResult, Refused> Login(
        [Description("The page to come back to, at an origin of BookIT; the frontend's `/auth/callback` by default.")]
        [FromQuery(Name = "return_to")]
            string? returnTo,
        YandexOptions yandex,
        OriginOptions origins,
        HttpRequest request
    )
    {
        if (!yandex.IsOn)
        {
            return new Refusal.YandexOff().ToResult();
        }

        var address = ReturnAddress.Default(origins);
        if (!string.IsNullOrEmpty(returnTo) && !ReturnAddress.TryRead(returnTo, origins, request, out address))
        {
            return TypedResults.Problem(
                new HttpValidationProblemDetails
                {
                    Status = StatusCodes.Status400BadRequest,
                    Errors = { ["return_to"] = [Sentences.Of("field_return_to")] },
                }
            );
        }

        return TypedResults.Challenge(
            new AuthenticationProperties { RedirectUri = address },
            [YandexHandler.SchemeName]
        );
    }

    private static async Task<Results<RedirectHttpResult, Refused>> Callback(
        YandexOptions yandex,
        OriginOptions origins,
        IAuthenticationHandlerProvider handlers,
        YandexSignIn signIn,
        PendingLink pending,
        TimeProvider time,
        ILogger<YandexSignIn> logger,
        HttpContext context,
        CancellationToken cancellation
    )
    {
        if (!yandex.IsOn)
        {
            return new Refusal.YandexOff().ToResult();
        }

        var handler = (YandexHandler)(await handlers.GetHandlerAsync(context, YandexHandler.SchemeName))!;
        var answer = await handler.ReceiveAsync();
        var page = answer.ReturnTo ?? ReturnAddress.Default(origins);
        if (answer.Person is not { } person)
        {
            return Redirect(page, "error", answer.Error!);
        }

        Result<SignedIn> result;
        try
        {
            result = await signIn.SignInAsync(person, context.Client(), time.Now(), cancellation);
        }
        catch (Exception exception) when (exception.IsServerAway())
        {
            LogServerAway(logger, exception.Message);
            return Redirect(page, "error", ProblemCodes.ServiceUnavailable);
        }

        if (result.IsRefused(out var refusal))
        {
            if (refusal is Refusal.YandexPasswordNeeded)
            {
                var link = pending.Protect(person, time.Now());
                context.Response.Cookies.Append(PendingLink.Cookie, link, CookieOptions(context, PendingLink.Lifetime));
            }

            return Redirect(page, "error", refusal.Code);
        }

        context.Response.SignIn(result.Value);
        return Redirect(page, "access_token", "issued");
    }

    private static async Task<Results<Ok<TokenResponse>, Refused>> Link(
        LinkRequest body,
        YandexOptions yandex,
        YandexSignIn signIn,
        PendingLink pending,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellation
    )
    {
        if (!yandex.IsOn)
        {
            return new Refusal.YandexOff().ToResult();
        }

        var now = time.Now();
        if (pending.Find(context.Request.Cookies[PendingLink.Cookie], now) is not { } person)
        {
            return new Refusal.YandexLinkInvalid().ToResult();
        }

        var result = await signIn.LinkAsync(person, body.Password!, context.Client(), now, cancellation);
        if (result.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        context.Response.Cookies.Delete(PendingLink.Cookie, CookieOptions(context, lifetime: null));
        context.Response.SignIn(result.Value);
        return TypedResults.Ok(TokenResponse.Of(result.Value));
    }

    private static RedirectHttpResult Redirect(string page, string name, string value) =>
        TypedResults.Redirect(QueryHelpers.AddQueryString(page, name, value));

    /// <summary>The page's own requests bring it back, to one address.</summary>
    private static CookieOptions CookieOptions(HttpContext context, TimeSpan? lifetime) =>
        new()
        {
            HttpOnly = true,
            Path = "/api/yandex/link",
            Secure = !context.RequestServices.GetRequiredService<IHostEnvironment>().IsDevelopment(),
            SameSite = SameSiteMode.Strict,
            MaxAge = lifetime,
        };

    private static string Describe(string code) => $"- `{code}`: {Sentences.Outline(code, Sentences.Languages[1])}";

    [LoggerMessage(LogLevel.Warning, "Nobody can be signed in by Yandex, a server is away: {Reason}")]
    private static partial void LogServerAway(ILogger logger, string reason);
}
