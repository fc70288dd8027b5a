using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Users;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Users;

internal static class UserEndpoints
{
    public static RouteGroupBuilder MapUsers(this RouteGroupBuilder api)
    {
        var user = api.MapGroup("/user").WithTags("Account").RequireAuthorization();
        user.MapGet("/me", GetMe).WithName("getMe").WithSummary("One's own account");
        user.MapPatch("/", ChangeMe)
            .WithName("updateMe")
            .WithSummary("Change one's own account")
            .Refuses(
                typeof(Refusal.EmailTaken),
                typeof(Refusal.WrongPassword),
                typeof(Refusal.FreshSignInNeeded),
                typeof(Refusal.TooManyAttempts),
                typeof(Refusal.SignInBusy)
            );
        user.MapGet("/export", Export)
            .RequireSignIn()
            .WithName("exportMe")
            .WithSummary("All that is kept about the caller, as a file");
        user.MapDelete("/", DeleteMe)
            .WithName("deleteMe")
            .WithSummary("Delete one's own account, its live reservations and its personal data")
            .WithDescription("Takes the password in the body, or a sign-in that began within the last ten minutes.")
            .Refuses(
                typeof(Refusal.WrongPassword),
                typeof(Refusal.FreshSignInNeeded),
                typeof(Refusal.TooManyAttempts),
                typeof(Refusal.SignInBusy),
                typeof(Refusal.LastAdmin)
            );
        user.MapGet("/sessions", ListSessions)
            .RequireSignIn()
            .WithName("listSessions")
            .WithSummary("One's own sign-ins, the last used first");
        user.MapDelete("/sessions/{id}", EndSession)
            .RequireSignIn()
            .WithName("deleteSession")
            .WithSummary("End one of one's own sign-ins; an access token that it has lasts a few minutes more")
            .Refuses<Refusal.SessionNotFound>();
        user.MapGet("/{id}", Get)
            .WithName("getUser")
            .WithSummary("An account: one's own, or any for an administrator")
            .Refuses<Refusal.NotYourAccount, Refusal.UserNotFound>();
        return api;
    }

    private static async Task<Results<Ok<UserResponse>, Refused>> GetMe(
        ClaimsPrincipal user,
        Accounts accounts,
        CancellationToken cancellation
    ) => Ok(await accounts.GetOwnAsync(user.UserId(), cancellation));

    private static async Task<Results<Ok<UserResponse>, Refused>> ChangeMe(
        AccountPatch body,
        ClaimsPrincipal user,
        Accounts accounts,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellation
    ) =>
        Ok(
            await accounts.ChangeOwnAsync(
                user.UserId(),
                body.ToChange(),
                user.SessionId(),
                context.Client(),
                time.Now(),
                cancellation
            )
        );

    private static async Task<Results<Ok<OwnDataResponse>, Refused>> Export(
        ClaimsPrincipal user,
        OwnDataExport export,
        TimeProvider time,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var now = time.Now();
        var data = await export.CollectAsync(user.UserId(), now, cancellation);
        if (data.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        response.Headers.ContentDisposition = $"attachment; filename=\"bookit-{now:yyyy-MM-dd}.json\"";
        return TypedResults.Ok(OwnDataResponse.Of(data.Value, user.SessionId(), now));
    }

    private static async Task<Results<NoContent, Refused>> DeleteMe(
        [FromBody] AccountDeletion? body,
        ClaimsPrincipal user,
        Accounts accounts,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellation
    )
    {
        var result = await accounts.DeleteOwnAsync(
            user.UserId(),
            body?.Password,
            user.SessionId(),
            context.Client(),
            time.Now(),
            cancellation
        );
        if (result.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        context.Response.SignOut();
        return TypedResults.NoContent();
    }

    private static async Task<Ok<SessionResponse[]>> ListSessions(ClaimsPrincipal user, Sessions sessions)
    {
        var found = await sessions.ListAsync(user.UserId());
        return TypedResults.Ok(found.Select(session => SessionResponse.Of(session, user.SessionId())).ToArray());
    }

    private static async Task<Results<NoContent, Refused>> EndSession(Guid id, ClaimsPrincipal user, Sessions sessions)
    {
        var result = await sessions.EndAsync(user.UserId(), id);
        return result.IsRefused(out var refusal) ? refusal.ToResult() : TypedResults.NoContent();
    }

    private static async Task<Results<Ok<UserResponse>, Refused>> Get(
        Guid id,
        ClaimsPrincipal user,
        Accounts accounts,
        CancellationToken cancellation
    ) => Ok(await accounts.GetAsync(id, user.UserId(), cancellation));

    internal static Results<Ok<UserResponse>, Refused> Ok(Result<User> result) =>
        result.IsRefused(out var refusal) ? refusal.ToResult() : TypedResults.Ok(UserResponse.Of(result.Value));
}
