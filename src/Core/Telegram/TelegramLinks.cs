using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Data;
using BookIT.Core.Redis;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Telegram;

/// <summary>
/// Links Telegram accounts to ours, one to one. Somebody who is signed in gets a token, carries it to the bot, and the bot
/// says which Telegram account brought it. docs/decisions/telegram-links.md tells what spends a token.
/// </summary>
public sealed class TelegramLinks(BookItDbContext db, ConnectionMultiplexer redis)
{
    /// <summary>How long a token is good for.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(10);

    /// <summary>The longest a Telegram account's id can be: 52 bits, https://core.telegram.org/bots/api#user.</summary>
    public const long MaxTelegramId = (1L << 52) - 1;

    private const int UserIdLength = 16;
    private const int TokenLength = UserIdLength + 24;

    // Two that keep taking one Telegram account from each other: at some point one of them has lost.
    private const int MaxAttempts = 5;

    private const string SpendScript =
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

    /// <summary>
    /// A token for one use by whoever speaks for Telegram. It replaces the one that the account had before. It may stand
    /// in a link to the bot: 54 characters of A–Z, a–z, 0–9, <c>_</c> and <c>-</c>.
    /// </summary>
    public async Task<string> IssueTokenAsync(Guid userId)
    {
        var token = new byte[TokenLength];
        userId.TryWriteBytes(token, bigEndian: true, out _);
        RandomNumberGenerator.Fill(token.AsSpan(UserIdLength));
        var text = Base64Url.EncodeToString(token);
        await redis.GetDatabase().StringSetAsync(Key(userId), Hash(text), TokenLifetime);
        return text;
    }

    /// <summary>Makes the token that the account has useless.</summary>
    internal Task RevokeTokenAsync(Guid userId) => redis.GetDatabase().KeyDeleteAsync(Key(userId));

    /// <summary>
    /// Links a Telegram account to the account that the token was issued to, in place of the one that it had. To link the
    /// same two again changes nothing. Only success spends the token.
    /// </summary>
    /// <param name="token">As the person brought it.</param>
    /// <param name="telegramId">From 1 to <see cref="MaxTelegramId"/>.</param>
    /// <param name="replace">Takes the Telegram account away from another account of ours, where there is one.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>
    /// The account, or why not: <see cref="Refusal.TelegramTokenInvalid"/>,
    /// <see cref="Refusal.TelegramLinkedElsewhere"/>.
    /// </returns>
    public async Task<Result<User>> ConnectAsync(
        string token,
        long telegramId,
        bool replace,
        CancellationToken cancellation
    )
    {
        if (!TryReadUserId(token, out var userId))
        {
            return new Refusal.TelegramTokenInvalid();
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Postgres.RetryDeadlocksAsync(() =>
                    TryConnectAsync(userId, token, telegramId, replace, cancellation)
                );
            }
            catch (DbUpdateException exception)
                when (exception.PostgresError()?.ConstraintName is UserConfiguration.UniqueTelegramId)
            {
                // Somebody else has linked it at this moment.
                if (!replace || attempt == MaxAttempts)
                {
                    return new Refusal.TelegramLinkedElsewhere();
                }
            }
        }
    }

    /// <summary>Whose Telegram account this is; null where it is nobody's.</summary>
    public Task<Guid?> FindUserAsync(long telegramId, CancellationToken cancellation) =>
        db.Users.Where(u => u.TelegramId == telegramId).Select(u => (Guid?)u.Id).FirstOrDefaultAsync(cancellation);

    /// <summary>Forgets the account's Telegram account. Without one there is nothing to do.</summary>
    /// <returns>Done, or <see cref="Refusal.NotSignedIn"/> where the account is gone.</returns>
    public async Task<Result<Done>> DisconnectAsync(Guid userId, CancellationToken cancellation) =>
        await db
            .Users.Where(u => u.Id == userId)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.TelegramId, (long?)null), cancellation) == 1
            ? Done.Ok
            : new Refusal.NotSignedIn();

    private async Task<Result<User>> TryConnectAsync(
        Guid userId,
        string token,
        long telegramId,
        bool replace,
        CancellationToken cancellation
    )
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // Both accounts, in one order: two that swap their Telegram accounts do not wait for each other in a circle.
        var locked = await db
            .Users.FromSql(
                $"SELECT * FROM users WHERE id = {userId} OR telegram_id = {telegramId} ORDER BY id FOR NO KEY UPDATE"
            )
            .ToListAsync(cancellation);
        if (locked.Find(u => u.Id == userId) is not { } user || !await IsGoodAsync(userId, token))
        {
            return new Refusal.TelegramTokenInvalid();
        }

        if (locked.Find(u => u.Id != userId) is { } other)
        {
            if (!replace)
            {
                return new Refusal.TelegramLinkedElsewhere();
            }

            // Saved by itself: the index is checked row by row, not at the end.
            other.UnlinkTelegram();
            await db.SaveChangesAsync(cancellation);
        }

        user.LinkTelegram(telegramId);
        await db.SaveChangesAsync(cancellation);

        // Last, when nothing but the commit can fail any more, and under the account's lock: of many who bring the same
        // token at once, one spends it. Should the commit fail, a token is lost, and nothing else.
        if (!await SpendAsync(userId, token))
        {
            return new Refusal.TelegramTokenInvalid();
        }

        await transaction.CommitAsync(cancellation);
        return user;
    }

    private async Task<bool> IsGoodAsync(Guid userId, string token) =>
        await redis.GetDatabase().StringGetAsync(Key(userId)) == Hash(token);

    private async Task<bool> SpendAsync(Guid userId, string token) =>
        (bool)await redis.GetDatabase().ScriptEvaluateAsync(SpendScript, [Key(userId)], [Hash(token)]);

    private static bool TryReadUserId(string token, out Guid userId)
    {
        Span<byte> bytes = stackalloc byte[TokenLength];
        var isToken =
            token.Length == Base64Url.GetEncodedLength(TokenLength)
            && Base64Url.DecodeFromChars(token, bytes, out _, out var length) is OperationStatus.Done
            && length == TokenLength;
        userId = isToken ? new Guid(bytes[..UserIdLength], bigEndian: true) : Guid.Empty;
        return isToken;
    }

    // Whoever reads Redis can link nothing. Compared as hashes, so that no comparison tells how much of a guess is right.
    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private static string Key(Guid userId) => $"telegram-token:{userId}";
}
