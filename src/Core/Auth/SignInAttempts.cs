using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Redis;

namespace BookIT.Core.Auth;

/// <summary>
/// Limits how often a password may be guessed: per account and address, per account, and per address, for all replicas
/// together. An attempt is counted before it is tried, so that a hundred at once are not all tried; one that succeeds is
/// taken back. Why three counters: docs/decisions/sign-in-attempts.md.
/// </summary>
public sealed class SignInAttempts(ConnectionMultiplexer redis, RateLimitOptions limits, JwtOptions jwt)
{
    /// <summary>How long an address counts as one that the account signs in from.</summary>
    private static readonly TimeSpan KnownFor = TimeSpan.FromDays(30);

    /// <summary>
    /// Counts an attempt: nil, or the milliseconds until there may be another. KEYS: the counters. ARGV: the window, then
    /// each counter's limit. What is refused is not counted, so that a window ends.
    /// </summary>
    private const string CountScript = """
        local wait = 0
        for i, key in ipairs(KEYS) do
            if tonumber(redis.call('GET', key) or 0) >= tonumber(ARGV[i + 1]) then
                wait = math.max(wait, redis.call('PTTL', key), 1)
            end
        end
        if wait > 0 then return wait end
        for _, key in ipairs(KEYS) do
            if redis.call('INCR', key) == 1 then redis.call('PEXPIRE', key, ARGV[1]) end
        end
        """;

    /// <summary>Takes an attempt back, unless its window is over.</summary>
    private const string TakeBackScript = """
        for _, key in ipairs(KEYS) do
            if tonumber(redis.call('GET', key) or 0) > 0 then redis.call('DECR', key) end
        end
        """;

    // Whoever reads Redis learns neither who signs in nor from where.
    private readonly byte[] key = jwt.KeyFor("sign-in attempts");

    /// <summary>Counts an attempt at an account's password, which must not be tried if this refuses.</summary>
    /// <returns>Null, or <see cref="Refusal.TooManyAttempts"/>.</returns>
    public async Task<Refusal?> CountAsync(string email, IPAddress address)
    {
        if (!limits.Enabled)
        {
            return null;
        }

        // However many strangers try: whoever has signed in from here before is not locked out by them.
        var known = await redis.GetDatabase().StringGetAsync(KnownKey(email, address));
        var accountMaximum = known.IsNull ? limits.FailuresPerAccount : int.MaxValue;
        return await CountAsync(
            [PairKey(email, address), AccountKey(email), AddressKey(address)],
            [limits.FailuresPerAccountAndAddress, accountMaximum, limits.FailuresPerAddress]
        );
    }

    /// <summary>Counts an attempt at the administrators' key, which must not be tried if this refuses.</summary>
    /// <returns>Null, or <see cref="Refusal.TooManyAttempts"/>.</returns>
    public async Task<Refusal?> CountAsync(IPAddress address) =>
        limits.Enabled ? await CountAsync([AddressKey(address)], [limits.FailuresPerAddress]) : null;

    /// <summary>Counts a wish to have a password reset by mail: apart, so that it locks nobody out of signing in.</summary>
    /// <returns>Null, or <see cref="Refusal.TooManyAttempts"/>.</returns>
    public async Task<Refusal?> CountResetAsync(IPAddress address) =>
        limits.Enabled ? await CountAsync([ResetKey(address)], [limits.FailuresPerAddress]) : null;

    /// <summary>The password was right: what was counted against the account from this address is forgotten.</summary>
    public async Task SucceededAsync(string email, IPAddress address)
    {
        if (!limits.Enabled)
        {
            return;
        }

        var database = redis.GetDatabase();
        await Task.WhenAll(
            database.KeyDeleteAsync(PairKey(email, address)),
            database.StringSetAsync(KnownKey(email, address), 1, KnownFor),
            database.ScriptEvaluateAsync(TakeBackScript, [AccountKey(email), AddressKey(address)])
        );
    }

    /// <summary>The attempt was not made after all.</summary>
    public Task TakeBackAsync(string email, IPAddress address) =>
        TakeBackAsync(PairKey(email, address), AccountKey(email), AddressKey(address));

    /// <inheritdoc cref="TakeBackAsync(string, IPAddress)"/>
    public Task TakeBackAsync(IPAddress address) => TakeBackAsync(AddressKey(address));

    private Task TakeBackAsync(params string[] counters) =>
        limits.Enabled ? redis.GetDatabase().ScriptEvaluateAsync(TakeBackScript, counters) : Task.CompletedTask;

    private async Task<Refusal?> CountAsync(string[] counters, int[] maxima)
    {
        RedisValue[] arguments = [(long)limits.FailureWindow.TotalMilliseconds, .. maxima.Select(n => (RedisValue)n)];
        var wait = await redis.GetDatabase().ScriptEvaluateAsync(CountScript, counters, arguments);
        return wait.IsNull ? null : new Refusal.TooManyAttempts(TimeSpan.FromMilliseconds((long)wait));
    }

    private string PairKey(string email, IPAddress address) => $"failures:{Hash(email)}:{Hash(Network(address))}";

    private string AccountKey(string email) => $"failures:{Hash(email)}";

    private string AddressKey(IPAddress address) => $"failures:{Hash(Network(address))}";

    private string ResetKey(IPAddress address) => $"resets:{Hash(Network(address))}";

    private string KnownKey(string email, IPAddress address) => $"known:{Hash(email)}:{Hash(Network(address))}";

    /// <summary>Who has one IPv6 address has the whole /64, which is one household or office, as one IPv4 address is.</summary>
    private static string Network(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6 || address.AddressFamily is AddressFamily.InterNetwork)
        {
            return address.MapToIPv4().ToString();
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return $"{BinaryPrimitives.ReadUInt64BigEndian(bytes):x16}/64";
    }

    private string Hash(string text) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
