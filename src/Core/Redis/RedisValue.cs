using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace BookIT.Core.Redis;

/// <summary>
/// A binary-safe string as Redis stores it, or null (a missing key). Text is UTF-8; an integer is its decimal digits,
/// so that <c>(RedisValue)1 == "1"</c>. Bytes given are kept, not copied: do not change them afterwards.
/// </summary>
public readonly struct RedisValue : IEquatable<RedisValue>
{
    private const int LongestInteger = 20;

    // Stand in `content` for a value that is in `number` or in `bytes`.
    private static readonly object Integer = new();
    private static readonly object Bytes = new();

    // Null, a string, or one of the two marks above.
    private readonly object? content;
    private readonly long number;
    private readonly ReadOnlyMemory<byte> bytes;

    private RedisValue(object? content, long number = 0, ReadOnlyMemory<byte> bytes = default)
    {
        this.content = content;
        this.number = number;
        this.bytes = bytes;
    }

    /// <summary>The missing value.</summary>
    public static RedisValue Null => default;

    /// <summary>Whether there is no value at all; the empty string is a value.</summary>
    public bool IsNull => content is null;

    /// <summary>Whether there is a value and it is not empty.</summary>
    public bool HasValue => !IsNull && ByteCount > 0;

    /// <summary>How many bytes the value takes on the wire; null takes none.</summary>
    internal int ByteCount =>
        content switch
        {
            null => 0,
            string text => Encoding.UTF8.GetByteCount(text),
            _ when content == Bytes => bytes.Length,
            _ => Format(number, stackalloc byte[LongestInteger]),
        };

    /// <summary>Text as UTF-8.</summary>
    public static implicit operator RedisValue(string? value) => new(value);

    /// <summary>Bytes, not copied.</summary>
    public static implicit operator RedisValue(byte[]? value) => value is null ? default : new(Bytes, bytes: value);

    /// <summary>Bytes, not copied.</summary>
    public static implicit operator RedisValue(ReadOnlyMemory<byte> value) => new(Bytes, bytes: value);

    /// <summary>An integer as decimal digits.</summary>
    public static implicit operator RedisValue(long value) => new(Integer, value);

    /// <summary>An integer as decimal digits.</summary>
    public static implicit operator RedisValue(int value) => new(Integer, value);

    /// <summary>True is 1, false is 0.</summary>
    public static implicit operator RedisValue(bool value) => new(Integer, value ? 1 : 0);

    /// <summary>The text, or null; bytes that are not UTF-8 become U+FFFD.</summary>
    public static explicit operator string?(RedisValue value) =>
        value.content switch
        {
            null => null,
            string text => text,
            _ when value.content == Bytes => Encoding.UTF8.GetString(value.bytes.Span),
            _ => value.number.ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>The bytes; the array may be the value's own, so do not change it.</summary>
    public static explicit operator byte[]?(RedisValue value)
    {
        if (value.IsNull)
        {
            return null;
        }

        var memory = (ReadOnlyMemory<byte>)value;
        return
            MemoryMarshal.TryGetArray(memory, out var segment)
            && segment.Array is { } array
            && array.Length == segment.Count
            ? array
            : memory.ToArray();
    }

    /// <summary>The bytes without a copy where the value has them; null is empty.</summary>
    public static explicit operator ReadOnlyMemory<byte>(RedisValue value)
    {
        if (value.content == Bytes)
        {
            return value.bytes;
        }

        var copy = new byte[value.ByteCount];
        value.CopyTo(copy);
        return copy;
    }

    /// <summary>The integer that the digits spell; null is 0.</summary>
    /// <exception cref="InvalidCastException">The value is not an integer that fits.</exception>
    public static explicit operator long(RedisValue value)
    {
        if (value.IsNull)
        {
            return 0;
        }

        if (value.content == Integer)
        {
            return value.number;
        }

        var digits = ((ReadOnlyMemory<byte>)value).Span;
        return Utf8Parser.TryParse(digits, out long parsed, out var used) && used == digits.Length
            ? parsed
            : throw new InvalidCastException("The Redis value is not an integer of 64 bits.");
    }

    /// <summary>The integer that the digits spell; null is 0.</summary>
    /// <exception cref="InvalidCastException">The value is not an integer that fits.</exception>
    public static explicit operator int(RedisValue value)
    {
        var wide = (long)value;
        return wide is >= int.MinValue and <= int.MaxValue
            ? (int)wide
            : throw new InvalidCastException("The Redis value is not an integer of 32 bits.");
    }

    /// <summary>Whether the value is a number other than 0; null is false.</summary>
    /// <exception cref="InvalidCastException">The value is not an integer.</exception>
    public static explicit operator bool(RedisValue value) => (long)value != 0;

    /// <summary>Equal when Redis would store the same bytes; null equals only null.</summary>
    public static bool operator ==(RedisValue left, RedisValue right) => left.Equals(right);

    /// <summary>The opposite of equal.</summary>
    public static bool operator !=(RedisValue left, RedisValue right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(RedisValue other) =>
        IsNull || other.IsNull
            ? IsNull == other.IsNull
            : ((ReadOnlyMemory<byte>)this).Span.SequenceEqual(((ReadOnlyMemory<byte>)other).Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RedisValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(((ReadOnlyMemory<byte>)this).Span);
        return hash.ToHashCode();
    }

    /// <summary>The value as text; null is empty.</summary>
    public override string ToString() => (string?)this ?? "";

    /// <summary>Copies the bytes to the start of a span that has room for <see cref="ByteCount"/> of them.</summary>
    internal void CopyTo(Span<byte> destination)
    {
        if (content is string text)
        {
            Encoding.UTF8.GetBytes(text, destination);
        }
        else if (content == Bytes)
        {
            bytes.Span.CopyTo(destination);
        }
        else if (content == Integer)
        {
            Format(number, destination);
        }
    }

    /// <summary>Writes the bytes piece by piece, for values too long for one span.</summary>
    internal void WriteTo(IBufferWriter<byte> output)
    {
        if (content is string text)
        {
            Encoding.UTF8.GetBytes(text, output);
        }
        else
        {
            output.Write(((ReadOnlyMemory<byte>)this).Span);
        }
    }

    private static int Format(long number, Span<byte> destination)
    {
        Utf8Formatter.TryFormat(number, destination, out var length);
        return length;
    }
}
