using BookIT.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Telegram;

/// <summary>A message of the bot that may be answered in words, and what the answer is for.</summary>
public sealed class ReplyPrompt
{
    /// <summary>The longest purpose.</summary>
    internal const int MaxPurposeLength = 64;

    private ReplyPrompt() { }

    /// <summary>In whose chat.</summary>
    public long ChatId { get; private set; }

    /// <summary>Which message of that chat.</summary>
    public long MessageId { get; private set; }

    /// <summary>What the answer is for, in the words of the dialogue that asked.</summary>
    public string Purpose { get; private set; } = "";

    /// <summary>Whether the next thing that the person writes is the answer, also if it is no reply.</summary>
    public bool IsQuestion { get; private set; }

    /// <summary>When it was sent (UTC).</summary>
    public DateTimeOffset MadeAt { get; private set; }
}

internal sealed class ReplyPromptConfiguration : IEntityTypeConfiguration<ReplyPrompt>
{
    public void Configure(EntityTypeBuilder<ReplyPrompt> prompt)
    {
        prompt.ToTable("telegram_prompts");
        prompt.HasKey(p => new { p.ChatId, p.MessageId });
        prompt.Property(p => p.Purpose).HasMaxLength(ReplyPrompt.MaxPurposeLength);
        prompt.HasIndex(p => p.MadeAt).HasDatabaseName("telegram_prompts_by_age");
    }
}

/// <summary>
/// Remembers which of the bot's messages may be answered in words. A message that asks for words (a question) is also
/// answered by what the person writes next within <see cref="Patience"/>; others, such as news of a ticket, only by a
/// reply to them, for <see cref="Lifetime"/>.
/// </summary>
public sealed class ReplyPrompts(BookItDbContext db, TimeProvider time)
{
    /// <summary>How long an answer to a question needs not be a reply.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <summary>How long a message may be replied to.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>Remembers a message.</summary>
    /// <param name="chatId">In whose chat.</param>
    /// <param name="messageId">As Telegram has numbered it.</param>
    /// <param name="purpose">What the answer is for, at most 64 characters.</param>
    /// <param name="isQuestion">Whether the person is asked for words now.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task RememberAsync(
        long chatId,
        long messageId,
        string purpose,
        bool isQuestion,
        CancellationToken cancellation
    ) =>
        db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO telegram_prompts (chat_id, message_id, purpose, is_question, made_at)
            VALUES ({chatId}, {messageId}, {purpose}, {isQuestion}, {time.Now()})
            ON CONFLICT (chat_id, message_id) DO UPDATE
            SET purpose = excluded.purpose, is_question = excluded.is_question, made_at = excluded.made_at
            """,
            cancellation
        );

    /// <summary>
    /// What somebody answers: the message that they reply to, or, where that is none that is remembered, the newest
    /// question that was not answered yet. Null where there is neither.
    /// </summary>
    public async Task<ReplyPrompt?> FindAsync(long chatId, long? repliedTo, CancellationToken cancellation)
    {
        var prompts = db.Set<ReplyPrompt>().AsNoTracking().Where(p => p.ChatId == chatId);
        var since = time.Now() - Patience;
        return
            repliedTo is { } id
            && await prompts.SingleOrDefaultAsync(p => p.MessageId == id, cancellation) is { } prompt
            ? prompt
            : await prompts
                .Where(p => p.IsQuestion && p.MadeAt > since)
                .OrderByDescending(p => p.MessageId)
                .FirstOrDefaultAsync(cancellation);
    }

    /// <summary>The question is answered, or given up: what the person writes next is no answer to it.</summary>
    public Task ForgetQuestionsAsync(long chatId, CancellationToken cancellation) =>
        db.Set<ReplyPrompt>().Where(p => p.ChatId == chatId && p.IsQuestion).ExecuteDeleteAsync(cancellation);

    /// <summary>Forgets all that may be answered in the chat of an account, which is about to be no longer the account's.</summary>
    internal static Task ForgetAllAsync(BookItDbContext db, Guid userId, CancellationToken cancellation) =>
        db.Set<ReplyPrompt>()
            .Where(p => db.Users.Any(u => u.Id == userId && u.TelegramId == p.ChatId))
            .ExecuteDeleteAsync(cancellation);
}
