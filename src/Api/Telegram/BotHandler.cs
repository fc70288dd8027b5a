using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Telegram;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace BookIT.Api.Telegram;

/// <summary>The bot, or whoever else speaks for Telegram: known by the secret that it shares with the Api.</summary>
internal sealed class BotHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    TelegramOptions telegram
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Bot";
    public const string HeaderName = "X-Bot-Secret";

    private static readonly AuthenticationTicket Bot = new(
        new ClaimsPrincipal(new ClaimsIdentity(SchemeName)),
        SchemeName
    );

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
        Task.FromResult(
            Request.Headers[HeaderName] is [{ } secret] && IsRight(secret)
                ? AuthenticateResult.Success(Bot)
                : AuthenticateResult.NoResult()
        );

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        new Refusal.WrongBotSecret().ToResult().ExecuteAsync(Context);

    // Hashes, because comparing tells the length of what it compares by the time it takes.
    private bool IsRight(string secret) =>
        CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(secret)),
            SHA256.HashData(Encoding.UTF8.GetBytes(telegram.BotSecret))
        );
}

/// <summary>Sets up who may speak for Telegram.</summary>
internal static class BotAuthorization
{
    private static readonly AuthorizationPolicy Bot = new AuthorizationPolicyBuilder(BotHandler.SchemeName)
        .RequireAuthenticatedUser()
        .Build();

    public static AuthenticationBuilder AddBot(this AuthenticationBuilder authentication) =>
        authentication.AddScheme<AuthenticationSchemeOptions, BotHandler>(
            BotHandler.SchemeName,
            configureOptions: null
        );

    /// <summary>Only for the bot; members and administrators are nobody here.</summary>
    public static TBuilder RequireBot<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(Bot).Refuses(typeof(Refusal.WrongBotSecret));
}
