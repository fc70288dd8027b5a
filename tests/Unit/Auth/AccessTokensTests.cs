using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Auth;
using BookIT.Core.Users;

namespace BookIT.Tests.Unit.Auth;

public sealed class AccessTokensTests
{
    private const string Secret = "a-secret-for-tests-that-is-long-enough";
    private const string Header = """{"alg":"HS256","typ":"JWT"}""";

    private static readonly Guid User = Guid.Parse("01a1fca7-a3a9-7b45-9fb5-d9dd62ab9554");
    private static readonly Guid Session = Guid.Parse("01a1fca7-a3a9-7f73-b11d-0164623f8e37");

    private readonly DateTimeOffset now = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);
    private readonly AccessTokens tokens = new(new JwtOptions { Secret = Secret });

    [Fact]
    public void The_signature_is_that_of_RFC_7515_A_1()
    {
        var key = Base64Url.DecodeFromChars(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        );
        var text =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"u8
            + "."u8
            + "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"u8;
        var signature = new byte[43];

        AccessTokens.Sign(key, text, signature);

        Assert.Equal("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Encoding.ASCII.GetString(signature));
    }

    [Theory]
    [InlineData(UserRole.User)]
    [InlineData(UserRole.Admin)]
    public void What_is_issued_can_be_read(UserRole role)
    {
        var text = tokens.Issue(User, Session, role, now);

        Assert.True(tokens.TryRead(text, now, out var token));
        Assert.Equal(new AccessToken(User, Session, role), token);
    }

    [Fact]
    public void No_two_are_the_same() =>
        Assert.NotEqual(
            tokens.Issue(User, Session, UserRole.User, now),
            tokens.Issue(User, Session, UserRole.User, now)
        );

    [Fact]
    public void It_expires_after_a_quarter_of_an_hour()
    {
        var text = tokens.Issue(User, Session, UserRole.User, now);

        Assert.True(tokens.TryRead(text, now.AddMinutes(15).AddSeconds(-1), out _));
        Assert.False(tokens.TryRead(text, now.AddMinutes(15), out _));
    }

    [Fact]
    public void Another_key_signs_nothing_here()
    {
        var others = new AccessTokens(new JwtOptions { Secret = Secret + "!" });

        Assert.False(tokens.TryRead(others.Issue(User, Session, UserRole.Admin, now), now, out _));
    }

    [Fact]
    public void Changing_any_character_spoils_it()
    {
        var text = tokens.Issue(User, Session, UserRole.User, now);
        for (var i = 0; i < text.Length; i++)
        {
            var changed = text.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            Assert.False(tokens.TryRead(changed, now, out _), $"At {i}");
        }
    }

    [Fact]
    public void No_other_text_of_the_same_signature_is_taken()
    {
        var text = tokens.Issue(User, Session, UserRole.User, now);
        // The last character of 43 carries four bits; the other two are spare.
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

        var taken = alphabet.Count(last => tokens.TryRead(text[..^1] + last, now, out _));

        Assert.Equal(1, taken);
    }

    [Fact]
    public void A_part_of_it_is_nothing()
    {
        var text = tokens.Issue(User, Session, UserRole.User, now);
        for (var length = 0; length < text.Length; length++)
        {
            Assert.False(tokens.TryRead(text.AsSpan(0, length), now, out _), $"The first {length}");
            Assert.False(tokens.TryRead(text.AsSpan(text.Length - length), now, out _), $"The last {length}");
        }
    }

    [Fact]
    public void Nothing_may_be_added_to_it()
    {
        var text = tokens.Issue(User, Session, UserRole.User, now);
        var parts = text.Split('.');
        string[] longer =
        [
            text + ".",
            "." + text,
            text + "=",
            text + " ",
            text + "\0",
            text + text,
            $"{text}.{parts[2]}",
            $"{parts[0]}.{text}",
            $"{parts[0]}.{parts[1]}.{parts[1]}.{parts[2]}",
            $"{parts[0]}..{parts[2]}",
            $"{parts[0]}.{parts[1]}=.{parts[2]}",
        ];

        Assert.All(longer, attempt => Assert.False(tokens.TryRead(attempt, now, out _), attempt));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("...")]
    [InlineData("null")]
    [InlineData("кириллица.кириллица.кириллица")]
    [InlineData("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.")]
    [InlineData("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9..")]
    public void Garbage_is_no_token(string text) => Assert.False(tokens.TryRead(text, now, out _));

    [Fact]
    public void Neither_are_a_million_characters() =>
        Assert.False(tokens.TryRead(new string('a', 1_000_000), now, out _));

    [Theory]
    [InlineData("""{"alg":"none","typ":"JWT"}""")]
    [InlineData("""{"alg":"None","typ":"JWT"}""")]
    [InlineData("""{"alg":"HS384","typ":"JWT"}""")]
    [InlineData("""{"alg":"RS256","typ":"JWT"}""")]
    [InlineData("""{"alg":"HS256","typ":"JWT","crit":["exp"]}""")]
    [InlineData("""{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}""")]
    [InlineData("""{"alg":"HS256","alg":"none","typ":"JWT"}""")]
    [InlineData("{}")]
    public void Another_header_is_refused_though_it_is_signed(string header)
    {
        var payload = Payload(tokens.Issue(User, Session, UserRole.Admin, now));

        Assert.True(tokens.TryRead(Signed(Header, payload), now, out _));
        Assert.False(tokens.TryRead(Signed(header, payload), now, out _));
    }

    [Fact]
    public void Without_a_signature_it_is_refused()
    {
        var payload = Payload(tokens.Issue(User, Session, UserRole.Admin, now));
        var unsigned = $"{Encode("""{"alg":"none"}""")}.{Encode(payload)}.";

        Assert.False(tokens.TryRead(unsigned, now, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{{")]
    [InlineData("{{CLAIMS}} {}")]
    [InlineData("""{"sub":"01a1fca7-a3a9-7b45-9fb5-d9dd62ab9554"}""")]
    public void Signed_nonsense_is_refused(string payload)
    {
        var claims = Payload(tokens.Issue(User, Session, UserRole.User, now));

        Assert.False(tokens.TryRead(Signed(Header, payload.Replace("{{CLAIMS}}", claims)), now, out _));
    }

    [Theory]
    [InlineData("\"sub\":\"01a1fca7-a3a9-7b45-9fb5-d9dd62ab9554\"", "\"sub\":\"me\"")]
    [InlineData("\"sub\":\"01a1fca7-a3a9-7b45-9fb5-d9dd62ab9554\"", "\"sub\":null")]
    [InlineData("\"sub\":\"01a1fca7-a3a9-7b45-9fb5-d9dd62ab9554\"", "\"who\":\"me\"")]
    [InlineData("\"role\":\"user\"", "\"role\":\"owner\"")]
    [InlineData("\"role\":\"user\"", "\"role\":null")]
    [InlineData("\"role\":\"user\"", "\"role\":\"user\",\"role\":\"admin\"")]
    [InlineData("\"iss\":\"bookit\"", "\"iss\":\"elsewhere\"")]
    [InlineData("\"aud\":\"bookit\"", "\"aud\":[\"bookit\"]")]
    [InlineData("\"exp\":1795256100", "\"exp\":\"1795256100\"")]
    [InlineData("\"exp\":1795256100", "\"exp\":1e400")]
    [InlineData("\"exp\":1795256100", "\"exp\":1795255200")]
    public void Signed_claims_that_are_not_ours_are_refused(string ours, string theirs)
    {
        var payload = Payload(tokens.Issue(User, Session, UserRole.User, now));
        Assert.Contains(ours, payload, StringComparison.Ordinal);

        Assert.False(tokens.TryRead(Signed(Header, payload.Replace(ours, theirs)), now, out _));
    }

    private static string Payload(string token) =>
        Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[1]));

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string Signed(string header, string payload)
    {
        var text = $"{Encode(header)}.{Encode(payload)}";
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(text));
        return $"{text}.{Base64Url.EncodeToString(mac)}";
    }
}
