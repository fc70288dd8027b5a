using BookIT.Tests.E2E.Admin;
using BookIT.Tests.E2E.Reservations;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>A door often has no network: the pass that was looked at once opens there all the same.</summary>
public sealed class OfflinePassTests(Chromium chromium, NoonServer server)
    : BrowserTests<NoonServer>(chromium, server),
        IClassFixture<NoonServer>
{
    /// <summary>The pass, opened with a network, in a browser that keeps all that the page needs.</summary>
    private async Task<(IPage Page, Guid Id, string Times)> PassAsync(Look? look = null)
    {
        Expect("net::ERR_INTERNET_DISCONNECTED");
        var (member, seat) = (await Server.MemberAsync(), await Server.SeatAsync("O-1", zone: "By the door"));
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-5);
        var id = await Server.ReservationAsync(member.UserId, seat, start, start.AddHours(2));
        static string Clock(DateTimeOffset at) => $"{TimeZoneInfo.ConvertTime(at, NoonZone.Clock):HH:mm}";
        var page = await OpenAsync("/pass", (look ?? new Look()) with { As = member, ServiceWorker = true });
        await page.EvaluateAsync("() => navigator.serviceWorker.ready.then(() => {})");
        await SeesAsync(page.GetByAltText("QR code of the pass"));
        return (page, id, $"today, {Clock(start)}–{Clock(start.AddHours(2))}");
    }

    private static async Task AssertShowsAsync(IPage page, Guid id, string times)
    {
        await SeesPictureAsync(page.GetByAltText("QR code of the pass"));
        await SeesAsync(page.GetByText("O-1", new() { Exact = true }));
        await SeesAsync(page.GetByText("By the door", new() { Exact = true }));
        await SeesAsync(page.GetByText(times, new() { Exact = true }));
        var pass = await CheckInTests.ScanAsync(await page.ScreenshotAsync());
        Assert.StartsWith($"bookit:{id}.", pass, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_opens_without_a_network_even_after_the_browser_page_was_closed()
    {
        var (page, id, times) = await PassAsync();
        await AssertShowsAsync(page, id, times);
        var context = page.Context;

        await context.SetOfflineAsync(true);
        await page.ReloadAsync();
        await AssertShowsAsync(page, id, times);
        await SeesAsync(page.GetByText("Offline, as of today"));

        await page.CloseAsync();
        var anew = await AnotherPageAsync(context);
        await anew.GotoAsync("/pass");
        await AssertShowsAsync(anew, id, times);
        await anew.GotoAsync($"/pass/{id}");
        await AssertShowsAsync(anew, id, times);
        Assert.Empty(await ViolationsAsync(anew));

        // Back in the network it is fresh again.
        await context.SetOfflineAsync(false);
        await Assertions.Expect(anew.GetByText("Offline, as of today")).ToHaveCountAsync(0);
        await AssertShowsAsync(anew, id, times);
    }

    [Fact]
    public async Task It_goes_with_whoever_signs_out()
    {
        var (page, id, times) = await PassAsync();
        await page.GotoAsync("/profile");
        await page.Button("Sign out").TapAsync();
        await SeesAsync(page.Locator("main").Button("Sign in"));

        await page.Context.SetOfflineAsync(true);
        foreach (var path in new[] { "/pass", $"/pass/{id}" })
        {
            await page.GotoAsync(path);
            await SeesAsync(page.Locator("main").Button("Sign in"));
            await Assertions.Expect(page.GetByAltText("QR code of the pass")).ToHaveCountAsync(0);
            await Assertions.Expect(page.GetByText(times)).ToHaveCountAsync(0);
        }

        Assert.DoesNotContain(
            $"{id}",
            await page.EvaluateAsync<string>("() => JSON.stringify({ ...localStorage, ...sessionStorage })"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task It_goes_with_a_booking_that_was_cancelled_meanwhile()
    {
        var (page, id, _) = await PassAsync();
        await page.Context.SetOfflineAsync(true);
        await Server.ExecuteAsync($"UPDATE reservations SET status = 'closed' WHERE id = '{id}'");
        await page.ReloadAsync();
        await SeesAsync(page.GetByText("Offline, as of today"));

        await page.Context.SetOfflineAsync(false);
        await SeesAsync(page.GetByText("There is no booking to show a pass for"));

        await page.Context.SetOfflineAsync(true);
        await page.ReloadAsync();
        await SeesAsync(page.Button("Try again"));
        await Assertions.Expect(page.GetByAltText("QR code of the pass")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task It_fills_the_screen_black_on_white_whatever_the_theme()
    {
        var (page, id, times) = await PassAsync(new Look { Dark = true });

        await AssertShowsAsync(page, id, times);
        await Assertions.Expect(page.GetByRole(AriaRole.Navigation)).ToHaveCountAsync(0);
        var box = await page.GetByAltText("QR code of the pass").BoundingBoxAsync();
        Assert.InRange(box!.Width, 300, 390);
        await Assertions
            .Expect(page.Locator("[data-theme=light]").Filter(new() { Has = page.GetByText(times) }))
            .ToHaveCSSAsync("background-color", "rgb(255, 255, 255)");
        Assert.Empty(await ViolationsAsync(page));
    }
}
