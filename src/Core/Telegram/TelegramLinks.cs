using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Data;
using BookIT.Core.Redis;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Telegram;

/// <summary>An account that is linked to Telegram.</summary>
/// <param name="UserId">Which.</param>
/// <param name="FirstName">As the person wrote it.</param>
/// <param name="IsAdmin">Whether it is an administrator's, at this moment.</param>
/// <param name="IsReachable">Whether the bot may write to it of its own accord.</param>
/// <param name="Language">The language of the person's app, as last seen; null where it is none of ours.</param>
public sealed record LinkedAccount(Guid UserId, string FirstName, bool IsAdmin, bool IsReachable, string? Language);

/// <summary>
/// Links Telegram accounts to ours, one to one. Somebody who is signed in gets a token, carries it to the bot, and the bot
/// says which Telegram account brought it: docs/decisions/telegram-links.md tells what spends a token. Or somebody comes
/// by the Mini App, gets a proof of their Telegram account, signs in, and brings it back.
/// </summary>
public sealed class TelegramLinks(BookItDbContext db, ConnectionMultiplexer redis, TimeProvider time)
{
    /// <summary>How long a token or a proof is good for.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(10);

    /// <summary>The longest a Telegram account's id can be: 52 bits, https://core.telegram.org/bots/api#user.</summary>
    public const long MaxTelegramId = (1L << 52) - 1;

    /// <summary>How many characters a token has.</summary>
    public const int TokenLength = 54;

    private const int UserIdLength = 16;
    private const int TelegramIdLength = 8;
    private const int SecretLength = 24;

    // Two that keep taking one Telegram account from each other: at some point one of them has lost.
    private const int MaxAttempts = 5;

    private const string SpendScript =
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

    /// <summary>
    /// A token for one use by whoever speaks for Telegram. It replaces the one that the account had before. It may stand
    /// in a link to the bot: <see cref="TokenLength"/> characters of A–Z, a–z, 0–9, <c>_</c> and <c>-</c>.
    /// </summary>
    public async Task<string> IssueTokenAsync(Guid userId)
    {
        var token = new byte[UserIdLength + SecretLength];
        userId.TryWriteBytes(token, bigEndian: true, out _);
        return await IssueAsync(token, TokenKey(userId));
    }

    /// <summary>
    /// A proof for one use that somebody has this Telegram account, for whoever has just shown that: it replaces the one
    /// that they had before.
    /// </summary>
    internal Task<string> IssueProofAsync(long telegramId)
    {
        var proof = new byte[TelegramIdLength + SecretLength];
        BinaryPrimitives.WriteInt64BigEndian(proof, telegramId);
        return IssueAsync(proof, ProofKey(telegramId));
    }

    /// <summary>Makes the token that the account has useless.</summary>
    internal Task RevokeTokenAsync(Guid userId) => redis.GetDatabase().KeyDeleteAsync(TokenKey(userId));

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
        var id = new byte[UserIdLength];
        if (!TryReadId(token, id))
        {
            return new Refusal.TelegramTokenInvalid();
        }

