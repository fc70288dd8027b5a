using BookIT.Core.Languages;
using Microsoft.AspNetCore.Localization;

namespace BookIT.Api.Http;

/// <summary>The language of an answer follows <c>Accept-Language</c> (RFC 9110, 12.5.4); Russian where it asks for none of ours.</summary>
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
}
