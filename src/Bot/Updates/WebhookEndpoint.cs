using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BookIT.Bot.Telegram;
using BookIT.Core.Auth;
using BookIT.Core.Telegram;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;

namespace BookIT.Bot.Updates;

/// <summary>Where Telegram brings updates to, at the path of <c>Telegram:WebhookUrl</c>; any replica takes any of them.</summary>
internal static class WebhookEndpoint
{
    public const string SecretHeader = "X-Telegram-Bot-Api-Secret-Token";

    /// <summary>An update is a message of 4,096 characters and one that it replies to, with what is known of both.</summary>
    private const long MaxBytes = 1024 * 1024;

    /// <summary>Telegram waits a minute at most; what takes longer it brings again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    public static void MapWebhook(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<TelegramOptions>();
        if (!string.IsNullOrEmpty(options.Token) && !string.IsNullOrEmpty(options.WebhookUrl))
        {
            app.MapPost(new Uri(options.WebhookUrl).AbsolutePath, Receive)
                .WithMetadata(new BodyLimit(), new RouteName());
        }
    }

    /// <summary>What Telegram proves itself with: of the letters that it allows, and the same in every replica.</summary>
    public static string SecretToken(JwtOptions jwt) =>
        Convert.ToHexStringLower(jwt.KeyFor("the secret token of Telegram's webhook"));

    private static async Task<Results<Ok, StatusCodeHttpResult>> Receive(
        HttpRequest request,
        UpdateHandling handling,
        JwtOptions jwt,
        TimeProvider time,
        ILogger<Update> logger
    )
    {
        if (request.Headers[SecretHeader] is not [{ } secret] || !IsRight(secret, jwt))
        {
            return TypedResults.StatusCode(StatusCodes.Status401Unauthorized);
        }

        Update? update;
        try
        {
            update = await JsonSerializer.DeserializeAsync(
                request.Body,
                TelegramJson.Default.Update,
                request.HttpContext.RequestAborted
            );
        }
        catch (JsonException)
        {
            // Brought again it would be no better.
            logger.LogWarning("Telegram brought something that cannot be read; it is skipped");
            return TypedResults.Ok();
        }
        catch (BadHttpRequestException exception)
        {
            return TypedResults.StatusCode(exception.StatusCode);
        }

        using var patience = new CancellationTokenSource(Patience, time);
        var handled = update is null || await HandleAsync(handling, update, patience.Token);
        return handled ? TypedResults.Ok() : TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<bool> HandleAsync(UpdateHandling handling, Update update, CancellationToken patience)
    {
        try
        {
            return await handling.HandleAsync(update, patience).WaitAsync(patience);
        }
        catch (OperationCanceledException)
        {
            // It goes on here; should Telegram bring it again meanwhile, that waits for the same.
            return false;
        }
    }

    // Hashes, because comparing tells the length of what it compares by the time it takes.
    private static bool IsRight(string secret, JwtOptions jwt) =>
        CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(secret)),
            SHA256.HashData(Encoding.UTF8.GetBytes(SecretToken(jwt)))
        );

    private sealed class BodyLimit : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => MaxBytes;
    }

    /// <summary>What metrics, traces and logs call it: the path is the operator's, who may have put a secret in it.</summary>
    private sealed class RouteName : IRouteDiagnosticsMetadata
    {
        public string Route => "webhook";
    }
}
