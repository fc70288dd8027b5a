using System.ComponentModel;
using BookIT.Api.Yandex;
using BookIT.Core.Demo;
using BookIT.Core.Reservations;
using BookIT.Core.Space;
using BookIT.Core.Telegram;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BookIT.Api.Space;

/// <summary>What a page must know of the space before anybody signs in: its clock, its rules, and the ways in.</summary>
public sealed record SpaceResponse(
    [property: Description("The zone of the clock on the wall, by its IANA name.")] string TimeZone,
    [property: Description("The shortest booking.")] int MinDurationMinutes,
    [property: Description("The longest booking, extensions included.")] int MaxDurationMinutes,
    [property: Description("How far ahead a booking may start.")] int MaxAheadMinutes,
    [property: Description("How long after its start an empty seat is released; null: not before its end.")]
        int? NoShowAfterMinutes,
    [property: Description("How long before the start check-in opens.")] int CheckInOpensMinutes,
    [property: Description("How many live reservations one user may hold.")] int LiveReservationsPerUser,
    [property: Description("The name of the Telegram bot, without the `@`; null where there is none.")]
        string? TelegramBot,
    [property: Description("Whether one can sign in with Yandex.")] bool Yandex,
    [property: Description("Whether there is a demo space, with accounts for everybody to try.")] bool Demo
)
{
    internal static SpaceResponse Of(
        SpaceOptions space,
        BookingOptions booking,
        string? telegramBot,
        bool hasYandex,
        bool isDemo
    )
    {
        // Nobody is promised what would be refused.
        static int AtLeast(TimeSpan time) => (int)Math.Ceiling(time.TotalMinutes);
        static int AtMost(TimeSpan time) => (int)time.TotalMinutes;
        return new SpaceResponse(
            space.TimeZone,
            AtLeast(booking.MinDuration),
            AtMost(booking.MaxDuration),
            AtMost(booking.MaxAhead),
            booking.NoShowAfter is { } after ? AtMost(after) : null,
            AtMost(booking.CheckInOpens),
            booking.LiveReservationsPerUser,
            string.IsNullOrEmpty(telegramBot) ? null : telegramBot,
            hasYandex,
            isDemo
        );
    }
}

internal static class SpaceEndpoints
{
    public static RouteGroupBuilder MapSpace(this RouteGroupBuilder api)
    {
        api.MapGet("/space", Get)
            .WithTags("Space")
            .WithName("getSpace")
            .WithSummary("The space itself: its clock, its rules of booking, and the ways to sign in");
        return api;
    }

    private static Ok<SpaceResponse> Get(
        SpaceOptions space,
        BookingOptions booking,
        TelegramOptions telegram,
        YandexOptions yandex,
        DemoOptions demo,
        IHostEnvironment environment,
        HttpResponse response
    )
    {
        response.Headers.CacheControl = "public, max-age=60";
        return TypedResults.Ok(
            SpaceResponse.Of(
                space,
                booking,
                telegram.BotName,
                yandex.IsOn,
                isDemo: demo.Enabled && !environment.IsProduction()
            )
        );
    }
}
