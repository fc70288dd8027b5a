using BookIT.Core.Audit;
using BookIT.Core.Auth;
using BookIT.Core.Avatars;
using BookIT.Core.Data;
using BookIT.Core.Languages;
using BookIT.Core.Mail;
using BookIT.Core.Notifications;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using BookIT.Core.Telegram;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace BookIT.Core.Users;

/// <summary>What somebody changes in their own account; null stays as it is.</summary>
/// <param name="Email">An address that <see cref="EmailAddress.TryNormalize"/> takes, in any spelling.</param>
/// <param name="FirstName">Not empty.</param>
/// <param name="Password">A new one.</param>
/// <param name="CurrentPassword">The present one, needed for a new one; an account without one needs a fresh sign-in.</param>
/// <param name="Language">The language of all that the person reads, <c>ru</c> or <c>en</c>, or <see cref="AnyLanguage"/>.</param>
public sealed record AccountChange(
    string? Email = null,
    string? FirstName = null,
    string? Password = null,
    string? CurrentPassword = null,
    string? Language = null
)
{
    /// <summary>Leaves the language to each request again.</summary>
    public const string AnyLanguage = "auto";
}

/// <summary>What an administrator changes in an account; null stays as it is.</summary>
/// <param name="Email">An address that <see cref="EmailAddress.TryNormalize"/> takes, in any spelling.</param>
/// <param name="FirstName">Not empty.</param>
/// <param name="Role">What the account may do from now on.</param>
/// <param name="Verified">Whether the administrator vouches for the person.</param>
public sealed record UserChange(
    string? Email = null,
    string? FirstName = null,
    UserRole? Role = null,
    bool? Verified = null
);

/// <summary>Which accounts to list; null does not narrow.</summary>
/// <param name="Text">Part of the e-mail address or the name, in any case.</param>
/// <param name="Role">With this role.</param>
/// <param name="Verified">Verified, or not.</param>
public sealed record UserFilter(string? Text = null, UserRole? Role = null, bool? Verified = null);

