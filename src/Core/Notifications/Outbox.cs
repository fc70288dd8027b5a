using System.Data.Common;
using BookIT.Core.Metrics;
using Npgsql;

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

    /// <summary>The trace of what happened; null where it is not traced.</summary>
    public required string? TraceParent { get; init; }

    /// <summary>Whether the person is an administrator.</summary>
    public required bool IsAdmin { get; init; }

    /// <summary>Whether an administrator has vouched for them.</summary>
    public required bool IsVerified { get; init; }

    /// <summary>The language they have chosen, or else that of their app; null where it is none of ours.</summary>
    public required string? Language { get; init; }

    /// <summary>The kinds that they do not want to hear of.</summary>
    public required IReadOnlyList<string> Muted { get; init; }

    /// <summary>When they want to hear only what cannot wait; null for never.</summary>
    public required QuietHours? Quiet { get; init; }
}

/// <summary>What became of news in hand.</summary>
public sealed record NewsFate
{
    private const int MaxReason = 300;

    private NewsFate(News news) => (News, Attempts) = (news, news.Attempts);

    /// <summary>As they were claimed.</summary>
    public News News { get; }

    internal DateTimeOffset? DeliveredAt { get; private init; }
    internal DateTimeOffset? DroppedAt { get; private init; }
    internal DateTimeOffset? FailedAt { get; private init; }
    internal DateTimeOffset? DueAt { get; private init; }
    internal DateTimeOffset? RetryAt { get; private init; }
    internal int Attempts { get; private init; }
    internal string? Error { get; private init; }
    internal long? MessageId { get; private init; }
    internal string? Purpose { get; private init; }

    /// <summary>They have arrived.</summary>
    /// <param name="news">As they were claimed.</param>
    /// <param name="messageId">As which message of the chat; null where that is not known.</param>
    /// <param name="purpose">What a reply to it is for, see <see cref="Telegram.ReplyPrompts"/>; null where it is for nothing.</param>
    /// <param name="now">The present (UTC).</param>
    /// <param name="doubt">Why that is not certain; null where it is.</param>
    public static NewsFate Delivered(
        News news,
        long? messageId,
        string? purpose,
        DateTimeOffset now,
        string? doubt = null
    ) =>
        new(news)
        {
            DeliveredAt = now,
            MessageId = messageId,
            Purpose = messageId is null ? null : purpose,
            Error = doubt,
        };

    /// <summary>There is nothing to tell any more.</summary>
    public static NewsFate Dropped(News news, string reason, DateTimeOffset now) =>
        new(news) { DroppedAt = now, Error = reason };

    /// <summary>They are told later.</summary>
    public static NewsFate Postponed(News news, DateTimeOffset due) => new(news) { DueAt = due };

    /// <summary>They could not be told, and nobody knows whose fault that is: again, not before that instant (UTC).</summary>
    public static NewsFate Retried(News news, string reason, DateTimeOffset at) =>
        new(news) { RetryAt = at, Error = Short(reason) };

    /// <summary>
    /// They could not be told, and that is their own fault: tried again after a while, up to
    /// <see cref="Outbox.MaxAttempts"/> times, then set aside.
    /// </summary>
    /// <param name="news">As they were claimed.</param>
    /// <param name="reason">Why, for an administrator.</param>
    /// <param name="isHopeless">They are set aside at once.</param>
    /// <param name="now">The present (UTC).</param>
    public static NewsFate Failed(News news, string reason, bool isHopeless, DateTimeOffset now)
    {
        var isOver = isHopeless || news.Attempts + 1 >= Outbox.MaxAttempts;
        return new NewsFate(news)
        {
            Attempts = news.Attempts + 1,
            FailedAt = isOver ? now : null,
            RetryAt = isOver ? null : now + TimeSpan.FromSeconds(1 << news.Attempts),
            Error = Short(reason),
        };
    }

    private static string Short(string reason) => reason[..Math.Min(reason.Length, MaxReason)];
}

