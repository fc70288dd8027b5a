using System.Net;
using System.Security.Cryptography;
using BookIT.Core.Metrics;
using BookIT.Core.Redis;

namespace BookIT.Core.Auth;

/// <summary>Where a sign-in is used from.</summary>
/// <param name="Device">What the client says of itself: its <c>User-Agent</c>.</param>
/// <param name="Address">Its network address.</param>
public sealed record Client(string Device, IPAddress Address);

/// <summary>A sign-in that is under way, as its owner sees it.</summary>
/// <param name="Id">The <c>sid</c> of its access tokens.</param>
/// <param name="Device">The client when it was last refreshed.</param>
/// <param name="Address">The address when it was last refreshed.</param>
/// <param name="MadeAt">When it began (UTC).</param>
/// <param name="LastUsedAt">When it was last refreshed (UTC).</param>
public sealed record Session(Guid Id, string Device, string Address, DateTimeOffset MadeAt, DateTimeOffset LastUsedAt);

/// <summary>
/// The sign-ins, kept in Redis: each lives for <see cref="Lifetime"/> after its last refresh. Its refresh token is
/// stored as a hash and changes with every use; a spent one that comes back has been stolen, from its owner or by its
/// user, and ends the sign-in. docs/decisions/refresh-tokens.md tells why it is built so.
/// </summary>
public sealed class Sessions(ConnectionMultiplexer redis, JwtOptions jwt, BookItMetrics metrics, TimeProvider time)
{
    /// <summary>How long a refresh token is good for.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>How long a spent token is still answered with the one that followed: for tabs that refresh at the same instant.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>How long after its beginning a sign-in is fresh: as good as the password, which was just given for it.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(10);

    /// <summary>The longest description of a device that is kept.</summary>
    public const int MaxDeviceLength = 200;

    // A token this far behind is not followed up to the present, which costs a hash for each step: ten days of refreshing
    // every fifteen minutes.
    private const int MaxGenerationsBehind = 1_000;

    /// <summary>
    /// Sets fields of a sign-in if its token is the expected one, and files it under its user by the time of use. KEYS:
    /// the sign-in, the user's sign-ins. ARGV: the expected hash ('' for a new one), id, now, life in milliseconds, fields.
    /// </summary>
    private const string WriteScript = """
        if (redis.call('HGET', KEYS[1], 'hash') or '') ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[1], unpack(ARGV, 5))
        redis.call('PEXPIRE', KEYS[1], ARGV[4])
        redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3] - ARGV[4])
        redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
        redis.call('PEXPIRE', KEYS[2], ARGV[4])
        return 1
        """;

    private readonly byte[] key = jwt.KeyFor("refresh tokens");

    /// <summary>Whether a user's sign-in is still under way: access tokens outlive those that were ended.</summary>
    public async Task<bool> IsLiveAsync(Guid userId, Guid id) => (await ReadAsync(id))?.UserId == userId;

    /// <summary>Whether a user's sign-in is still under way and has begun within <see cref="FreshFor"/>.</summary>
    internal async Task<bool> IsFreshAsync(Guid userId, Guid id, DateTimeOffset now) =>
        await ReadAsync(id) is { } session && session.UserId == userId && now < session.MadeAt + FreshFor;

    /// <summary>Begins a sign-in.</summary>
    /// <returns>Its id, and the first refresh token.</returns>
    internal async Task<(Guid Id, string RefreshToken)> StartAsync(Guid userId, Client client, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        var token = RefreshToken.First(id);
        await WriteAsync(
            token,
            expectedHash: "",
            userId,
            client,
            now,
            new HashEntry("user_id", userId.ToString()),
            new HashEntry("made_at", now.ToUnixTimeMilliseconds())
        );
        return (id, token.ToString());
    }

    /// <summary>Whose sign-in a refresh token claims to be of; not yet whether it is good. Null where there is none.</summary>
    internal async Task<Guid?> FindUserAsync(string refreshToken) =>
        RefreshToken.TryParse(refreshToken, out var token)
        && (string?)await redis.GetDatabase().HashGetAsync(Key(token.SessionId), "user_id") is { } userId
            ? Guid.Parse(userId)
            : null;

    /// <summary>
    /// Spends a refresh token. A spent one gets the same successor again within <see cref="Grace"/>, and ends the sign-in
    /// after it. What was never a token of the sign-in changes nothing.
    /// </summary>
    /// <returns>The sign-in's id and its new refresh token, or <see cref="Refusal.RefreshTokenInvalid"/>.</returns>
    internal async Task<Result<(Guid Id, string RefreshToken)>> RotateAsync(
        string refreshToken,
        Client client,
        DateTimeOffset now
    )
    {
        if (!RefreshToken.TryParse(refreshToken, out var token))
        {
            return new Refusal.RefreshTokenInvalid();
        }

        while (await ReadAsync(token.SessionId) is { } session)
        {
            var behind = session.Generation - token.Generation;
            if (behind is < 0 or > MaxGenerationsBehind || !IsCurrent(Advance(token, behind), session))
            {
                return new Refusal.RefreshTokenInvalid();
            }

            var next = token.Next(key);
            if (behind == 0)
            {
                if (await WriteAsync(next, token.Hash, session.UserId, client, now))
                {
                    return (token.SessionId, next.ToString());
                }

                // Somebody else was faster with the same token, or has ended the sign-in: look again.
            }
            else if (behind == 1 && now - session.LastUsedAt <= Grace)
            {
                return (token.SessionId, next.ToString());
            }
            else
            {
                await EndAsync(session.UserId, token.SessionId);
                return new Refusal.RefreshTokenInvalid();
            }
        }

        return new Refusal.RefreshTokenInvalid();
    }

