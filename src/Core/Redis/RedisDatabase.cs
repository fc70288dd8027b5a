using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace BookIT.Core.Redis;

/// <summary>How to send a command.</summary>
[Flags]
public enum CommandFlags
{
    /// <summary>Wait for the reply.</summary>
    None = 0,

    /// <summary>Send it if that can be done; the task is completed already, and holds the default. Errors are ignored.</summary>
    FireAndForget = 2,
}

/// <summary>A field of a hash.</summary>
public readonly record struct HashEntry(RedisValue Name, RedisValue Value);

/// <summary>
/// The commands on keys. Every call ends within its time-out or throws: <see cref="RedisConnectionException"/> at once
/// when there is no connection, or when it is lost; <see cref="RedisTimeoutException"/>;
/// <see cref="RedisServerException"/> when the server refuses. After the first two the command may yet have run.
/// </summary>
/// <remarks>Keys and values hold up to 512 MB. Spans of time are rounded up to milliseconds and must be positive.</remarks>
public sealed class RedisDatabase
{
    private static readonly ConcurrentDictionary<string, string> ScriptDigests = new(StringComparer.Ordinal);

    private readonly PersistentConnection connection;
    private readonly TimeProvider time;

    internal RedisDatabase(PersistentConnection connection, TimeProvider time)
    {
        this.connection = connection;
        this.time = time;
    }

    /// <summary>How long the server takes to answer.</summary>
    public async Task<TimeSpan> PingAsync()
    {
        var start = time.GetTimestamp();
        await connection.SendAsync(Whole, "PING");
        return time.GetElapsedTime(start);
    }

    /// <summary>The value, or null without the key.</summary>
    public Task<RedisValue> StringGetAsync(string key) => connection.SendAsync(Value, "GET", key);

    /// <summary>Sets the value, and its life: without an expiry it lives for ever, whatever was set before.</summary>
    public Task<bool> StringSetAsync(
        string key,
        RedisValue value,
        TimeSpan? expiry = null,
        CommandFlags flags = CommandFlags.None
    ) =>
        expiry is { } life
            ? SendAsync(flags, Done, "SET", key, value, "PX", Milliseconds(life))
            : SendAsync(flags, Done, "SET", key, value);

    /// <summary>Adds to the integer, which is 0 without the key, and gives the sum. The life stays as it is.</summary>
    public Task<long> StringIncrementAsync(string key, long value = 1, CommandFlags flags = CommandFlags.None) =>
        SendAsync(flags, Integer, "INCRBY", key, value);

    /// <summary>Whether there was such a key.</summary>
    public Task<bool> KeyDeleteAsync(string key) => connection.SendAsync(Flag, "DEL", key);

    /// <summary>How many of the keys there were.</summary>
    public Task<long> KeyDeleteAsync(string[] keys) =>
        keys.Length == 0
            ? Task.FromResult(0L)
            : connection.SendAsync(Integer, "DEL", Array.ConvertAll(keys, key => (RedisValue)key));

    /// <summary>Sets what remains of a key's life; false without the key.</summary>
    public Task<bool> KeyExpireAsync(string key, TimeSpan expiry) =>
        connection.SendAsync(Flag, "PEXPIRE", key, Milliseconds(expiry));

    /// <summary>The value of a hash's field, or null.</summary>
    public Task<RedisValue> HashGetAsync(string key, RedisValue hashField) =>
        connection.SendAsync(Value, "HGET", key, hashField);

    /// <summary>The fields of a hash, in no order; none without the key.</summary>
    public Task<HashEntry[]> HashGetAllAsync(string key) => connection.SendAsync(Entries, "HGETALL", key);

    /// <summary>Sets fields of a hash, all at once; those not named stay.</summary>
    public Task HashSetAsync(string key, HashEntry[] hashFields)
    {
        if (hashFields.Length == 0)
        {
            return Task.CompletedTask;
        }

        RedisValue[] arguments = [key, .. hashFields.SelectMany(field => new[] { field.Name, field.Value })];
        return connection.SendAsync(Integer, "HSET", arguments);
    }

    /// <summary>Whether the value is new in the set.</summary>
    public Task<bool> SetAddAsync(string key, RedisValue value) => connection.SendAsync(Flag, "SADD", key, value);

