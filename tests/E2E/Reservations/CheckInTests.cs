using System.Net;
using System.Text;
using System.Xml.Linq;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;

namespace BookIT.Tests.E2E.Reservations;

public sealed class CheckInTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private async Task<(ApiClient Member, Guid Id)> ReservationAsync(
        double start,
        double end,
        string status = "future",
        bool verified = true
    )
    {
        var member = await server.MemberAsync(verified);
        var id = await server.ReservationAsync(
            member.UserId,
            await server.SeatAsync(),
            now.AddMinutes(start),
            now.AddMinutes(end),
            status
        );
        return (member, id);
    }

    private static Task<Answer> CheckIn(ApiClient admin, string pass) =>
        admin.PostAsync($"/api/admin/check_qr/{Uri.EscapeDataString(pass)}");

    [Fact]
    public async Task Two_scans_are_one_check_in()
    {
        var admin = await server.AdminAsync();
        var (member, id) = await ReservationAsync(10, 70);

        var first = await CheckIn(admin, id.ToString());
        var second = await CheckIn(admin, id.ToString());

        Assert.Equal((HttpStatusCode.OK, "active"), (first.Status, (string?)first.Body["status"]));
        Assert.Equal(first.Body.ToJsonString(), second.Body.ToJsonString());
        var told = await server.QueryAsync<long>(
            $"SELECT count(*) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'checked_in'"
        );
        var audited = await server.QueryAsync<long>($"SELECT count(*) FROM audit WHERE target_id = '{id}'");
        Assert.Equal((1L, 1L), (told, audited));
    }

    [Fact]
    public async Task Twenty_scans_at_once_are_one_check_in()
    {
        var admin = await server.AdminAsync();
        var (_, id) = await ReservationAsync(0, 60);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => CheckIn(admin, id.ToString())));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal(1, await server.QueryAsync<long>($"SELECT count(*) FROM audit WHERE target_id = '{id}'"));
    }

    [Theory]
    [InlineData(16, 60, "future", "check_in_not_open")]
    [InlineData(-60, 60, "closed", "reservation_closed")]
    [InlineData(-60, 60, "did_not_come", "reservation_missed")]
    [InlineData(-60, -1, "future", "reservation_missed")]
    [InlineData(-60, -1, "active", "reservation_closed")]
    public async Task Out_of_its_time_nobody_is_checked_in(int start, int end, string status, string code)
    {
        var (_, id) = await ReservationAsync(start, end, status);

        var answer = await CheckIn(await server.AdminAsync(), id.ToString());

        Assert.Equal((HttpStatusCode.Conflict, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task An_unverified_member_is_verified_first()
    {
        var admin = await server.AdminAsync();
        var (member, id) = await ReservationAsync(0, 60, verified: false);

        var unverified = await CheckIn(admin, id.ToString());
        var byHand = await admin.PatchAsync($"/api/admin/reservation/{id}", new { status = "active" });
        var verified = await admin.PostAsync($"/api/admin/verify_user/{member.UserId}");
        var checkedIn = await CheckIn(admin, id.ToString());

        Assert.Equal((HttpStatusCode)424, unverified.Status);
        Assert.Equal("user_not_verified", unverified.Code);
        Assert.Equal(member.UserId.ToString(), (string?)unverified.Body["user_id"]);
        Assert.NotNull((string?)unverified.Body["detail"]);
        Assert.Equal("user_not_verified", byHand.Code);
        Assert.Equal(HttpStatusCode.OK, verified.Status);
        Assert.Equal("active", (string?)checkedIn.Body["status"]);
    }

    [Fact]
    public async Task Passes_that_nobody_made_open_nothing()
    {
        var admin = await server.AdminAsync();
        var (_, id) = await ReservationAsync(0, 60);

        foreach (
            var pass in new[]
            {
                Guid.CreateVersion7().ToString(),
                "not-a-pass",
                $"bookit:{id}",
                $"bookit:{id}.",
                $"bookit:{id}.AAAAAAAAAAAAAAAAAAAAAA",
                $"bookit:{id}.!!!",
                $"bookit:{new string('a', 5000)}",
                "pass_",
                $"pass_{new string('A', 43)}",
                $"https://t.me/BookItTestBot?start=pass_{new string('A', 43)}",
                $"https://t.me/BookItTestBot?start={id}",
                $"https://t.me/BookItTestBot?start=pass_{new string('A', 5000)}",
                "https://t.me/",
                "%2F",
            }
        )
        {
            var answer = await CheckIn(admin, pass);
            Assert.Equal((HttpStatusCode.NotFound, "reservation_not_found"), (answer.Status, answer.Code));
        }
    }

    [Fact]
    public async Task Members_check_nobody_in()
    {
        var (member, id) = await ReservationAsync(0, 60);

        var answer = await CheckIn(member, id.ToString());

        Assert.Equal((HttpStatusCode.Forbidden, "admin_only"), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("qr.png", "image/png")]
    [InlineData("qr.svg", "image/svg+xml")]
    public async Task The_picture_holds_the_reservations_id_which_the_old_scanner_reads(string file, string type)
    {
        var (member, id) = await ReservationAsync(0, 60);

        var picture = await member.GetAsync($"/api/reservations/{id}/{file}");

        Assert.Equal(
            (HttpStatusCode.OK, type),
            (picture.Status, picture.Response.Content.Headers.ContentType!.MediaType)
        );
        Assert.Equal(id.ToString(), await ScanAsync(picture.Bytes));
    }

    [Theory]
    [InlineData("ru", "Пропуск: Стол <7> & лампа, 21 января, 23:30 – 22 января, 01:00", "Бронь: 21 января")]
    [InlineData("en", "Pass: Стол <7> & лампа, 21 January, 23:30 – 22 January, 01:00", "Booked: 21 January")]
    public async Task The_drawn_pass_says_where_and_when_by_the_clock_of_the_space(
        string language,
        string title,
        string caption
    )
    {
        var (member, seat) = (await server.MemberAsync(), await server.SeatAsync("Стол <7> & \u0001лампа"));
        // Moscow is three hours ahead of UTC.
        var start = new DateTimeOffset(2026, 1, 21, 20, 30, 0, TimeSpan.Zero);
        var id = await server.ReservationAsync(member.UserId, seat, start, start.AddMinutes(90), "closed");

        var picture = await member.SendAsync(
            HttpMethod.Get,
            $"/api/reservations/{id}/qr.svg",
            body: null,
            ("Accept-Language", language)
        );

        var svg = XElement.Parse(Encoding.UTF8.GetString(picture.Bytes).Replace('\u00A0', ' '));
        Assert.Equal(title, svg.Elements().Single(e => e.Name.LocalName == "title").Value);
        var lines = svg.Elements().Where(e => e.Name.LocalName == "text").Select(e => e.Value).ToList();
        Assert.Equal("Стол <7> & лампа", lines[0]);
        Assert.StartsWith(caption, lines[1], StringComparison.Ordinal);
        Assert.Equal(id.ToString(), await ScanAsync(picture.Bytes));
    }

    [Fact]
    public async Task The_signed_pass_read_from_its_picture_checks_in()
    {
        var (member, id) = await ReservationAsync(0, 60);
        var picture = await member.GetAsync($"/api/reservations/{id}/qr.png?signed=true");

        var pass = await ScanAsync(picture.Bytes);
        var answer = await CheckIn(await server.AdminAsync(), pass);

        Assert.StartsWith($"bookit:{id}.", pass, StringComparison.Ordinal);
        Assert.Equal("active", (string?)answer.Body["status"]);
    }

    [Fact]
    public async Task The_picture_is_the_owners_and_the_admins_only()
    {
        var (_, id) = await ReservationAsync(0, 60);

        var stranger = await (await server.MemberAsync()).GetAsync($"/api/reservations/{id}/qr.png");
        var admin = await (await server.AdminAsync()).GetAsync($"/api/reservations/{id}/qr.svg");

        Assert.Equal("not_your_reservation", stranger.Code);
        Assert.Equal(HttpStatusCode.OK, admin.Status);
    }

    /// <summary>What zbar, a reader by other people, sees in the picture; librsvg draws the one that is drawn by lines.</summary>
    internal static async Task<string> ScanAsync(byte[] picture)
    {
        using var folder = new TemporaryFolder();
        var png = folder.File("pass.png");
        if (picture[0] == '<')
        {
            var svg = folder.File("pass.svg");
            await File.WriteAllBytesAsync(svg, picture);
            await Tool.RunAsync("rsvg-convert", "--width", "400", "--output", png, svg);
        }
        else
        {
            await File.WriteAllBytesAsync(png, picture);
        }

        return (await Tool.RunAsync("zbarimg", "--quiet", "--raw", "--nodbus", png)).Trim();
    }
}

/// <summary>Passes of a space that has a bot.</summary>
public sealed class PassLinkTests(ServerWithBotName server) : IClassFixture<ServerWithBotName>
{
    private async Task<(ApiClient Member, Guid Id)> ReservationAsync()
    {
        var (member, now) = (await server.MemberAsync(), TimeProvider.System.GetUtcNow());
        var id = await server.ReservationAsync(member.UserId, await server.SeatAsync(), now, now.AddHours(1));
        return (member, id);
    }

    private async Task<(Guid Id, string Link)> LinkAsync(string file = "qr.png")
    {
        var (member, id) = await ReservationAsync();
        var picture = await member.GetAsync($"/api/reservations/{id}/{file}?signed=true");
        return (id, await CheckInTests.ScanAsync(picture.Bytes));
    }

    [Theory]
    [InlineData("qr.png")]
    [InlineData("qr.svg")]
    public async Task The_signed_pass_is_a_link_to_the_bot_and_what_is_scanned_checks_in(string file)
    {
        var (id, link) = await LinkAsync(file);

        var answer = await (await server.AdminAsync()).PostAsync($"/api/admin/check_qr/{Uri.EscapeDataString(link)}");

        Assert.Matches("^https://t[.]me/BookItTestBot[?]start=pass_[A-Za-z0-9_-]{1,59}$", link);
        Assert.Equal((HttpStatusCode.OK, "active"), (answer.Status, (string?)answer.Body["status"]));
        Assert.Equal(id, answer.Id);
    }

    [Fact]
    public async Task It_is_taken_with_its_link_or_without_however_it_is_encoded()
    {
        var admin = await server.AdminAsync();
        var (id, link) = await LinkAsync();
        var parameter = link.Split("start=")[1];

        foreach (
            var pass in new[]
            {
                parameter,
                Uri.EscapeDataString(link).ToLowerInvariant().Replace(parameter.ToLowerInvariant(), parameter),
                Uri.EscapeDataString($"tg://resolve?domain=BookItTestBot&start={parameter}"),
                link.Replace("/", "%2F", StringComparison.Ordinal).Replace("?", "%3F", StringComparison.Ordinal),
                id.ToString(),
            }
        )
        {
            var answer = await admin.PostAsync($"/api/admin/check_qr/{pass}");
            Assert.Equal((HttpStatusCode.OK, id), (answer.Status, answer.Id));
        }
    }

    [Fact]
    public async Task An_altered_one_checks_nobody_in()
    {
        var admin = await server.AdminAsync();
        var (_, link) = await LinkAsync();
        var (_, others) = await LinkAsync();

        foreach (
            var forged in new[]
            {
                link[..^1],
                link[..^1] + (link[^1] == 'A' ? 'B' : 'A'),
                link[..^22] + others[^22..],
                link.Replace("t.me", "t.me.example", StringComparison.Ordinal),
            }
        )
        {
            var answer = await admin.PostAsync($"/api/admin/check_qr/{Uri.EscapeDataString(forged)}");
            Assert.Equal((HttpStatusCode.NotFound, "reservation_not_found"), (answer.Status, answer.Code));
        }
    }

    [Fact]
    public async Task Unsigned_it_stays_the_bare_id()
    {
        var (member, id) = await ReservationAsync();

        var picture = await member.GetAsync($"/api/reservations/{id}/qr.png");

        Assert.Equal(id.ToString(), await CheckInTests.ScanAsync(picture.Bytes));
    }
}
