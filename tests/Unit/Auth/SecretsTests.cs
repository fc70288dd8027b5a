using BookIT.Core.Auth;

namespace BookIT.Tests.Unit.Auth;

public sealed class SecretsTests
{
    [Theory]
    [InlineData("", "Jwt:Secret is missing: set the environment variable Jwt__Secret.")]
    [InlineData("tiny", "Jwt:Secret is too short")]
    [InlineData("development-only-secret-that-everybody-can-read", "Jwt:Secret is the one from the source code")]
    public void Each_mistake_is_one_sentence_with_the_variable_to_set(string value, string sentence)
    {
        var mistake = Assert.Single(Secrets.Mistakes("Jwt:Secret", value, minimumBytes: 32, isProduction: true));

        Assert.StartsWith(sentence, mistake, StringComparison.Ordinal);
        Assert.Contains("Jwt__Secret", mistake, StringComparison.Ordinal);
        Assert.True(value.Length == 0 || !mistake.Contains(value, StringComparison.Ordinal));
    }

    [Fact]
    public void Outside_production_the_secret_of_the_source_code_is_fine() =>
        Assert.Empty(
            Secrets.Mistakes("Jwt:Secret", "development-only-secret-that-everybody-can-read", 32, isProduction: false)
        );

    [Fact]
    public void Length_is_counted_in_bytes() =>
        Assert.Empty(Secrets.Mistakes("Jwt:Secret", new string('ж', 16), minimumBytes: 32, isProduction: true));

    [Fact]
    public void Keys_for_different_purposes_have_nothing_in_common()
    {
        var jwt = new JwtOptions { Secret = new string('s', 40) };

        Assert.Equal(jwt.KeyFor("passes"), jwt.KeyFor("passes"));
        Assert.NotEqual(jwt.KeyFor("passes"), jwt.KeyFor("refresh tokens"));
    }
}
