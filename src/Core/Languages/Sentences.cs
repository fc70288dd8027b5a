using System.Globalization;
using System.Resources;

namespace BookIT.Core.Languages;

/// <summary>
/// Every sentence a person reads, by name and language. <c>Sentences.resx</c> is Russian, the default;
/// <c>Sentences.en.resx</c> is English. Sentences about refusals go by <see cref="Refusal.Code"/>.
/// </summary>
public static class Sentences
{
    /// <summary>The languages there are; the first is spoken where nobody asks for one.</summary>
    public static IReadOnlyList<CultureInfo> Languages { get; } =
    [CultureInfo.GetCultureInfo("ru"), CultureInfo.GetCultureInfo("en")];

    /// <summary>The resources, for those who ask by name, such as validation attributes.</summary>
    public static ResourceManager ResourceManager { get; } = new(typeof(Sentences));

    /// <summary>The sentence of that name with its placeholders filled in, in <see cref="CultureInfo.CurrentUICulture"/> unless told.</summary>
    /// <exception cref="MissingManifestResourceException">No language has it.</exception>
    public static string Of(string name, IReadOnlyList<object>? arguments = null, CultureInfo? language = null)
    {
        language ??= CultureInfo.CurrentUICulture;
        var sentence =
            ResourceManager.GetString(name, language)
            ?? throw new MissingManifestResourceException($"There is no sentence named {name}.");
        return arguments is null or [] ? sentence : string.Format(language, sentence, [.. arguments]);
    }

    /// <summary>Why it was refused, for a person to read.</summary>
    public static string Of(Refusal refusal, CultureInfo? language = null) =>
        Of(refusal.Code, refusal.Arguments, language);
}