/// <summary>
/// News that were claimed, of different people: until they are settled, or this is let go of, nobody else gets them.
/// </summary>
public sealed class NewsInHand(
    Outbox outbox,
    NpgsqlConnection connection,
    NpgsqlTransaction transaction,
    IReadOnlyList<News> news
) : IAsyncDisposable
{
    /// <summary>In the order in which they fell due.</summary>
    public IReadOnlyList<News> News => news;

    internal NpgsqlConnection Connection => connection;

    /// <summary>Writes down what became of them, and lets go. Those of which nothing is said are as if they had not been claimed.</summary>
    public async Task SettleAsync(IReadOnlyCollection<NewsFate> fates)
    {
        if (fates.Count > 0)
        {
            await using var command = new NpgsqlCommand(Outbox.SettleSql, connection, transaction);
            await Outbox.SettleAsync(command, fates);
        }

        await transaction.CommitAsync();
        outbox.Count(fates);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}

/// <summary>
/// The outbox as the bot sees it. Rows are claimed by locking them until they are settled: whoever dies in between has
/// settled nothing, and others pass them by meanwhile. docs/decisions/notification-delivery.md.
/// </summary>
public sealed class Outbox(NpgsqlDataSource postgres, BookItMetrics metrics)
{
    /// <summary>After so many failures a row is set aside.</summary>
    public const int MaxAttempts = 5;

    private const int MaxDropped = 5_000;

    // A machine that dies says no goodbye: the rows must not stay locked until the network notices. A plan that was made
    // while the outbox was empty, as it mostly is, is none for when it is full. One that sorts reads all that waits for
    // each batch: an announcement is due to everybody at the same instant. And to compile one whose cost is overestimated
    // takes twenty times as long as to run it.
    private const string BeginSql = """
        SET LOCAL idle_in_transaction_session_timeout = '2min'; SET LOCAL plan_cache_mode = force_custom_plan;
        SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off; SET LOCAL jit = off
        """;

    private static readonly string Kinds = $"'{string.Join("', '", NotificationKind.Told.Select(rule => rule.Kind))}'";

    // Mails are another worker's, and kinds that we do not know a newer version's. The condition of the partial index.
    private static readonly string IsOurs =
        $"not ({NotificationKind.Mailed}) and {Notification.Pending} and kind in ({Kinds})";

    // What somebody hears is in order: nothing overtakes what is due to them before, also while that is tried again, so of
    // each person there is one row. Each LIMIT 1, the coalesce and the IS TRUE keep the planner to one look by user for each row:
    // to one that takes the outbox for empty, or people for such without chats, reading all of them looks as good.
    private static readonly string ClaimSql = $"""
        SELECT n.id, n.user_id, n.kind, n.payload::text, n.due_at, n.made_at, n.attempts, u.telegram_id, n.trace_parent,
            u.role = 'admin', u.verified, coalesce(u.language, u.telegram_language), s.muted, s.quiet_from, s.quiet_to
        FROM notifications n
            CROSS JOIN LATERAL (
                SELECT telegram_id, telegram_since, role, verified, language, telegram_language FROM users
                WHERE id = n.user_id LIMIT 1) u
            LEFT JOIN LATERAL (
                SELECT id FROM notifications
                WHERE user_id = n.user_id AND kind IN ({Kinds}) AND coalesce(delivered_at, failed_at, dropped_at) IS NULL
                    AND ((due_at, id) < (n.due_at, n.id) AND due_at >= u.telegram_since) IS TRUE LIMIT 1) earlier ON true
            LEFT JOIN LATERAL (
                SELECT muted, quiet_from, quiet_to FROM notification_settings WHERE user_id = n.user_id LIMIT 1) s ON true
        WHERE {IsOurs} AND n.due_at <= $1 AND (n.retry_at IS NULL OR n.retry_at <= $1)
            AND u.telegram_since <= n.due_at AND u.telegram_id <> ALL ($2) AND earlier.id IS NULL
        ORDER BY n.due_at, n.id LIMIT $3
        FOR NO KEY UPDATE OF n SKIP LOCKED
        """;

    // What was settled meanwhile stays as it is.
    internal static readonly string SettleSql = $"""
        WITH fates AS (
            SELECT id, delivered_at, dropped_at, failed_at, due_at, retry_at, attempts, error, chat_id, message_id, purpose
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS fate
                (id, delivered_at, dropped_at, failed_at, due_at, retry_at, attempts, error, chat_id, message_id, purpose)),
        prompts AS (
            INSERT INTO telegram_prompts (chat_id, message_id, purpose, is_question, made_at)
            SELECT chat_id, message_id, purpose, false, delivered_at FROM fates WHERE purpose IS NOT NULL
            ON CONFLICT (chat_id, message_id) DO UPDATE
            SET purpose = excluded.purpose, is_question = excluded.is_question, made_at = excluded.made_at)
        UPDATE notifications n
        SET delivered_at = fate.delivered_at, dropped_at = fate.dropped_at, failed_at = fate.failed_at,
            due_at = coalesce(fate.due_at, n.due_at), retry_at = fate.retry_at, attempts = fate.attempts,
            error = fate.error
        FROM fates fate
        WHERE n.id = fate.id AND n.delivered_at IS NULL AND n.dropped_at IS NULL AND n.failed_at IS NULL
        """;

    // Not the ones that somebody holds: nobody waits for anybody.
    private static readonly string DropSql = $"""
        WITH untellable AS (
            SELECT n.id FROM notifications n JOIN users u ON u.id = n.user_id
            WHERE {IsOurs} AND n.due_at <= $1 AND (u.telegram_since IS NULL OR n.due_at < u.telegram_since)
            ORDER BY n.due_at, n.id LIMIT $2
            FOR NO KEY UPDATE OF n SKIP LOCKED)
        UPDATE notifications n SET dropped_at = $1, error = 'no chat' FROM untellable WHERE n.id = untellable.id
        """;

    /// <summary>Drops what is due and can be told to nobody: there is no chat, or there was none when it fell due.</summary>
    public async Task DropUntellableAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        await using var command = postgres.CreateCommand(DropSql);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MaxDropped });
        // After a long time without a bot there may be millions.
        while (await command.ExecuteNonQueryAsync(cancellation) == MaxDropped)
        {
            // The next ones.
        }
    }

    /// <summary>Claims what has been due longest, at most one row of each person.</summary>
    /// <param name="most">How many rows.</param>
    /// <param name="now">The present (UTC).</param>
    /// <param name="busyChats">Come last, because the limits would make the others wait for them.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Null where nothing is due.</returns>
    public async Task<NewsInHand?> ClaimAsync(
        int most,
        DateTimeOffset now,
        IReadOnlyCollection<long> busyChats,
        CancellationToken cancellation
    )
    {
        var connection = await postgres.OpenConnectionAsync(cancellation);
        NewsInHand? hand = null;
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellation);
            var news = await FindAsync(connection, most, now, [.. busyChats], cancellation);
            if (news.Count == 0 && busyChats.Count > 0)
            {
                news = await FindAsync(connection, most, now, [], cancellation);
            }

            return news.Count > 0 ? hand = new NewsInHand(this, connection, transaction, news) : null;
        }
        finally
        {
            if (hand is null)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private static async Task<List<News>> FindAsync(
        NpgsqlConnection connection,
        int most,
        DateTimeOffset now,
        long[] without,
        CancellationToken cancellation
    )
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var sql in BeginSql.Split(';'))
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
        }

        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(ClaimSql)
            {
                Parameters =
                {
                    new NpgsqlParameter<DateTimeOffset> { TypedValue = now },
                    new NpgsqlParameter<long[]> { TypedValue = without },
                    new NpgsqlParameter<int> { TypedValue = most },
                },
            }
        );
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var news = new List<News>();
        while (await reader.ReadAsync(cancellation))
        {
            news.Add(Read(reader));
        }

        return news;
    }

    private static News Read(DbDataReader row) =>
        new()
        {
            Id = row.GetInt64(0),
            UserId = row.GetGuid(1),
            Kind = row.GetString(2),
            Payload = row.GetString(3),
            DueAt = row.GetFieldValue<DateTimeOffset>(4),
            MadeAt = row.GetFieldValue<DateTimeOffset>(5),
            Attempts = row.GetInt32(6),
            TelegramId = row.GetInt64(7),
            TraceParent = row.IsDBNull(8) ? null : row.GetString(8),
            IsAdmin = row.GetBoolean(9),
            IsVerified = row.GetBoolean(10),
            Language = row.IsDBNull(11) ? null : row.GetString(11),
            Muted = row.IsDBNull(12) ? [] : row.GetFieldValue<string[]>(12),
            Quiet =
                row.IsDBNull(13) || row.IsDBNull(14)
                    ? null
                    : new QuietHours(row.GetFieldValue<TimeOnly>(13), row.GetFieldValue<TimeOnly>(14)),
        };

    /// <summary>Writes down what became of news that nobody holds any more.</summary>
    public async Task SettleAsync(IReadOnlyCollection<NewsFate> fates)
    {
        await using var command = postgres.CreateCommand(SettleSql);
        await SettleAsync(command, fates);
        Count(fates);
    }

    internal static Task SettleAsync(NpgsqlCommand command, IReadOnlyCollection<NewsFate> fates)
    {
        void Add<T>(Func<NewsFate, T> value) =>
            command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. fates.Select(value)] });

        Add(fate => fate.News.Id);
        Add(fate => fate.DeliveredAt);
        Add(fate => fate.DroppedAt);
        Add(fate => fate.FailedAt);
        Add(fate => fate.DueAt);
        Add(fate => fate.RetryAt);
        Add(fate => fate.Attempts);
        Add(fate => fate.Error);
        Add(fate => fate.News.TelegramId);
        Add(fate => fate.MessageId);
        Add(fate => fate.Purpose);
        return command.ExecuteNonQueryAsync();
    }

    internal void Count(IEnumerable<NewsFate> fates)
    {
        foreach (var fate in fates)
        {
            if (fate.DeliveredAt is { } at)
            {
                metrics.NewsArrived(at - fate.News.DueAt);
            }

            if ((fate.DeliveredAt ?? fate.DroppedAt ?? fate.FailedAt) is not null)
            {
                var result =
                    fate.DeliveredAt is not null ? "delivered"
                    : fate.DroppedAt is not null ? "dropped"
                    : "failed";
                metrics.NewsSettled(fate.News.Kind, result);
            }
        }
    }

    /// <summary>
    /// What a person has done in the chat with the bot to a reservation has been said in the answer: it is not told
    /// besides.
    /// </summary>
    public async Task ToldAsync(Guid userId, Guid reservationId, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var command = postgres.CreateCommand(
            $"""
            UPDATE notifications SET delivered_at = $1
            WHERE user_id = $2 AND kind = ANY ($3) AND payload ->> 'reservation_id' = $4 AND {Notification.Pending}
            """
        );
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
        string[] kinds =
        [
            NotificationKind.ReservationMade,
            NotificationKind.ReservationMoved,
            NotificationKind.ReservationClosed,
        ];
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = kinds });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reservationId.ToString() });
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
