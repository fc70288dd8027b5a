using BookIT.Core.Reservations;
using BookIT.Core.Seats;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Tickets;

internal sealed class TicketConfiguration : IEntityTypeConfiguration<Ticket>
{
    public void Configure(EntityTypeBuilder<Ticket> ticket)
    {
        ticket.ToTable(
            "tickets",
            table =>
            {
                table.HasCheckConstraint("tickets_theme_check", "theme in ('failure', 'wish', 'other')");
                table.HasCheckConstraint("tickets_status_check", "status in ('active', 'closed')");
                table.HasCheckConstraint("tickets_closed_at_check", "(status = 'closed') = (closed_at is not null)");
            }
        );
        ticket.Property(t => t.Id).ValueGeneratedNever();
        ticket.Property(t => t.Message).HasMaxLength(Ticket.MaxMessageLength);
        ticket.Property(t => t.Theme).HasConversion(theme => theme.Name(), name => TicketNames.Theme(name));
        ticket.Property(t => t.Status).HasConversion(status => status.Name(), name => TicketNames.Status(name));
        ticket.HasIndex(t => new { t.UserId, t.Id }).HasDatabaseName("tickets_by_user");
        ticket.HasIndex(t => t.Id, "tickets_active").HasFilter("status = 'active'");
        ticket.HasIndex(t => t.ReservationId).HasDatabaseName("tickets_by_reservation");
        ticket.HasIndex(t => t.SeatId).HasDatabaseName("tickets_by_seat");
        ticket.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
        ticket.HasOne<Reservation>().WithMany().HasForeignKey(t => t.ReservationId).OnDelete(DeleteBehavior.SetNull);
        ticket.HasOne<Seat>().WithMany().HasForeignKey(t => t.SeatId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class TicketMessageConfiguration : IEntityTypeConfiguration<TicketMessage>
{
    public void Configure(EntityTypeBuilder<TicketMessage> message)
    {
        message.ToTable("ticket_messages");
        message.Property(m => m.Id).ValueGeneratedNever();
        message.Property(m => m.Text).HasMaxLength(Ticket.MaxMessageLength);
        message.HasIndex(m => new { m.TicketId, m.Id }).HasDatabaseName("ticket_messages_by_ticket");
        message.HasIndex(m => m.AuthorId).HasDatabaseName("ticket_messages_by_author");
        message.HasOne<Ticket>().WithMany().HasForeignKey(m => m.TicketId).OnDelete(DeleteBehavior.Cascade);
        message.HasOne<User>().WithMany().HasForeignKey(m => m.AuthorId).OnDelete(DeleteBehavior.SetNull);
    }
}

/// <summary>The names of themes and statuses, on the wire and in the database.</summary>
public static class TicketNames
{
    /// <summary><c>failure</c>, <c>wish</c> or <c>other</c>.</summary>
    public static string Name(this TicketTheme theme) =>
        theme switch
        {
            TicketTheme.Failure => "failure",
            TicketTheme.Wish => "wish",
            _ => "other",
        };

    /// <summary><c>active</c> or <c>closed</c>.</summary>
    public static string Name(this TicketStatus status) => status is TicketStatus.Active ? "active" : "closed";

    /// <summary>The theme of that name.</summary>
    public static TicketTheme Theme(string name) =>
        name switch
        {
            "failure" => TicketTheme.Failure,
            "wish" => TicketTheme.Wish,
            _ => TicketTheme.Other,
        };

    /// <summary>The status of that name.</summary>
    public static TicketStatus Status(string name) => name == "closed" ? TicketStatus.Closed : TicketStatus.Active;
}
