using System.Diagnostics.CodeAnalysis;
using BookIT.Core.Data;
using BookIT.Core.Metrics;
using BookIT.Core.Telegram;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace BookIT.Core.Notifications;

/// <summary>News in hand, with what is to be known of the person who gets it.</summary>
public sealed record News
{
    /// <summary>The row.</summary>
    public required long Id { get; init; }

    /// <summary>Who is told.</summary>
    public required Guid UserId { get; init; }

    /// <summary>One of <see cref="NotificationKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>JSON.</summary>
    public required string Payload { get; init; }

    /// <summary>Since when it is due (UTC).</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>When it was written (UTC).</summary>
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>How often its delivery has failed.</summary>
    public required int Attempts { get; init; }

    /// <summary>The person's Telegram account, which is also their chat with the bot.</summary>
    public required long TelegramId { get; init; }

    /// <summary>Whether the person is an administrator.</summary>
    public required bool IsAdmin { get; init; }

    /// <summary>Whether an administrator has vouched for them.</summary>
    public required bool IsVerified { get; init; }

    /// <summary>The language they have chosen, or else that of their app; null where it is none of ours.</summary>
    public required string? Language { get; init; }
}

/// <summary>
/// The outbox as the bot sees it. A row is claimed by locking it until it is settled: whoever dies in between has settled
/// nothing, and others pass it by meanwhile. docs/decisions/notification-delivery.md.
/// </summary>
public sealed class Outbox(BookItDbContext db, ReplyPrompts prompts, BookItMetrics metrics)
{
    /// <summary>After so many failures a row is set aside.</summary>
    public const int MaxAttempts = 5;

    private const int MaxReason = 300;
    private const int MaxDropped = 5_000;

    private static readonly string Kinds = $"'{string.Join("', '", NotificationKind.Told.Select(rule => rule.Kind))}'";

    // Mails are another worker's, and kinds that we do not know a newer version's. The condition of the partial index.
    private static readonly string IsOurs =
        $"not ({NotificationKind.Mailed}) and {Notification.Pending} and kind in ({Kinds})";

    // What somebody hears is in order: nothing overtakes what is due to them before, also while that is tried again. Asked
    // in a way that only the index by user can answer: to a planner that takes the outbox for empty any other looks as good.
    private static readonly string ClaimSql = $$"""
        SELECT n.id AS "Id", n.user_id AS "UserId", n.kind AS "Kind", n.payload::text AS "Payload", n.due_at AS "DueAt",
            n.made_at AS "MadeAt", n.attempts AS "Attempts", u.telegram_id AS "TelegramId",
            u.role = 'admin' AS "IsAdmin", u.verified AS "IsVerified", coalesce(u.language, u.telegram_language) AS "Language"
        FROM notifications n JOIN users u ON u.id = n.user_id
        WHERE {{IsOurs}} AND n.due_at <= {0} AND (n.retry_at IS NULL OR n.retry_at <= {0})
            AND u.telegram_since <= n.due_at AND u.telegram_id <> ALL ({1})
            AND NOT EXISTS (
                SELECT FROM notifications before
                WHERE before.user_id = n.user_id AND before.kind IN ({{Kinds}})
                    AND coalesce(before.delivered_at, before.failed_at, before.dropped_at) IS NULL
                    AND ((before.due_at, before.id) < (n.due_at, n.id) AND before.due_at >= u.telegram_since) IS TRUE)
        ORDER BY n.due_at, n.id LIMIT 1
        FOR NO KEY UPDATE OF n SKIP LOCKED
        """;

    // Not the ones that somebody holds: nobody waits for anybody.
    private static readonly string DropSql = $$"""
        WITH untellable AS (
            SELECT n.id FROM notifications n JOIN users u ON u.id = n.user_id
            WHERE {{IsOurs}} AND n.due_at <= {0} AND (u.telegram_since IS NULL OR n.due_at < u.telegram_since)
            ORDER BY n.due_at, n.id LIMIT {1}
            FOR NO KEY UPDATE OF n SKIP LOCKED)
        UPDATE notifications n SET dropped_at = {0}, error = 'no chat' FROM untellable WHERE n.id = untellable.id
        """;

    private IDbContextTransaction? transaction;

