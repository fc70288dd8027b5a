namespace BookIT.Core.Redis;

/// <summary>What kind of reply a <see cref="RedisResult"/> is.</summary>
public enum ResultType
{
    /// <summary>A status such as <c>OK</c>.</summary>
    SimpleString = 1,

    /// <summary>An error inside an array; an error that is the whole reply is thrown instead.</summary>
    Error = 2,

    /// <summary>An integer of 64 bits.</summary>
#pragma warning disable CA1720 // The protocol's own name.
    Integer = 3,
#pragma warning restore CA1720

    /// <summary>A string, or null.</summary>
    BulkString = 4,

    /// <summary>Replies in a row, or null.</summary>
    Array = 5,
}

/// <summary>
/// A reply of any shape, from a script or a command sent by name. Conversions of an error throw
/// <see cref="RedisServerException"/>; conversions that do not fit the reply throw <see cref="InvalidCastException"/>.
/// </summary>
public sealed class RedisResult
{
    private readonly RedisValue value;
    private readonly RedisResult[]? items;

    internal RedisResult(ResultType type, RedisValue value)
    {
        Resp2Type = type;
        this.value = value;
    }

    internal RedisResult(RedisResult[]? items)
    {
        Resp2Type = ResultType.Array;
        this.items = items;
    }

    /// <summary>The kind of reply on the wire.</summary>
    public ResultType Resp2Type { get; }

    /// <summary>Whether this is the null string or the null array.</summary>
    public bool IsNull => Resp2Type == ResultType.Array ? items is null : value.IsNull;

    /// <summary>The number of items in an array; -1 for what is not one and for the null array.</summary>
    public int Length => items?.Length ?? -1;

    /// <summary>An item of an array.</summary>
    public RedisResult this[int index] => ((RedisResult[]?)this ?? [])[index];

    /// <summary>The one value; the null array is the null value.</summary>
    public static explicit operator RedisValue(RedisResult result) =>
        result.Resp2Type switch
        {
            ResultType.Error => throw result.ToException(),
            ResultType.Array when result.items is null => RedisValue.Null,
            ResultType.Array => throw new InvalidCastException("The Redis reply is an array, not one value."),
            _ => result.value,
        };

    /// <summary>The text, or null.</summary>
    public static explicit operator string?(RedisResult result) => (string?)(RedisValue)result;

    /// <summary>The bytes, or null; do not change them.</summary>
    public static explicit operator byte[]?(RedisResult result) => (byte[]?)(RedisValue)result;

    /// <summary>The integer; null is 0.</summary>
    public static explicit operator long(RedisResult result) => (long)(RedisValue)result;

    /// <summary>The integer; null is 0.</summary>
    public static explicit operator int(RedisResult result) => (int)(RedisValue)result;

    /// <summary>Whether the integer is not 0; null is false.</summary>
    public static explicit operator bool(RedisResult result) => (bool)(RedisValue)result;

    /// <summary>The items as they came, of any kind, or null.</summary>
    public static explicit operator RedisResult[]?(RedisResult result) =>
        result.Resp2Type switch
        {
            ResultType.Error => throw result.ToException(),
            ResultType.Array => result.items,
            _ when result.IsNull => null,
            _ => throw new InvalidCastException("The Redis reply is one value, not an array."),
        };

    /// <summary>The items, each one value, or null.</summary>
    public static explicit operator RedisValue[]?(RedisResult result) =>
        (RedisResult[]?)result is { } items ? Array.ConvertAll(items, item => (RedisValue)item) : null;

    /// <summary>The items, each a text or null; or null.</summary>
    public static explicit operator string?[]?(RedisResult result) =>
        (RedisResult[]?)result is { } items ? Array.ConvertAll(items, item => (string?)item) : null;

    /// <summary>The text of a value or an error, or the number of items.</summary>
    public override string ToString() => Resp2Type == ResultType.Array ? $"{Length} items" : value.ToString();

    internal RedisServerException ToException() => new(value.ToString());
}
