using BookIT.Core.Audit;
using BookIT.Core.Data;
using BookIT.Core.Reservations;
using BookIT.Core.Space;
using BookIT.Core.Traces;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Notifications;

/// <summary>What an administrator tells everybody with a booking today: written first, sent when its author says so.</summary>
public sealed class Announcement
{
    /// <summary>The longest text, in UTF-16 code units.</summary>
    public const int MaxTextLength = 1000;

    /// <summary>How long it can be sent: what it says, and whom its author was told of, is of now.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private Announcement() { }

    /// <summary>Whoever writes the same one twice gives it the same id twice.</summary>
    public Guid Id { get; private set; }

    /// <summary>The administrator. It goes with the account.</summary>
    public Guid AuthorId { get; private set; }

    /// <summary>The text, trimmed.</summary>
    public string Text { get; private set; } = "";

    /// <summary>When it was written (UTC).</summary>
    public DateTimeOffset MadeAt { get; private set; }

    /// <summary>When it was sent (UTC); null until then.</summary>
    public DateTimeOffset? SentAt { get; private set; }

    /// <summary>To how many it was sent; null until then.</summary>
    public int? Recipients { get; private set; }

    internal static Announcement Write(Guid id, string text, Guid authorId, DateTimeOffset now) =>
        new()
        {
            Id = id,
            AuthorId = authorId,
            Text = text.Trim(),
            MadeAt = now,
        };

    internal void Sent(int recipients, DateTimeOffset now) => (Recipients, SentAt) = (recipients, now);
}

internal sealed class AnnouncementConfiguration : IEntityTypeConfiguration<Announcement>
{
    public void Configure(EntityTypeBuilder<Announcement> announcement)
    {
        announcement.ToTable("announcements");
        announcement.Property(a => a.Id).ValueGeneratedNever();
        announcement.Property(a => a.Text).HasMaxLength(Announcement.MaxTextLength);
        announcement.HasIndex(a => a.AuthorId).HasDatabaseName("announcements_by_author");
        announcement.HasOne<User>().WithMany().HasForeignKey(a => a.AuthorId).OnDelete(DeleteBehavior.Cascade);
    }
}

/// <summary>Whom an announcement would be sent to at this moment. Its author knows what it says.</summary>
/// <param name="Reachable">People with a live reservation today whom the bot may write to.</param>
/// <param name="Unreachable">Those without Telegram, or who have blocked the bot or switched announcements off.</param>
public sealed record AnnouncementReach(int Reachable, int Unreachable);

