using System.ComponentModel;
using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Api.Users;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Telegram;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Telegram;

internal static class TelegramEndpoints
{
    public static RouteGroupBuilder MapTelegram(this RouteGroupBuilder api)
    {
        var telegram = api.MapGroup("/telegram").WithTags("Telegram");
        telegram
            .MapGet("/get_token", GetToken)
            .RequireSignIn()
            .WithName("getTelegramToken")
            .WithSummary(
                "A token to show to the bot, which links one's Telegram account: for one use within 10 minutes"
            );
        telegram
            .MapPost("/connect", Connect)
            .RequireBot()
            .WithName("connectTelegram")
            .WithSummary("Link a Telegram account to the account that the token was given to")
            .Refuses<Refusal.TelegramTokenInvalid, Refusal.TelegramLinkedElsewhere>();
        telegram
            .MapGet("/exists", Exists)
            .RequireBot()
            .WithName("findTelegramUser")
            .WithSummary("Whether a Telegram account is linked, and to which account");
        telegram
            .MapPost("/webapp", SignInByWebApp)
            .WithName("signInByTelegram")
            .WithSummary("Sign in whoever has opened the Mini App, where their Telegram account is linked")
            .WithDescription(
                "Where it is not, `telegram_not_linked` tells a `proof`: let the person sign in or register, and send it to "
                    + "`POST /api/telegram/link` within 10 minutes."
            )
            .Refuses(
                typeof(Refusal.TelegramOff),
                typeof(Refusal.TelegramDataInvalid),
                typeof(Refusal.TelegramNotLinked)
            );
        telegram
            .MapPost("/link", Link)
            .RequireSignIn()
            .WithName("linkTelegram")
            .WithSummary("After `telegram_not_linked`, and signed in meanwhile: link the Telegram account to one's own")
            .Refuses<Refusal.TelegramProofInvalid, Refusal.TelegramLinkedElsewhere>();
        telegram
            .MapDelete("/", Disconnect)
            .RequireAuthorization()
            .WithName("disconnectTelegram")
            .WithSummary("Unlink one's Telegram account");
        return api;
    }

    private static async Task<Ok<TelegramTokenResponse>> GetToken(
        ClaimsPrincipal user,
        TelegramLinks links,
        TelegramOptions telegram
    )
    {
        var token = await links.IssueTokenAsync(user.UserId());
        return TypedResults.Ok(new TelegramTokenResponse(token, telegram.LinkTo(token)));
    }

    private static async Task<Results<Ok<TelegramConnectResponse>, Refused>> Connect(
        TelegramConnectRequest body,
        TelegramLinks links,
        CancellationToken cancellation
    )
    {
        var telegramId = body.TelegramId!.Value;
        var result = await links.ConnectAsync(body.Token!, telegramId.Value, body.Replace ?? false, cancellation);
        return result.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Ok(new TelegramConnectResponse(Sentences.Of("telegram_linked"), telegramId.ToString()));
    }

    private static async Task<Results<Ok<TokenResponse>, Refused>> SignInByWebApp(
        TelegramWebAppRequest body,
        TelegramSignIn signIn,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellation
    )
    {
        var result = await signIn.SignInAsync(body.InitData!, context.Client(), time.Now(), cancellation);
        if (result.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        context.Response.SignIn(result.Value);
        return TypedResults.Ok(TokenResponse.Of(result.Value));
    }

    private static async Task<Results<Ok<UserResponse>, Refused>> Link(
        TelegramLinkRequest body,
        ClaimsPrincipal user,
        TelegramLinks links,
        CancellationToken cancellation
    )
    {
        var result = await links.LinkAsync(user.UserId(), body.Proof!, cancellation);
        return result.IsRefused(out var refusal) ? refusal.ToResult() : TypedResults.Ok(UserResponse.Of(result.Value));
    }

    private static async Task<Ok<TelegramExistsResponse>> Exists(
        [FromQuery(Name = "telegram_id")] [Description("The Telegram account's id.")] TelegramId telegramId,
        TelegramLinks links,
        CancellationToken cancellation
    )
    {
        var userId = await links.FindUserAsync(telegramId.Value, cancellation);
        return TypedResults.Ok(new TelegramExistsResponse(userId is not null, userId));
    }

    private static async Task<Results<NoContent, Refused>> Disconnect(
        ClaimsPrincipal user,
        TelegramLinks links,
        CancellationToken cancellation
    )
    {
        var result = await links.DisconnectAsync(user.UserId(), cancellation);
        return result.IsRefused(out var refusal) ? refusal.ToResult() : TypedResults.NoContent();
    }
}
