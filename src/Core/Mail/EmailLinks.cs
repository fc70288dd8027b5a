using BookIT.Core.Auth;
using BookIT.Core.Data;
using BookIT.Core.Notifications;
using BookIT.Core.Telegram;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Mail;

/// <summary>
/// What the links in mails are good for: confirming an address, setting a new password. A link works once, until it
/// expires, and for the address that it was sent to. Why it is built so: docs/decisions/mail.md.
/// </summary>
public sealed class EmailLinks(
    BookItDbContext db,
    MailOutbox outbox,
    PasswordHashing passwords,
    Sessions sessions,
    SignInAttempts attempts,
    TelegramLinks telegram,
    TimeProvider time
)
{
    /// <summary>
    /// How long it takes to ask for a new password. An account costs a write that no account does not; the rest of this
    /// time hides it.
    /// </summary>
    public static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(300);

    /// <summary>Sends the mail that confirms one's own address again; at most one a minute.</summary>
    /// <returns>
    /// Asked for, or why not: <see cref="Refusal.EmailAlreadyConfirmed"/>, <see cref="Refusal.NotSignedIn"/>.
    /// </returns>
    public async Task<Result<Done>> AskToConfirmAsync(Guid userId, CancellationToken cancellation)
    {
        var user = await db.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Id == userId, cancellation);
        if (user is null)
        {
            return new Refusal.NotSignedIn();
        }

        if (user.EmailConfirmedAt is not null)
        {
            return new Refusal.EmailAlreadyConfirmed();
        }

        var now = time.Now();
        await outbox.AskToConfirmAsync(db, userId, now, due: now, cancellation);
        outbox.Wake();
        return Done.Ok;
    }

    /// <summary>
    /// Sends a link that sets a new password to the address, if it is an account's; at most one a minute. Whether it is
    /// one shows neither in the answer nor in its time. Of an address, as many are taken as wrong passwords.
    /// </summary>
    /// <returns>Asked for, or <see cref="Refusal.TooManyAttempts"/>.</returns>
    public async Task<Result<Done>> AskToResetAsync(string email, Client client, CancellationToken cancellation)
    {
        if (await attempts.CountResetAsync(client.Address) is { } tooMany)
        {
            return tooMany;
        }

        var answer = Task.Delay(AnswerTime, time, cancellation);
        await outbox.AskToResetAsync(db, EmailAddress.Normalize(email), time.Now(), cancellation);
        outbox.Wake();
        await answer;
        return Done.Ok;
    }

    /// <summary>The address that the link was sent to is its account's.</summary>
    /// <returns>Done, or <see cref="Refusal.LinkInvalid"/>.</returns>
    public Task<Result<Done>> ConfirmAsync(string secret, CancellationToken cancellation) =>
        SpendAsync(
            secret,
            EmailTokenPurpose.Confirm,
            user =>
            {
                user.ConfirmEmail(time.Now());
                return Task.CompletedTask;
            },
            cancellation
        );

    /// <summary>
    /// Sets a new password, also for an account that had none, and ends all its sign-ins. The address is confirmed, too:
    /// the link was read there.
    /// </summary>
    /// <returns>Done, or why not: <see cref="Refusal.LinkInvalid"/>, <see cref="Refusal.SignInBusy"/>.</returns>
    public async Task<Result<Done>> ResetPasswordAsync(
        string secret,
        string password,
        Client client,
        CancellationToken cancellation
    )
    {
        // Nobody makes us hash passwords with a link that is not good.
        if (await FindUserAsync(secret, EmailTokenPurpose.ResetPassword, cancellation) is null)
        {
            return new Refusal.LinkInvalid();
        }

        var hash = await passwords.HashAsync(password, cancellation);
        if (hash.IsRefused(out var busy))
        {
            return busy;
        }

        return await SpendAsync(
            secret,
            EmailTokenPurpose.ResetPassword,
            async user =>
            {
                user.SetPasswordHash(hash.Value);
                if (user.EmailConfirmedAt is null)
                {
                    // Somebody else may have made the account, or given it this address. It is the mailbox's owner's now.
                    user.UnlinkAll();
                }

                await telegram.RevokeTokenAsync(user.Id);
                user.ConfirmEmail(time.Now());
                await db.SaveChangesAsync(cancellation);
                // Before the commit: without Redis the password is not set either. A sign-in that begins meanwhile waits
                // for the lock on the account, and sees the new password.
                await sessions.EndAllAsync(user.Id);
                // Who forgot a password has tried several.
                await attempts.SucceededAsync(user.Email, client.Address);
            },
            cancellation
        );
    }

    private async Task<Guid?> FindUserAsync(string secret, EmailTokenPurpose purpose, CancellationToken cancellation)
    {
        var (hash, now) = (EmailToken.HashOf(secret), time.Now());
        return await db
            .EmailTokens.Where(t => t.Hash == hash && t.Purpose == purpose && t.ExpiresAt > now)
            .Select(t => (Guid?)t.UserId)
            .FirstOrDefaultAsync(cancellation);
    }

    /// <summary>
    /// Uses a link under the lock of its account, which whoever changes the address or the password takes as well: of
    /// twenty at once, nineteen find it gone.
    /// </summary>
    private Task<Result<Done>> SpendAsync(
        string secret,
        EmailTokenPurpose purpose,
        Func<User, Task> use,
        CancellationToken cancellation
    ) =>
        Postgres.RetryDeadlocksAsync<Result<Done>>(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var userId = await FindUserAsync(secret, purpose, cancellation);
            var locked = await db
                .Users.FromSql($"SELECT * FROM users WHERE id = {userId} FOR NO KEY UPDATE")
                .OrderBy(row => row.Id)
                .ToListAsync(cancellation);
            if (locked is not [var user] || !await DeleteAsync(user, EmailToken.HashOf(secret), cancellation))
            {
                return new Refusal.LinkInvalid();
            }

            await use(user);
            // A new password makes all links useless, and a confirmed address those that would confirm it.
            var isReset = purpose is EmailTokenPurpose.ResetPassword;
            await db
                .EmailTokens.Where(t => t.UserId == user.Id && (isReset || t.Purpose == purpose))
                .ExecuteDeleteAsync(cancellation);
            await db
                .Notifications.Where(n =>
                    n.UserId == user.Id
                    && (
                        n.Kind == NotificationKind.EmailConfirmation
                        || (isReset && n.Kind == NotificationKind.PasswordReset)
                    )
                    && n.DeliveredAt == null
                    && n.FailedAt == null
                )
                .ExecuteDeleteAsync(cancellation);
            await db.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
            return Done.Ok;
        });

    private async Task<bool> DeleteAsync(User user, byte[] hash, CancellationToken cancellation) =>
        await db.EmailTokens.Where(t => t.Hash == hash && t.Email == user.Email).ExecuteDeleteAsync(cancellation) == 1;
}
