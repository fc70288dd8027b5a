using System.Text;
using BookIT.Core.Redis;
using Xunit;

namespace BookIT.Tests.Unit.Redis;

public sealed class RedisValueTests
{
    [Fact]
    public void Null_is_not_empty()
    {
        Assert.True(RedisValue.Null.IsNull);
        Assert.True(((RedisValue)(string?)null).IsNull);
        Assert.True(((RedisValue)(byte[]?)null).IsNull);
        Assert.False(((RedisValue)"").IsNull);
        Assert.False(((RedisValue)"").HasValue);
        Assert.True(((RedisValue)0).HasValue);
        Assert.NotEqual(RedisValue.Null, (RedisValue)"");
        Assert.Null((string?)RedisValue.Null);
        Assert.Null((byte[]?)RedisValue.Null);
        Assert.Equal(0, (long)RedisValue.Null);
        Assert.False((bool)RedisValue.Null);
        Assert.Equal("", RedisValue.Null.ToString());
    }

    [Fact]
    public void The_same_bytes_are_equal_whatever_they_were_made_of()
    {
        RedisValue[] same = ["42", 42, 42L, "42"u8.ToArray(), new ReadOnlyMemory<byte>([0, .. "42"u8])[1..]];
        foreach (var left in same)
        {
            Assert.Equal("42", (string?)left);
            Assert.Equal(42, (int)left);
            Assert.Equal("42"u8.ToArray(), (byte[]?)left);
            Assert.All(same, right => Assert.True(left == right));
            Assert.All(same, right => Assert.Equal(left.GetHashCode(), right.GetHashCode()));
            Assert.True(left != "43");
        }
    }

    [Theory]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    public void Integers_of_64_bits_are_read(string digits, long expected)
    {
        Assert.Equal(expected, (long)(RedisValue)digits);
        Assert.Equal(digits, (string?)(RedisValue)expected);
        Assert.Throws<InvalidCastException>(() => (int)(RedisValue)digits);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1.5")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("9223372036854775808")]
    public void What_is_not_an_integer_is_not_taken_for_one(string text) =>
        Assert.Throws<InvalidCastException>(() => (long)(RedisValue)text);

    [Fact]
    public void Bytes_are_not_copied()
    {
        var bytes = Encoding.UTF8.GetBytes("bytes");
        Assert.Same(bytes, (byte[]?)(RedisValue)bytes);
        Assert.True(((ReadOnlyMemory<byte>)(RedisValue)bytes).Equals(bytes));
    }

    [Fact]
    public void A_result_is_converted_only_to_what_it_is()
    {
        var array = new RedisResult([new(ResultType.Integer, 1), new(ResultType.Error, "ERR no")]);
        Assert.Equal(1, (long)array[0]);
        Assert.Equal("ERR no", Assert.Throws<RedisServerException>(() => (string?)array[1]).Message);
        Assert.Throws<InvalidCastException>(() => (long)array);
        Assert.Throws<InvalidCastException>(() => (RedisResult[]?)array[0]);
        Assert.Null((RedisValue[]?)new RedisResult(null));
        Assert.Null((string?)new RedisResult(null));
    }
}
