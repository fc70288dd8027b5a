using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Reservations;

/// <summary>A space that waits ten minutes for those who do not come, and lets everybody hold two reservations.</summary>
public sealed class ImpatientServer(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?>
        {
            ["Booking__NoShowAfter"] = "00:10:00",
            ["Booking__LiveReservationsPerUser"] = "2",
        };
}

public sealed class ClockTests(ImpatientServer server) : IClassFixture<ImpatientServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private Task<string> StoredStatusAsync(Guid id) =>
        server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{id}'");

    [Fact]
    public async Task The_clock_closes_who_came_and_releases_who_did_not()
    {
        var member = await server.MemberAsync();
        var seats = (await server.SeatAsync(), await server.SeatAsync(), await server.SeatAsync());
        var came = await server.ReservationAsync(member.UserId, seats.Item1, now.AddHours(-2), now, "active");
        var missed = await server.ReservationAsync(
            member.UserId,
            seats.Item2,
            now.AddMinutes(-11),
            now.AddHours(1),
            slot: 2
        );
        var other = await server.MemberAsync();
        var waited = await server.ReservationAsync(other.UserId, seats.Item3, now.AddMinutes(-5), now.AddHours(1));

        // What is read is right at once, before the background step has been there.
        Assert.Equal("closed", (string?)(await member.GetAsync($"/api/reservations/{came}")).Body["status"]);
        Assert.Equal("did_not_come", (string?)(await member.GetAsync($"/api/reservations/{missed}")).Body["status"]);
        Assert.Equal("future", (string?)(await other.GetAsync($"/api/reservations/{waited}")).Body["status"]);
        Assert.Equal("no_active_reservation", (await member.GetAsync("/api/reservations/active")).Code);

        // And what is stored follows by itself.
        await Eventually.TrueAsync(async () =>
            await StoredStatusAsync(came) == "closed" && await StoredStatusAsync(missed) == "did_not_come"
        );
        Assert.Equal("future", await StoredStatusAsync(waited));
        Assert.Equal(
            "no_show",
            await server.QueryAsync<string>(
                $"SELECT string_agg(kind, ',') FROM notifications WHERE user_id = '{member.UserId}'"
            )
        );
    }

    [Fact]
    public async Task A_seat_nobody_came_for_is_free_and_can_be_booked_at_once()
    {
        var seat = await server.SeatAsync();
        await server.ReservationAsync((await server.MemberAsync()).UserId, seat, now.AddMinutes(-11), now.AddHours(2));

        var free = await server.Anonymous().GetAsync($"/api/seat/{seat}");
        var booked = await (await server.MemberAsync()).BookAsync(seat, now, now.AddHours(1));

        Assert.True((bool)free.Body["is_available"]!);
        Assert.Equal("future", (string?)booked.Body["status"]);
    }

    [Fact]
    public async Task An_admins_list_by_status_is_as_right_as_the_clock()
    {
        var member = await server.MemberAsync();
        var id = await server.ReservationAsync(
            member.UserId,
            await server.SeatAsync(),
            now.AddMinutes(-30),
            now.AddSeconds(-1),
            "active"
        );
        var admin = await server.AdminAsync();

        var closed = await admin.GetAsync($"/api/admin/reservations?status=closed&user_id={member.UserId}");
        var active = await admin.GetAsync($"/api/admin/reservations?status=active&user_id={member.UserId}");

        Assert.Equal($"{id}", (string?)Assert.Single(closed.Body.AsArray())!["id"]);
        Assert.Empty(active.Body.AsArray());
    }

    [Fact]
    public async Task A_quota_that_was_lowered_holds_for_those_who_hold_more()
    {
        var member = await server.MemberAsync();
        foreach (var slot in new[] { 2, 3 })
        {
            await server.ReservationAsync(
                member.UserId,
                await server.SeatAsync(),
                now.AddHours(slot),
                now.AddHours(slot + 1),
                slot: slot
            );
        }

        var answer = await member.BookAsync(await server.SeatAsync(), now.AddHours(6), now.AddHours(7));

        Assert.Equal("active_reservation_exists", answer.Code);
    }

    [Fact]
    public async Task The_quota_is_held_under_a_race()
    {
        var member = await server.MemberAsync();
        var seats = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => server.SeatAsync()));

        var answers = await Task.WhenAll(
            seats.Select(seat => member.BookAsync(seat, now.AddHours(1), now.AddHours(2)))
        );

        Assert.Equal(2, answers.Count(answer => (int)answer.Status == 201));
        Assert.All(
            answers.Where(answer => (int)answer.Status != 201),
            answer => Assert.Equal("active_reservation_exists", answer.Code)
        );
    }
}
