using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Seats;

/// <summary>When seats are held, and which are free near one that is not.</summary>
public sealed class SeatTimesTests(BookItServer server) : IClassFixture<BookItServer>
{
    // Whole seconds, as in a query.
    private readonly DateTimeOffset noon = new(
        TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(2).AddHours(12)
    );

    private static string Iso(DateTimeOffset instant) => instant.ToString("yyyy-MM-ddTHH:mm:ssZ");

    private Task<Answer> TimesAsync(ApiClient client, double from, double to, string more = "") =>
        client.GetAsync($"/api/seat/times?start={Iso(noon.AddHours(from))}&end={Iso(noon.AddHours(to))}{more}");

    private static JsonArray? Held(Answer answer, Guid seat) =>
        answer.Body.AsArray().SingleOrDefault(row => (string?)row!["seat_id"] == $"{seat}")?["held"]!.AsArray();

    private string Row(double from, double to, bool mine) =>
        $$"""{"start":"{{Iso(noon.AddHours(from))}}","end":"{{Iso(noon.AddHours(to))}}","mine":{{(mine ? "true" : "false")}}}""";

    private async Task<Guid> HoldAsync(ApiClient member, Guid seat, double from, double to, string status = "future") =>
        await server.ReservationAsync(member.UserId, seat, noon.AddHours(from), noon.AddHours(to), status);

    [Fact]
    public async Task Held_times_are_cut_to_the_window_sorted_and_kept_apart_where_they_touch()
    {
        var (seat, free, over) = (await server.SeatAsync(), await server.SeatAsync(), await server.SeatAsync());
        var me = await server.MemberAsync();
        await HoldAsync(await server.MemberAsync(), seat, 5, 9);
        await HoldAsync(me, seat, 1, 2);
        await HoldAsync(await server.MemberAsync(), seat, -3, 1);
        await HoldAsync(await server.MemberAsync(), seat, 9, 10);
        await HoldAsync(await server.MemberAsync(), over, 0, 5, "closed");

        var mine = await TimesAsync(me, 0, 7);
        var anyones = await TimesAsync(server.Anonymous(), 0, 7);
        var later = await TimesAsync(me, 2, 5);

        Assert.Equal(HttpStatusCode.OK, mine.Status);
        Assert.Equal($"[{Row(0, 1, false)},{Row(1, 2, true)},{Row(5, 7, false)}]", Held(mine, seat)!.ToJsonString());
        Assert.Equal(
            $"[{Row(0, 1, false)},{Row(1, 2, false)},{Row(5, 7, false)}]",
            Held(anyones, seat)!.ToJsonString()
        );
        Assert.Null(Held(mine, free));
        Assert.Null(Held(mine, over));
        Assert.Null(Held(later, seat));
    }

    [Fact]
    public async Task One_seat_alone_is_one_row_also_when_nobody_holds_it()
    {
        var (seat, free) = (await server.SeatAsync(), await server.SeatAsync());
        await HoldAsync(await server.MemberAsync(), seat, 1, 2);

        var held = await TimesAsync(server.Anonymous(), 0, 7, $"&seat_id={seat}");
        var empty = await TimesAsync(server.Anonymous(), 0, 7, $"&seat_id={free}");
        var nowhere = await TimesAsync(server.Anonymous(), 0, 7, $"&seat_id={Guid.Empty}");

        Assert.Equal($$"""[{"seat_id":"{{seat}}","held":[{{Row(1, 2, false)}}]}]""", held.Body.ToJsonString());
        Assert.Equal($$"""[{"seat_id":"{{free}}","held":[]}]""", empty.Body.ToJsonString());
        Assert.Equal((HttpStatusCode.NotFound, "seat_not_found"), (nowhere.Status, nowhere.Code));
    }

    [Fact]
    public async Task Ones_own_reservation_can_be_left_out_and_nobody_elses()
    {
        var seat = await server.SeatAsync();
        var (me, other) = (await server.MemberAsync(), await server.MemberAsync());
        var mine = await HoldAsync(me, seat, 1, 2);
        var others = await HoldAsync(other, seat, 3, 4);

        var without = await TimesAsync(me, 0, 7, $"&except={mine}");
        var with = await TimesAsync(me, 0, 7, $"&except={others}");
        var anonymous = await TimesAsync(server.Anonymous(), 0, 7, $"&except={mine}");

        Assert.Equal($"[{Row(3, 4, false)}]", Held(without, seat)!.ToJsonString());
        Assert.Equal(2, Held(with, seat)!.Count);
        Assert.Equal(2, Held(anonymous, seat)!.Count);
    }

    [Fact]
    public async Task A_window_has_an_end_after_its_start_and_eight_days_at_the_most()
    {
        var backwards = await TimesAsync(server.Anonymous(), 1, 0);
        var whole = await TimesAsync(server.Anonymous(), 0, 8 * 24);
        var tooLong = await TimesAsync(server.Anonymous(), 0, 8 * 24 + 1);

        Assert.Equal((HttpStatusCode.BadRequest, "end_not_after_start"), (backwards.Status, backwards.Code));
        Assert.Equal(HttpStatusCode.OK, whole.Status);
        Assert.Equal((HttpStatusCode.BadRequest, "window_too_long"), (tooLong.Status, tooLong.Code));
    }

    [Fact]
    public async Task The_nearest_free_seats_are_those_of_the_zone_first_and_then_by_distance()
    {
        var admin = await server.AdminAsync();
        async Task<Guid> At(string zone, double x) =>
            (
                await admin.PostAsync(
                    "/api/seat",
                    new
                    {
                        zone,
                        x = 50_000 + x,
                        y = 50_000,
                    }
                )
            ).Id;
        var wished = await At("Near", 0);
        var (far, near, taken, elsewhere) = (
            await At("Near", 300),
            await At("Near", -200),
            await At("Near", 10),
            await At("Other", 1)
        );
        await HoldAsync(await server.MemberAsync(), wished, 0, 2);
        await HoldAsync(await server.MemberAsync(), taken, 1, 3);
        Task<Answer> NearestAsync(double from, double to, string more = "") =>
            server
                .Anonymous()
                .GetAsync(
                    $"/api/seat/{wished}/nearest?start={Iso(noon.AddHours(from))}&end={Iso(noon.AddHours(to))}{more}"
                );

        var three = await NearestAsync(0, 2, "&limit=3");
        var later = await NearestAsync(3, 4, "&limit=1");

        Assert.Equal([$"{near}", $"{far}", $"{elsewhere}"], three.Body.AsArray().Select(seat => (string?)seat!["id"]));
        Assert.All(three.Body.AsArray(), seat => Assert.True((bool)seat!["is_available"]!));
        Assert.Equal("Near", (string?)three.Body[0]!["zone"]);
        Assert.Equal([$"{taken}"], later.Body.AsArray().Select(seat => (string?)seat!["id"]));
        Assert.True((await NearestAsync(0, 2)).Body.AsArray().Count <= 5);
        Assert.Equal("validation_failed", (await NearestAsync(0, 2, "&limit=21")).Code);
        Assert.Equal("validation_failed", (await NearestAsync(0, 2, "&limit=0")).Code);
        Assert.Equal("end_not_after_start", (await NearestAsync(2, 1)).Code);
    }
}