        var userId = new Guid(id, bigEndian: true);
        return await RedeemAsync(
            userId,
            telegramId,
            new Voucher(TokenKey(userId), token, new Refusal.TelegramTokenInvalid()),
            replace,
            cancellation
        );
    }

    /// <summary>
    /// Whether the account that a token was issued to has another Telegram account, in place of which
    /// <see cref="ConnectAsync"/> would put this one. A token that is not good tells nothing.
    /// </summary>
    public async Task<bool> HasAnotherAsync(string token, long telegramId, CancellationToken cancellation)
    {
        var id = new byte[UserIdLength];
        if (!TryReadId(token, id))
        {
            return false;
        }

        var userId = new Guid(id, bigEndian: true);
        return await IsGoodAsync(new Voucher(TokenKey(userId), token, new Refusal.TelegramTokenInvalid()))
            && await db.Users.AnyAsync(
                u => u.Id == userId && u.TelegramId != null && u.TelegramId != telegramId,
                cancellation
            );
    }

    /// <summary>
    /// Links the Telegram account that the Mini App's proof is of to an account, in place of the one that it had. Only
    /// success spends the proof.
    /// </summary>
    /// <param name="userId">The account of whoever brings the proof.</param>
    /// <param name="proof">As <see cref="Refusal.TelegramNotLinked"/> told it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>
    /// The account, or why not: <see cref="Refusal.TelegramProofInvalid"/>, also where the account is gone;
    /// <see cref="Refusal.TelegramLinkedElsewhere"/>, since then.
    /// </returns>
    public async Task<Result<User>> LinkAsync(Guid userId, string proof, CancellationToken cancellation)
    {
        var id = new byte[TelegramIdLength];
        if (!TryReadId(proof, id))
        {
            return new Refusal.TelegramProofInvalid();
        }

        var telegramId = BinaryPrimitives.ReadInt64BigEndian(id);
        return await RedeemAsync(
            userId,
            telegramId,
            new Voucher(ProofKey(telegramId), proof, new Refusal.TelegramProofInvalid()),
            replace: false,
            cancellation
        );
    }

    /// <summary>Whether a token names this account as the one that it was issued to; not yet whether it is good.</summary>
    public static bool IsFor(string token, Guid userId)
    {
        var id = new byte[UserIdLength];
        return TryReadId(token, id) && new Guid(id, bigEndian: true) == userId;
    }

    /// <summary>Whose Telegram account this is; null where it is nobody's.</summary>
    public Task<Guid?> FindUserAsync(long telegramId, CancellationToken cancellation) =>
        db.Users.Where(u => u.TelegramId == telegramId).Select(u => (Guid?)u.Id).FirstOrDefaultAsync(cancellation);

    /// <summary>Whose Telegram account this is, as the bot needs to know; null where it is nobody's.</summary>
    public Task<LinkedAccount?> FindAsync(long telegramId, CancellationToken cancellation) =>
        db
            .Users.Where(u => u.TelegramId == telegramId)
            .Select(u => new LinkedAccount(
                u.Id,
                u.FirstName,
                u.Role == UserRole.Admin,
                u.TelegramSince != null,
                u.TelegramLanguage
            ))
            .FirstOrDefaultAsync(cancellation);

    /// <summary>
    /// The person had blocked the bot at that instant (UTC): nothing is sent until they write again, unless they have done
    /// so since.
    /// </summary>
    public Task LostAsync(long telegramId, DateTimeOffset since, CancellationToken cancellation) =>
        db
            .Users.Where(u => u.TelegramId == telegramId && u.TelegramSince <= since)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.TelegramSince, (DateTimeOffset?)null), cancellation);

    /// <summary>The person has let the bot in again: what is due from now on is sent.</summary>
    public Task BackAsync(long telegramId, CancellationToken cancellation)
    {
        DateTimeOffset? now = time.Now();
        return db
            .Users.Where(u => u.TelegramId == telegramId && u.TelegramSince == null)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.TelegramSince, now), cancellation);
    }

    /// <summary>The person writes, so they are there, by an app of this language; null where it is none of ours.</summary>
    public Task MetAsync(long telegramId, string? language, CancellationToken cancellation)
    {
        DateTimeOffset? now = time.Now();
        return db
            .Users.Where(u => u.TelegramId == telegramId)
            .ExecuteUpdateAsync(
                set =>
                    set.SetProperty(u => u.TelegramSince, u => u.TelegramSince ?? now)
                        .SetProperty(u => u.TelegramLanguage, language),
                cancellation
            );
    }

    /// <summary>
    /// Forgets the account's Telegram account, and what could be answered there. Without one there is nothing to do.
    /// </summary>
    /// <returns>Done, or <see cref="Refusal.NotSignedIn"/> where the account is gone.</returns>
    public async Task<Result<Done>> DisconnectAsync(Guid userId, CancellationToken cancellation)
    {
        await ReplyPrompts.ForgetAllAsync(db, userId, cancellation);
        return
            await db
                .Users.Where(u => u.Id == userId)
                .ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(u => u.TelegramId, (long?)null)
                            .SetProperty(u => u.TelegramSince, (DateTimeOffset?)null)
                            .SetProperty(u => u.TelegramLanguage, (string?)null),
                    cancellation
                ) == 1
            ? Done.Ok
            : new Refusal.NotSignedIn();
    }

    private async Task<Result<User>> RedeemAsync(
        Guid userId,
        long telegramId,
        Voucher voucher,
        bool replace,
        CancellationToken cancellation
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Postgres.RetryDeadlocksAsync(() =>
                    TryRedeemAsync(userId, telegramId, voucher, replace, cancellation)
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

    private async Task<Result<User>> TryRedeemAsync(
        Guid userId,
        long telegramId,
        Voucher voucher,
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
            .OrderBy(row => row.Id)
            .ToListAsync(cancellation);
        if (locked.Find(u => u.Id == userId) is not { } user || !await IsGoodAsync(voucher))
        {
            return voucher.Invalid;
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

        user.LinkTelegram(telegramId, time.Now());
        await db.SaveChangesAsync(cancellation);

        // Last, when nothing but the commit can fail any more, and under the account's lock: of many who bring the same
        // token at once, one spends it. Should the commit fail, a token is lost, and nothing else.
        if (!await SpendAsync(voucher))
        {
            return voucher.Invalid;
        }

        await transaction.CommitAsync(cancellation);
        return user;
    }

    private async Task<string> IssueAsync(byte[] idAndSecret, string key)
    {
        RandomNumberGenerator.Fill(idAndSecret.AsSpan(^SecretLength..));
        var text = Base64Url.EncodeToString(idAndSecret);
        await redis.GetDatabase().StringSetAsync(key, Hash(text), TokenLifetime);
        return text;
    }

    private async Task<bool> IsGoodAsync(Voucher voucher) =>
        await redis.GetDatabase().StringGetAsync(voucher.Key) == Hash(voucher.Text);

    private async Task<bool> SpendAsync(Voucher voucher) =>
        (bool)await redis.GetDatabase().ScriptEvaluateAsync(SpendScript, [voucher.Key], [Hash(voucher.Text)]);

    /// <summary>Whose token or proof it claims to be.</summary>
    private static bool TryReadId(string text, Span<byte> id)
    {
        Span<byte> bytes = stackalloc byte[id.Length + SecretLength];
        var isRead =
            text.Length == Base64Url.GetEncodedLength(bytes.Length)
            && Base64Url.DecodeFromChars(text, bytes, out _, out var length) is OperationStatus.Done
            && length == bytes.Length;
        bytes[..id.Length].CopyTo(id);
        return isRead;
    }

    // Whoever reads Redis can link nothing. Compared as hashes, so that no comparison tells how much of a guess is right.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static string TokenKey(Guid userId) => $"telegram-token:{userId}";

    private static string ProofKey(long telegramId) => $"telegram-proof:{telegramId}";

    /// <summary>What a link is made on: a token or a proof, where its hash lies, and what is said where it does not.</summary>
    private sealed record Voucher(string Key, string Text, Refusal Invalid);
}
