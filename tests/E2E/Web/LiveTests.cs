using System.Globalization;
using System.Net;
using BookIT.Tests.E2E.Admin;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What others do is seen on an open map, without a reload.</summary>
public sealed class LiveTests(Chromium chromium, NoonServer server)
    : BrowserTests<NoonServer>(chromium, server),
        IClassFixture<NoonServer>
{
    // A page that hears nothing looks every 15 seconds: what is seen sooner was told.
    private static readonly TimeSpan Told = TimeSpan.FromSeconds(10);

    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private static string Clock(DateTimeOffset time) => $"{TimeZoneInfo.ConvertTime(time, NoonZone.Clock):HH:mm}";

    /// <summary>A seat by what its name says to whoever cannot see its colour.</summary>
    private static ILocator Standing(IPage page, string seat, string how) =>
        page.ButtonThatBegins($"{seat}, Live zone, {how}");

    /// <summary>An open map that was not reloaded since, as its mark says.</summary>
    private async Task<IPage> MapAsync(Uri? address = null)
    {
        var page = await OpenAsync(new Uri(address ?? Server.Address, "/").AbsoluteUri);
        await MarkAsync(page);
        return page;
    }

    private static async Task<Guid> BookAsync(ApiClient member, Guid seat, DateTimeOffset start, DateTimeOffset end)
    {
        var booked = await member.BookAsync(seat, start, end);
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        return booked.Id;
    }

    /// <summary>Waits for something that was just done elsewhere, which must not take as long as looking for it would.</summary>
    private static async Task SeesSoonAsync(ILocator what, string how)
    {
        var began = TimeProvider.System.GetTimestamp();
        await SeesAsync(what);
        var took = TimeProvider.System.GetElapsedTime(began);
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{how}: {took.TotalMilliseconds:0} ms")
        );
        Assert.InRange(took, TimeSpan.Zero, Told);
    }

    [Fact]
    public async Task A_seat_that_somebody_books_and_gives_back_changes_at_once()
    {
        var (seat, member) = (await Server.SeatAsync("L-1", 0, 0, "Live zone"), await Server.MemberAsync());
        var page = await MapAsync();
        await SeesAsync(Standing(page, "L-1", "free"));

        var booked = await BookAsync(member, seat, now, now.AddHours(1));
        await SeesSoonAsync(Standing(page, "L-1", "taken"), "taken");
        await SeesAsync(Standing(page, "L-1", $"taken until {Clock(now.AddHours(1))}"));

        Assert.Equal(
            HttpStatusCode.OK,
            (await member.PatchAsync($"/api/reservations/{booked}", new { status = "closed" })).Status
        );
        await SeesSoonAsync(Standing(page, "L-1", "free"), "free again");
        await AssertNotReloadedAsync(page);
    }

    [Fact]
    public async Task A_seat_that_one_books_is_ones_own_in_the_other_tab_as_well()
    {
        await Server.SeatAsync("L-7", 180, 60, "Live zone");
        var page = await OpenAsync("/", new Look { As = await Server.MemberAsync() });
        var other = await AnotherPageAsync(page.Context);
        await other.GotoAsync("/");
        await ReadyAsync(other);
        await MarkAsync(other);
        await SeesAsync(Standing(other, "L-7", "free"));

        await Standing(page, "L-7", "free").ClickAsync();
        await page.Sheet("L-7").ButtonThatBegins("Book ").ClickAsync();
        await SeesAsync(page.Sheet("L-7 is yours"));

        await SeesSoonAsync(Standing(other, "L-7", "yours"), "mine, in the other tab");
        await AssertNotReloadedAsync(other);
    }

    [Fact]
    public async Task What_is_booked_at_another_replica_is_seen_here_as_soon()
    {
        var (_, elsewhere) = await Server.StartApiAsync();
        var (seat, member) = (await Server.SeatAsync("L-2", 60, 0, "Live zone"), await Server.MemberAsync());
        var page = await MapAsync();
        await SeesAsync(Standing(page, "L-2", "free"));

        await BookAsync(Server.At(elsewhere, member), seat, now, now.AddHours(1));

        await SeesSoonAsync(Standing(page, "L-2", "taken"), "taken, from another replica");
        await AssertNotReloadedAsync(page);
    }

    [Fact]
    public async Task Only_what_concerns_the_time_one_looks_at_changes_the_map()
    {
        var (seat, other) = (
            await Server.SeatAsync("L-3", 120, 0, "Live zone"),
            await Server.SeatAsync("L-4", 180, 0, "Live zone")
        );
        var page = await MapAsync();
        await SeesAsync(Standing(page, "L-3", "free"));

        await BookAsync(await Server.MemberAsync(), seat, now.AddHours(30), now.AddHours(31));
        await BookAsync(await Server.MemberAsync(), other, now, now.AddHours(1));

        await SeesAsync(Standing(page, "L-4", "taken"));
        await SeesAsync(Standing(page, "L-3", "free"));
    }

    [Fact]
    public async Task What_happened_while_the_network_was_gone_is_seen_when_it_is_back()
    {
        Expect("net::ERR_INTERNET_DISCONNECTED");
        var (seat, member) = (await Server.SeatAsync("L-5", 0, 60, "Live zone"), await Server.MemberAsync());
        var page = await MapAsync();
        await SeesAsync(Standing(page, "L-5", "free"));

        await page.Context.SetOfflineAsync(true);
        await SeesAsync(page.GetByText("You are offline."));
        await BookAsync(member, seat, now, now.AddHours(1));
        await page.Context.SetOfflineAsync(false);

        await SeesAsync(Standing(page, "L-5", $"taken until {Clock(now.AddHours(1))}"));
        await Assertions.Expect(page.GetByText("You are offline.")).ToHaveCountAsync(0);
        await AssertNotReloadedAsync(page);
    }

    [Fact]
    public async Task What_happened_while_the_api_was_away_is_seen_when_it_is_back()
    {
        Expect("net::ERR_");
        var settings = new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{Ports.Next()}" };
        var (program, address) = await Server.StartApiAsync(settings);
        var (seat, member) = (await Server.SeatAsync("L-6", 60, 60, "Live zone"), await Server.MemberAsync());
        var page = await MapAsync(address);
        await SeesAsync(Standing(page, "L-6", "free"));

        // Broken off in the middle; the other replica goes on.
        await program.KillAsync();
        var booked = await BookAsync(member, seat, now, now.AddHours(1));
        await SeesAsync(page.GetByText("Updates are delayed"));
        await Server.StartApiAsync(settings);

        // The longer it was away, the longer the page waits between two looks: a minute at the most.
        await Assertions
            .Expect(Standing(page, "L-6", $"taken until {Clock(now.AddHours(1))}"))
            .ToBeVisibleAsync(new() { Timeout = 90_000 });
        await Assertions.Expect(page.GetByText("Updates are delayed")).ToHaveCountAsync(0);
        // And it hears again what happens from then on.
        Assert.Equal(
            HttpStatusCode.OK,
            (await member.PatchAsync($"/api/reservations/{booked}", new { status = "closed" })).Status
        );
        await SeesSoonAsync(Standing(page, "L-6", "free"), "free again, after the Api was away");
        await AssertNotReloadedAsync(page);
    }
}
