using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Reservations;

/// <summary>
/// What EF can say of the table. The rest is SQL in the first migration: the exclusion constraint, and the foreign key
/// that lets only seats in use hold live reservations.
/// </summary>
internal sealed class ReservationConfiguration : IEntityTypeConfiguration<Reservation>
{
    public const string NoOverlap = "reservations_no_overlap";
    public const string OnePerSlot = "reservations_one_per_slot";
    public const string SeatInUse = "reservations_seat_in_use";
    public const string User = "reservations_user_id_fkey";

    public void Configure(EntityTypeBuilder<Reservation> reservation)
    {
        reservation.ToTable(
            "reservations",
            table =>
            {
                table.HasCheckConstraint(
                    "reservations_status_check",
                    "status in ('future', 'active', 'closed', 'did_not_come')"
                );
                table.HasCheckConstraint(
                    "reservations_interval_check",
                    "ends_at > starts_at and ends_at - starts_at <= interval '7 days'"
                );
                table.HasCheckConstraint(
                    "reservations_live_has_user",
                    $"user_id is not null or not ({ReservationStatusNames.Live})"
                );
            }
        );
        reservation.Property(r => r.Id).ValueGeneratedNever();
        reservation.Ignore(r => r.Interval);
        reservation
            .Property(r => r.Status)
            .HasConversion(status => status.Name(), name => ReservationStatusNames.Parse(name)!.Value);
        reservation
            .HasOne<User>()
            .WithMany()
            .HasForeignKey(r => r.UserId)
            .HasConstraintName(User)
            .OnDelete(DeleteBehavior.SetNull);
        reservation
            .HasIndex(r => new { r.UserId, r.Slot })
            .IsUnique()
            .HasFilter(ReservationStatusNames.LiveByUser)
            .HasDatabaseName(OnePerSlot);
        reservation.HasIndex(r => new { r.UserId, r.Id }).HasDatabaseName("reservations_by_user");
        reservation.HasIndex(r => r.StartsAt).HasDatabaseName("reservations_by_start");
        reservation
            .HasIndex(r => r.StartsAt, "reservations_live_by_start")
            .HasFilter(ReservationStatusNames.LiveByStart)
            .IncludeProperties(r => new
            {
                r.EndsAt,
                r.SeatId,
                r.Status,
            });
    }
}
