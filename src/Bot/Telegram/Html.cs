using System.Globalization;
using BookIT.Core.Languages;

namespace BookIT.Bot.Telegram;

/// <summary>Texts as <see cref="TelegramBotClient.Html"/> wants them.</summary>
internal static class Html
{
    /// <summary>A sentence with its placeholders filled in. The sentences are HTML, what is filled in is not.</summary>
    public static string Of(
        string sentence,
        IReadOnlyList<object>? arguments,
        CultureInfo language,
        TimeZoneInfo zone
    ) =>
        Sentences.Of(
            sentence,
            arguments is null ? null : [.. arguments.Select(value => value is string text ? Escape(text) : value)],
            language,
            zone
        );

    /// <summary>Any text, as it is.</summary>
    public static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);

    /// <summary>A text, and no more of it than that many UTF-16 code units; what is cut off is told by three dots.</summary>
    public static string Cut(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }

        var end = longest - 1;
        return text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)].TrimEnd() + "…";
    }
}
