using System.ComponentModel;
using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Api.Users;
using BookIT.Core;
using BookIT.Core.Users;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Admin;

/// <summary>Which accounts to list.</summary>
public readonly record struct UserFilterQuery(
    [property: FromQuery(Name = "q")]
    [property: Description("Part of the e-mail address or the name.")]
    [property: LengthBetween(0, 100)]
        string? Q,
    [property: FromQuery(Name = "role")] [property: OneOf("user", "admin")] string? Role,
    [property: FromQuery(Name = "verified")] bool? Verified
);

/// <summary>What to change in an account; what is absent or null stays.</summary>
public sealed record UserPatch(
    [property: Email] string? Email,
    [property: NotBlank] [property: OneLine] [property: LengthBetween(1, User.MaxFirstNameLength)] string? FirstName,
    [property: OneOf("user", "admin")] string? Role,
    [property: Description("Whether you vouch for the person; they are told.")] bool? Verified
)
{
    public UserChange ToChange() => new(Email, FirstName, AdminUserEndpoints.ParseRole(Role), Verified);
}

internal static class AdminUserEndpoints
{
    public static RouteGroupBuilder MapAdminUsers(this RouteGroupBuilder admin)
    {
        admin.MapGet("/users", List).WithName("adminListUsers").WithSummary("All accounts, newest first");
        admin
            .MapPatch("/user/{id}", Change)
            .WithName("adminUpdateUser")
            .WithSummary("Change an account")
            .Refuses(typeof(Refusal.UserNotFound), typeof(Refusal.EmailTaken), typeof(Refusal.LastAdmin));
        admin
            .MapPost("/verify_user/{user_id}", Verify)
            .WithName("verifyUser")
            .WithSummary("Vouch for a member, who can then be checked in")
            .Refuses<Refusal.UserNotFound>();
        admin
            .MapGet("/user/{id}/sessions", ListSessions)
            .WithName("adminListSessions")
            .WithSummary("Where an account is signed in, the last used first")
            .Refuses<Refusal.UserNotFound>();
        admin
            .MapDelete("/user/{id}/sessions/{session_id}", EndSession)
            .WithName("adminDeleteSession")
            .WithSummary("End a sign-in of an account; an access token that it has lasts a few minutes more")
            .Refuses<Refusal.UserNotFound, Refusal.SessionNotFound>();
        return admin;
    }

    public static UserRole? ParseRole(string? name) =>
        name switch
        {
            "admin" => UserRole.Admin,
            "user" => UserRole.User,
            _ => null,
        };

    private static async Task<Ok<UserResponse[]>> List(
        [AsParameters] UserFilterQuery filter,
        [AsParameters] PageQuery page,
        Accounts accounts,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var found = await accounts.ListAsync(
            new UserFilter(filter.Q, ParseRole(filter.Role), filter.Verified),
            page.ToRequest(),
            cancellation
        );
        response.SetTotalCount(found.Total);
        return TypedResults.Ok(found.Items.Select(UserResponse.Of).ToArray());
    }

    private static async Task<Results<Ok<SessionResponse[]>, Refused>> ListSessions(
        Guid id,
        ClaimsPrincipal user,
        Accounts accounts,
        CancellationToken cancellation
    )
    {
        var found = await accounts.ListSessionsAsync(id, cancellation);
        return found.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Ok(found.Value.Select(session => SessionResponse.Of(session, user.SessionId())).ToArray());
    }

    private static async Task<Results<NoContent, Refused>> EndSession(
        Guid id,
        [FromRoute(Name = "session_id")] Guid sessionId,
        ClaimsPrincipal user,
        Accounts accounts,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var ended = await accounts.EndSessionAsync(id, sessionId, user.UserId(), time.Now(), cancellation);
        return ended.IsRefused(out var refusal) ? refusal.ToResult() : TypedResults.NoContent();
    }

    private static async Task<Results<Ok<UserResponse>, Refused>> Change(
        Guid id,
        UserPatch body,
        ClaimsPrincipal user,
        Accounts accounts,
        TimeProvider time,
        CancellationToken cancellation
    ) => UserEndpoints.Ok(await accounts.ChangeAnyAsync(id, body.ToChange(), user.UserId(), time.Now(), cancellation));

    private static async Task<Results<Ok<UserResponse>, Refused>> Verify(
        [FromRoute(Name = "user_id")] Guid userId,
        ClaimsPrincipal user,
        Accounts accounts,
        TimeProvider time,
        CancellationToken cancellation
    ) => UserEndpoints.Ok(await accounts.VerifyAsync(userId, user.UserId(), time.Now(), cancellation));
}
