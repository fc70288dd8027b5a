using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Api.Http;
using BookIT.Core.Users;
using BookIT.Core.Yandex;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace BookIT.Api.Yandex;

/// <summary>With what Yandex has sent a browser back: a person, or the code of what went wrong.</summary>
/// <param name="Person">Who it is.</param>
/// <param name="Error">Why nobody is known; null with a person.</param>
/// <param name="ReturnTo">The page to go on to; null where the state is not ours.</param>
internal sealed record YandexAnswer(YandexPerson? Person, string? Error, string? ReturnTo);

/// <summary>
/// The framework's OAuth handler, spoken to by endpoints of ours instead of taking requests away before them. It has no
/// log: what the framework writes of it at the level of debugging are states and cookies.
/// </summary>
internal sealed partial class YandexHandler(
    IOptionsMonitor<OAuthOptions> options,
    UrlEncoder encoder,
    ILogger<YandexHandler> logger
) : OAuthHandler<OAuthOptions>(options, NullLoggerFactory.Instance, encoder)
{
    public const string SchemeName = "Yandex";

    private bool isOurs;
    private string? returnTo;
    private YandexPerson? person;

    /// <summary>Never: the callback is an endpoint.</summary>
    public override Task<bool> ShouldHandleRequestAsync() => Task.FromResult(false);

    /// <summary>Reads the request that Yandex has sent the browser back with, and asks Yandex who it is.</summary>
    public async Task<YandexAnswer> ReceiveAsync()
    {
        try
        {
            var result = await HandleRemoteAuthenticateAsync();
            return new YandexAnswer(person, result.Succeeded ? null : ErrorOf(result), returnTo);
        }
        catch (Exception exception) when (!Context.RequestAborted.IsCancellationRequested)
        {
            // No answer, too late, or not in the form it ought to have.
            LogUnavailable(exception.GetType().Name, exception.Message);
            return new YandexAnswer(Person: null, YandexErrors.Unavailable, returnTo);
        }
    }

    protected override bool ValidateCorrelationId(AuthenticationProperties properties)
    {
        returnTo = properties.RedirectUri;
        return isOurs = base.ValidateCorrelationId(properties);
    }

    protected override async Task<AuthenticationTicket> CreateTicketAsync(
        ClaimsIdentity identity,
        AuthenticationProperties properties,
        OAuthTokenResponse tokens
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Options.UserInformationEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("OAuth", tokens.AccessToken);
        using var response = await Backchannel.SendAsync(request, Context.RequestAborted);
        response.EnsureSuccessStatusCode();
        var user = await response.Content.ReadFromJsonAsync(YandexJson.Default.UserInformation, Context.RequestAborted);
        if (user is not { Id.Length: > 0 and <= User.MaxForeignIdLength })
        {
            throw new JsonException("The user information has no id.");
        }

        person = new YandexPerson(user.Id, user.DefaultEmail, user.FirstName);
        return new AuthenticationTicket(new ClaimsPrincipal(identity), properties, Scheme.Name);
    }

    private string ErrorOf(HandleRequestResult result)
    {
        if (!isOurs)
        {
            return YandexErrors.StateInvalid;
        }

        if (Request.Query["error"] == "access_denied")
        {
            return YandexErrors.Denied;
        }

        // By name only, as in `invalid_client`: what else there is may repeat the request.
        var reason = result.Failure?.Data["error"] as string ?? "";
        LogFailed(reason.All(letter => char.IsAsciiLetterLower(letter) || letter is '_') ? reason : "");
        return YandexErrors.Failed;
    }

    [LoggerMessage(LogLevel.Warning, "Yandex cannot be asked who somebody is: {Type}: {Reason}")]
    private partial void LogUnavailable(string type, string reason);

    [LoggerMessage(LogLevel.Warning, "Yandex does not say who somebody is: {Reason}")]
    private partial void LogFailed(string reason);

    /// <summary>What we read of https://yandex.ru/dev/id/doc/ru/user-information.</summary>
    private sealed record UserInformation(string Id, string? DefaultEmail = null, string? FirstName = null);

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = [typeof(SafeStringConverter)]
    )]
    [JsonSerializable(typeof(UserInformation))]
    private sealed partial class YandexJson : JsonSerializerContext;
}
