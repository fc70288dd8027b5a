using BookIT.Core.Redis;
using Xunit;

namespace BookIT.Tests.Unit.Redis;

public sealed class RedisUrlTests
{
    [Theory]
    [InlineData("redis://localhost", "localhost", 6379, false, null, null, 0)]
    [InlineData("redis://localhost/", "localhost", 6379, false, null, null, 0)]
    [InlineData("rediss://redis.example:6380/15", "redis.example", 6380, true, null, null, 15)]
    [InlineData("redis://:secret@h/3", "h", 6379, false, null, "secret", 3)]
    [InlineData("redis://bookit:p%40%3Ass%2F%25@h", "h", 6379, false, "bookit", "p@:ss/%", 0)]
    [InlineData("redis://u:a:b@h", "h", 6379, false, "u", "a:b", 0)]
    [InlineData("redis://[::1]:7000/1", "::1", 7000, false, null, null, 1)]
    public void A_URL_says_where_and_how(
        string url,
        string host,
        int port,
        bool tls,
        string? user,
        string? password,
        int database
    ) => Assert.Equal(new RedisUrl(host, port, tls, user, password, database), RedisUrl.Parse(url));

    [Theory]
    [InlineData("")]
    [InlineData("localhost:6379")]
    [InlineData("http://localhost")]
    [InlineData("redis://")]
    [InlineData("redis://:s3cret@")]
    [InlineData("redis://h:99999")]
    [InlineData("redis://h/first")]
    [InlineData("redis://h/-1")]
    [InlineData("redis://h/1/2")]
    [InlineData("redis://s3cret@h")]
    [InlineData("redis://:s3cret@h?db=1")]
    [InlineData("redis://:s3cret#@h")]
    public void A_malformed_URL_is_refused_in_a_sentence_without_its_password(string url)
    {
        var error = Assert.Throws<ArgumentException>(nameof(url), () => RedisUrl.Parse(url));
        Assert.StartsWith("The URL of Redis is malformed: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_logged_has_no_password() =>
        Assert.Equal("h:6379/2", RedisUrl.Parse("redis://user:s3cret@h/2").ToString());
}
