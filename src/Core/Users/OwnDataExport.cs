using BookIT.Core.Audit;
using BookIT.Core.Auth;
using BookIT.Core.Data;
using BookIT.Core.Notifications;
using BookIT.Core.Reservations;
using BookIT.Core.Tickets;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Users;

/// <summary>All that is kept about somebody, newest first.</summary>
/// <param name="User">The account.</param>
/// <param name="Reservations">Of all times.</param>
/// <param name="Tickets">With all that was said on them.</param>
/// <param name="Sessions">The sign-ins that are under way.</param>
/// <param name="Notifications">News, delivered or not, of the last weeks.</param>
/// <param name="Changes">What administrators changed in the account.</param>
/// <param name="Settings">What they want to hear, and when.</param>
/// <param name="Devices">The devices that they have signed in from, so that a new one can be told of.</param>
/// <param name="Announcements">What they have written to everybody, as an administrator.</param>
public sealed record OwnData(
    User User,
    IReadOnlyList<ReservationView> Reservations,
    IReadOnlyList<Conversation> Tickets,
    IReadOnlyList<Session> Sessions,
    IReadOnlyList<Notification> Notifications,
    IReadOnlyList<AuditEntry> Changes,
    NotificationSettings Settings,
    IReadOnlyList<SignInDevice> Devices,
    IReadOnlyList<Announcement> Announcements
);

/// <summary>Collects all that is kept about somebody, for themselves (GDPR, articles 15 and 20).</summary>
public sealed class OwnDataExport(
    BookItDbContext db,
    ReservationQueries reservations,
    SupportTickets tickets,
    Sessions sessions,
    NotificationPreferences preferences
)
{
    private static readonly PageRequest Everything = new(int.MaxValue, Offset: 0);

    /// <summary>Reads it all, at <paramref name="now"/>.</summary>
    /// <returns>Or <see cref="Refusal.NotSignedIn"/> where the account is gone.</returns>
    public async Task<Result<OwnData>> CollectAsync(Guid userId, DateTimeOffset now, CancellationToken cancellation)
    {
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == userId, cancellation);
        if (user is null)
        {
            return new Refusal.NotSignedIn();
        }

        var own = await reservations.ListOwnAsync(userId, Everything, now, cancellation);
        return new OwnData(
            user,
            own.Items,
            await tickets.ListConversationsAsync(userId, cancellation),
            await sessions.ListAsync(userId),
            await db
                .Notifications.AsNoTracking()
                .Where(n => n.UserId == userId)
                .OrderByDescending(n => n.Id)
                .ToListAsync(cancellation),
            await db
                .Audit.AsNoTracking()
                .Where(e => e.TargetId == userId)
                .OrderByDescending(e => e.Id)
                .ToListAsync(cancellation),
            await preferences.ReadAsync(userId, cancellation),
            await db.Set<SignInDevice>()
                .AsNoTracking()
                .Where(d => d.UserId == userId)
                .OrderByDescending(d => d.SeenAt)
                .ToListAsync(cancellation),
            await db.Set<Announcement>()
                .AsNoTracking()
                .Where(a => a.AuthorId == userId)
                .OrderByDescending(a => a.MadeAt)
                .ToListAsync(cancellation)
        );
    }
}
