using BookIT.Core.Auth;
using BookIT.Core.Reservations;

namespace BookIT.Tests.Unit.Reservations;

public sealed class PassTests
{
    private static readonly Guid Id = Guid.Parse("01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0");
    private readonly Pass pass = new(new JwtOptions { Secret = "a-secret-for-tests-that-is-long-enough" });

    [Fact]
    public void Both_kinds_are_read()
    {
        Assert.True(pass.TryRead(Id.ToString(), out var bare));
        Assert.True(pass.TryRead(pass.Sign(Id), out var signed));
        Assert.Equal((Id, Id), (bare, signed));
    }

    [Fact]
    public void No_changed_character_gets_through()
    {
        var text = pass.Sign(Id);
        for (var i = Pass.Prefix.Length; i < text.Length; i++)
        {
            var forged = text[..i] + (text[i] == '0' ? '1' : '0') + text[(i + 1)..];
            Assert.False(pass.TryRead(forged, out _) && forged != text, forged);
        }
    }

    [Fact]
    public void Another_secrets_pass_is_not_ours() =>
        Assert.False(
            pass.TryRead(new Pass(new JwtOptions { Secret = "another-secret-that-is-long-enough!!" }).Sign(Id), out _)
        );

    [Theory]
    [InlineData("")]
    [InlineData("bookit:")]
    [InlineData("bookit:.")]
    [InlineData("bookit:01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0")]
    [InlineData("bookit:01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0.")]
    [InlineData("bookit:01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0.=====")]
    [InlineData("{01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0}")]
    [InlineData("01a1fcafc3fc76bbadf19b0e98a457d0")]
    public void What_is_no_pass_is_none(string text) => Assert.False(pass.TryRead(text, out _));
}
