using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Admin;

/// <summary>A space where it is noon: what happens within some hours happens today.</summary>
public sealed class NoonServer(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Space__TimeZone"] = NoonZone.Name };
}

public sealed class TodayTests(NoonServer server) : IClassFixture<NoonServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private async Task<Guid> SeatAsync(string name, string? zone)
    {
        var id = await server.SeatAsync(name);
        if (zone is not null)
        {
            await server.ExecuteAsync($"UPDATE seats SET zone = '{zone}' WHERE id = '{id}'");
        }

        return id;
    }

    private async Task<(ApiClient Member, Guid Id)> VisitAsync(
        Guid seat,
        TimeSpan start,
        TimeSpan end,
        string status = "future"
    )
    {
        var member = await server.MemberAsync();
        return (member, await server.ReservationAsync(member.UserId, seat, now + start, now + end, status));
    }

    private static TimeSpan Hours(double hours) => TimeSpan.FromHours(hours);

    private static Guid[] Ids(JsonNode visits) =>
        [.. visits["items"]!.AsArray().Select(visit => Guid.Parse((string)visit!["reservation_id"]!))];

    [Fact]
    public async Task Today_is_told()
    {
        await server.ExecuteAsync("DELETE FROM reservations");
        await server.ExecuteAsync("DELETE FROM seats");
        var (window, other, kitchen) = (
            await SeatAsync("W-1", "Window"),
            await SeatAsync("W-2", "Window"),
            await SeatAsync("Somewhere", zone: null)
        );
        var (member, present) = await VisitAsync(window, Hours(-2.5), Hours(1), "active");
        var (_, later) = await VisitAsync(window, Hours(3), Hours(4));
        var (_, coming) = await VisitAsync(other, Hours(-0.25), Hours(2));
        var (_, missed) = await VisitAsync(kitchen, Hours(-2), Hours(-1), "did_not_come");
        // Over by the clock, though nobody has written that down yet.
        var (_, unmarked) = await VisitAsync(kitchen, Hours(-1), Hours(-0.01));
        var thisHour = now - new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        var (_, left) = await VisitAsync(other, Hours(-6) - thisHour, Hours(-3) - thisHour, "closed");
        await server.ExecuteAsync(
            $"UPDATE reservations SET checked_in_at = starts_at, closed_at = starts_at + interval '1 hour' WHERE id = '{left}'"
        );
        await VisitAsync(kitchen, Hours(-6) - thisHour, Hours(-4) - thisHour, "closed");
        await VisitAsync(kitchen, Hours(24), Hours(25));
        await VisitAsync(kitchen, Hours(-30), Hours(-29), "did_not_come");
        await server.ExecuteAsync("UPDATE seat_catalog_version SET version = version + 1");

        var answer = await (await server.AdminAsync()).GetAsync("/api/admin/today");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var today = answer.Body;
        Assert.Equal([coming, later], Ids(today["expected"]!));
        Assert.Equal([present], Ids(today["present"]!));
        Assert.Equal([missed, unmarked], Ids(today["no_shows"]!));
        Assert.Equal(2, (int)today["expected"]!["count"]!);
        Assert.Equal((2, 3, 67), ((int)today["busy"]!, (int)today["seats"]!, (int)today["percent"]!));
        Assert.Equal(
            """[{"zone":"Window","busy":2,"seats":2},{"zone":null,"busy":0,"seats":1}]""",
            today["zones"]!.ToJsonString()
        );
        var visit = today["present"]!["items"]![0]!;
        Assert.Equal(
            (member.UserId.ToString(), "W-1", "Window", "active", true),
            (
                (string)visit["user_id"]!,
                (string)visit["seat_name"]!,
                (string)visit["zone"]!,
                (string)visit["status"]!,
                (bool)visit["verified"]!
            )
        );
        Assert.NotNull((string?)visit["email"]);

        var start = DateTimeOffset.Parse((string)today["start"]!, provider: null);
        var end = DateTimeOffset.Parse((string)today["end"]!, provider: null);
        Assert.True(start <= now && now < end && end - start == TimeSpan.FromHours(24));
        Assert.Equal(start.AddHours(12).ToString("yyyy-MM-dd"), (string?)today["date"]);
        var hours = today["hours"]!.AsArray();
        Assert.Equal(24, hours.Count);
        int BusyAt(double hour) =>
            (int)
                hours.Last(h => DateTimeOffset.Parse((string)h!["start"]!, provider: null) <= now.AddHours(hour))![
                    "busy"
                ]!;
        // Who is in, and who is expected since a while; who comes later; and who was in for an hour, and left.
        Assert.Equal((2, 1, 1), (BusyAt(0), BusyAt(3.5), BusyAt(-6)));
        Assert.Equal((0, 0), (BusyAt(-7), BusyAt(-5)));
        Assert.Equal(0, BusyAt(5.5));
    }

    [Fact]
    public async Task An_announcement_is_written_and_then_sent_once()
    {
        var seat = await SeatAsync("Announced", "Hall");
        var (reached, _) = await VisitAsync(seat, Hours(-0.5), Hours(1), "active");
        await server.ExecuteAsync(
            $"UPDATE users SET telegram_id = 77, telegram_since = now() WHERE id = '{reached.UserId}'"
        );
        var admin = await server.AdminAsync();

        var written = await admin.PostAsync("/api/admin/announcements", new { text = " Cake in the kitchen " });
        Assert.Equal((HttpStatusCode.OK, 1), (written.Status, (int)written.Body["reachable"]!));
        Assert.True((int)written.Body["unreachable"]! >= 0);
        var other = await (await server.AdminAsync()).PostAsync($"/api/admin/announcements/{written.Id}/send");
        Assert.Equal((HttpStatusCode.NotFound, "announcement_not_found"), (other.Status, other.Code));

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(_ => admin.PostAsync($"/api/admin/announcements/{written.Id}/send"))
        );
        Assert.All(
            answers,
            answer => Assert.Equal((HttpStatusCode.OK, 1), (answer.Status, (int)answer.Body["recipients"]!))
        );
        Assert.Equal(
            1,
            await server.QueryAsync<long>(
                $"""
                SELECT count(*) FROM notifications WHERE kind = 'announcement' AND user_id = '{reached.UserId}'
                    AND key = 'announcement:{written.Id}:{reached.UserId}' AND payload->>'text' = 'Cake in the kitchen'
                """
            )
        );
        Assert.Equal(1, await server.QueryAsync<long>($"SELECT count(*) FROM audit WHERE target_id = '{written.Id}'"));
        await server.ExecuteAsync($"UPDATE users SET telegram_id = NULL, telegram_since = NULL WHERE telegram_id = 77");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData(1001)]
    public async Task A_bad_announcement_is_refused(object? text)
    {
        var answer = await (await server.AdminAsync()).PostAsync(
            "/api/admin/announcements",
            new { text = text is int length ? new string('x', length) : text }
        );

        Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("GET", "/api/admin/today")]
    [InlineData("POST", "/api/admin/announcements")]
    [InlineData("POST", "/api/admin/announcements/0197ffff-0000-7000-8000-000000000000/send")]
    public async Task Only_admins_come_in(string method, string path)
    {
        var member = await (await server.MemberAsync()).SendAsync(new HttpMethod(method), path, new { text = "x" });
        var nobody = await server.Anonymous().SendAsync(new HttpMethod(method), path, new { text = "x" });

        Assert.Equal((HttpStatusCode.Forbidden, "admin_only"), (member.Status, member.Code));
        Assert.Equal((HttpStatusCode.Unauthorized, "not_signed_in"), (nobody.Status, nobody.Code));
    }
}
