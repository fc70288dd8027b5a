using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Metrics;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Seats;

public sealed class SeatTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private static string Iso(DateTimeOffset instant) => instant.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ");

    private static string Window(DateTimeOffset start) =>
        $"/api/seat?start={start:yyyy-MM-ddTHH:mm:ssZ}&end={start.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}";

    private async Task<bool> IsFreeInAsync(Guid seat, string window) =>
        (bool)
            (await server.Anonymous().GetAsync(window)).Body.AsArray().Single(s => (string?)s!["id"] == $"{seat}")![
                "is_available"
            ]!;

    private async Task<bool> IsFree(Guid seat, DateTimeOffset start, DateTimeOffset end)
    {
        var list = await server.Anonymous().GetAsync($"/api/seat?start={Iso(start)}&end={Iso(end)}");
        var inList = (bool)list.Body.AsArray().Single(s => (string?)s!["id"] == $"{seat}")!["is_available"]!;
        var single = await server.Anonymous().GetAsync($"/api/seat/{seat}?start={Iso(start)}&end={Iso(end)}");
        Assert.Equal(inList, (bool)single.Body["is_available"]!);
        return inList;
    }

    [Fact]
    public async Task A_seat_is_taken_where_the_half_open_times_overlap_and_nowhere_else()
    {
        var seat = await server.SeatAsync();
        var (start, end) = (now.AddHours(2), now.AddHours(4));
        await server.ReservationAsync((await server.MemberAsync()).UserId, seat, start, end);
        var (microsecond, hour) = (TimeSpan.FromMicroseconds(1), TimeSpan.FromHours(1));

        Assert.True(await IsFree(seat, start - hour, start));
        Assert.True(await IsFree(seat, end, end + hour));
        Assert.False(await IsFree(seat, start - hour, start + microsecond));
        Assert.False(await IsFree(seat, end - microsecond, end + hour));
        Assert.False(await IsFree(seat, start - hour, end + hour));
        Assert.False(await IsFree(seat, start + hour, start + hour));
        Assert.False(await IsFree(seat, start, start));
        Assert.True(await IsFree(seat, end, end));
    }

    [Theory]
    [InlineData("closed")]
    [InlineData("did_not_come")]
    public async Task What_is_over_takes_no_seat(string status)
    {
        var seat = await server.SeatAsync();
        await server.ReservationAsync(
            (await server.MemberAsync()).UserId,
            seat,
            now.AddHours(-1),
            now.AddHours(2),
            status
        );

        Assert.True(await IsFree(seat, now, now.AddHours(1)));
    }

    [Fact]
    public async Task A_booking_longer_than_todays_maximum_still_takes_its_seat()
    {
        // The operator has lowered the maximum since: three days were allowed then.
        var seat = await server.SeatAsync();
        await server.ReservationAsync(
            (await server.MemberAsync()).UserId,
            seat,
            now.AddDays(-2),
            now.AddDays(1),
            "active"
        );

        // It learns of the longest booking there is with the next step of the clock.
        await Eventually.TrueAsync(async () =>
            !(bool)(await server.Anonymous().GetAsync($"/api/seat/{seat}")).Body["is_available"]!
        );
    }

    [Fact]
    public async Task The_list_is_not_sent_again_until_something_changes()
    {
        var seat = await server.SeatAsync();
        var client = server.Anonymous();
        var window = $"/api/seat?start={Iso(now.AddHours(1))}&end={Iso(now.AddHours(2))}";
        var first = await client.GetAsync(window);
        var tag = first.Response.Headers.ETag!.ToString();

        var same = await client.SendAsync(HttpMethod.Get, window, body: null, ("If-None-Match", $"\"other\", {tag}"));
        var booked = await (await server.MemberAsync()).BookAsync(seat, now.AddHours(1), now.AddHours(2));
        var changed = await client.SendAsync(HttpMethod.Get, window, body: null, ("If-None-Match", tag));

        Assert.Equal(HttpStatusCode.NotModified, same.Status);
        Assert.Empty(same.Bytes);
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.NotEqual(tag, changed.Response.Headers.ETag!.ToString());
        Assert.Equal(
            changed.Body.AsArray().Count.ToString(),
            changed.Response.Headers.GetValues("X-Total-Count").Single()
        );
    }

    [Fact]
    public async Task A_booking_makes_only_those_lists_old_that_show_its_time()
    {
        var seat = await server.SeatAsync();
        var tomorrow = Window(now.AddHours(27));
        var (round, keptByBooking, keptByEnd) = (0, false, false);
        // Kept for half a second: until somebody is quick enough.
        await Eventually.TrueAsync(async () =>
        {
            var member = await server.MemberAsync();
            Answer booked = null!;
            keptByBooking |= await IsKeptAsync(async () =>
                booked = await member.BookAsync(seat, now.AddHours(27), now.AddHours(28))
            );
            Assert.False(await IsFreeInAsync(seat, tomorrow));
            keptByEnd |= await IsKeptAsync(() =>
                member.PatchAsync($"/api/reservations/{booked.Id}", new { status = "closed" })
            );
            Assert.True(await IsFreeInAsync(seat, tomorrow));
            return keptByBooking && keptByEnd;
        });

        async Task<bool> IsKeptAsync(Func<Task> change)
        {
            // Nobody has read this one yet, so that what is found when it is read again is what was read here.
            var today = Window(now.AddHours(3).AddSeconds(++round));
            var before = await CachedAsync();
            await server.Anonymous().GetAsync(today);
            await change();
            await server.Anonymous().GetAsync(today);
            return await CachedAsync() > before;
        }

        async Task<double> CachedAsync() =>
            MetricsTests.Value(
                await MetricsTests.ScrapeAsync(server.Anonymous()),
                "seat_list_reads_total{result=\"cached\"}"
            ) ?? 0;
    }

    [Fact]
    public async Task A_move_shows_at_once_where_the_reservation_was_and_where_it_is()
    {
        var seat = await server.SeatAsync();
        // Another test may have read tomorrow's list within the same second.
        await server.WrittenSeatsShowAsync();
        var member = await server.MemberAsync();
        var booked = await member.BookAsync(seat, now.AddHours(3), now.AddHours(4));
        foreach (var hours in new[] { 27, 3, 27 })
        {
            var (before, after) = (Window(now.AddHours(30 - hours)), Window(now.AddHours(hours)));
            Assert.False(await IsFreeInAsync(seat, before));
            Assert.True(await IsFreeInAsync(seat, after));
            var moved = await member.PatchAsync(
                $"/api/reservations/{booked.Id}",
                new { start = Iso(now.AddHours(hours)), end = Iso(now.AddHours(hours + 1)) }
            );
            Assert.Equal(HttpStatusCode.OK, moved.Status);
            Assert.True(await IsFreeInAsync(seat, before));
            Assert.False(await IsFreeInAsync(seat, after));
        }
    }

    [Fact]
    public async Task Admins_add_change_and_remove_seats()
    {
        var admin = await server.AdminAsync();

        var added = await admin.PostAsync(
            "/api/seat",
            new
            {
                name = "",
                type = "room",
                x = -12.5,
                y = 1e6,
                is_quite = true,
                has_smart_desk = true,
            }
        );
        Assert.Equal(HttpStatusCode.OK, added.Status);
        Assert.StartsWith("room ", (string)added.Body["name"]!, StringComparison.Ordinal);
        Assert.Equal((-12.5, 1e6), ((double)added.Body["x"]!, (double)added.Body["y"]!));
        Assert.True((bool)added.Body["is_quite"]!);

        // The old client sends the whole seat back, read-only fields and all.
        var whole = (JsonObject)added.Body.DeepClone();
        whole["name"] = "Corner";
        whole["is_available"] = false;
        whole["is_quite"] = false;
        var changed = await admin.PatchAsync($"/api/seat/{added.Id}", whole);
        Assert.Equal("Corner", (string?)changed.Body["name"]);
        Assert.True((bool)changed.Body["is_available"]!);
        Assert.False((bool)changed.Body["is_quite"]!);
        Assert.True((bool)changed.Body["has_smart_desk"]!);
        Assert.Equal(changed.Body.ToJsonString(), (await admin.GetAsync($"/api/seat/{added.Id}")).Body.ToJsonString());

        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/seat/{added.Id}")).Status);
        foreach (
            var gone in new[]
            {
                await admin.GetAsync($"/api/seat/{added.Id}"),
                await admin.PatchAsync($"/api/seat/{added.Id}", new { name = "Ghost" }),
                await admin.DeleteAsync($"/api/seat/{added.Id}"),
            }
        )
        {
            Assert.Equal((HttpStatusCode.NotFound, "seat_not_found"), (gone.Status, gone.Code));
        }

        var audit = await admin.GetAsync($"/api/admin/audit?target_id={added.Id}");
        Assert.Equal(
            ["seat.delete", "seat.update", "seat.create"],
            audit.Body.AsArray().Select(entry => (string?)entry!["action"])
        );
        Assert.Equal("Corner", (string?)audit.Body[1]!["after"]!["name"]);
        // What was removed can be read there whole.
        Assert.Equal("Corner", (string?)audit.Body[0]!["before"]!["name"]);
        Assert.Null(audit.Body[0]!["after"]);
    }

    [Fact]
    public async Task A_seat_with_live_reservations_is_removed_by_force_only_and_their_owners_are_told()
    {
        var admin = await server.AdminAsync();
        var seat = await server.SeatAsync("Doomed");
        var member = await server.MemberAsync();
        var id = await server.ReservationAsync(member.UserId, seat, now.AddHours(1), now.AddHours(2));

        var refused = await admin.DeleteAsync($"/api/seat/{seat}");
        var forced = await admin.DeleteAsync($"/api/seat/{seat}?force=true");

        Assert.Equal((HttpStatusCode.Conflict, "seat_has_reservations"), (refused.Status, refused.Code));
        Assert.Equal(HttpStatusCode.NoContent, forced.Status);
        var reservation = await member.GetAsync($"/api/reservations/{id}");
        Assert.Equal(
            ("closed", "Doomed"),
            ((string?)reservation.Body["status"], (string?)reservation.Body["seat_name"])
        );
        Assert.Equal(
            1,
            await server.QueryAsync<long>(
                $"SELECT count(*) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'reservation_closed'"
            )
        );
    }

    [Fact]
    public async Task A_seat_whose_reservations_are_over_is_removed_before_the_clock_has_come_by()
    {
        var seat = await server.SeatAsync();
        await server.ReservationAsync((await server.MemberAsync()).UserId, seat, now.AddHours(-2), now.AddSeconds(-1));

        var removed = await (await server.AdminAsync()).DeleteAsync($"/api/seat/{seat}");

        Assert.Equal(HttpStatusCode.NoContent, removed.Status);
    }

    [Fact]
    public async Task Forty_changes_at_once_as_the_old_map_sends_them_all_arrive()
    {
        var admin = await server.AdminAsync();
        var seats = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => server.SeatAsync()));

        var answers = await Task.WhenAll(
            seats.Select((seat, i) => admin.PatchAsync($"/api/seat/{seat}", new { x = i, y = -i }))
        );

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        var list = (await server.Anonymous().GetAsync("/api/seat")).Body.AsArray();
        Assert.All(
            seats.Select((seat, i) => (seat, i)),
            pair => Assert.Equal(pair.i, (double)list.Single(s => (string?)s!["id"] == $"{pair.seat}")!["x"]!)
        );
    }

    [Fact]
    public async Task Members_and_strangers_do_not_touch_seats()
    {
        var seat = await server.SeatAsync();
        var member = await server.MemberAsync();
        foreach (var (client, status) in new[] { (member, 403), (server.Anonymous(), 401) })
        {
            Assert.Equal(status, (int)(await client.PostAsync("/api/seat", new { name = "x" })).Status);
            Assert.Equal(status, (int)(await client.PatchAsync($"/api/seat/{seat}", new { name = "x" })).Status);
            Assert.Equal(status, (int)(await client.DeleteAsync($"/api/seat/{seat}")).Status);
        }
    }

    [Fact]
    public async Task A_window_that_ends_before_it_starts_is_refused()
    {
        var answer = await server.Anonymous().GetAsync($"/api/seat?start={Iso(now)}&end={Iso(now.AddHours(-1))}");

        Assert.Equal((HttpStatusCode.BadRequest, "end_not_after_start"), (answer.Status, answer.Code));
    }
}
