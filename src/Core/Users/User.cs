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

    /// <summary>The longest id that another service may know a person by.</summary>
    public const int MaxForeignIdLength = 64;

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

    /// <summary>
    /// Since when the bot may write to the linked Telegram account (UTC); null where there is none, or where the person
    /// has blocked the bot. What was due before is not told later.
    /// </summary>
    public DateTimeOffset? TelegramSince { get; private set; }

    /// <summary>
    /// The language of the linked person's app, <c>ru</c> or <c>en</c>, where it is one of these: they are written to in it if
    /// they have chosen none.
    /// </summary>
    public string? TelegramLanguage { get; private set; }

    /// <summary>The linked Yandex account, by Yandex's own id of it; unique.</summary>
    public string? YandexId { get; private set; }

    /// <summary>When the person has proved that the e-mail address is theirs (UTC); null while they have not.</summary>
    public DateTimeOffset? EmailConfirmedAt { get; private set; }

    /// <summary>The language the person has chosen, <c>ru</c> or <c>en</c>; null leaves it to each request.</summary>
    public string? Language { get; private set; }

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

    /// <summary>
    /// Sets the e-mail address, which must be normalised already; the database refuses one that is taken. Another address
    /// is not confirmed.
    /// </summary>
    public void ChangeEmail(string email)
    {
        if (email != Email)
        {
            Email = email;
            EmailConfirmedAt = null;
        }
    }

    /// <summary>The person has proved that the present e-mail address is theirs. The first time counts.</summary>
    public void ConfirmEmail(DateTimeOffset now) => EmailConfirmedAt ??= now;

    /// <summary>Links a Yandex account; the database refuses one that is linked to somebody else.</summary>
    public void LinkYandex(string yandexId) => YandexId = yandexId;

    /// <summary>Links a Telegram account in place of any other; the database refuses one that is linked to somebody else.</summary>
    public void LinkTelegram(long telegramId, DateTimeOffset now)
    {
        TelegramSince = TelegramId == telegramId ? TelegramSince ?? now : now;
        TelegramId = telegramId;
    }

    /// <summary>Forgets the linked Telegram account.</summary>
    public void UnlinkTelegram() => (TelegramId, TelegramSince, TelegramLanguage) = (null, null, null);

    /// <summary>Sets the language of all that the person reads: <c>ru</c> or <c>en</c>; null leaves it to each request.</summary>
    public void Speak(string? language) => Language = language;

    /// <summary>Forgets the accounts elsewhere that are linked: whoever had this account before signs in by them no more.</summary>
    public void UnlinkAll()
    {
        YandexId = null;
        UnlinkTelegram();
    }

    /// <summary>Sets the picture; null takes it away.</summary>
    public void SetAvatar(Guid? avatarId) => AvatarId = avatarId;

    /// <summary>Sets the hash of a new password, or a stronger hash of the same one.</summary>
    public void SetPasswordHash(string passwordHash) => PasswordHash = passwordHash;

    /// <summary>Makes a member an administrator, or an administrator a member.</summary>
    public void SetRole(UserRole role) => Role = role;
}
