using System.Net;
using BookIT.Core;
using Microsoft.AspNetCore.Authentication.OAuth;

namespace BookIT.Api.Yandex;

/// <summary>The OAuth handler with Yandex's addresses, where there is a client id.</summary>
internal static class YandexSetup
{
    public const string CallbackPath = "/api/yandex/callback";

    /// <summary>How long somebody may think about it on Yandex's page.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <summary>For each of the two questions to Yandex: a browser waits for them.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private const int MaxAnswerBytes = 64 * 1024;

    public static IHostApplicationBuilder AddYandex(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddValidatedOptions<YandexOptions>("Yandex", options => options.Mistakes());
        services.AddSingleton<PendingLink>();
        if (string.IsNullOrEmpty(builder.Configuration["Yandex:ClientId"]))
        {
            return builder;
        }

        services.AddAuthentication().AddOAuth<OAuthOptions, YandexHandler>(YandexHandler.SchemeName, _ => { });
        services
            .AddOptions<OAuthOptions>(YandexHandler.SchemeName)
            .Configure<YandexOptions, IHostEnvironment>(
                (oauth, yandex, environment) =>
                {
                    oauth.ClientId = yandex.ClientId;
                    oauth.ClientSecret = yandex.ClientSecret;
                    oauth.AuthorizationEndpoint = yandex.AuthorizationEndpoint;
                    oauth.TokenEndpoint = yandex.TokenEndpoint;
                    oauth.UserInformationEndpoint = yandex.UserInformationEndpoint;
                    oauth.CallbackPath = CallbackPath;
                    oauth.UsePkce = true;
                    oauth.Scope.Add("login:email");
                    oauth.Scope.Add("login:info");
                    oauth.RemoteAuthenticationTimeout = Patience;
                    oauth.CorrelationCookie.Name = "yandex_state.";
                    // A strict one would not come back from Yandex.
                    oauth.CorrelationCookie.SameSite = SameSiteMode.Lax;
                    oauth.CorrelationCookie.SecurePolicy = environment.IsDevelopment()
                        ? CookieSecurePolicy.SameAsRequest
                        : CookieSecurePolicy.Always;
                    oauth.Backchannel = CreateBackchannel();
                }
            );
        return builder;
    }

    private static HttpClient CreateBackchannel() =>
        new(
            new ServerErrors
            {
                InnerHandler = new SocketsHttpHandler
                {
                    AllowAutoRedirect = false,
                    AutomaticDecompression = DecompressionMethods.All,
                    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                    UseCookies = false,
                },
            }
        )
        {
            Timeout = Timeout,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };

    /// <summary>What fails on Yandex's side is no answer, whatever it says: the framework would read it as a refusal.</summary>
    private sealed class ServerErrors : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            var response = await base.SendAsync(request, cancellationToken);
            return response.StatusCode < HttpStatusCode.InternalServerError
                ? response
                : response.EnsureSuccessStatusCode();
        }
    }
}