    /// <summary>Whether the value was in the set.</summary>
    public Task<bool> SetRemoveAsync(string key, RedisValue value) => connection.SendAsync(Flag, "SREM", key, value);

    /// <summary>The values of a set, in no order; none without the key.</summary>
    public Task<RedisValue[]> SetMembersAsync(string key) => connection.SendAsync(Values, "SMEMBERS", key);

    /// <summary>Sets a member's score; whether the member is new.</summary>
    public Task<bool> SortedSetAddAsync(string key, RedisValue member, double score) =>
        connection.SendAsync(Flag, "ZADD", key, Score(score), member);

    /// <summary>The members with a score from start to stop, both included, the lowest first.</summary>
    public Task<RedisValue[]> SortedSetRangeByScoreAsync(
        string key,
        double start = double.NegativeInfinity,
        double stop = double.PositiveInfinity
    ) => connection.SendAsync(Values, "ZRANGEBYSCORE", key, Score(start), Score(stop));

    /// <summary>Whether the member was there.</summary>
    public Task<bool> SortedSetRemoveAsync(string key, RedisValue member) =>
        connection.SendAsync(Flag, "ZREM", key, member);

    /// <summary>Sends a message to those subscribed to the channel just now, and gives their number.</summary>
    public Task<long> PublishAsync(string channel, RedisValue message, CommandFlags flags = CommandFlags.None) =>
        SendAsync(flags, Integer, "PUBLISH", channel, message);

    /// <summary>
    /// Runs a Lua script, atomically. Only its digest is sent, unless the server does not know it, as after a restart.
    /// Digests are kept: scripts should be constants, with what varies in the arguments.
    /// </summary>
    public async Task<RedisResult> ScriptEvaluateAsync(
        string script,
        string[]? keys = null,
        RedisValue[]? values = null
    )
    {
        keys ??= [];
        RedisValue[] arguments =
        [
            ScriptDigests.GetOrAdd(script, Digest),
            keys.Length,
            .. keys.Select(key => (RedisValue)key),
            .. values ?? [],
        ];
        try
        {
            return await connection.SendAsync(Whole, "EVALSHA", arguments);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            arguments[0] = script;
            return await connection.SendAsync(Whole, "EVAL", arguments);
        }
    }

    /// <summary>Sends any command that has one reply and leaves the connection as it was; see <see cref="ConnectionMultiplexer"/>.</summary>
    public Task<RedisResult> ExecuteAsync(string command, params RedisValue[] args) =>
        connection.SendAsync(Whole, command, args);

    private Task<T> SendAsync<T>(
        CommandFlags flags,
        Func<RedisResult, T> convert,
        string command,
        params ReadOnlySpan<RedisValue> arguments
    )
        where T : struct
    {
        if (!flags.HasFlag(CommandFlags.FireAndForget))
        {
            return connection.SendAsync(convert, command, arguments);
        }

        connection.Send(command, arguments);
        return Task.FromResult(default(T));
    }

    private static RedisResult Whole(RedisResult result) => result;

    private static RedisValue Value(RedisResult result) => (RedisValue)result;

    private static RedisValue[] Values(RedisResult result) => (RedisValue[]?)result ?? [];

    private static long Integer(RedisResult result) => (long)result;

    private static bool Flag(RedisResult result) => (bool)result;

    private static bool Done(RedisResult result) => !result.IsNull;

    private static HashEntry[] Entries(RedisResult result) =>
        Values(result).Chunk(2).Select(pair => new HashEntry(pair[0], pair[1])).ToArray();

    private static long Milliseconds(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(span, TimeSpan.Zero);
        return (long)Math.Ceiling(span.TotalMilliseconds);
    }

    // The names that Redis gives the infinities are not those of .NET.
    private static string Score(double score) =>
        double.IsInfinity(score) ? (score > 0 ? "+inf" : "-inf") : score.ToString("R", CultureInfo.InvariantCulture);

#pragma warning disable CA5350 // Redis names scripts by their SHA-1; nothing is protected by it.
    private static string Digest(string script) =>
        Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(script)));
#pragma warning restore CA5350
}
