using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using BookIT.Api.Http;
using BookIT.Api.Users;
using BookIT.Core.Auth;
using BookIT.Core.Users;

namespace BookIT.Api.Auth;

/// <summary>Who wants an account.</summary>
public sealed record RegisterRequest(
    [property: Needed] [property: Email] string? Email,
    [property: Needed]
    [property: LengthBetween(RegisterRequest.MinPasswordLength, RegisterRequest.MaxPasswordLength)]
        string? Password,
    [property: Needed] [property: OneLine] [property: LengthBetween(1, User.MaxFirstNameLength)] string? FirstName,
    [property: Description("Makes an administrator; a wrong one is refused. Empty or absent makes a member.")]
        string? AdminKey
)
{
    internal const int MinPasswordLength = 8;
    internal const int MaxPasswordLength = 128;

    public Registration ToRegistration() => new(Email!, Password!, FirstName!, AdminKey);
}

/// <summary>An e-mail address and a password.</summary>
public sealed record LoginRequest([property: Needed] string? Email, [property: Needed] string? Password);

/// <summary>A refresh token, where it is not in the cookie.</summary>
public sealed record RefreshRequest(string? RefreshToken);

/// <summary>Two new tokens, which the cookies hold as well, and whose they are.</summary>
public sealed record TokenResponse(
    [property: Description("A JWT for 15 minutes: `Authorization: Bearer`.")] string AccessToken,
    [property: Description("For 30 days and one use: `POST /api/auth/refresh`.")] string RefreshToken,
    string TokenType,
    UserResponse User
)
{
    [SuppressMessage("Security", "S6418", Justification = "The name of a type of token.")]
    private const string Bearer = "bearer";

    public static TokenResponse Of(SignedIn signedIn) =>
        new(signedIn.AccessToken, signedIn.RefreshToken, Bearer, UserResponse.Of(signedIn.User));
}

/// <summary>How else than by password one can sign in.</summary>
public sealed record ProvidersResponse([property: Description("`GET /api/yandex/login`")] bool Yandex);

/// <summary>That it was done, as a sentence.</summary>
public sealed record DetailResponse(string Detail);
