using System.ComponentModel;
using BookIT.Api.Auth;
using BookIT.Api.Http;

namespace BookIT.Api.Mail;

/// <summary>The token of a link that confirms an address.</summary>
public sealed record ConfirmEmailRequest(
    [property: Needed] [property: Description("What follows `#` in the link.")] string? Token
);

/// <summary>Whose password is forgotten.</summary>
public sealed record ForgotPasswordRequest([property: Needed] [property: Email] string? Email);

/// <summary>The token of a link that resets a password, and the new password.</summary>
public sealed record ResetPasswordRequest(
    [property: Needed] [property: Description("What follows `#` in the link.")] string? Token,
    [property: Needed]
    [property: LengthBetween(RegisterRequest.MinPasswordLength, RegisterRequest.MaxPasswordLength)]
        string? Password
);
