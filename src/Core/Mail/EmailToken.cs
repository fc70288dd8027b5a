using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Mail;

/// <summary>What the token in a mail's link is good for.</summary>
public enum EmailTokenPurpose
{
    /// <summary>Shows that the address is the account's.</summary>
    Confirm,

    /// <summary>Sets a new password.</summary>
    ResetPassword,
}

/// <summary>The token in a mail's link: one use, short-lived, stored as a hash. It goes with the account.</summary>
public sealed class EmailToken
{
    private EmailToken() { }

    /// <summary>SHA-256 of the token.</summary>
    public byte[] Hash { get; private set; } = [];

    /// <summary>Whose it is.</summary>
    public Guid UserId { get; private set; }

    /// <summary>What it is good for.</summary>
    public EmailTokenPurpose Purpose { get; private set; }

    /// <summary>Where it was sent; it proves nothing about another address.</summary>
    public string Email { get; private set; } = "";

    /// <summary>Good before this instant (UTC).</summary>
    public DateTimeOffset ExpiresAt { get; private set; }

    /// <summary>The word that goes into a link: 256 random bits in base64url.</summary>
    public static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is stored in the place of a secret, or compared with what is stored.</summary>
    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>How long a link is good; a mail that could not be sent for as long is given up.</summary>
    public static TimeSpan LifetimeOf(EmailTokenPurpose purpose) =>
        purpose is EmailTokenPurpose.Confirm ? TimeSpan.FromHours(24) : TimeSpan.FromHours(1);
}

internal sealed class EmailTokenConfiguration : IEntityTypeConfiguration<EmailToken>
{
    public void Configure(EntityTypeBuilder<EmailToken> token)
    {
        token.ToTable(
            "email_tokens",
            table => table.HasCheckConstraint("email_tokens_purpose_check", "purpose in ('confirm', 'reset_password')")
        );
        token.HasKey(t => t.Hash);
        token.Property(t => t.Email).HasMaxLength(EmailAddress.MaxLength);
        token
            .Property(t => t.Purpose)
            .HasConversion(
                purpose => purpose == EmailTokenPurpose.Confirm ? "confirm" : "reset_password",
                text => text == "confirm" ? EmailTokenPurpose.Confirm : EmailTokenPurpose.ResetPassword
            );
        token.HasIndex(t => t.UserId).HasDatabaseName("email_tokens_by_user");
        token.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
