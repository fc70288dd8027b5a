using System.Collections.Concurrent;
using System.Globalization;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>Nothing moves away from under a finger while a page is being loaded, however the answers come in.</summary>
public sealed class StillnessTests(Chromium chromium, DemoServer server)
    : BrowserTests<DemoServer>(chromium, server),
        IClassFixture<DemoServer>
{
    private const double Most = 0.02;

    // Somebody who is in, somebody who is expected, and somebody who has booked nothing.
    [Theory]
    [InlineData("/", Pages.Nobody)]
    [InlineData("/", Pages.Member)]
    [InlineData("/?view=list", Pages.Member)]
    [InlineData("/sign-in", Pages.Nobody)]
    [InlineData("/register", Pages.Nobody)]
    [InlineData("/bookings", Pages.Member)]
    [InlineData("/bookings", "demo_email_6")]
    [InlineData("/bookings", "demo_email_0")]
    [InlineData("/pass", Pages.Member)]
    [InlineData("/pass", "demo_email_6")]
    [InlineData("/pass", "demo_email_0")]
    [InlineData("/profile", Pages.Member)]
    [InlineData("/tickets", Pages.Member)]
    [InlineData("/admin", Pages.Admin)]
    public async Task A_page_stands_still_while_it_is_loaded(string path, string who)
    {
        var (address, look) = await Server.VisitAsync(path, who);
        foreach (var width in new[] { 390, 1280 })
        {
            var page = await NewPageAsync(look with { Width = width });
            await page.AddInitScriptAsync(
                """
                window.moved = []
                new PerformanceObserver(list => moved.push(...list.getEntries().filter(shift => !shift.hadRecentInput)))
                  .observe({ type: 'layout-shift', buffered: true })
                """
            );

            await LoadStepByStepAsync(page, address);

            var total = await page.EvaluateAsync<double>("() => moved.reduce((sum, { value }) => sum + value, 0)");
            TestContext.Current.TestOutputHelper?.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{path}, {width} px wide: {total:0.0000}")
            );
            Assert.True(total < Most, await MovedAsync(page, total));
        }
    }

    /// <summary>Each answer of the Api is held back until the page has shown what the one before it said.</summary>
    private static async Task LoadStepByStepAsync(IPage page, string address)
    {
        var held = new ConcurrentQueue<TaskCompletionSource>();
        var underway = new ConcurrentDictionary<IRequest, bool>();
        await page.RouteAsync(
            "**/api/**",
            async route =>
            {
                var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                held.Enqueue(turn);
                await turn.Task;
                await route.ContinueAsync();
            }
        );
        // The stream of what happens to the seats does not end.
        page.Request += (_, request) =>
            underway.TryAdd(request, request.Url.Contains("/api/seat/live", StringComparison.Ordinal));
        page.RequestFinished += (_, request) => underway.TryRemove(request, out var _);
        page.RequestFailed += (_, request) => underway.TryRemove(request, out var _);

        await page.GotoAsync(address);
        await page.Locator("main h1, main .animate-pulse").First.WaitForAsync();
        await Eventually.TrueAsync(async () =>
        {
            if (held.TryDequeue(out var turn))
            {
                turn.SetResult();
            }

            await page.EvaluateAsync(
                "() => new Promise(shown => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(shown))))"
            );
            return held.IsEmpty
                && underway.Values.All(isStream => isStream)
                && await page.EvaluateAsync<bool>(
                    "() => document.querySelector('main h1') !== null && document.querySelector('.animate-pulse') === null"
                );
        });
    }

    private static Task<string> MovedAsync(IPage page, double total) =>
        page.EvaluateAsync<string>(
            """
            total => `${total} in all\n` + moved.map(({ value, sources }) => `${value}\n` + sources
              .map(({ node, previousRect: was, currentRect: is }) =>
                `  from ${was.y}+${was.height} to ${is.y}+${is.height}: ${(node?.outerHTML ?? '?').slice(0, 150)}`)
              .join('\n')).join('\n')
            """,
            total
        );
}