    /// <summary>Drops what is due and can be told to nobody: there is no chat, or there was none when it fell due.</summary>
    public async Task DropUntellableAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        // After a long time without a bot there may be millions.
        while (await db.Database.ExecuteSqlRawAsync(DropSql, [now, MaxDropped], cancellation) == MaxDropped)
        {
            // The next ones.
        }
    }

    /// <summary>
    /// Claims what has been due longest, until one of the methods below settles it or this scope ends. In each scope once.
    /// </summary>
    /// <param name="now">The present (UTC).</param>
    /// <param name="busyChats">Come last, because the limits would make the others wait for them.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Null where nothing is due.</returns>
    public async Task<News?> ClaimAsync(
        DateTimeOffset now,
        IReadOnlyCollection<long> busyChats,
        CancellationToken cancellation
    )
    {
        transaction = await db.Database.BeginTransactionAsync(cancellation);
        // A machine that dies says no goodbye: the row must not stay locked until the network notices.
        await db.Database.ExecuteSqlRawAsync("SET LOCAL idle_in_transaction_session_timeout = '2min'", cancellation);
        return await FindAsync([.. busyChats]) is { } news ? news
            : busyChats.Count > 0 ? await FindAsync([])
            : null;

        async Task<News?> FindAsync(long[] without) =>
            (await db.Database.SqlQueryRaw<News>(ClaimSql, now, without).ToListAsync(cancellation)).SingleOrDefault();
    }

    /// <summary>It has arrived.</summary>
    /// <param name="news">As it was claimed.</param>
    /// <param name="messageId">As which message of the chat; null where that is not known.</param>
    /// <param name="purpose">What a reply to it is for, see <see cref="ReplyPrompts"/>; null where it is for nothing.</param>
    /// <param name="now">The present (UTC).</param>
    /// <param name="doubt">Why that is not certain; null where it is.</param>
    public async Task DeliveredAsync(
        News news,
        long? messageId,
        string? purpose,
        DateTimeOffset now,
        string? doubt = null
    )
    {
        if (purpose is not null && messageId is { } id)
        {
            await prompts.RememberAsync(news.TelegramId, id, purpose, isQuestion: false, default);
        }

        await db.Database.ExecuteSqlAsync(
            $"UPDATE notifications SET delivered_at = {now}, error = {doubt} WHERE id = {news.Id}"
        );
        await transaction!.CommitAsync();
        metrics.NewsSettled(news.Kind, "delivered");
    }

    /// <summary>There is nothing to tell any more.</summary>
    public async Task DropAsync(News news, string reason, DateTimeOffset now)
    {
        await db.Database.ExecuteSqlAsync(
            $"UPDATE notifications SET dropped_at = {now}, error = {reason} WHERE id = {news.Id}"
        );
        await transaction!.CommitAsync();
        metrics.NewsSettled(news.Kind, "dropped");
    }

    /// <summary>
    /// What a person has done in the chat with the bot to a reservation has been said in the answer: it is not told
    /// besides.
    /// </summary>
    public Task ToldAsync(Guid userId, Guid reservationId, DateTimeOffset now, CancellationToken cancellation)
    {
        string[] kinds =
        [
            NotificationKind.ReservationMade,
            NotificationKind.ReservationMoved,
            NotificationKind.ReservationClosed,
        ];
        var id = reservationId.ToString();
        return db.Database.ExecuteSqlAsync(
            $"""
            UPDATE notifications SET delivered_at = {now}
            WHERE user_id = {userId} AND kind = ANY ({kinds}) AND payload ->> 'reservation_id' = {id}
                AND delivered_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
            """,
            cancellation
        );
    }

    /// <summary>It could not be told, and nobody knows whose fault that is: tried again, not before that instant (UTC).</summary>
    public Task RetryAsync(News news, string reason, DateTimeOffset at)
    {
        var error = reason[..Math.Min(reason.Length, MaxReason)];
        return db.Database.ExecuteSqlAsync(
            $"""
            UPDATE notifications SET retry_at = {at}, error = {error}
            WHERE id = {news.Id} AND delivered_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
            """
        );
    }

    /// <summary>It is told later.</summary>
    public async Task PostponeAsync(News news, DateTimeOffset due)
    {
        await db.Database.ExecuteSqlAsync($"UPDATE notifications SET due_at = {due} WHERE id = {news.Id}");
        await transaction!.CommitAsync();
    }

    /// <summary>Lets go of what was claimed, as if it had not been.</summary>
    public async Task ReleaseAsync()
    {
        if (transaction is not null)
        {
            await transaction.RollbackAsync();
            transaction = null;
        }
    }

    /// <summary>
    /// It could not be told, and that is its own fault: tried again after a while, up to <see cref="MaxAttempts"/> times,
    /// then set aside.
    /// </summary>
    /// <param name="news">As it was claimed.</param>
    /// <param name="reason">Why, for an administrator.</param>
    /// <param name="isHopeless">It is set aside at once.</param>
    /// <param name="now">The present (UTC).</param>
    public async Task FailAsync(News news, string reason, bool isHopeless, DateTimeOffset now)
    {
        // What has failed may have broken the transaction too.
        await ReleaseAsync();
        var attempts = news.Attempts + 1;
        DateTimeOffset? failed = isHopeless || attempts >= MaxAttempts ? now : null;
        DateTimeOffset? retry = failed is null ? now + TimeSpan.FromSeconds(1 << news.Attempts) : null;
        var error = reason[..Math.Min(reason.Length, MaxReason)];
        await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE notifications SET attempts = {attempts}, retry_at = {retry}, failed_at = {failed}, error = {error}
            WHERE id = {news.Id} AND attempts = {news.Attempts}
                AND delivered_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
            """
        );
        if (failed is not null)
        {
            metrics.NewsSettled(news.Kind, "failed");
        }
    }
}
