using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Avatars;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Avatars;

internal static class AvatarEndpoints
{
    private const string OwnField = "file";
    private const string DefaultField = "image";
    private const string DefaultPath = "/default";

    public static RouteGroupBuilder MapAvatars(this RouteGroupBuilder api)
    {
        var avatar = api.MapGroup("/avatar").WithTags("Avatars").RequireAuthorization();
        avatar
            .MapPost("/upload", Upload)
            .RequireAccount()
            .WithName("uploadAvatar")
            .WithSummary("Give oneself a picture: PNG, JPEG, WebP or GIF, at most 5 MB and 8000 pixels a side")
            .TakesPicture(OwnField);
        avatar.MapDelete("/", Remove).WithName("deleteAvatar").WithSummary("Take one's own picture away");
        avatar
            .MapGet("/", GetOwn)
            .WithName("getAvatar")
            .WithSummary("One's own picture; without one, the default picture")
            .ShowsPicture();
        avatar
            .MapGet(DefaultPath, GetDefault)
            .RequireAccount()
            .WithName("getDefaultAvatar")
            .WithSummary("The picture of those who have none of their own")
            .ShowsPicture();
        avatar
            .MapGet("/{user_id}", GetAny)
            .WithName("getUserAvatar")
            .WithSummary(
                "The picture of an account: one's own, or any for an administrator; without one, the default picture"
            )
            .ShowsPicture()
            .Refuses<Refusal.NotYourAccount, Refusal.UserNotFound>();
        return api;
    }

    public static RouteGroupBuilder MapDefaultAvatar(this RouteGroupBuilder admin)
    {
        admin
            .MapPost("/default_avatar", SetDefault)
            .WithName("adminSetDefaultAvatar")
            .WithSummary("Set the picture of those who have none of their own")
            .TakesPicture(DefaultField);
        return admin;
    }

    private static async Task<Results<Ok<AvatarResponse>, Refused>> Upload(
        HttpRequest request,
        ClaimsPrincipal user,
        AvatarEditing avatars,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var received = await request.ReceivePictureAsync(OwnField, cancellation);
        if (received.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        await using var picture = received.Value;
        var result = await avatars.SetOwnAsync(user.UserId(), picture, time.Now(), cancellation);
        return result.IsRefused(out refusal) ? refusal.ToResult() : TypedResults.Ok(new AvatarResponse(result.Value));
    }

    private static async Task<Results<NoContent, Refused>> Remove(
        ClaimsPrincipal user,
        AvatarEditing avatars,
        CancellationToken cancellation
    )
    {
        var result = await avatars.RemoveOwnAsync(user.UserId(), cancellation);
        return result.IsRefused(out var refusal) ? refusal.ToResult() : TypedResults.NoContent();
    }

    private static async Task<Results<PictureResult, Refused>> GetOwn(
        ClaimsPrincipal user,
        AvatarReading avatars,
        HttpRequest request,
        CancellationToken cancellation
    ) => Show(await avatars.OpenOwnAsync(user.UserId(), request.HasPicture, cancellation));

    private static async Task<Results<PictureResult, Refused>> GetDefault(
        AvatarReading avatars,
        HttpRequest request,
        CancellationToken cancellation
    ) => Show(await avatars.OpenDefaultAsync(request.HasPicture, cancellation));

    private static async Task<Results<PictureResult, Refused>> GetAny(
        [FromRoute(Name = "user_id")] Guid userId,
        ClaimsPrincipal user,
        AvatarReading avatars,
        HttpRequest request,
        CancellationToken cancellation
    ) => Show(await avatars.OpenAnyAsync(userId, user.UserId(), request.HasPicture, cancellation));

    private static async Task<Results<Ok<DefaultAvatarResponse>, Refused>> SetDefault(
        HttpRequest request,
        ClaimsPrincipal user,
        AvatarEditing avatars,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var received = await request.ReceivePictureAsync(DefaultField, cancellation);
        if (received.IsRefused(out var refusal))
        {
            return refusal.ToResult();
        }

        await using var picture = received.Value;
        var id = await avatars.SetDefaultAsync(picture, user.UserId(), time.Now(), cancellation);
        return TypedResults.Ok(new DefaultAvatarResponse(id, $"/api/avatar{DefaultPath}"));
    }

    private static Results<PictureResult, Refused> Show(Result<ShownAvatar> result) =>
        result.IsRefused(out var refusal)
            ? refusal.ToResult()
            // The address stays when the picture changes, so it is asked for each time, which costs no more than a 304.
            : new PictureResult(result.Value, "avatar", "private, no-cache");
}
