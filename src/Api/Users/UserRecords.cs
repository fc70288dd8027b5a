using System.ComponentModel;
using System.Globalization;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core.Auth;
using BookIT.Core.Users;

namespace BookIT.Api.Users;

/// <summary>An account.</summary>
public sealed record UserResponse(
    Guid Id,
    string Email,
    string FirstName,
    [property: OneOf("user", "admin")] string Role,
    [property: Description("Whether an administrator has seen who this is; without it nobody is checked in.")]
        bool Verified,
    [property: Description("The linked Telegram account.")] string? TelegramId,
    [property: Description("The stored picture.")] Guid? AvatarId,
    [property: OneOf("ru", "en")]
    [property: Description("The language that the person has chosen; null follows `Accept-Language`.")]
        string? Language,
    [property: Description("Without one, the account signs in by another service only.")] bool HasPassword,
    [property: Description(
        "Whether the person has proved that the address is theirs, by a link in a mail or through Yandex."
    )]
        bool EmailConfirmed
)
{
    public static UserResponse Of(User user) =>
        new(
            user.Id,
            user.Email,
            user.FirstName,
            user.Role is UserRole.Admin ? "admin" : "user",
            user.Verified,
            user.TelegramId?.ToString(CultureInfo.InvariantCulture),
            user.AvatarId,
            user.Language,
            HasPassword: user.PasswordHash is not null,
            EmailConfirmed: user.EmailConfirmedAt is not null
        );
}

/// <summary>What to change in one's own account; what is absent or null stays.</summary>
public sealed record AccountPatch(
    [property: Email] string? Email,
    [property: NotBlank] [property: OneLine] [property: LengthBetween(1, User.MaxFirstNameLength)] string? FirstName,
    [property: NotBlank]
    [property: LengthBetween(RegisterRequest.MinPasswordLength, RegisterRequest.MaxPasswordLength)]
    [property: Description("A new one ends all other sign-ins.")]
        string? Password,
    [property: Description("Needed for a new password; an account without one needs a fresh sign-in instead.")]
        string? CurrentPassword,
    [property: OneOf("ru", "en", AccountChange.AnyLanguage)]
    [property: Description("Of all that the person reads; `auto` follows `Accept-Language` again.")]
        string? Language
)
{
    public AccountChange ToChange() => new(Email, FirstName, Password, CurrentPassword, Language);
}

/// <summary>Shows that it is the account's owner who wants it gone.</summary>
public sealed record AccountDeletion(
    [property: Description("Not needed within ten minutes of signing in.")] string? Password
);

/// <summary>A sign-in that is under way.</summary>
public sealed record SessionResponse(
    Guid Id,
    [property: Description("What the client says of itself.")] string Device,
    string Address,
    Instant MadeAt,
    [property: Description("When its tokens were last renewed.")] Instant LastUsedAt,
    [property: Description("Whether it is the one that asks.")] bool Current
)
{
    public static SessionResponse Of(Session session, Guid currentId) =>
        new(
            session.Id,
            session.Device,
            session.Address,
            session.MadeAt,
            session.LastUsedAt,
            Current: session.Id == currentId
        );
}
