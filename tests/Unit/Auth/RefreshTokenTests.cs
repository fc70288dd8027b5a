using BookIT.Core.Auth;

namespace BookIT.Tests.Unit.Auth;

public sealed class RefreshTokenTests
{
    private readonly byte[] key = new JwtOptions { Secret = "a-secret-for-tests-that-is-long-enough" }.KeyFor("test");
    private readonly Guid session = Guid.CreateVersion7();

    [Fact]
    public void It_reads_back_what_it_writes()
    {
        var token = RefreshToken.First(session).Next(key);

        Assert.True(RefreshToken.TryParse(token.ToString(), out var read));
        Assert.Equal((session, 1), (read.SessionId, read.Generation));
        Assert.Equal(token.Hash, read.Hash);
    }

    [Fact]
    public void The_next_one_follows_from_it_and_the_key_alone()
    {
        var token = RefreshToken.First(session);

        Assert.Equal(token.Next(key).ToString(), token.Next(key).ToString());
        Assert.NotEqual(token.Next(key).Hash, token.Next([.. key, 1]).Hash);
        Assert.NotEqual(token.Next(key).Hash, RefreshToken.First(session).Next(key).Hash);
    }

    [Fact]
    public void No_two_sign_ins_begin_alike() =>
        Assert.NotEqual(RefreshToken.First(session).ToString(), RefreshToken.First(session).ToString());

    [Fact]
    public void Whatever_is_not_exactly_one_is_none()
    {
        var text = RefreshToken.First(session).ToString();
        string?[] others = [null, "", text[..^1], text + "A", " " + text[1..], text[..^1] + "=", text[..^1] + "é"];

        Assert.All(others, other => Assert.False(RefreshToken.TryParse(other, out _), other));
    }
}
