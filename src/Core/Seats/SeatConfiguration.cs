using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Seats;

internal sealed class SeatConfiguration : IEntityTypeConfiguration<Seat>
{
    public void Configure(EntityTypeBuilder<Seat> seat)
    {
        seat.ToTable("seats");
        seat.Property(s => s.Id).ValueGeneratedNever();
        seat.Property(s => s.Name).HasMaxLength(Seat.MaxNameLength);
        seat.Property(s => s.Type).HasMaxLength(Seat.MaxTypeLength);
        seat.Property(s => s.Zone).HasMaxLength(Seat.MaxNameLength);
    }
}

/// <summary>One row: the number that every write to a seat raises, so that a copy of the seats in memory knows its age.</summary>
internal sealed class SeatCatalogVersion
{
    public int Id { get; private set; }

    public long Version { get; private set; }
}

internal sealed class SeatCatalogVersionConfiguration : IEntityTypeConfiguration<SeatCatalogVersion>
{
    public void Configure(EntityTypeBuilder<SeatCatalogVersion> version)
    {
        version.ToTable(
            "seat_catalog_version",
            table => table.HasCheckConstraint("seat_catalog_version_one_row", "id = 1")
        );
        version.Property(v => v.Id).ValueGeneratedNever();
        version.HasData(new { Id = 1, Version = 0L });
    }
}
