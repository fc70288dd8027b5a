using System.Globalization;
using BookIT.Core.Languages;

namespace BookIT.Api.Http;

/// <summary>
/// A sentence in all languages at once, for those who must write it before they can ask in which: the framework's
/// validation does not wait. <see cref="ProblemWriter"/> chooses.
/// </summary>
internal static class InEveryLanguage
{
    private const char Separator = '\u001E';

    public static string Of(string name, IReadOnlyList<object>? arguments = null) =>
        string.Join(Separator, Sentences.Languages.Select(language => Sentences.Of(name, arguments, language)));

    /// <summary>The one in the language of now; a sentence that is in one only stays as it is.</summary>
    public static string Choose(string sentences)
    {
        var all = sentences.Split(Separator);
        var index = Sentences.Languages.ToList().IndexOf(CultureInfo.CurrentUICulture);
        return all.Length == Sentences.Languages.Count ? all[Math.Max(index, 0)] : sentences;
    }
}
