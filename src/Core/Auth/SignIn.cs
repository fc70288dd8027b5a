using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Data;
using BookIT.Core.Mail;
using BookIT.Core.Metrics;
using BookIT.Core.Users;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Auth;

/// <summary>Who wants an account.</summary>
/// <param name="Email">An address that <see cref="EmailAddress.TryNormalize"/> takes, in any spelling.</param>
/// <param name="Password">As typed.</param>
/// <param name="FirstName">As the person writes it.</param>
/// <param name="AdminKey">What makes an administrator; empty or null makes a member.</param>
public sealed record Registration(string Email, string Password, string FirstName, string? AdminKey);

/// <summary>What somebody gets who is now signed in.</summary>
public sealed record SignedIn(string AccessToken, string RefreshToken, User User);

/// <summary>Registers, signs in, stays signed in, signs out.</summary>
public sealed class SignIn(
    BookItDbContext db,
    PasswordHashing passwords,
    SignInAttempts attempts,
    Sessions sessions,
    AccessTokens accessTokens,
    AdminOptions admin,
    MailOutbox mail,
    SignInDevices devices,
    BookItMetrics metrics
)
{
    /// <summary>Makes an account and signs it in.</summary>
    /// <returns>
    /// Or why not: <see cref="Refusal.EmailTaken"/>, <see cref="Refusal.WrongAdminKey"/>,
    /// <see cref="Refusal.TooManyAttempts"/> at that key, <see cref="Refusal.SignInBusy"/>.
    /// </returns>
    public async Task<Result<SignedIn>> RegisterAsync(
        Registration registration,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var email = EmailAddress.Normalize(registration.Email);
        var isAdmin = !string.IsNullOrEmpty(registration.AdminKey);
        if (isAdmin && await TryAdminKeyAsync(registration.AdminKey!, client) is { } wrong)
        {
            return wrong;
        }

        var hash = await passwords.HashAsync(registration.Password, cancellation);
        if (hash.IsRefused(out var busy))
        {
            return busy;
        }

        var role = isAdmin ? UserRole.Admin : UserRole.User;
        var user = User.Register(Guid.CreateVersion7(now), email, registration.FirstName, hash.Value, role, now);
        // The sign-in comes first: without Redis there is to be no account either. A sign-in without an account opens
        // nothing.
        var session = await sessions.StartAsync(user.Id, client, now);
        db.Users.Add(user);
        mail.AskToConfirm(db, user, now);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException exception)
            when (exception.PostgresError()?.ConstraintName is UserConfiguration.UniqueEmail)
        {
            await sessions.DiscardAsync(user.Id, session.Id);
            return new Refusal.EmailTaken();
        }

        mail.Wake();
        await devices.NoteAsync(user.Id, client, now);
        metrics.UserRegistered();
        return SignedInBy(session, user, now);
    }

    /// <summary>Signs in by password. A wrong address and a wrong password are the same, and take the same time.</summary>
    /// <returns>
    /// Or why not: <see cref="Refusal.WrongCredentials"/>, <see cref="Refusal.TooManyAttempts"/>,
    /// <see cref="Refusal.SignInBusy"/>.
    /// </returns>
    public async Task<Result<SignedIn>> LoginAsync(
        string email,
        string password,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        // What is no address has no account, but is not told so.
        email = EmailAddress.TryNormalize(email, out var normalized) ? normalized : email;
        while (true)
        {
            var user = await db.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Email == email, cancellation);
            var verified = await VerifyAsync(email, user?.PasswordHash, password, client, cancellation);
            if (verified.IsRefused(out var refusal))
            {
                return refusal is Refusal.WrongPassword ? new Refusal.WrongCredentials() : refusal;
            }

            var session = await sessions.StartAsync(user!.Id, client, now);
            if (await IsUnchangedAsync(user, cancellation))
            {
                if (verified.Value is PasswordVerificationResult.SuccessRehashNeeded)
                {
                    await RehashAsync(user, password, cancellation);
                }

                await devices.NoteAsync(user.Id, client, now);
                metrics.UserLoggedIn();
                return SignedInBy(session, user, now);
            }

            await sessions.DiscardAsync(user.Id, session.Id);
        }
    }

    /// <summary>
    /// Signs in somebody whose identity is certain already, because another service vouches for it. Whoever calls it, in a
    /// transaction, notes the device after its commit.
    /// </summary>
    /// <param name="user">Who.</param>
    /// <param name="client">From where.</param>
    /// <param name="now">The present (UTC).</param>
    /// <param name="isNew">Whether the account is made with this sign-in.</param>
    public async Task<SignedIn> StartAsync(User user, Client client, DateTimeOffset now, bool isNew = false)
    {
        var session = await sessions.StartAsync(user.Id, client, now);
        if (isNew)
        {
            metrics.UserRegistered();
        }
        else
        {
            metrics.UserLoggedIn();
        }

        return SignedInBy(session, user, now);
    }

    /// <summary>Spends a refresh token for two new tokens. The role in the new access token is that of now.</summary>
    /// <returns>Or <see cref="Refusal.RefreshTokenInvalid"/>, also where the account is gone.</returns>
    public async Task<Result<SignedIn>> RefreshAsync(
        string refreshToken,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        // The token is spent last: whatever is away before that, it stays good.
        var userId = await sessions.FindUserAsync(refreshToken);
        var user = await db.Users.AsNoTracking().FirstOrDefaultAsync(u => u.Id == userId, cancellation);
        if (user is null)
        {
            return new Refusal.RefreshTokenInvalid();
        }

        var session = await sessions.RotateAsync(refreshToken, client, now);
        return session.Then(rotated => SignedInBy(rotated, user, now));
    }

    /// <summary>Tries a password that somebody gives for an account, under the limits.</summary>
    /// <param name="email">The account's address, as the limits know it.</param>
    /// <param name="hash">The hash of its password; null without one, or without an account.</param>
    /// <param name="password">What is given.</param>
    /// <param name="client">Who gives it.</param>
    /// <param name="cancellation">Ends the wait for a turn.</param>
    /// <returns>
    /// A success, or why not: <see cref="Refusal.WrongPassword"/>, <see cref="Refusal.TooManyAttempts"/>,
    /// <see cref="Refusal.SignInBusy"/>.
    /// </returns>
    internal async Task<Result<PasswordVerificationResult>> VerifyAsync(
        string email,
        string? hash,
        string password,
        Client client,
        CancellationToken cancellation
    )
    {
        if (await attempts.CountAsync(email, client.Address) is { } tooMany)
        {
            return tooMany;
        }

        var verified = await passwords.VerifyAsync(hash, password, cancellation);
        if (verified.Refusal is not null)
        {
            await attempts.TakeBackAsync(email, client.Address);
            return verified;
        }

        if (verified.Value is PasswordVerificationResult.Failed)
        {
            return new Refusal.WrongPassword();
        }

        await attempts.SucceededAsync(email, client.Address);
        return verified;
    }

    /// <summary>
    /// Whether the account still has the password that was verified. A change of the password, or the end of the account,
    /// ends the sign-ins that it finds, so one that began meanwhile has to look for itself; the lock makes it wait for a
    /// change that is under way.
    /// </summary>
    private async Task<bool> IsUnchangedAsync(User user, CancellationToken cancellation)
    {
        var current = await db
            .Users.FromSql($"SELECT * FROM users WHERE id = {user.Id} FOR SHARE")
            .AsNoTracking()
            .OrderBy(row => row.Id)
            .ToListAsync(cancellation);
        return current is [{ PasswordHash: var hash }] && hash == user.PasswordHash;
    }

    /// <summary>Stores the password under a hash of today's cost. If that cannot be done now, the next sign-in will.</summary>
    private async Task RehashAsync(User user, string password, CancellationToken cancellation)
    {
        var hash = await passwords.HashAsync(password, cancellation);
        if (hash.Refusal is null)
        {
            await db
                .Users.Where(u => u.Id == user.Id && u.PasswordHash == user.PasswordHash)
                .ExecuteUpdateAsync(set => set.SetProperty(u => u.PasswordHash, hash.Value), cancellation);
        }
    }

    private async Task<Refusal?> TryAdminKeyAsync(string adminKey, Client client)
    {
        if (await attempts.CountAsync(client.Address) is { } tooMany)
        {
            return tooMany;
        }

        // Hashes, because comparing tells the length of what it compares by the time it takes.
        if (
            !CryptographicOperations.FixedTimeEquals(
                SHA256.HashData(Encoding.UTF8.GetBytes(adminKey)),
                SHA256.HashData(Encoding.UTF8.GetBytes(admin.Key))
            )
        )
        {
            return new Refusal.WrongAdminKey();
        }

        await attempts.TakeBackAsync(client.Address);
        return null;
    }

    private SignedIn SignedInBy((Guid Id, string RefreshToken) session, User user, DateTimeOffset now) =>
        new(accessTokens.Issue(user.Id, session.Id, user.Role, now), session.RefreshToken, user);
}
