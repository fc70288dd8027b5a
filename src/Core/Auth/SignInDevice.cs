using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Auth;

/// <summary>A kind of device that an account has signed in from, so that a new one can be told of.</summary>
public sealed class SignInDevice
{
    /// <summary>How long after the last sign-in from it a device is known.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(180);

    private SignInDevice() { }

    /// <summary>Whose.</summary>
    public Guid UserId { get; private set; }

    /// <summary>SHA-256 of what the device says of itself, without the numbers, which change with every update.</summary>
    public byte[] Hash { get; private set; } = [];

    /// <summary>The last sign-in from it (UTC).</summary>
    public DateTimeOffset SeenAt { get; private set; }
}

internal sealed class SignInDeviceConfiguration : IEntityTypeConfiguration<SignInDevice>
{
    public void Configure(EntityTypeBuilder<SignInDevice> device)
    {
        device.ToTable("sign_in_devices");
        device.HasKey(d => new { d.UserId, d.Hash });
        device.HasIndex(d => d.SeenAt).HasDatabaseName("sign_in_devices_by_use");
        device.HasOne<User>().WithMany().HasForeignKey(d => d.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
