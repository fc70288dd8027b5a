using BookIT.Core.Auth;
using BookIT.Core.Data;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Yandex;

/// <summary>Who Yandex says somebody is.</summary>
/// <param name="Id">Yandex's own id of the account, which never changes; at most <see cref="User.MaxForeignIdLength"/> long.</param>
/// <param name="Email">An address that Yandex has confirmed; null where the person shares none. It may change.</param>
/// <param name="FirstName">As the person wrote it there, if they did.</param>
public sealed record YandexPerson(string Id, string? Email, string? FirstName);

/// <summary>
/// Signs in those whom Yandex vouches for, into the account that is linked to theirs. What is read about an account stays
/// locked until its sign-in has begun, so a deletion or a new password that comes meanwhile finds that sign-in and ends
/// it. docs/decisions/yandex-sign-in.md tells whose account is linked when.
/// </summary>
public sealed class YandexSignIn(BookItDbContext db, SignIn signIn, SignInDevices devices)
{
    /// <summary>
    /// Signs in, by the Yandex id or else by the e-mail address: into an account that has confirmed it, which is linked
    /// from now on, or into a new one.
    /// </summary>
    /// <returns>
    /// Or why not: <see cref="Refusal.YandexEmailMissing"/>, <see cref="Refusal.YandexLinkedElsewhere"/>,
    /// <see cref="Refusal.YandexPasswordNeeded"/>: go on with <see cref="LinkAsync"/>.
    /// </returns>
    public async Task<Result<SignedIn>> SignInAsync(
        YandexPerson person,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        while (true)
        {
            try
            {
                return await SignInOnceAsync(person, client, now, cancellation);
            }
            catch (DbUpdateException exception)
                when (exception.PostgresError()?.ConstraintName
                        is UserConfiguration.UniqueYandexId
                            or UserConfiguration.UniqueEmail
                )
            {
                // The same person, or somebody who registers with the same address, was faster: there is an account now.
            }
        }
    }

    /// <summary>
    /// Links the account with the person's e-mail address, which nobody has confirmed yet, to whoever proves its
    /// password, and signs in. Who has the mailbox does not have the account: somebody may have registered with a foreign
    /// address by mistake, or on purpose.
    /// </summary>
    /// <returns>
    /// Or why not: <see cref="Refusal.WrongPassword"/>, also where the account is gone;
    /// <see cref="Refusal.TooManyAttempts"/>, <see cref="Refusal.SignInBusy"/>,
    /// <see cref="Refusal.YandexLinkedElsewhere"/>, <see cref="Refusal.YandexLinkInvalid"/>.
    /// </returns>
    public async Task<Result<SignedIn>> LinkAsync(
        YandexPerson person,
        string password,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (!EmailAddress.TryNormalize(person.Email, out var email))
        {
            return new Refusal.YandexLinkInvalid();
        }

        var hash = await db
            .Users.Where(u => u.Email == email)
            .Select(u => u.PasswordHash)
            .FirstOrDefaultAsync(cancellation);
        var verified = await signIn.VerifyAsync(email, hash, password, client, cancellation);
        if (verified.IsRefused(out var refusal))
        {
            return refusal;
        }

        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var user = await LockByEmailAsync(email, cancellation);
            if (user is null || user.PasswordHash != hash)
            {
                // Another one was set while this one was checked.
                return new Refusal.WrongPassword();
            }

            if (IsLinkedElsewhere(user, person))
            {
                return new Refusal.YandexLinkedElsewhere();
            }

            Link(user, person, now);
            await db.SaveChangesAsync(cancellation);
            var signedIn = await signIn.StartAsync(user, client, now);
            await transaction.CommitAsync(cancellation);
            await devices.NoteAsync(user.Id, client, now);
            return signedIn;
        }
        catch (DbUpdateException exception)
            when (exception.PostgresError()?.ConstraintName is UserConfiguration.UniqueYandexId)
        {
            // The Yandex account has found another one of ours meanwhile, which it signs in to from now on.
            return new Refusal.YandexLinkInvalid();
        }
    }

    private async Task<Result<SignedIn>> SignInOnceAsync(
        YandexPerson person,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var user = await LockByYandexIdAsync(person.Id, cancellation);
        var isNew = false;
        if (user is null)
        {
            if (!EmailAddress.TryNormalize(person.Email, out var email))
            {
                return new Refusal.YandexEmailMissing();
            }

            user = await LockByEmailAsync(email, cancellation);
            if (user is null)
            {
                var name = FirstNameOf(person, email);
                user = User.Register(Guid.CreateVersion7(now), email, name, passwordHash: null, UserRole.User, now);
                db.Users.Add(user);
                isNew = true;
            }
            else if (IsLinkedElsewhere(user, person))
            {
                return new Refusal.YandexLinkedElsewhere();
            }
            else if (user.EmailConfirmedAt is null)
            {
                return new Refusal.YandexPasswordNeeded();
            }

            Link(user, person, now);
            await db.SaveChangesAsync(cancellation);
        }

        // Before the commit: without Redis nothing is made or linked either.
        var signedIn = await signIn.StartAsync(user, client, now, isNew);
        await transaction.CommitAsync(cancellation);
        await devices.NoteAsync(user.Id, client, now);
        return signedIn;
    }

    private static bool IsLinkedElsewhere(User user, YandexPerson person) =>
        user.YandexId is { } linked && linked != person.Id;

    private static void Link(User user, YandexPerson person, DateTimeOffset now)
    {
        user.LinkYandex(person.Id);
        user.ConfirmEmail(now);
    }

    /// <summary>What to call somebody: by their name, or else by what stands before the @.</summary>
    private static string FirstNameOf(YandexPerson person, string email)
    {
        var name = person.FirstName?.Trim() is { Length: > 0 } given ? given : email[..email.IndexOf('@')];
        if (name.Length <= User.MaxFirstNameLength)
        {
            return name;
        }

        var end = User.MaxFirstNameLength;
        return char.IsHighSurrogate(name[end - 1]) ? name[..(end - 1)] : name[..end];
    }

    private async Task<User?> LockByYandexIdAsync(string yandexId, CancellationToken cancellation) =>
        await db
            .Users.FromSql($"SELECT * FROM users WHERE yandex_id = {yandexId} FOR NO KEY UPDATE")
            .SingleOrDefaultAsync(cancellation);

    private async Task<User?> LockByEmailAsync(string email, CancellationToken cancellation) =>
        await db
            .Users.FromSql($"SELECT * FROM users WHERE email = {email} FOR NO KEY UPDATE")
            .SingleOrDefaultAsync(cancellation);
}