/// <summary>Tells everybody with a live reservation today, by the clock of the space, what an administrator has to say.</summary>
public sealed class Announcements(BookItDbContext db, BookingOptions booking, SpaceOptions space)
{
    /// <summary>Keeps a text for <see cref="SendAsync"/>. The same id again changes nothing.</summary>
    /// <param name="id">Its own.</param>
    /// <param name="text">Up to <see cref="Announcement.MaxTextLength"/>, not blank.</param>
    /// <param name="authorId">An administrator.</param>
    /// <param name="now">UTC.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<AnnouncementReach> WriteAsync(
        Guid id,
        string text,
        Guid authorId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var written = Announcement.Write(id, text, authorId, now);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO announcements (id, author_id, text, made_at)
            SELECT {written.Id}, id, {written.Text}, {written.MadeAt} FROM users WHERE id = {written.AuthorId} FOR KEY SHARE
            ON CONFLICT DO NOTHING
            """,
            cancellation
        );
        var reached = await WithReservationToday(authorId, now)
            .GroupBy(user =>
                user.TelegramSince != null
                && !db.Set<NotificationSettings>()
                    .Any(s => s.UserId == user.Id && s.Muted.Contains(NotificationKind.Announcement))
            )
            .Select(group => new { IsReachable = group.Key, Count = group.Count() })
            .ToListAsync(cancellation);
        return new AnnouncementReach(
            reached.Where(group => group.IsReachable).Sum(group => group.Count),
            reached.Where(group => !group.IsReachable).Sum(group => group.Count)
        );
    }

    /// <summary>Sends an announcement to whom it concerns at this moment, in a row of the outbox each. Twice is once.</summary>
    /// <returns>The announcement, sent; or <see cref="Refusal.AnnouncementNotFound"/>.</returns>
    public Task<Result<Announcement>> SendAsync(
        Guid id,
        Guid authorId,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        Postgres.RetryDeadlocksAsync<Result<Announcement>>(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var since = now - Announcement.Lifetime;
            var announcement = await db.Set<Announcement>()
                .FromSql(
                    $"SELECT * FROM announcements WHERE id = {id} AND author_id = {authorId} AND made_at > {since} FOR UPDATE"
                )
                .SingleOrDefaultAsync(cancellation);
            if (announcement is null)
            {
                return new Refusal.AnnouncementNotFound();
            }

            if (announcement.SentAt is null)
            {
                var recipients = await TellAsync(announcement, now, cancellation);
                announcement.Sent(recipients, now);
                var told = new { announcement.Text, announcement.Recipients };
                db.Audit.Add(AuditEntry.Made(told, id, authorId, "announcement.send", now));
                await db.SaveChangesAsync(cancellation);
                await transaction.CommitAsync(cancellation);
            }

            return announcement;
        });

    /// <summary>Withdraws an announcement that was not sent.</summary>
    /// <returns>Done, or <see cref="Refusal.AnnouncementNotFound"/>, also where it was sent.</returns>
    public async Task<Result<Done>> WithdrawAsync(Guid id, Guid authorId, CancellationToken cancellation) =>
        await db.Set<Announcement>()
            .Where(a => a.Id == id && a.AuthorId == authorId && a.SentAt == null)
            .ExecuteDeleteAsync(cancellation) == 1
            ? Done.Ok
            : new Refusal.AnnouncementNotFound();

    private Task<int> TellAsync(Announcement announcement, DateTimeOffset now, CancellationToken cancellation)
    {
        const string kind = NotificationKind.Announcement;
        var (today, from, cutoff) = Today(now);
        // In id order, as everybody locks several accounts.
        return db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at, trace_parent)
            SELECT u.id, {kind}, {kind + $":{announcement.Id}:"} || u.id::text,
                jsonb_build_object('text', {announcement.Text}), {now}, {now}, {Tracing.Parent}::text
            FROM users u
            WHERE u.telegram_since IS NOT NULL AND u.id <> {announcement.AuthorId}
                AND NOT EXISTS (
                    SELECT FROM notification_settings s WHERE s.user_id = u.id AND {kind} = ANY (s.muted))
                AND u.id IN (
                SELECT user_id FROM reservations
                WHERE status IN ('future', 'active')
                    AND starts_at < {today.End} AND starts_at > {from} AND ends_at > {now}
                    AND NOT (status = 'future' AND starts_at <= {cutoff}))
            ORDER BY u.id FOR KEY SHARE OF u
            ON CONFLICT DO NOTHING
            """,
            cancellation
        );
    }

    private IQueryable<User> WithReservationToday(Guid authorId, DateTimeOffset now)
    {
        var (today, from, cutoff) = Today(now);
        return db.Users.Where(user =>
            user.Id != authorId
            && db.Reservations.Any(r =>
                r.UserId == user.Id
                && (
                    r.Status == ReservationStatus.Active
                    || (r.Status == ReservationStatus.Future && r.StartsAt > cutoff)
                )
                && r.StartsAt < today.End
                && r.StartsAt > from
                && r.EndsAt > now
            )
        );
    }

    /// <returns>
    /// Today; before when nothing starts that is not over; and before when nothing starts that somebody still comes for.
    /// </returns>
    private (Interval Today, DateTimeOffset From, DateTimeOffset Cutoff) Today(DateTimeOffset now) =>
        (space.Day(space.DayOf(now)), now - BookingOptions.LongestPossible, booking.NoShowCutoff(now));
}
