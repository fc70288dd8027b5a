using System.Globalization;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What holds for every page.</summary>
public sealed class PageTests(Chromium chromium, DemoServer server)
    : BrowserTests<DemoServer>(chromium, server),
        IClassFixture<DemoServer>
{
    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public async Task It_opens_for_everybody(string path, string who)
    {
        var (address, look) = await Server.VisitAsync(path, who);
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
                foreach (var scheme in Schemes)
                {
                    await WearAsync(page, scheme);
                    Assert.Empty(await ViolationsAsync(page));
                }

                Assert.Empty(await OverflowAsync(page));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public async Task It_fits_a_narrow_screen_large_letters_and_fingers(string path, string who)
    {
        var (address, look) = await Server.VisitAsync(path, who);
        foreach (var language in new[] { "ru-RU", "en-GB" })
        {
            var page = await OpenAsync(address, look with { Width = 320, Language = language });
            Assert.Empty(await OverflowAsync(page));

            await page.SetViewportSizeAsync(390, 844);
            Assert.Empty(await SmallTargetsAsync(page));
            await page.EvaluateAsync("() => { document.documentElement.style.fontSize = '200%' }");
            Assert.Empty(await OverflowAsync(page));
        }
    }

    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public async Task It_says_so_when_the_api_is_away(string path, string who)
    {
        Expect("net::ERR_FAILED");
        var (address, look) = await Server.VisitAsync(path, who);
        var page = await NewPageAsync(look);
        await page.RouteAsync("**/api/**", route => route.AbortAsync());

        await page.GotoAsync(address);

        await Eventually.TrueAsync(async () => (await page.Locator("main").InnerTextAsync()).Trim().Length > 10);
        foreach (var scheme in Schemes)
        {
            await WearAsync(page, scheme);
            Assert.Empty(await ViolationsAsync(page));
        }

        Assert.Empty(await OverflowAsync(page));
    }

    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public async Task It_is_never_blank_while_the_api_is_slow(string path, string who)
    {
        var (address, look) = await Server.VisitAsync(path, who);
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

    [Fact]
    public async Task The_map_lies_on_a_light_picture_of_the_floor()
    {
        var page = await NewPageAsync(new Look { Width = 1280 });

        var answer = await page.RunAndWaitForResponseAsync(
            () => page.GotoAsync("/"),
            answer => answer.Url.Contains("/api/floor/plan/", StringComparison.Ordinal)
        );

        Assert.InRange((await answer.BodyAsync()).Length, 1_000, 10_000);
        Assert.Contains("immutable", await answer.HeaderValueAsync("cache-control"), StringComparison.Ordinal);
        await SeesAsync(page.GetByRole(AriaRole.Group, new() { Name = "Floor map" }).Locator("image"));
        await SeesAsync(page.SeatOnMap("A1"));
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

    [Fact]
    public async Task Its_policy_keeps_out_what_is_inline()
    {
        // That is how the browser tells of it. In every other test it is an error.
        Expect("Content Security Policy");
        var page = await OpenAsync("/sign-in");
        await page.EvaluateAsync(
            """
            () => {
              window.refused = []
              addEventListener('securitypolicyviolation', ({ effectiveDirective }) => refused.push(effectiveDirective))
              const script = document.createElement('script')
              script.textContent = 'window.hasRun = true'
              const style = document.createElement('style')
              style.textContent = 'main { display: none }'
              const markup = document.createElement('p')
              markup.innerHTML = '<b style="display: none">bold</b><img src="https://evil.example/" onerror="hasRun = true">'
              document.body.append(script, style, markup)
            }
            """
        );

        await Eventually.TrueAsync(() => page.EvaluateAsync<bool>("() => new Set(refused).size === 5"));
        var refused = await page.EvaluateAsync<string[]>("() => refused");
        Assert.False(await page.EvaluateAsync<bool>("() => 'hasRun' in window"));
        await SeesAsync(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" }));
        await SeesAsync(page.Locator("b"));
        Assert.All(
            ["script-src-elem", "style-src-elem", "style-src-attr", "script-src-attr", "img-src"],
            directive => Assert.Contains(directive, refused)
        );
    }

    [Fact]
    public async Task Seats_are_as_large_as_a_finger_until_somebody_zooms_out()
    {
        foreach (var width in new[] { 320, 390, 1280 })
        {
            var page = await OpenAsync("/", new Look { Width = width });
            // The map is there before it knows its size, and its seats after that.
            await SeesAsync(page.SeatOnMap("A1"));

            var smallest = await page.EvaluateAsync<double>(
                """
                () => Math.min(...[...document.querySelectorAll('[data-seat] > circle:first-of-type')]
                  .map(circle => circle.getBoundingClientRect().width))
                """
            );

            Assert.InRange(smallest, 43.9, 200);
        }
    }
}
