using System.ComponentModel.DataAnnotations;
using BookIT.Core.Languages;
using BookIT.Core.Users;

namespace BookIT.Api.Http;

/// <summary>The field must be there and hold more than white space.</summary>
internal sealed class NeededAttribute : RequiredAttribute
{
    public override string FormatErrorMessage(string name) => Sentences.Of("field_required");
}

/// <summary>The field may be absent; a text that is there must hold more than white space.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotBlankAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => value is null || !string.IsNullOrWhiteSpace(value as string);

    public override string FormatErrorMessage(string name) => Sentences.Of("field_required");
}

/// <summary>The length of a text, in UTF-16 code units.</summary>
internal sealed class LengthBetweenAttribute : StringLengthAttribute
{
    public LengthBetweenAttribute(int minimum, int maximum)
        : base(maximum) => MinimumLength = minimum;

    public override string FormatErrorMessage(string name) =>
        MinimumLength == 0
            ? Sentences.Of("field_too_long", [MaximumLength])
            : Sentences.Of("field_length", [MinimumLength, MaximumLength]);
}

/// <summary>A number between two others, both allowed. Infinity and NaN are not numbers.</summary>
internal sealed class NumberBetweenAttribute : RangeAttribute
{
    public NumberBetweenAttribute(double minimum, double maximum)
        : base(minimum, maximum) { }

    public NumberBetweenAttribute(int minimum, int maximum)
        : base(minimum, maximum) { }

    public override string FormatErrorMessage(string name) => Sentences.Of("field_range", [Minimum, Maximum]);
}

/// <summary>One of a few words.</summary>
internal sealed class OneOfAttribute(params string[] words) : AllowedValuesAttribute([null, .. words])
{
    public override string FormatErrorMessage(string name) =>
        Sentences.Of("field_one_of", [string.Join(", ", Values.OfType<string>())]);
}

/// <summary>An e-mail address.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EmailAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) =>
        value is null || (value is string text && EmailAddress.TryNormalize(text, out _));

    public override string FormatErrorMessage(string name) => Sentences.Of("field_email");
}
