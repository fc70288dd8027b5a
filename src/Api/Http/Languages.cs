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

    /// <summary>
    /// In which language to answer. Asked for where a sentence is written, and only there: most answers have none, and an
    /// account's choice costs a look at the database now and then.
    /// </summary>
    public static async ValueTask<CultureInfo> FindLanguageAsync(this HttpContext context)
    {
        if (context.User.FindFirstValue(AccessTokenClaims.Subject) is not null)
        {
            var languages = context.RequestServices.GetRequiredService<AccountLanguages>();
            if (await languages.FindAsync(context.User.UserId(), context.RequestAborted) is { } chosen)
            {
                return chosen;
            }
        }

        return context.Features.Get<IRequestCultureFeature>()?.RequestCulture.UICulture ?? Sentences.Languages[0];
    }

    /// <summary>Goes on with the request in this language.</summary>
    public static void Speak(this HttpContext context, CultureInfo language)
    {
        CultureInfo.CurrentCulture = language;
        CultureInfo.CurrentUICulture = language;
        context.Response.Headers.ContentLanguage = language.Name;
    }
}
