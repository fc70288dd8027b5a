using System.Globalization;
using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Core.Languages;
using Microsoft.AspNetCore.Localization;

namespace BookIT.Api.Http;

/// <summary>
/// The language of an answer is that of the account, where somebody is signed in who has chosen one, or else follows
/// <c>Accept-Language</c> (RFC 9110, 12.5.4); Russian where that asks for none of ours.
/// </summary>
internal static class Languages
{
    public static IApplicationBuilder UseLanguages(this IApplicationBuilder app)
    {
        var options = new RequestLocalizationOptions
        {
            DefaultRequestCulture = new RequestCulture(Sentences.Languages[0]),
            SupportedCultures = [.. Sentences.Languages],
            SupportedUICultures = [.. Sentences.Languages],
            ApplyCurrentCultureToResponseHeaders = true,
        };
        options.RequestCultureProviders = [new AcceptLanguageHeaderRequestCultureProvider { Options = options }];
        return app.UseRequestLocalization(options);
    }

    /// <summary>From here on in the language of whoever is signed in.</summary>
    public static IApplicationBuilder UseAccountLanguages(this IApplicationBuilder app)
    {
        var languages = app.ApplicationServices.GetRequiredService<AccountLanguages>();
        return app.Use(
            async (context, next) =>
            {
                if (
                    context.User.FindFirstValue(AccessTokenClaims.Subject) is not null
                    && await languages.FindAsync(context.User.UserId(), context.RequestAborted) is { } language
                )
                {
                    context.Speak(language);
                }

                await next(context);
            }
        );
    }

    /// <summary>Goes on with a request in this language.</summary>
    public static void Speak(this HttpContext context, CultureInfo language)
    {
        context.Features.Set<IRequestCultureFeature>(
            new RequestCultureFeature(new RequestCulture(language), provider: null)
        );
        context.Response.Headers.ContentLanguage = language.Name;
        context.RestoreLanguage();
    }

    /// <summary>
    /// Goes on in the language that was found for the request: what handles faults stands outside of where it was found.
    /// </summary>
    public static void RestoreLanguage(this HttpContext context)
    {
        if (context.Features.Get<IRequestCultureFeature>()?.RequestCulture is { } found)
        {
            CultureInfo.CurrentCulture = found.Culture;
            CultureInfo.CurrentUICulture = found.UICulture;
            context.Response.Headers.ContentLanguage = found.UICulture.Name;
        }
    }
}
