using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Admin;

public sealed class AdminListTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private static string Iso(DateTimeOffset instant) => instant.ToString("yyyy-MM-ddTHH:mm:ssZ");

    [Fact]
    public async Task Reservations_are_filtered_and_paged()
    {
        var admin = await server.AdminAsync();
        var (one, other) = (await server.MemberAsync(), await server.MemberAsync());
        var (first, second) = (await server.SeatAsync("50%_off\\seat"), await server.SeatAsync("Plain"));
        var closed = await server.ReservationAsync(
            one.UserId,
            first,
            now.AddDays(-2),
            now.AddDays(-2).AddHours(1),
            "closed"
        );
        var live = await server.ReservationAsync(one.UserId, second, now.AddHours(1), now.AddHours(2));
        var others = await server.ReservationAsync(other.UserId, first, now.AddHours(5), now.AddHours(6));

        async Task<List<Guid>> List(string query)
        {
            var answer = await admin.GetAsync($"/api/admin/reservations?{query}");
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            return [.. answer.Body.AsArray().Select(r => Guid.Parse((string)r!["id"]!))];
        }

        Assert.Equal([others, live, closed], await List(""));
        Assert.Equal([live, closed], await List($"user_id={one.UserId}"));
        Assert.Equal([others, closed], await List($"seat_id={first}"));
        Assert.Equal([closed], await List("status=closed"));
        Assert.Equal([others, live], await List($"from={Iso(now)}"));
        Assert.Equal([live, closed], await List($"to={Iso(now.AddHours(4))}"));
        Assert.Equal([live], await List($"from={Iso(now.AddMinutes(90))}&to={Iso(now.AddHours(3))}"));
        Assert.Equal([others, closed], await List($"q={Uri.EscapeDataString("50%_OFF\\")}"));
        Assert.Equal([], await List($"q={Uri.EscapeDataString("50__")}"));
        Assert.Equal([live], await List("limit=1&offset=1"));
        var page = await admin.GetAsync("/api/admin/reservations?limit=1&offset=1");
        Assert.Equal("3", page.Response.Headers.GetValues("X-Total-Count").Single());
        Assert.Equal(
            "0",
            (await admin.GetAsync("/api/admin/reservations?q=nobody-at-all"))
                .Response.Headers.GetValues("X-Total-Count")
                .Single()
        );
    }

    [Theory]
    [InlineData("/api/admin/reservations?limit=0")]
    [InlineData("/api/admin/reservations?limit=501")]
    [InlineData("/api/admin/reservations?offset=-1")]
    [InlineData("/api/admin/reservations?limit=many")]
    [InlineData("/api/admin/reservations?status=lost")]
    [InlineData("/api/admin/reservations?seat_id=1")]
    [InlineData("/api/admin/reservations?from=yesterday")]
    [InlineData("/api/admin/audit?limit=1000")]
    public async Task A_filter_that_means_nothing_is_a_bad_request(string path)
    {
        var answer = await (await server.AdminAsync()).GetAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.NotNull(answer.Code);
    }

    [Theory]
    [InlineData("GET", "/api/admin/reservations")]
    [InlineData("GET", "/api/admin/users")]
    [InlineData("GET", "/api/admin/audit")]
    [InlineData("GET", "/api/admin/reservation/0197ffff-0000-7000-8000-000000000000")]
    [InlineData("DELETE", "/api/admin/reservation/0197ffff-0000-7000-8000-000000000000")]
    [InlineData("POST", "/api/admin/check_qr/0197ffff-0000-7000-8000-000000000000")]
    [InlineData("POST", "/api/admin/verify_user/0197ffff-0000-7000-8000-000000000000")]
    public async Task Only_admins_come_in(string method, string path)
    {
        var member = await (await server.MemberAsync()).SendAsync(new HttpMethod(method), path);
        var nobody = await server.Anonymous().SendAsync(new HttpMethod(method), path);

        Assert.Equal((HttpStatusCode.Forbidden, "admin_only"), (member.Status, member.Code));
        Assert.Equal((HttpStatusCode.Unauthorized, "not_signed_in"), (nobody.Status, nobody.Code));
    }
}
