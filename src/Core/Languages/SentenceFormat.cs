using System.Globalization;

namespace BookIT.Core.Languages;

/// <summary>
/// What the placeholders of a sentence can say beyond .NET's own formats. A number followed by its noun in every form
/// that the language has: <c>{0:место|места|мест}</c>, <c>{0:seat|seats}</c>. An instant, as the clock on the wall of the
/// space shows it: <c>{0:moment}</c>, without the day <c>{0:time}</c>, or only the day <c>{0:date}</c>, and a span of time:
/// <c>{0:span}</c>.
/// </summary>
/// <param name="language">Whose words these are.</param>
/// <param name="zone">Where the clock hangs.</param>
internal sealed class SentenceFormat(CultureInfo language, TimeZoneInfo zone) : IFormatProvider, ICustomFormatter
{
    public object? GetFormat(Type? formatType) =>
        formatType == typeof(ICustomFormatter) ? this : language.GetFormat(formatType);

    public string Format(string? format, object? arg, IFormatProvider? formatProvider) =>
        (arg, format) switch
        {
            (DateTimeOffset instant, "moment") => $"{Day(instant)}{(IsRussian ? " в " : " at ")}{Time(instant)}",
            (DateTimeOffset instant, "time") => Time(instant),
            (DateTimeOffset instant, "date") => $"{Local(instant).ToString("ddd", language)}, {Day(instant)}",
            (Interval span, "span") => Span(span),
            (IConvertible number, { } forms) when forms.Contains('|', StringComparison.Ordinal) => Count(
                number.ToDecimal(language),
                forms.Split('|')
            ),
            (IFormattable value, _) => value.ToString(format, language),
            _ => arg?.ToString() ?? "",
        };

    private bool IsRussian => language.TwoLetterISOLanguageName == "ru";

    /// <summary>The number and the form of the noun that goes with it, by the plural rules of Unicode's CLDR.</summary>
    private string Count(decimal number, string[] forms)
    {
        var isWhole = number == decimal.Truncate(number);
        var (lastTwo, last) = ((int)(Math.Abs(number) % 100), (int)(Math.Abs(number) % 10));
        var form =
            !IsRussian ? (number is 1 ? 0 : 1)
            // One and a half: the genitive singular, which is the form of two.
            : !isWhole ? 1
            : lastTwo is >= 11 and <= 14 ? 2
            : last is 1 ? 0
            : last is >= 2 and <= 4 ? 1
            : 2;
        // The space does not break: a number stays with its noun.
        return $"{number.ToString("#,0.##", language)}\u00A0{forms[form]}";
    }

    private string Span(Interval span) =>
        Local(span.Start).Date == Local(span.End).Date
            ? $"{Day(span.Start)}, {Time(span.Start)}–{Time(span.End)}"
            : $"{Day(span.Start)}, {Time(span.Start)} – {Day(span.End)}, {Time(span.End)}";

    private string Day(DateTimeOffset instant) => Local(instant).ToString("d MMMM", language).Replace(' ', '\u00A0');

    private string Time(DateTimeOffset instant) => Local(instant).ToString("HH:mm", CultureInfo.InvariantCulture);

    private DateTimeOffset Local(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, zone);
}
