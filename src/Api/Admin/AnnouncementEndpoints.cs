using System.ComponentModel;
using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Notifications;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BookIT.Api.Admin;

/// <summary>What to tell everybody with a live reservation today.</summary>
public sealed record AnnouncementRequest(
    [property: Needed] [property: NotBlank] [property: LengthBetween(1, Announcement.MaxTextLength)] string? Text
);

/// <summary>An announcement that waits to be sent, and whom it would reach.</summary>
public sealed record AnnouncementResponse(
    Guid Id,
    [property: Description("People with a live reservation today whom the bot may write to.")] int Reachable,
    [property: Description("Those without Telegram, or who have blocked the bot or switched announcements off.")]
        int Unreachable
);

/// <summary>An announcement that was sent.</summary>
public sealed record SentAnnouncementResponse(Guid Id, int Recipients, Instant SentOn);

internal static class AnnouncementEndpoints
{
    public static RouteGroupBuilder MapAnnouncements(this RouteGroupBuilder admin)
    {
        admin
            .MapPost("/announcements", Write)
            .WithName("adminCreateAnnouncement")
            .WithSummary(
                "Write to everybody with a live reservation today: says whom it would reach, sends nothing yet"
            );
        admin
            .MapPost("/announcements/{id}/send", Send)
            .WithName("adminSendAnnouncement")
            .WithSummary("Send one's announcement, within an hour; twice is once")
            .Refuses<Refusal.AnnouncementNotFound>();
        return admin;
    }

    private static async Task<Ok<AnnouncementResponse>> Write(
        AnnouncementRequest body,
        ClaimsPrincipal user,
        Announcements announcements,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var now = time.Now();
        var id = Guid.CreateVersion7(now);
        var reach = await announcements.WriteAsync(id, body.Text!, user.UserId(), now, cancellation);
        return TypedResults.Ok(new AnnouncementResponse(id, reach.Reachable, reach.Unreachable));
    }

    private static async Task<Results<Ok<SentAnnouncementResponse>, Refused>> Send(
        Guid id,
        ClaimsPrincipal user,
        Announcements announcements,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var result = await announcements.SendAsync(id, user.UserId(), time.Now(), cancellation);
        return result.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Ok(
                new SentAnnouncementResponse(id, result.Value.Recipients ?? 0, result.Value.SentAt ?? default)
            );
    }
}
