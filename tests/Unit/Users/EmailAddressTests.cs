using BookIT.Core.Users;

namespace BookIT.Tests.Unit.Users;

public sealed class EmailAddressTests
{
    [Theory]
    [InlineData("ann@example.com", "ann@example.com")]
    [InlineData("  Ann@Example.COM\t", "ann@example.com")]
    [InlineData("Анна@Пример.РФ", "анна@пример.рф")]
    [InlineData("o'brien+tag@sub.example.co.uk", "o'brien+tag@sub.example.co.uk")]
    [InlineData("e\u0301ve@example.com", "\u00e9ve@example.com")]
    public void An_address_has_one_spelling(string text, string email)
    {
        Assert.True(EmailAddress.TryNormalize(text, out var normalized));
        Assert.Equal(email, normalized);
        Assert.Equal(email, EmailAddress.Normalize(normalized));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("ann")]
    [InlineData("@example.com")]
    [InlineData("ann@")]
    [InlineData("ann@localhost")]
    [InlineData("ann@@example.com")]
    [InlineData("ann@example.com, bob@example.com")]
    [InlineData("Ann <ann@example.com>")]
    [InlineData("<ann@example.com>")]
    [InlineData("\"ann\"@example.com")]
    [InlineData("\"a b\"@example.com")]
    [InlineData("a b@example.com")]
    [InlineData("ann@exam ple.com")]
    [InlineData("ann@example.com\r\nBcc: bob@example.com")]
    [InlineData("ann@[127.0.0.1]")]
    [InlineData("ann@[IPv6:::1]")]
    [InlineData("ann\0@example.com")]
    [InlineData("ann@example.com(comment)")]
    [InlineData("'; DROP TABLE users; --")]
    public void What_is_no_address_is_not_taken_for_one(string? text) =>
        Assert.False(EmailAddress.TryNormalize(text, out _));

    [Fact]
    public void It_is_as_long_as_mail_can_carry()
    {
        var domain = $"@{new string('d', 60)}.{new string('d', 60)}.com";
        var longest = new string('a', EmailAddress.MaxLength - domain.Length) + domain;

        Assert.True(EmailAddress.TryNormalize(longest, out _));
        Assert.False(EmailAddress.TryNormalize("a" + longest, out _));
        Assert.False(EmailAddress.TryNormalize("я" + longest[1..], out _));
        Assert.False(EmailAddress.TryNormalize(new string('a', 100_000) + "@example.com", out _));
        Assert.Throws<FormatException>(() => EmailAddress.Normalize("nobody"));
    }

    [Fact]
    public void Lone_surrogates_do_not_throw() =>
        Assert.All(
            ["a\ud800@example.com", "a\udc00b@example.com", "a@\ud800.com", "\ud800"],
            text => Assert.False(EmailAddress.TryNormalize(text, out _))
        );
}
