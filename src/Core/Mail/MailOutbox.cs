using System.Globalization;
using BookIT.Core.Data;
using BookIT.Core.Notifications;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Mail;

/// <summary>
/// Asks for mails: rows of the outbox, written with what happened. A row says who is to get what kind of mail, and in
/// which language it was asked for; the secret of its link is made when it is sent. Of a kind, an account gets one mail a
/// minute. Without a server nothing is asked for.
/// </summary>
public sealed class MailOutbox(MailOptions options) : IDisposable
{
    private readonly SemaphoreSlim wake = new(0);

    /// <summary>To be called after the commit of what was asked for: it is sent at once. Otherwise within seconds.</summary>
    public void Wake()
    {
        if (options.IsOn && wake.CurrentCount == 0)
        {
            wake.Release();
        }
    }

    /// <summary>Waits until somebody asks for a mail, or for as long.</summary>
    internal Task WaitAsync(TimeSpan atMost, CancellationToken cancellation) => wake.WaitAsync(atMost, cancellation);

    /// <summary>A new account is to confirm its address; saved with it.</summary>
    internal void AskToConfirm(BookItDbContext db, User user, DateTimeOffset now)
    {
        const string kind = NotificationKind.EmailConfirmation;
        if (options.IsOn)
        {
            db.Notifications.Add(
                Notification.Now(user.Id, kind, $"{kind}:{user.Id}:{MinuteOf(now)}", new { language = Language }, now)
            );
        }
    }

    /// <summary>
    /// What follows from the pending change of an account, in its transaction and under its lock: links to another
    /// address are dead, and so are those that set a password where there is a new one; the new address is to be confirmed.
    /// </summary>
    internal async Task FollowAsync(BookItDbContext db, User user, DateTimeOffset now, CancellationToken cancellation)
    {
        var entry = db.Entry(user);
        var hasNewEmail = entry.Property(u => u.Email).IsModified;
        if (hasNewEmail || entry.Property(u => u.PasswordHash).IsModified)
        {
            await db
                .EmailTokens.Where(t =>
                    t.UserId == user.Id && (hasNewEmail || t.Purpose == EmailTokenPurpose.ResetPassword)
                )
                .ExecuteDeleteAsync(cancellation);
        }

        if (hasNewEmail && !await AskToConfirmAsync(db, user.Id, now, now, cancellation))
        {
            // This minute's mail may have gone to the address before.
            await AskToConfirmAsync(db, user.Id, now, NextMinute(now), cancellation);
        }
    }

    /// <summary>Asks for the mail that confirms an account's address.</summary>
    /// <returns>Whether there was none yet of the minute in which it is due.</returns>
    internal Task<bool> AskToConfirmAsync(
        BookItDbContext db,
        Guid userId,
        DateTimeOffset now,
        DateTimeOffset due,
        CancellationToken cancellation
    ) => AskAsync(db, NotificationKind.EmailConfirmation, userId, email: null, now, due, cancellation);

    /// <summary>
    /// Asks for the mail that resets the password of whoever has this address: one statement, whether anybody has it or not.
    /// </summary>
    internal async Task AskToResetAsync(
        BookItDbContext db,
        string email,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        const string kind = NotificationKind.PasswordReset;
        if (
            !await AskAsync(db, kind, userId: null, email, now, due: now, cancellation)
            && !await IsResetOnItsWayAsync(db, email, now, cancellation)
        )
        {
            // This minute's mail is used up already.
            await AskAsync(db, kind, userId: null, email, now, NextMinute(now), cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => wake.Dispose();

    private static Task<bool> IsResetOnItsWayAsync(
        BookItDbContext db,
        string email,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        db
            .Users.Where(u => u.Email == email)
            .AnyAsync(
                u =>
                    db.EmailTokens.Any(t =>
                        t.UserId == u.Id && t.Purpose == EmailTokenPurpose.ResetPassword && t.ExpiresAt > now
                    )
                    || db.Notifications.Any(n =>
                        n.UserId == u.Id
                        && n.Kind == NotificationKind.PasswordReset
                        && n.DeliveredAt == null
                        && n.FailedAt == null
                    ),
                cancellation
            );

    private async Task<bool> AskAsync(
        BookItDbContext db,
        string kind,
        Guid? userId,
        string? email,
        DateTimeOffset now,
        DateTimeOffset due,
        CancellationToken cancellation
    )
    {
        if (!options.IsOn)
        {
            return true;
        }

        var (minute, language) = (MinuteOf(due), Language);
        // The lock keeps the account where it is until its row is written.
        return await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
                SELECT id, {kind}, {kind} || ':' || id || ':' || {minute}, jsonb_build_object('language', {language}), {due}, {now}
                FROM users WHERE id = {userId} OR email = {email} FOR KEY SHARE
                ON CONFLICT DO NOTHING
                """,
                cancellation
            ) > 0;
    }

    private static long MinuteOf(DateTimeOffset instant) => instant.ToUnixTimeSeconds() / 60;

    private static DateTimeOffset NextMinute(DateTimeOffset now) =>
        DateTimeOffset.FromUnixTimeSeconds((MinuteOf(now) + 1) * 60);

    private static string Language => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;
}
