using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Space;

namespace BookIT.Tests.Unit.Languages;

public sealed partial class SentencesTests
{
    private static readonly CultureInfo Russian = Sentences.Languages[0];
    private static readonly CultureInfo English = Sentences.Languages[1];

    private static Dictionary<string, string> Of(CultureInfo language) =>
        Sentences
            .ResourceManager.GetResourceSet(
                // Russian is the neutral language of the resources.
                language.Equals(Russian)
                    ? CultureInfo.InvariantCulture
                    : language,
                createIfNotExists: true,
                tryParents: false
            )!
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    [Fact]
    public void Every_sentence_is_there_in_both_languages_with_the_same_placeholders()
    {
        var (russian, english) = (Of(Russian), Of(English));

        Assert.Equal(russian.Keys.Order(StringComparer.Ordinal), english.Keys.Order(StringComparer.Ordinal));
        Assert.All(
            russian,
            sentence =>
            {
                static IEnumerable<string> Holes(string text) =>
                    Placeholder().Matches(text).Select(m => m.Groups["number"].Value).Order(StringComparer.Ordinal);
                Assert.Equal(Holes(sentence.Value), Holes(english[sentence.Key]));
                Assert.All(Forms(sentence.Value), forms => Assert.Equal(3, forms));
                Assert.All(Forms(english[sentence.Key]), forms => Assert.Equal(2, forms));
                Assert.Matches("[а-я]", sentence.Value);
                Assert.DoesNotMatch("[а-я]", english[sentence.Key]);
            }
        );
    }

    [Fact]
    public void Every_refusal_has_a_sentence_that_can_be_filled_in()
    {
        Assert.NotEmpty(Refusal.All);
        Assert.All(
            Refusal.All,
            type =>
            {
                var parameters = type.GetConstructors()[0].GetParameters();
                var refusal = (Refusal)
                    Activator.CreateInstance(
                        type,
                        [
                            .. parameters.Select(p =>
                                p.ParameterType == typeof(string) ? "" : Activator.CreateInstance(p.ParameterType)
                            ),
                        ]
                    )!;
                foreach (var language in Sentences.Languages)
                {
                    Assert.DoesNotContain("{", Sentences.Of(refusal, language), StringComparison.Ordinal);
                }
            }
        );
    }

    [Fact]
    public void Codes_are_the_names_in_snake_case()
    {
        Assert.Equal("seat_taken", new Refusal.SeatTaken().Code);
        Assert.Equal("active_reservation_exists", new Refusal.ActiveReservationExists().Code);
        Assert.Equal(Refusal.All.Count, Refusal.All.Select(Refusal.CodeOf).Distinct().Count());
    }

    [Fact]
    public void Values_are_filled_in()
    {
        Assert.Equal(
            "Too short: a reservation lasts at least 15\u00A0minutes.",
            Sentences.Of(new Refusal.TooShort(TimeSpan.FromMinutes(15)), English)
        );
        Assert.Equal(
            "Слишком долго: максимальная длительность брони — 1,5\u00A0часа.",
            Sentences.Of(new Refusal.TooLong(TimeSpan.FromMinutes(90)), Russian)
        );
    }

    [Theory]
    [InlineData(0, "0 мест", "0 seats")]
    [InlineData(1, "1 место", "1 seat")]
    [InlineData(2, "2 места", "2 seats")]
    [InlineData(4, "4 места", "4 seats")]
    [InlineData(5, "5 мест", "5 seats")]
    [InlineData(10, "10 мест", "10 seats")]
    [InlineData(11, "11 мест", "11 seats")]
    [InlineData(12, "12 мест", "12 seats")]
    [InlineData(14, "14 мест", "14 seats")]
    [InlineData(20, "20 мест", "20 seats")]
    [InlineData(21, "21 место", "21 seats")]
    [InlineData(22, "22 места", "22 seats")]
    [InlineData(25, "25 мест", "25 seats")]
    [InlineData(101, "101 место", "101 seats")]
    [InlineData(111, "111 мест", "111 seats")]
    [InlineData(112, "112 мест", "112 seats")]
    [InlineData(1.5, "1,5 места", "1.5 seats")]
    [InlineData(5.5, "5,5 места", "5.5 seats")]
    public void A_number_brings_its_noun_in_the_form_that_goes_with_it(double number, string russian, string english)
    {
        static string Say(CultureInfo language, string text, double number) =>
            string.Format(new SentenceFormat(language, TimeZoneInfo.Utc), text, number).Replace('\u00A0', ' ');

        Assert.Equal(russian, Say(Russian, "{0:место|места|мест}", number));
        Assert.Equal(english, Say(English, "{0:seat|seats}", number));
    }

    [Fact]
    public void Times_are_those_of_the_clock_on_the_wall_of_the_space()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Moscow");
        var start = new DateTimeOffset(2026, 11, 21, 20, 30, 0, TimeSpan.Zero);
        string Say(CultureInfo language, string text, object value) =>
            string.Format(new SentenceFormat(language, zone), text, value).Replace('\u00A0', ' ');

        Assert.Equal("21 ноября в 23:30", Say(Russian, "{0:moment}", start));
        Assert.Equal("21 November at 23:30", Say(English, "{0:moment}", start));
        Assert.Equal("21 ноября, 22:30–23:30", Say(Russian, "{0:span}", new Interval(start.AddHours(-1), start)));
        Assert.Equal(
            "21 November, 23:30 – 22 November, 01:30",
            Say(English, "{0:span}", new Interval(start, start.AddHours(2)))
        );
        Assert.Equal(
            "Для этой брони вход откроется 1 мая в 00:00.",
            Sentences
                .Of(new Refusal.CheckInNotOpen(new DateTimeOffset(2027, 4, 30, 21, 0, 0, TimeSpan.Zero)), Russian, zone)
                .Replace('\u00A0', ' ')
        );
    }

    [Fact]
    public void A_reference_shows_a_sentence_without_its_values()
    {
        Assert.Equal("Too short: a reservation lasts at least … minutes.", Sentences.Outline("too_short", English));
        Assert.Equal("Для этой брони вход откроется ….", Sentences.Outline("check_in_not_open", Russian));
        Assert.Equal("Это место уже занято на выбранное время.", Sentences.Outline("seat_taken", Russian));
    }

    [Fact]
    public void A_zone_that_is_none_is_a_mistake() =>
        Assert.Contains("Space__TimeZone", Assert.Single(new SpaceOptions { TimeZone = "Mars/Olympus" }.Mistakes()));

    /// <summary>How many forms of its noun each counted number has: Russian needs three, English two.</summary>
    private static IEnumerable<int> Forms(string text) =>
        Placeholder()
            .Matches(text)
            .Select(hole => hole.Groups["format"].Value)
            .Where(format => format.Contains('|', StringComparison.Ordinal))
            .Select(format => format.Split('|').Length);

    [GeneratedRegex(
        @"\{(?<number>\d)(:(?<format>[^}]*))?\}",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Placeholder();
}