/// <summary>Accounts: one's own, and what administrators do with those of others.</summary>
public sealed class Accounts(
    BookItDbContext db,
    SignIn signIn,
    PasswordHashing passwords,
    Sessions sessions,
    SeatChanges changes,
    AccountLanguages languages,
    AvatarStore avatars,
    MailOutbox mail,
    BookingOptions booking
)
{
    // Read with most requests that somebody makes: what EF Core makes of it is kept.
    private static readonly Func<BookItDbContext, Guid, CancellationToken, Task<User?>> ById = EF.CompileAsyncQuery(
        (BookItDbContext db, Guid id, CancellationToken cancellation) =>
            db.Users.AsNoTracking().FirstOrDefault(user => user.Id == id)
    );

    /// <summary>The sign-ins of an account, the last used first, for administrators.</summary>
    /// <returns>Or <see cref="Refusal.UserNotFound"/>.</returns>
    public async Task<Result<Session[]>> ListSessionsAsync(Guid id, CancellationToken cancellation) =>
        await FindRoleAsync(id, cancellation) is null
            ? new Refusal.UserNotFound()
            : (await sessions.ListAsync(id)).ToArray();

    /// <summary>Ends a sign-in of an account, as an administrator. Access tokens that it got last until they expire.</summary>
    /// <returns>Or why not: <see cref="Refusal.UserNotFound"/>, <see cref="Refusal.SessionNotFound"/>.</returns>
    public async Task<Result<Done>> EndSessionAsync(
        Guid id,
        Guid sessionId,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (await FindRoleAsync(id, cancellation) is null)
        {
            return new Refusal.UserNotFound();
        }

        // The entry is written first, and stays only where Redis has done it.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        db.Audit.Add(AuditEntry.Ended(new { SessionId = sessionId }, id, adminId, "user.end_session", now));
        await db.SaveChangesAsync(cancellation);
        var ended = await sessions.EndAsync(id, sessionId);
        if (ended.Refusal is null)
        {
            await transaction.CommitAsync(CancellationToken.None);
        }

        return ended;
    }

    /// <summary>The role of an account as it is now; null where the account is gone.</summary>
    public Task<UserRole?> FindRoleAsync(Guid id, CancellationToken cancellation) =>
        db.Users.Where(u => u.Id == id).Select(u => (UserRole?)u.Role).FirstOrDefaultAsync(cancellation);

    /// <summary>One's own account.</summary>
    /// <returns>Or <see cref="Refusal.NotSignedIn"/> where it is gone.</returns>
    public async Task<Result<User>> GetOwnAsync(Guid id, CancellationToken cancellation) =>
        await FindAsync(id, cancellation) is { } user ? user : new Refusal.NotSignedIn();

    /// <summary>An account, for itself and for administrators.</summary>
    /// <returns>
    /// Or why not: <see cref="Refusal.NotSignedIn"/>, <see cref="Refusal.NotYourAccount"/>,
    /// <see cref="Refusal.UserNotFound"/>.
    /// </returns>
    public async Task<Result<User>> GetAsync(Guid id, Guid callerId, CancellationToken cancellation)
    {
        var caller = await FindAsync(callerId, cancellation);
        if (caller is null)
        {
            return new Refusal.NotSignedIn();
        }

        if (id == callerId)
        {
            return caller;
        }

        if (caller.Role is not UserRole.Admin)
        {
            return new Refusal.NotYourAccount();
        }

        return await FindAsync(id, cancellation) is { } user ? user : new Refusal.UserNotFound();
    }

    /// <summary>The accounts, newest first.</summary>
    public Task<Page<User>> ListAsync(UserFilter filter, PageRequest page, CancellationToken cancellation)
    {
        var users = db.Users.AsNoTracking();
        if (!string.IsNullOrWhiteSpace(filter.Text))
        {
            var pattern = Like.Containing(filter.Text);
            users = users.Where(u =>
                EF.Functions.ILike(u.Email, pattern, Like.Escape)
                || EF.Functions.ILike(u.FirstName, pattern, Like.Escape)
            );
        }

        return users
            .Where(u =>
                (filter.Role == null || u.Role == filter.Role)
                && (filter.Verified == null || u.Verified == filter.Verified)
            )
            .OrderByDescending(u => u.Id)
            .ToPageAsync(page, cancellation);
    }

    /// <summary>Changes one's own account. A new password ends all other sign-ins.</summary>
    /// <returns>
    /// The account, or why not: <see cref="Refusal.WrongPassword"/>, <see cref="Refusal.FreshSignInNeeded"/>,
    /// <see cref="Refusal.EmailTaken"/>, <see cref="Refusal.TooManyAttempts"/>, <see cref="Refusal.SignInBusy"/>,
    /// <see cref="Refusal.NotSignedIn"/>.
    /// </returns>
    public async Task<Result<User>> ChangeOwnAsync(
        Guid id,
        AccountChange change,
        Guid sessionId,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        string? verifiedHash = null;
        string? newHash = null;
        if (change.Password is not null)
        {
            var user = await FindAsync(id, cancellation);
            if (user is null)
            {
                return new Refusal.NotSignedIn();
            }

            var proved =
                user.PasswordHash is not null && string.IsNullOrEmpty(change.CurrentPassword)
                    ? new Refusal.WrongPassword()
                    : await ProveAsync(user, change.CurrentPassword, sessionId, client, now, cancellation);
            if (proved.IsRefused(out var refusal))
            {
                return refusal;
            }

            var hashed = await passwords.HashAsync(change.Password, cancellation);
            if (hashed.IsRefused(out refusal))
            {
                return refusal;
            }

            (verifiedHash, newHash) = (user.PasswordHash, hashed.Value);
        }

        var result = await ChangeAsync(
            async transaction =>
            {
                var user = await LockAsync(id, cancellation);
                if (user is null)
                {
                    return new Refusal.NotSignedIn();
                }

                Apply(user, change.Email, change.FirstName);
                if (db.Entry(user).Property(u => u.Email).IsModified && !await sessions.IsLiveAsync(id, sessionId))
                {
                    // Whoever has the address can reset the password: not by what a sign-in that was ended has left.
                    return new Refusal.NotSignedIn();
                }

                if (change.Language is not null)
                {
                    user.Speak(change.Language is AccountChange.AnyLanguage ? null : change.Language);
                }

                if (newHash is not null)
                {
                    if (user.PasswordHash != verifiedHash)
                    {
                        // Another one was set while the old one was checked.
                        return new Refusal.WrongPassword();
                    }

                    user.SetPasswordHash(newHash);
                }

                await mail.FollowAsync(db, user, now, cancellation);
                await db.SaveChangesAsync(cancellation);
                if (newHash is not null)
                {
                    // Before the commit: without Redis the password is not changed either. A sign-in that begins
                    // meanwhile waits for the lock on the account, and sees the new password.
                    await sessions.EndAllAsync(id, except: sessionId);
                }

                await transaction.CommitAsync(cancellation);
                mail.Wake();
                return (Result<User>)user;
            },
            cancellation
        );
        if (result.Refusal is null)
        {
            languages.Keep(id, Sentences.Language(result.Value.Language));
        }

        return result;
    }

    /// <summary>
    /// Deletes one's own account: live reservations are closed, the past ones stay without a name, tickets with all that
    /// was said on them, news and what administrators changed in the account are forgotten, and all its sign-ins end.
    /// </summary>
    /// <param name="id">Whose.</param>
    /// <param name="password">The account's; null or empty where the sign-in is <see cref="Sessions.FreshFor">fresh</see>.</param>
    /// <param name="sessionId">By which sign-in.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="now">UTC.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>
    /// Done, or why not: <see cref="Refusal.WrongPassword"/>, <see cref="Refusal.FreshSignInNeeded"/>,
    /// <see cref="Refusal.TooManyAttempts"/>, <see cref="Refusal.SignInBusy"/>, <see cref="Refusal.LastAdmin"/>,
    /// <see cref="Refusal.NotSignedIn"/>.
    /// </returns>
    public async Task<Result<Done>> DeleteOwnAsync(
        Guid id,
        string? password,
        Guid sessionId,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var asking = await FindAsync(id, cancellation);
        if (asking is null)
        {
            return new Refusal.NotSignedIn();
        }

        var proved = await ProveAsync(asking, password, sessionId, client, now, cancellation);
        if (proved.IsRefused(out var refusal))
        {
            return refusal;
        }

        var hasFreedSeats = false;
        Guid? avatarId = null;
        var result = await ChangeAsync<Done>(
            async transaction =>
            {
                // Reservations before their user, as everybody else locks them.
                await db.LockOfUserAsync(id, cancellation);
                var (user, isLastAdmin) = await LockWithAdminsAsync(id, cancellation);
                if (user is null)
                {
                    return new Refusal.NotSignedIn();
                }

                if (user.PasswordHash != asking.PasswordHash)
                {
                    // Another one was set while the old one was checked, and this sign-in may have ended with it.
                    return new Refusal.WrongPassword();
                }

                if (isLastAdmin)
                {
                    return new Refusal.LastAdmin();
                }

                hasFreedSeats = await CloseReservationsAsync(id, now, cancellation);
                await db
                    .Audit.Where(e => e.TargetId == id)
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(e => e.Before, (string?)null).SetProperty(e => e.After, (string?)null),
                        cancellation
                    );
                await ReplyPrompts.ForgetAllAsync(db, id, cancellation);
                avatarId = user.AvatarId;
                db.Users.Remove(user);
                await db.SaveChangesAsync(cancellation);
                await sessions.EndAllAsync(id);
                await transaction.CommitAsync(cancellation);
                return Done.Ok;
            },
            cancellation
        );
        if (result.Refusal is null)
        {
            await avatars.TryDeleteAsync(avatarId);
        }

        if (result.Refusal is null && hasFreedSeats)
        {
            changes.Tell(SeatChanges.AllTime);
        }

        return result;
    }

    /// <summary>Changes somebody's account, as an administrator.</summary>
    /// <returns>
    /// The account, or why not: <see cref="Refusal.UserNotFound"/>, <see cref="Refusal.EmailTaken"/>,
    /// <see cref="Refusal.LastAdmin"/>.
    /// </returns>
    public Task<Result<User>> ChangeAnyAsync(
        Guid id,
        UserChange change,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    ) => ChangeAnyAsync(id, change, "user.update", adminId, now, cancellation);

    /// <summary>Vouches for somebody. Doing it twice changes nothing.</summary>
    /// <returns>The account, or <see cref="Refusal.UserNotFound"/>.</returns>
    public Task<Result<User>> VerifyAsync(Guid id, Guid adminId, DateTimeOffset now, CancellationToken cancellation) =>
        ChangeAnyAsync(id, new UserChange(Verified: true), "user.verify", adminId, now, cancellation);

    private Task<Result<User>> ChangeAnyAsync(
        Guid id,
        UserChange change,
        string action,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        ChangeAsync<User>(
            async transaction =>
            {
                var (user, isLastAdmin) =
                    change.Role is UserRole.User
                        ? await LockWithAdminsAsync(id, cancellation)
                        : (await LockAsync(id, cancellation), false);
                if (user is null)
                {
                    return new Refusal.UserNotFound();
                }

                if (isLastAdmin)
                {
                    return new Refusal.LastAdmin();
                }

                var wasVerified = user.Verified;
                Apply(user, change.Email, change.FirstName);
                user.SetRole(change.Role ?? user.Role);
                if (change.Verified is true)
                {
                    user.Verify();
                }
                else if (change.Verified is false)
                {
                    user.Unverify();
                }

                if (!db.ChangeTracker.HasChanges())
                {
                    return user;
                }

                db.Audit.Add(AuditEntry.Of(db.Entry(user), id, adminId, action, now));
                if (user.Verified && !wasVerified)
                {
                    const string kind = NotificationKind.UserVerified;
                    db.Notifications.Add(
                        Notification.Now(id, kind, $"{kind}:{Guid.CreateVersion7(now)}", new { }, now)
                    );
                }

                await mail.FollowAsync(db, user, now, cancellation);
                await db.SaveChangesAsync(cancellation);
                await transaction.CommitAsync(cancellation);
                mail.Wake();
                return user;
            },
            cancellation
        );

    private static void Apply(User user, string? email, string? firstName)
    {
        if (email is not null)
        {
            user.ChangeEmail(EmailAddress.Normalize(email));
        }

        if (firstName is not null)
        {
            user.Rename(firstName);
        }
    }

    /// <summary>Whether it is really the account's owner who asks: by the password, or by a fresh sign-in without one.</summary>
    private async Task<Result<Done>> ProveAsync(
        User user,
        string? password,
        Guid sessionId,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (string.IsNullOrEmpty(password))
        {
            return await sessions.IsFreshAsync(user.Id, sessionId, now) ? Done.Ok : new Refusal.FreshSignInNeeded();
        }

        var verified = await signIn.VerifyAsync(user.Email, user.PasswordHash, password, client, cancellation);
        return verified.Then(_ => new Done());
    }

    private async Task<bool> CloseReservationsAsync(Guid userId, DateTimeOffset now, CancellationToken cancellation)
    {
        // Once more, for those made meanwhile; from here on the account's own lock keeps new ones out.
        var live = await db.LockOfUserAsync(userId, cancellation);
        foreach (var reservation in live)
        {
            reservation.End(now, booking);
        }

        return live.Count > 0;
    }

    private Task<User?> FindAsync(Guid id, CancellationToken cancellation) => ById(db, id, cancellation);

    /// <summary>Locks an account against other changes; bookings and news of it may go on.</summary>
    private async Task<User?> LockAsync(Guid id, CancellationToken cancellation) =>
        await db
            .Users.FromSql($"SELECT * FROM users WHERE id = {id} FOR NO KEY UPDATE")
            .SingleOrDefaultAsync(cancellation);

    /// <summary>
    /// Locks an account whole, and that of an administrator together with those of all others, in the order of their ids:
    /// of two administrators who step down at once, the second finds out that it is the last.
    /// </summary>
    private async Task<(User? User, bool IsLastAdmin)> LockWithAdminsAsync(Guid id, CancellationToken cancellation)
    {
        var locked = await db
            .Users.FromSql(
                $"""
                SELECT * FROM users
                WHERE id = {id}
                    OR role = 'admin' AND EXISTS (SELECT FROM users AS one WHERE one.id = {id} AND one.role = 'admin')
                ORDER BY id FOR UPDATE
                """
            )
            .OrderBy(row => row.Id)
            .ToListAsync(cancellation);
        var isAdmin = locked.Exists(user => user.Id == id && user.Role is UserRole.Admin);
        return (locked.Find(user => user.Id == id), isAdmin && locked.Count == 1);
    }

    /// <summary>Runs a change in a transaction, and says which rule of the database it broke.</summary>
    private async Task<Result<T>> ChangeAsync<T>(
        Func<IDbContextTransaction, Task<Result<T>>> change,
        CancellationToken cancellation
    )
    {
        try
        {
            return await Postgres.RetryDeadlocksAsync(async () =>
            {
                db.ChangeTracker.Clear();
                await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
                return await change(transaction);
            });
        }
        catch (DbUpdateException exception)
            when (exception.PostgresError()?.ConstraintName is UserConfiguration.UniqueEmail)
        {
            return new Refusal.EmailTaken();
        }
    }
}
