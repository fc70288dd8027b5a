using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>After one visit the page opens without a network, and knows when there is a new one.</summary>
public sealed class OfflineTests(Chromium chromium, BookItServer server)
    : BrowserTests<BookItServer>(chromium, server),
        IClassFixture<BookItServer>
{
    /// <summary>A page that has been visited once, and whose service worker has all that it keeps.</summary>
    private async Task<IPage> VisitAsync(ApiClient? who = null)
    {
        var page = await OpenAsync("/", new Look { As = who, ServiceWorker = true });
        await page.EvaluateAsync("() => navigator.serviceWorker.ready.then(() => {})");
        return page;
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/sign-in")]
    [InlineData("/no-such-page")]
    public async Task It_opens_offline_and_says_that_it_is(string path)
    {
        Expect("net::ERR_INTERNET_DISCONNECTED");
        var page = await VisitAsync();
        await page.Context.SetOfflineAsync(true);

        await page.GotoAsync(path);

        await SeesAsync(page.Locator("main h1").First);
        await SeesAsync(page.GetByText("You are offline."));
        Assert.EndsWith(" · BookIT", await page.TitleAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/pass")]
    [InlineData("/bookings")]
    public async Task What_needs_a_network_says_so_and_not_once_more_that_there_is_none(string path)
    {
        Expect("net::ERR_INTERNET_DISCONNECTED");
        var page = await VisitAsync(await Server.MemberAsync());
        await page.Context.SetOfflineAsync(true);

        await page.GotoAsync(path);

        await SeesAsync(page.Locator("main").GetByText("This cannot be shown without a network."));
        await SeesAsync(page.Locator("main").Button("Try again"));
        // It would not be seen when it were there twice.
        await SeesAsync(page.GetByText("You are offline."));
        Assert.Empty(await ViolationsAsync(page));
    }

    [Fact]
    public async Task What_the_api_says_is_never_kept()
    {
        Expect("net::ERR_INTERNET_DISCONNECTED");
        var page = await VisitAsync(await Server.MemberAsync());
        await page.ReloadAsync();
        await ReadyAsync(page);

        var kept = await page.EvaluateAsync<string[]>(
            """
            async () => {
              const caches_ = await Promise.all((await caches.keys()).map(key => caches.open(key)))
              const requests = await Promise.all(caches_.map(cache => cache.keys()))
              return requests.flat().map(request => new URL(request.url).pathname)
            }
            """
        );

        Assert.Contains("/index.html", kept);
        Assert.DoesNotContain(kept, path => path.StartsWith("/api", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(kept, path => path.StartsWith("/assets/desk/", StringComparison.Ordinal));
        await page.Context.SetOfflineAsync(true);
        Assert.True(
            await page.EvaluateAsync<bool>(
                "() => fetch('/api/space', { cache: 'no-store' }).then(() => false, () => true)"
            )
        );
    }

    [Fact]
    public async Task The_worker_leaves_the_api_and_its_pages_alone()
    {
        var page = await VisitAsync();

        var docs = await page.GotoAsync("/api/openapi.json");

        Assert.StartsWith("application/json", docs!.Headers["content-type"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_version_is_offered_and_taken_when_the_person_says_so()
    {
        var page = await VisitAsync();
        await page.ReloadAsync();
        await ReadyAsync(page);

        // What a browser takes for a new version: the worker is another one.
        await page.EvaluateAsync("() => navigator.serviceWorker.register('/sw.js?next').then(() => {})");

        await SeesAsync(page.GetByText("There is a new version of this page.").First);
        Assert.Empty(await ViolationsAsync(page));
        await page.EvaluateAsync("() => { window.isOld = true }");
        await page.GetByRole(AriaRole.Button, new() { Name = "Reload" }).ClickAsync();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return !await page.EvaluateAsync<bool>("() => window.isOld === true");
            }
            catch (PlaywrightException)
            {
                return false; // it is just being reloaded
            }
        });
        await ReadyAsync(page);
    }
}
