using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Space;

public sealed class SpaceTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task Anybody_learns_the_rules_of_the_space_and_the_ways_in()
    {
        var space = await server.Anonymous().GetAsync("/api/space");

        Assert.Equal(HttpStatusCode.OK, space.Status);
        var expected = JsonNode.Parse(
            """
            {
                "time_zone": "Europe/Moscow",
                "min_duration_minutes": 15,
                "max_duration_minutes": 1440,
                "max_ahead_minutes": 43200,
                "no_show_after_minutes": null,
                "check_in_opens_minutes": 15,
                "live_reservations_per_user": 1,
                "telegram_bot": null,
                "yandex": false,
                "demo": false
            }
            """
        )!;
        Assert.Equal(expected.ToJsonString(), space.Body.ToJsonString());
        Assert.Equal("public, max-age=60", space.Response.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task What_an_operator_has_set_is_what_people_are_told()
    {
        var (_, address) = await server.StartApiAsync(
            new Dictionary<string, string?>
            {
                ["Space__TimeZone"] = "Asia/Yekaterinburg",
                ["Booking__MinDuration"] = "00:30:30",
                ["Booking__MaxDuration"] = "2.00:00:30",
                ["Booking__MaxAhead"] = "7.00:00:00",
                ["Booking__NoShowAfter"] = "00:20:00",
                ["Booking__CheckInOpens"] = "00:05:00",
                ["Booking__LiveReservationsPerUser"] = "3",
                ["Telegram__BotName"] = "BookItTestBot",
                ["Yandex__ClientId"] = "an-id",
                ["Yandex__ClientSecret"] = "a-secret",
            }
        );

        var space = (await server.Anonymous(address).GetAsync("/api/space")).Body;

        Assert.Equal(
            ("Asia/Yekaterinburg", 31, 2880, 10080, 20, 5, 3, "BookItTestBot", true),
            (
                (string)space["time_zone"]!,
                (int)space["min_duration_minutes"]!,
                (int)space["max_duration_minutes"]!,
                (int)space["max_ahead_minutes"]!,
                (int)space["no_show_after_minutes"]!,
                (int)space["check_in_opens_minutes"]!,
                (int)space["live_reservations_per_user"]!,
                (string)space["telegram_bot"]!,
                (bool)space["yandex"]!
            )
        );
    }
}