    /// <summary>The sign-ins of a user, the last used first.</summary>
    public async Task<IReadOnlyList<Session>> ListAsync(Guid userId)
    {
        var ids = await IdsAsync(userId);
        var found = await Task.WhenAll(ids.Select(ReadAsync));
        return
        [
            .. found
                .OfType<Stored>()
                .Select(s => new Session(s.Id, s.Device, s.Address, s.MadeAt, s.LastUsedAt))
                .OrderByDescending(s => s.LastUsedAt)
                .ThenByDescending(s => s.Id),
        ];
    }

    /// <summary>Ends one sign-in of a user. Access tokens that it got last until they expire.</summary>
    /// <returns>Done, or <see cref="Refusal.SessionNotFound"/>, also where it is somebody else's.</returns>
    public async Task<Result<Done>> EndAsync(Guid userId, Guid id)
    {
        if (await ReadAsync(id) is not { } session || session.UserId != userId)
        {
            return new Refusal.SessionNotFound();
        }

        if (await DiscardAsync(userId, id))
        {
            metrics.SessionEnded(time.Now() - session.MadeAt);
        }

        return Done.Ok;
    }

    /// <summary>Takes back a sign-in of which nobody has heard yet.</summary>
    /// <returns>Whether it was there.</returns>
    internal async Task<bool> DiscardAsync(Guid userId, Guid id)
    {
        var database = redis.GetDatabase();
        var wasThere = await database.KeyDeleteAsync(Key(id));
        await database.SortedSetRemoveAsync(UserKey(userId), id.ToString());
        return wasThere;
    }

    /// <summary>Ends all sign-ins of a user, but for one where it is named.</summary>
    internal async Task EndAllAsync(Guid userId, Guid? except = null)
    {
        var ended = (await IdsAsync(userId)).Where(id => id != except);
        await Task.WhenAll(ended.Select(id => EndAsync(userId, id)));
    }

    private RefreshToken Advance(RefreshToken token, int generations)
    {
        for (var i = 0; i < generations; i++)
        {
            token = token.Next(key);
        }

        return token;
    }

    private static bool IsCurrent(RefreshToken token, Stored session) =>
        CryptographicOperations.FixedTimeEquals(token.Hash, session.Hash);

    private async Task<Guid[]> IdsAsync(Guid userId) =>
        Array.ConvertAll(
            await redis.GetDatabase().SortedSetRangeByScoreAsync(UserKey(userId)),
            id => Guid.Parse(id.ToString())
        );

    /// <summary>Makes the token the one that is good from now on, if the expected one was until now.</summary>
    private async Task<bool> WriteAsync(
        RefreshToken token,
        RedisValue expectedHash,
        Guid userId,
        Client client,
        DateTimeOffset now,
        params HashEntry[] moreFields
    )
    {
        var device = client.Device.Length > MaxDeviceLength ? client.Device[..MaxDeviceLength] : client.Device;
        HashEntry[] fields =
        [
            new("hash", token.Hash),
            new("generation", token.Generation),
            new("device", device),
            new("address", client.Address.ToString()),
            new("last_used_at", now.ToUnixTimeMilliseconds()),
            .. moreFields,
        ];
        RedisValue[] arguments =
        [
            expectedHash,
            token.SessionId.ToString(),
            now.ToUnixTimeMilliseconds(),
            (long)Lifetime.TotalMilliseconds,
            .. fields.SelectMany(field => new[] { field.Name, field.Value }),
        ];
        string[] keys = [Key(token.SessionId), UserKey(userId)];
        return (bool)await redis.GetDatabase().ScriptEvaluateAsync(WriteScript, keys, arguments);
    }

    private async Task<Stored?> ReadAsync(Guid id)
    {
        var entries = await redis.GetDatabase().HashGetAllAsync(Key(id));
        if (entries.Length == 0)
        {
            return null;
        }

        var fields = entries.ToDictionary(entry => entry.Name.ToString(), entry => entry.Value);
        return new Stored(
            id,
            Guid.Parse(fields["user_id"].ToString()),
            (byte[])fields["hash"]!,
            (int)fields["generation"],
            fields["device"].ToString(),
            fields["address"].ToString(),
            DateTimeOffset.FromUnixTimeMilliseconds((long)fields["made_at"]),
            DateTimeOffset.FromUnixTimeMilliseconds((long)fields["last_used_at"])
        );
    }

    private static string Key(Guid id) => $"session:{id}";

    private static string UserKey(Guid userId) => $"sessions:{userId}";

    private sealed record Stored(
        Guid Id,
        Guid UserId,
        byte[] Hash,
        int Generation,
        string Device,
        string Address,
        DateTimeOffset MadeAt,
        DateTimeOffset LastUsedAt
    );
}
