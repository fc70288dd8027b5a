using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;

namespace BookIT.Core.Languages;

/// <summary>
/// Every sentence a person reads, by name and language. <c>Sentences.resx</c> is Russian, the default;
/// <c>Sentences.en.resx</c> is English. Sentences about refusals go by <see cref="Refusal.Code"/>. What their placeholders
/// can say, numbers with nouns and times among it, <see cref="SentenceFormat"/> tells.
/// </summary>
public static partial class Sentences
{
    /// <summary>The languages there are; the first is spoken where nobody asks for one.</summary>
    public static IReadOnlyList<CultureInfo> Languages { get; } =
    [CultureInfo.GetCultureInfo("ru"), CultureInfo.GetCultureInfo("en")];

    /// <summary>The resources, for those who ask by name, such as validation attributes.</summary>
    public static ResourceManager ResourceManager { get; } = new(typeof(Sentences));

    /// <summary>The language of that two-letter name (ISO 639-1); null where it is none of <see cref="Languages"/>.</summary>
    public static CultureInfo? Language(string? name) =>
        Languages.FirstOrDefault(language => language.TwoLetterISOLanguageName == name);

    /// <summary>The sentence of that name with its placeholders filled in.</summary>
    /// <param name="name">As in the resources.</param>
    /// <param name="arguments">For the placeholders <c>{0}</c>, <c>{1}</c>…</param>
    /// <param name="language"><see cref="CultureInfo.CurrentUICulture"/> unless told.</param>
    /// <param name="zone">The zone of the times in it; UTC unless told.</param>
    /// <exception cref="MissingManifestResourceException">No language has it.</exception>
    public static string Of(
        string name,
        IReadOnlyList<object>? arguments = null,
        CultureInfo? language = null,
        TimeZoneInfo? zone = null
    )
    {
        language ??= CultureInfo.CurrentUICulture;
        var sentence = Find(name, language);
        return arguments is null or []
            ? sentence
            : string.Format(new SentenceFormat(language, zone ?? TimeZoneInfo.Utc), sentence, [.. arguments]);
    }

    /// <summary>A value by itself, as a placeholder of that format shows it: see <see cref="SentenceFormat"/>.</summary>
    public static string OfValue(object value, string format, CultureInfo language, TimeZoneInfo zone) =>
        new SentenceFormat(language, zone).Format(format, value, formatProvider: null);

    /// <summary>Why it was refused, for a person to read.</summary>
    public static string Of(Refusal refusal, CultureInfo? language = null, TimeZoneInfo? zone = null) =>
        Of(refusal.Code, refusal.Arguments, language, zone);

    /// <summary>The sentence of that name for a reference, where nothing is known to fill in: <c>at least … minutes</c>.</summary>
    public static string Outline(string name, CultureInfo language) =>
        Placeholder()
            .Replace(
                Find(name, language),
                hole => hole.Groups["last"] is { Success: true, Value: var noun } ? $"… {noun}" : "…"
            );

    private static string Find(string name, CultureInfo language) =>
        ResourceManager.GetString(name, language)
        ?? throw new MissingManifestResourceException($"There is no sentence named {name}.");

    [GeneratedRegex(
        @"\{\d(:([^}|]*\|)+(?<last>[^}|]*)|:[^}]*)?\}",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Placeholder();
}
