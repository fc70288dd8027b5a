using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Users;

internal sealed class UserConfiguration : IEntityTypeConfiguration<User>
{
    public const string UniqueEmail = "users_email_key";
    public const string UniqueTelegramId = "users_telegram_id_key";
    public const string UniqueYandexId = "users_yandex_id_key";

    public void Configure(EntityTypeBuilder<User> user)
    {
        user.ToTable("users");
        user.Property(u => u.Id).ValueGeneratedNever();
        user.Property(u => u.Email).HasMaxLength(EmailAddress.MaxLength);
        user.Property(u => u.FirstName).HasMaxLength(User.MaxFirstNameLength);
        user.Property(u => u.Role)
            .HasConversion(role => role == UserRole.Admin ? "admin" : "user", text => ParseRole(text));
        user.Property(u => u.YandexId).HasMaxLength(User.MaxForeignIdLength);
        user.HasIndex(u => u.Email).IsUnique().HasDatabaseName(UniqueEmail);
        user.HasIndex(u => u.TelegramId).IsUnique().HasDatabaseName(UniqueTelegramId);
        user.HasIndex(u => u.YandexId).IsUnique().HasDatabaseName(UniqueYandexId);
        user.ToTable(table =>
        {
            table.HasCheckConstraint("users_role_check", "role in ('user', 'admin')");
            table.HasCheckConstraint("users_language_check", "language in ('ru', 'en')");
            table.HasCheckConstraint("users_telegram_language_check", "telegram_language in ('ru', 'en')");
        });
    }

    private static UserRole ParseRole(string text) => text == "admin" ? UserRole.Admin : UserRole.User;
}
