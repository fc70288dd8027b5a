using System.Globalization;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What holds for every page. A new one is a line below.</summary>
public sealed class PageTests(Chromium chromium, DemoServer server)
    : BrowserTests<DemoServer>(chromium, server),
        IClassFixture<DemoServer>
{
    private const string Nobody = "";
    private const string Member = "demo_email_3";
    private const string Admin = "demo_admin_0";

    /// <summary>A page's address and whose it is; <c>{…}</c> is the answer of a query.</summary>
    public static TheoryData<string, string> Pages =>
        new()
        {
            { "/", Nobody },
            { "/", Member },
            { "/sign-in", Nobody },
            { "/register", Nobody },
            { "/forgot", Nobody },
            { "/no-such-page", Nobody },
            { "/bookings", Member },
            { "/pass", Member },
            { "/profile", Member },
            { "/tickets", Member },
            { "/tickets/{SELECT id FROM tickets LIMIT 1}", Member },
            { "/admin", Admin },
            { "/admin/scan", Admin },
            { "/admin/reservations", Admin },
            { "/admin/users", Admin },
            { "/admin/users/{SELECT id FROM users WHERE email = 'demo_email_3@example.com'}", Admin },
            { "/admin/tickets", Admin },
            { "/admin/audit", Admin },
            { "/admin/notifications", Admin },
            { "/admin/floor", Admin },
        };

    private async Task<(string Path, Look Look)> VisitAsync(string path, string who)
    {
        var address = path;
        if (path.IndexOf('{', StringComparison.Ordinal) is >= 0 and var at)
        {
            address = path[..at] + await Server.QueryAsync<Guid>(path[(at + 1)..^1]);
        }

        return (address, new Look { As = who is Nobody ? null : await Server.DemoAsync(who) });
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task It_opens_for_everybody(string path, string who)
    {
        var (address, look) = await VisitAsync(path, who);
        foreach (var language in new[] { "ru-RU", "en-GB" })
        {
            var page = await OpenAsync(address, look with { Language = language });
            var title = await page.TitleAsync();
            Assert.EndsWith(" · BookIT", title, StringComparison.Ordinal);
            Assert.Equal(language[..2], await page.Locator("html").GetAttributeAsync("lang"));
            if (language == "ru-RU")
            {
                Assert.Matches(new Regex("[а-яё]", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(1)), title);
            }

            foreach (var width in new[] { 390, 1280 })
            {
                await page.SetViewportSizeAsync(width, 844);
                foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
                {
                    await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                    Assert.Empty(await ViolationsAsync(page));
                }

                Assert.Empty(await OverflowAsync(page));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task It_fits_a_narrow_screen_and_large_letters(string path, string who)
    {
        var (address, look) = await VisitAsync(path, who);
        foreach (var language in new[] { "ru-RU", "en-GB" })
        {
            var page = await OpenAsync(address, look with { Width = 320, Language = language });
            Assert.Empty(await OverflowAsync(page));

            await page.SetViewportSizeAsync(390, 844);
            await page.EvaluateAsync("() => { document.documentElement.style.fontSize = '200%' }");
            Assert.Empty(await OverflowAsync(page));
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task It_says_so_when_the_api_is_away(string path, string who)
    {
        Expect("net::ERR_FAILED");
        var (address, look) = await VisitAsync(path, who);
        var page = await NewPageAsync(look);
        await page.RouteAsync("**/api/**", route => route.AbortAsync());

        await page.GotoAsync(address);

        await Eventually.TrueAsync(async () => (await page.Locator("main").InnerTextAsync()).Trim().Length > 10);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task It_is_never_blank_while_the_api_is_slow(string path, string who)
    {
        var (address, look) = await VisitAsync(path, who);
        var page = await NewPageAsync(look);
        var answers = new TaskCompletionSource();
        await page.RouteAsync(
            "**/api/**",
            async route =>
            {
                await answers.Task;
                await route.ContinueAsync();
            }
        );

        await page.GotoAsync(address);

        await Eventually.TrueAsync(async () => (await page.Locator("main").InnerTextAsync()).Trim().Length > 5);
        answers.SetResult();
        await ReadyAsync(page);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/sign-in")]
    public async Task The_first_load_is_small(string path)
    {
        var page = await OpenAsync(path);

        var sizes = await page.EvaluateAsync<double[]>(
            """
            () => performance.getEntriesByType('resource')
              .filter(entry => new URL(entry.name).pathname.endsWith('.js')).map(entry => entry.encodedBodySize)
            """
        );

        Assert.All(sizes, size => Assert.True(size > 0));
        var total = sizes.Sum();
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{path}: {total / 1024:0.0} KiB in {sizes.Length} scripts")
        );
        Assert.InRange(total, 10 * 1024, 200 * 1024);
    }
}
