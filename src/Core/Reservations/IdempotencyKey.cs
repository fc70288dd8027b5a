using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Reservations;

/// <summary>
/// What a booking under an <c>Idempotency-Key</c> was answered, written in the booking's own transaction: the row is
/// there if and only if the answer holds. See <see cref="Booking"/>.
/// </summary>
internal sealed class IdempotencyKey
{
    public Guid UserId { get; private set; }

    public string Key { get; private set; } = "";

    /// <summary>SHA-256 of what was asked for: the same key for something else is a mistake of the client.</summary>
    public byte[] RequestHash { get; private set; } = [];

    /// <summary>The answer, as JSON; null only inside the transaction that works on it.</summary>
    public string? Answer { get; private set; }

    public DateTimeOffset MadeAt { get; private set; }
}

internal sealed class IdempotencyKeyConfiguration : IEntityTypeConfiguration<IdempotencyKey>
{
    public void Configure(EntityTypeBuilder<IdempotencyKey> key)
    {
        key.ToTable("idempotency_keys");
        key.HasKey(k => new { k.UserId, k.Key });
        key.Property(k => k.Key).HasMaxLength(BookingRequest.MaxIdempotencyKeyLength);
        key.Property(k => k.Answer).HasColumnType("jsonb");
        key.HasIndex(k => k.MadeAt).HasDatabaseName("idempotency_keys_by_age");
        key.HasOne<User>().WithMany().HasForeignKey(k => k.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
