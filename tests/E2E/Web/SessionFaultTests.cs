using System.Net;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>A sign-in that expires, or is ended elsewhere, while its pages are open.</summary>
public sealed class SessionFaultTests(Chromium chromium, BookItServer server)
    : BrowserTests<BookItServer>(chromium, server),
        IClassFixture<BookItServer>
{
    private const string Refresh = "/api/auth/refresh";

    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private async Task<Guid> IdOfAsync(string email) =>
        await Server.QueryAsync<Guid>($"SELECT id FROM users WHERE email = '{email}'");

    private static async Task SignInAgainAsync(IPage page, string email)
    {
        await page.Field("E-mail").FillAsync(email);
        await page.Field("Password").FillAsync(BookItServer.Password);
        await page.Locator("main").Button("Sign in").ClickAsync();
    }

    [Fact]
    public async Task Ten_requests_of_three_tabs_renew_an_expired_sign_in_once()
    {
        Expect("status of 401");
        var first = await NewPageAsync();
        await first.RegisterAsync(Server.Address, "/bookings");
        await ReadyAsync(first);
        // What is open looks again by itself, and would renew the sign-in before anybody counts.
        await first.GotoAsync("about:blank");
        IPage[] tabs = [first, await AnotherPageAsync(first.Context), await AnotherPageAsync(first.Context)];
        await first.Context.ExpireAsync();
        var refreshes = first.Context.Count("POST", Refresh);
        // All of them are on their way before the first one is refused.
        var (underWay, tenAreUnderWay) = (0, new TaskCompletionSource());
        await first.Context.RouteAsync(
            "**/api/**",
            async route =>
            {
                if (Interlocked.Increment(ref underWay) == 10)
                {
                    tenAreUnderWay.SetResult();
                }

                await tenAreUnderWay.Task;
                await route.ContinueAsync();
            }
        );

        await Task.WhenAll(tabs.Select(tab => tab.GotoAsync("/bookings")));

        foreach (var tab in tabs)
        {
            await SeesAsync(tab.GetByText("Nothing is booked"));
            await ArrivesAsync(tab, "/bookings");
        }

        Assert.Equal(1, refreshes());
    }

    [Fact]
    public async Task What_is_pressed_after_it_has_expired_is_done_once_and_nobody_notices()
    {
        Expect("status of 401");
        var page = await NewPageAsync();
        var email = await page.RegisterAsync(Server.Address, "/");
        var seat = await Server.SeatAsync("Patient");
        var id = await Server.ReservationAsync(await IdOfAsync(email), seat, now.AddHours(2), now.AddHours(3));
        await page.GotoAsync("/bookings");
        await ReadyAsync(page);
        await MarkAsync(page);
        await page.Context.ExpireAsync();
        var refreshes = page.Context.Count("POST", Refresh);

        await page.Button("Cancel").ClickAsync();
        await page.GetByRole(AriaRole.Alertdialog).Button("Cancel").ClickAsync();

        await SeesAsync(page.GetByText("The booking is cancelled").First);
        await SeesAsync(page.GetByText("Nothing is booked"));
        await AssertNotReloadedAsync(page);
        Assert.Equal(1, refreshes());
        Assert.Equal("closed", await Server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{id}'"));
    }

    [Fact]
    public async Task One_that_the_sessions_list_of_another_browser_has_ended_leads_to_the_sign_in_and_back()
    {
        Expect("status of 401|net::ERR_FAILED");
        var page = await NewPageAsync();
        var email = await page.RegisterAsync(Server.Address, "/bookings");
        await ReadyAsync(page);
        var other = await OpenAsync("/sign-in?next=/profile", new Look { Width = 1280 });
        await SignInAgainAsync(other, email);
        await ReadyAsync(other);
        await other.ButtonThatBegins("End the sign-in:").ClickAsync();
        await other.GetByRole(AriaRole.Alertdialog).Button("End").ClickAsync();
        await SeesAsync(other.GetByText("That sign-in has ended").First);
        // They are looked at again from time to time; not just before the press, which that would lead away from.
        await page.RouteAsync("**/api/reservations**", route => route.AbortAsync());
        // What it has got lasts until it expires.
        await page.Context.ExpireAsync();
        var refreshes = page.Context.Count("POST", Refresh);
        var navigations = 0;
        page.FrameNavigated += (_, _) => navigations++;

        await page.Locator("nav a[href='/tickets']").ClickAsync();

        await page.ComesToAsync(At("/sign-in?next=/tickets"));
        await SeesAsync(page.GetByText("Your sign-in has ended. Please sign in again.").First);
        Assert.Equal(1, refreshes());
        Assert.InRange(navigations, 1, 6);
        await SignInAgainAsync(page, email);
        await page.ComesToAsync(At("/tickets"));
        await SeesAsync(page.GetByText("No tickets yet"));
        Assert.Equal(1, refreshes());
    }

    [Fact]
    public async Task One_that_has_ended_at_the_map_asks_to_sign_in_and_leads_back_to_the_seat()
    {
        Expect("status of 401");
        var seat = await Server.SeatAsync("Faithful");
        var page = await NewPageAsync();
        var email = await page.RegisterAsync(Server.Address, $"/?seat={seat}");
        var sheet = page.Sheet("Faithful");
        await SeesAsync(sheet.ButtonThatBegins("Book "));
        await page.Context.ClearCookiesAsync();

        await sheet.ButtonThatBegins("Book ").ClickAsync();
        await sheet.GetByRole(AriaRole.Link, new() { NameRegex = Finding.Pattern("^Sign in and book") }).ClickAsync();
        await SignInAgainAsync(page, email);

        await sheet.ButtonThatBegins("Book ").ClickAsync();
        await SeesAsync(page.Sheet("Faithful is yours"));
        Assert.Equal(1L, await Server.QueryAsync<long>($"SELECT count(*) FROM reservations WHERE seat_id = '{seat}'"));
    }

    [Fact]
    public async Task A_server_that_cannot_renew_it_just_now_signs_nobody_out()
    {
        Expect("status of (401|503)");
        var page = await NewPageAsync();
        await page.RegisterAsync(Server.Address, "/bookings");
        await ReadyAsync(page);
        await page.RouteAsync(
            $"**{Refresh}",
            route => route.FulfillAsync(new RouteFulfillOptions { Status = (int)HttpStatusCode.ServiceUnavailable })
        );
        await page.Context.ExpireAsync();

        await page.Locator("nav a[href='/tickets']").ClickAsync();

        await SeesAsync(page.Locator("main").GetByText("Something went wrong at BookIT."));
        await ArrivesAsync(page, "/tickets");
        await page.UnrouteAsync($"**{Refresh}");
        await page.Button("Try again").ClickAsync();
        await SeesAsync(page.GetByText("No tickets yet"));
    }
}
