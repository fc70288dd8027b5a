using System.Text.RegularExpressions;
using BookIT.Core.Audit;
using BookIT.Core.Mail;
using BookIT.Core.Notifications;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using BookIT.Core.Space;
using BookIT.Core.Tickets;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Data;

/// <summary>The database as EF Core sees it. The busiest paths speak SQL to the same connection pool.</summary>
public sealed partial class BookItDbContext(DbContextOptions<BookItDbContext> options) : DbContext(options)
{
    /// <summary>Accounts.</summary>
    public DbSet<User> Users => Set<User>();

    /// <summary>Seats, the removed ones among them.</summary>
    public DbSet<Seat> Seats => Set<Seat>();

    /// <summary>Reservations of all times.</summary>
    public DbSet<Reservation> Reservations => Set<Reservation>();

    /// <summary>What members ask of the space.</summary>
    public DbSet<Ticket> Tickets => Set<Ticket>();

    /// <summary>What was said on tickets after their first message.</summary>
    public DbSet<TicketMessage> TicketMessages => Set<TicketMessage>();

    /// <summary>What is the whole space's: one row.</summary>
    public DbSet<SpaceSettings> Space => Set<SpaceSettings>();

    /// <summary>The tokens of links in mails, hashed.</summary>
    public DbSet<EmailToken> EmailTokens => Set<EmailToken>();

    /// <summary>The outbox.</summary>
    public DbSet<Notification> Notifications => Set<Notification>();

    /// <summary>What administrators did.</summary>
    public DbSet<AuditEntry> Audit => Set<AuditEntry>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasPostgresExtension("btree_gist");
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(BookItDbContext).Assembly);
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(SnakeCase(property.Name));
            }

            foreach (var key in entity.GetKeys().Where(key => key.IsPrimaryKey()))
            {
                key.SetName($"{entity.GetTableName()}_pkey");
            }

            foreach (var foreignKey in entity.GetForeignKeys())
            {
                var column = SnakeCase(foreignKey.Properties[0].Name);
                foreignKey.SetConstraintName($"{entity.GetTableName()}_{column}_fkey");
            }
        }
    }

    private static string SnakeCase(string name) => WordStart().Replace(name, "_").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WordStart();
}
