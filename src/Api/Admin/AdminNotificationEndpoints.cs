using System.ComponentModel;
using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Notifications;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Admin;

/// <summary>News for somebody, by Telegram or mail: not what they say.</summary>
public sealed record AdminNotificationResponse(
    long Id,
    Guid UserId,
    string FirstName,
    string Email,
    [property: Description("What it is about, as in `reminder_day`.")] string Kind,
    [property: OneOf("pending", "delivered", "dropped", "failed")]
    [property: Description("`dropped`: there was nothing to tell any more; `failed`: given up.")]
        string State,
    [property: Description("Not before this instant.")] Instant DueAt,
    Instant MadeAt,
    [property: Description("How often its delivery has failed.")] int Attempts,
    [property: Description("Why it failed last, or was dropped.")] string? Error
)
{
    public static AdminNotificationResponse Of(NotificationView view)
    {
        var notification = view.Notification;
        return new AdminNotificationResponse(
            notification.Id,
            notification.UserId,
            view.FirstName,
            view.Email,
            notification.Kind,
            AdminNotificationEndpoints.NameOf(notification.State),
            notification.DueAt,
            notification.MadeAt,
            notification.Attempts,
            notification.Error
        );
    }
}

/// <summary>Which news to list.</summary>
public readonly record struct NotificationFilterQuery(
    [property: FromQuery(Name = "state")]
    [property: OneOf("pending", "delivered", "dropped", "failed")]
    [property: Description("`failed` by default.")]
        string? State
);

internal static class AdminNotificationEndpoints
{
    public static RouteGroupBuilder MapAdminNotifications(this RouteGroupBuilder admin)
    {
        admin
            .MapGet("/notifications", List)
            .WithName("adminListNotifications")
            .WithSummary(
                "News and mails in a state, newest first: those that could not be delivered, unless told otherwise"
            );
        admin
            .MapPost("/notifications/{id}/retry", Retry)
            .WithName("adminRetryNotification")
            .WithSummary("Try to deliver again what was given up")
            .Refuses<Refusal.NotificationNotFound, Refusal.NotificationNotFailed>();
        return admin;
    }

    public static string NameOf(NotificationState state) =>
        state switch
        {
            NotificationState.Delivered => "delivered",
            NotificationState.Dropped => "dropped",
            NotificationState.Failed => "failed",
            _ => "pending",
        };

    private static async Task<Ok<AdminNotificationResponse[]>> List(
        [AsParameters] NotificationFilterQuery filter,
        [AsParameters] PageQuery page,
        NotificationReview notifications,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var state = Enum.GetValues<NotificationState>().Single(state => NameOf(state) == (filter.State ?? "failed"));
        var found = await notifications.ListAsync(state, page.ToRequest(), cancellation);
        response.SetTotalCount(found.Total);
        return TypedResults.Ok(found.Items.Select(AdminNotificationResponse.Of).ToArray());
    }

    private static async Task<Results<Ok<AdminNotificationResponse>, Refused>> Retry(
        long id,
        ClaimsPrincipal user,
        NotificationReview notifications,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var result = await notifications.RetryAsync(id, user.UserId(), time.Now(), cancellation);
        return result.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Ok(AdminNotificationResponse.Of(result.Value));
    }
}
