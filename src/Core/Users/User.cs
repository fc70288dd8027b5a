namespace BookIT.Core.Users;

/// <summary>What an account may do.</summary>
public enum UserRole
{
    /// <summary>A member: books for itself.</summary>
    User,

    /// <summary>Checks members in and looks after the space.</summary>
    Admin,
}

/// <summary>An account: a member, or an administrator.</summary>
public sealed class User
{
    /// <summary>The longest first name, in UTF-16 code units.</summary>
    public const int MaxFirstNameLength = 100;

    private User() { }

    /// <summary>Time-ordered (UUID version 7, RFC 9562).</summary>
    public Guid Id { get; private set; }

    /// <summary>Trimmed and lower-case, see <see cref="EmailAddress"/>; unique.</summary>
    public string Email { get; private set; } = "";

    /// <summary>As the person wrote it, trimmed; never empty.</summary>
    public string FirstName { get; private set; } = "";

    /// <summary>In the format of ASP.NET Core Identity; null where the account signs in elsewhere only.</summary>
    public string? PasswordHash { get; private set; }

    /// <summary>Decides what the account may do; read from the database wherever an administrator's right is used.</summary>
    public UserRole Role { get; private set; }

    /// <summary>Whether an administrator has seen who this is; without it nobody is checked in.</summary>
    public bool Verified { get; private set; }

    /// <summary>The linked Telegram account; unique.</summary>
    public long? TelegramId { get; private set; }

    /// <summary>The stored picture.</summary>
    public Guid? AvatarId { get; private set; }

    /// <summary>When the account was made (UTC).</summary>
    public DateTimeOffset MadeAt { get; private set; }

    /// <summary>A new account. <paramref name="email"/> must be normalised already.</summary>
    public static User Register(
        Guid id,
        string email,
        string firstName,
        string? passwordHash,
        UserRole role,
        DateTimeOffset now
    ) =>
        new()
        {
            Id = id,
            Email = email,
            FirstName = firstName.Trim(),
            PasswordHash = passwordHash,
            Role = role,
            // Whoever knows the administrators' key needs nobody to vouch for them.
            Verified = role is UserRole.Admin,
            MadeAt = now,
        };

    /// <summary>Vouches for the person. Doing it twice changes nothing.</summary>
    public void Verify() => Verified = true;

    /// <summary>Takes the verification back.</summary>
    public void Unverify() => Verified = false;

    /// <summary>Sets the first name, trimmed.</summary>
    public void Rename(string firstName) => FirstName = firstName.Trim();

    /// <summary>Sets the e-mail address, which must be normalised already; the database refuses one that is taken.</summary>
    public void ChangeEmail(string email) => Email = email;

    /// <summary>Sets the hash of a new password, or a stronger hash of the same one.</summary>
    public void SetPasswordHash(string passwordHash) => PasswordHash = passwordHash;

    /// <summary>Makes a member an administrator, or an administrator a member.</summary>
    public void SetRole(UserRole role) => Role = role;
}
