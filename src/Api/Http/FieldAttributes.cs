using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using BookIT.Core.Users;

namespace BookIT.Api.Http;

/// <summary>The field must be there, and a text must hold something that can be seen.</summary>
internal sealed class NeededAttribute : RequiredAttribute
{
    public override bool IsValid(object? value) =>
        base.IsValid(value) && (value is not string text || Characters.AnyVisible(text));

    public override string FormatErrorMessage(string name) => InEveryLanguage.Of("field_required");
}

/// <summary>The field may be absent; a text that is there must hold something that can be seen.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotBlankAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) =>
        value is null || (value is string text && Characters.AnyVisible(text));

    public override string FormatErrorMessage(string name) => InEveryLanguage.Of("field_required");
}

/// <summary>The length of a text, in UTF-16 code units.</summary>
internal sealed class LengthBetweenAttribute : StringLengthAttribute
{
    public LengthBetweenAttribute(int minimum, int maximum)
        : base(maximum) => MinimumLength = minimum;

    public override string FormatErrorMessage(string name) =>
        MinimumLength == 0
            ? InEveryLanguage.Of("field_too_long", [MaximumLength])
            : InEveryLanguage.Of("field_length", [MinimumLength, MaximumLength]);
}

/// <summary>A number between two others, both allowed. Infinity and NaN are not numbers.</summary>
internal sealed class NumberBetweenAttribute : RangeAttribute
{
    public NumberBetweenAttribute(double minimum, double maximum)
        : base(minimum, maximum) { }

    public NumberBetweenAttribute(int minimum, int maximum)
        : base(minimum, maximum) { }

    public override string FormatErrorMessage(string name) => InEveryLanguage.Of("field_range", [Minimum, Maximum]);
}

/// <summary>So many elements at the most.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CountAtMostAttribute(int maximum) : ValidationAttribute
{
    public override bool IsValid(object? value) =>
        value is not System.Collections.ICollection { Count: var count } || count <= maximum;

    public override string FormatErrorMessage(string name) => InEveryLanguage.Of("field_too_many", [maximum]);
}

/// <summary>One of a few words.</summary>
internal sealed class OneOfAttribute(params string[] words) : AllowedValuesAttribute([null, .. words])
{
    public override string FormatErrorMessage(string name) =>
        InEveryLanguage.Of("field_one_of", [string.Join(", ", Values.OfType<string>())]);
}

/// <summary>An e-mail address.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EmailAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) =>
        value is null || (value is string text && EmailAddress.TryNormalize(text, out _));

    public override string FormatErrorMessage(string name) => InEveryLanguage.Of("field_email");
}

/// <summary>A text that stands in the middle of others: without line breaks, and without what turns their direction around.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OneLineAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => value is not string text || !Characters.AnyDisruptive(text);

    public override string FormatErrorMessage(string name) => InEveryLanguage.Of("field_one_line");
}

/// <summary>Characters by what they do to a reader.</summary>
internal static class Characters
{
    public static bool AnyVisible(string text) =>
        text.EnumerateRunes()
            .Any(rune =>
                !Rune.IsWhiteSpace(rune)
                && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format)
            );

    /// <summary>Control characters, line breaks, and overrides of direction (Unicode Standard Annex 9, 2).</summary>
    public static bool AnyDisruptive(string text) =>
        text.Any(letter =>
            char.IsControl(letter)
            || letter is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069')
        );
}
