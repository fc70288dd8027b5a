using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using BookIT.Core;
using BookIT.Core.Languages;

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
                    Placeholder().Matches(text).Select(m => m.Value).Order();
                Assert.Equal(Holes(sentence.Value), Holes(english[sentence.Key]));
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
                        [.. parameters.Select(p => Activator.CreateInstance(p.ParameterType))]
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
            "Too short: a reservation lasts at least 15 min.",
            Sentences.Of(new Refusal.TooShort(TimeSpan.FromMinutes(15)), English)
        );
        Assert.Equal(
            "Слишком долго: максимальная длительность брони — 1,5 ч.",
            Sentences.Of(new Refusal.TooLong(TimeSpan.FromMinutes(90)), Russian)
        );
    }

    [GeneratedRegex(@"\{\d\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
