using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using BookIT.Core.Auth;
using BookIT.Core.Data;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace BookIT.Core.Demo;

/// <summary>How demo traffic signs in, until it is started again.</summary>
/// <param name="Visitors">The e-mail addresses of the members that come and go.</param>
/// <param name="Usher">That of the administrator who checks them in.</param>
/// <param name="Password">Of all of them.</param>
public sealed record DemoCrew(IReadOnlyList<string> Visitors, string Usher, string Password);

/// <summary>The accounts that demo traffic acts by: always the same few, made once. For demo mode only.</summary>
public sealed class DemoVisitors(
    BookItDbContext db,
    NpgsqlDataSource postgres,
    PasswordHashing passwords,
    Sessions sessions,
    TimeProvider time
)
{
    /// <summary>How many members come and go, and so how many seats are taken at most.</summary>
    public const int Count = 10;

    /// <summary>How many of their past reservations are kept.</summary>
    public const int KeptReservations = 500;

    private const string UsherEmail = "demo-usher@example.com";

    private static readonly string[] VisitorEmails =
    [
        .. Enumerable
            .Range(1, Count)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"demo-visitor-{i}@example.com")),
    ];

    /// <summary>
    /// Makes the accounts or finds them again, ends the sign-ins that they have, and gives them a password that nobody
    /// else knows: one of them is an administrator.
    /// </summary>
    /// <returns>How to sign in, or <see cref="Refusal.SignInBusy"/>.</returns>
    public async Task<Result<DemoCrew>> PrepareAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var password = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        // One hash for all: it costs what it should, once.
        var hash = await passwords.HashAsync(password, cancellation);
        if (hash.IsRefused(out var refusal))
        {
            return refusal;
        }

        await using var connection = await postgres.OpenConnectionAsync(cancellation);
        await AdvisoryLock.Demo.TakeAsync(connection, time, cancellation);
        try
        {
            var found = await FindAsync(cancellation);
            foreach (var email in VisitorEmails.Append(UsherEmail))
            {
                var role = email == UsherEmail ? UserRole.Admin : UserRole.User;
                if (found.Find(u => u.Email == email) is not { } user)
                {
                    user = User.Register(Guid.CreateVersion7(now), email, "Demo", hash.Value, role, now);
                    db.Users.Add(user);
                }

                // Whoever had it before has no way in.
                user.UnlinkAll();
                user.SetPasswordHash(hash.Value);
                user.SetRole(role);
                user.Verify();
            }

            await db.SaveChangesAsync(cancellation);
        }
        finally
        {
            await AdvisoryLock.Demo.ReleaseAsync(connection, postgres);
        }

        foreach (var user in await FindAsync(cancellation))
        {
            await sessions.EndAllAsync(user.Id);
        }

        return new DemoCrew(VisitorEmails, UsherEmail, password);
    }

    /// <summary>
    /// Deletes what the visitors leave behind, but for their last <see cref="KeptReservations"/> reservations: demo traffic
    /// may run for weeks.
    /// </summary>
    public async Task TidyAsync(CancellationToken cancellation)
    {
        var users = await FindAsync(cancellation);
        var visitors = users.Where(u => u.Email != UsherEmail).Select(u => u.Id).ToArray();
        var ushers = users.Where(u => u.Email == UsherEmail).Select(u => u.Id).ToArray();
        await db.Database.ExecuteSqlAsync(
            $"""
            WITH kept AS (
                SELECT id FROM reservations WHERE user_id = ANY({visitors}) ORDER BY id DESC LIMIT {KeptReservations}),
            told AS (DELETE FROM notifications WHERE user_id = ANY({visitors})),
            audited AS (DELETE FROM audit WHERE actor_id = ANY({ushers}))
            DELETE FROM reservations
            WHERE user_id = ANY({visitors}) AND status IN ('closed', 'did_not_come') AND id NOT IN (SELECT id FROM kept)
            """,
            cancellation
        );
    }

    private Task<List<User>> FindAsync(CancellationToken cancellation)
    {
        string[] emails = [.. VisitorEmails, UsherEmail];
        return db.Users.Where(u => emails.Contains(u.Email)).ToListAsync(cancellation);
    }
}
