using BookIT.Core.Auth;
using BookIT.Core.Users;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace BookIT.Api.Auth;

/// <summary>
/// The account still exists and may still do this, by the database and not by what the access token said when it was
/// issued: a deletion and a demotion take effect at once.
/// </summary>
/// <param name="MustBeAdmin">Only administrators.</param>
/// <param name="MustBeSignedIn">Only by a sign-in that has not ended: an access token outlives it by up to 15 minutes.</param>
internal sealed record AccountRequirement(bool MustBeAdmin, bool MustBeSignedIn = false) : IAuthorizationRequirement;

internal sealed class AccountHandler(Accounts accounts, Sessions sessions) : AuthorizationHandler<AccountRequirement>
{
    protected override async Task HandleRequirementAsync(
        AuthorizationHandlerContext context,
        AccountRequirement requirement
    )
    {
        if (context.User.Identity is not { IsAuthenticated: true })
        {
            return;
        }

        var cancellation = (context.Resource as HttpContext)?.RequestAborted ?? CancellationToken.None;
        if (requirement.MustBeSignedIn && !await sessions.IsLiveAsync(context.User.UserId(), context.User.SessionId()))
        {
            context.Fail(new AccountGone(this));
            return;
        }

        switch (await accounts.FindRoleAsync(context.User.UserId(), cancellation))
        {
            case null:
                context.Fail(new AccountGone(this));
                break;
            case UserRole.Admin:
            case UserRole.User when !requirement.MustBeAdmin:
                context.Succeed(requirement);
                break;
        }
    }
}

/// <summary>Nobody is behind this token any more.</summary>
internal sealed class AccountGone(IAuthorizationHandler handler)
    : AuthorizationFailureReason(handler, "The account is gone, or the sign-in has ended.");

/// <summary>Answers a token without an account as no token at all: 401, not 403.</summary>
internal sealed class AuthorizationResultHandler : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler usual = new();

    public Task HandleAsync(
        RequestDelegate next,
        HttpContext context,
        AuthorizationPolicy policy,
        PolicyAuthorizationResult authorizeResult
    )
    {
        var isGone = authorizeResult.AuthorizationFailure?.FailureReasons.OfType<AccountGone>().Any() is true;
        return usual.HandleAsync(
            next,
            context,
            policy,
            isGone ? PolicyAuthorizationResult.Challenge() : authorizeResult
        );
    }
}
