using System.Text.RegularExpressions;
using BookIT.Core.Demo;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>Whoever has no mouse gets everywhere, and sees where they are on each stop of the way.</summary>
public sealed class KeyboardTests(Chromium chromium, DemoServer server)
    : BrowserTests<DemoServer>(chromium, server),
        IClassFixture<DemoServer>
{
    private static readonly Regex BookNow = new("^Book ", RegexOptions.None, TimeSpan.FromSeconds(1));

    /// <summary>Presses Tab until something has the focus; on each stop it is to be seen where that is.</summary>
    private static async Task StepToAsync(IPage page, ILocator target)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            await SeesFocusAsync(page);
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        Assert.Fail($"{target} cannot be reached by the keyboard.");
    }

    /// <summary>
    /// A line is drawn around what has the focus, or around the part of it that one sees; around a seat there is a ring.
    /// </summary>
    private static async Task SeesFocusAsync(IPage page)
    {
        var unseen = await page.EvaluateAsync<string?>(
            """
            () => {
              const element = document.activeElement
              if (element === document.body) return null
              const isLarge = part => part.getBoundingClientRect().width > 8
              const hasLine = part => isLarge(part) && getComputedStyle(part).outlineStyle !== 'none' &&
                parseFloat(getComputedStyle(part).outlineWidth) >= 2
              const hasRing = part => part.tagName === 'circle' && getComputedStyle(part).fill === 'none' &&
                getComputedStyle(part).opacity === '1'
              const parts = [element, ...element.querySelectorAll('*'), ...(element.labels ?? [])]
              return parts.some(part => hasLine(part) || hasRing(part)) ? null : element.outerHTML.slice(0, 300)
            }
            """
        );
        Assert.True(unseen is null, $"Nobody sees that the focus is on {unseen}");
    }

    private static ILocator Button(IPage page, string name) =>
        page.Locator("main").GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    [Fact]
    public async Task A_seat_is_booked_from_the_sign_in_to_the_pass()
    {
        var page = await OpenAsync("/sign-in", new Look { Width = 1280 });
        await StepToAsync(page, page.GetByLabel("E-mail"));
        await page.Keyboard.TypeAsync("demo_email_1@example.com");
        await StepToAsync(page, page.GetByLabel("Password", new() { Exact = true }));
        await page.Keyboard.TypeAsync(DemoSpace.Password);
        await page.Keyboard.PressAsync("Enter");
        await ArrivesAsync(page, "/");
        await ReadyAsync(page);

        // Half an hour longer than what is offered.
        var end = page.GetByRole(AriaRole.Slider, new() { Name = "End" });
        await StepToAsync(page, end);
        var before = await end.GetAttributeAsync("aria-valuetext");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(end).Not.ToHaveAttributeAsync("aria-valuetext", before!);
        await Assertions.Expect(page).ToHaveURLAsync(Finding.Pattern("start="));

        var seat = page.Locator("[data-seat][tabindex='0']");
        await StepToAsync(page, seat);
        var first = await seat.GetAttributeAsync("data-seat");
        await page.Keyboard.PressAsync("ArrowRight");
        while (await page.Locator("[data-seat]:focus").GetAttributeAsync("data-state") != "free")
        {
            await page.Keyboard.PressAsync("ArrowRight");
        }

        await SeesFocusAsync(page);
        Assert.NotEqual(first, await seat.GetAttributeAsync("data-seat"));
        await page.Keyboard.PressAsync("Enter");
        var sheet = page.GetByRole(AriaRole.Dialog);
        await StepToAsync(page, sheet.GetByRole(AriaRole.Button, new() { NameRegex = BookNow }));
        await page.Keyboard.PressAsync("Enter");
        await StepToAsync(page, sheet.GetByRole(AriaRole.Link, new() { Name = "Show the pass" }));
        await page.Keyboard.PressAsync("Enter");

        await SeesAsync(page.GetByRole(AriaRole.Img, new() { Name = "QR code of the pass" }));
        await StepToAsync(page, Button(page, "Close"));
        await page.Keyboard.PressAsync("Enter");
        await ArrivesAsync(page, url => new Uri(url).AbsolutePath == "/");
    }

    [Fact]
    public async Task Escape_closes_a_sheet_and_nothing_else_takes_the_focus_meanwhile()
    {
        var page = await OpenAsync("/", new Look { As = await Server.DemoAsync("demo_email_2"), Width = 1280 });
        var filters = page.Locator("main")
            .GetByRole(AriaRole.Button, new() { NameRegex = Finding.Pattern("^Filters") });
        await StepToAsync(page, filters);
        await page.Keyboard.PressAsync("Enter");
        var sheet = page.GetByRole(AriaRole.Dialog);
        await SeesAsync(sheet);

        for (var presses = 0; presses < 30; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.True(await sheet.EvaluateAsync<bool>("sheet => sheet.contains(document.activeElement)"));
            await SeesFocusAsync(page);
        }

        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(sheet).ToHaveCountAsync(0);
        await Assertions.Expect(filters).ToBeFocusedAsync();
    }

    [Fact]
    public async Task What_is_pressed_while_the_minute_changes_is_not_lost()
    {
        var page = await NewPageAsync(new Look { As = await Server.DemoAsync("demo_email_2"), Width = 1280 });
        await page.Clock.InstallAsync();
        await page.GotoAsync(At("/"));
        await ReadyAsync(page);
        var end = page.GetByRole(AriaRole.Slider, new() { Name = "End" });
        await end.FocusAsync();
        // By the page's own clock: nothing tells it another time meanwhile.
        await page.RouteAsync("**/api/**", _ => { });
        var soon = TimeProvider.System.GetUtcNow().AddMinutes(2);
        var minute = soon.AddTicks(-(soon.Ticks % TimeSpan.TicksPerMinute));
        await page.Clock.PauseAtAsync(minute.AddSeconds(-1).UtcDateTime);
        var offered = await MinutesAsync();

        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowRight");
        var wished = await MinutesAsync();
        // The fingers do not rest before the minute has changed; there and back, so that nothing else is wished for.
        for (var presses = 0; presses < 16; presses++)
        {
            await page.Clock.RunForAsync(200);
            await page.Keyboard.PressAsync(presses % 2 == 0 ? "ArrowRight" : "ArrowLeft");
        }

        await page.Clock.RunForAsync(1_000);

        Assert.NotEqual(offered, wished);
        Assert.Equal(wished, await MinutesAsync());
        await Assertions.Expect(page).ToHaveURLAsync(Finding.Pattern("start="));

        Task<string?> MinutesAsync() => end.GetAttributeAsync("aria-valuetext");
    }

    [Fact]
    public async Task The_notices_say_which_key_leads_to_them()
    {
        var page = await OpenAsync("/profile", new Look { As = await Server.MemberAsync(), Width = 1280 });
        var name = page.Region("Name");
        await name.Field("First name").FillAsync("Zoë");
        await name.Field("First name").PressAsync("Enter");
        var notices = page.Region("Notices (F8)");
        await Assertions.Expect(notices).ToContainTextAsync("Saved");

        await page.Keyboard.PressAsync("F8");

        await Assertions.Expect(notices.GetByRole(AriaRole.List)).ToBeFocusedAsync();
    }

    /// <summary>Where a seat is, whatever is drawn around it while it has the focus.</summary>
    private static async Task<LocatorBoundingBoxResult> PlaceAsync(ILocator seat) =>
        (await seat.Locator("circle").First.BoundingBoxAsync())!;

    /// <summary>Drags the map until a seat is to be seen close to its left edge; where such a seat is.</summary>
    private static async Task<(ILocator Seat, LocatorBoundingBoxResult Box)> SeatAtEdgeAsync(IPage page)
    {
        var map = (await page.Locator("svg:has([data-seat])").BoundingBoxAsync())!;
        var (x, y) = (map.X + map.Width / 2, map.Y + map.Height - 10);
        for (var drags = 0; drags < 40; drags++)
        {
            var id = await page.EvaluateAsync<string?>(
                """
                () => {
                  const map = document.querySelector('svg:has([data-seat])').getBoundingClientRect()
                  return [...document.querySelectorAll('[data-seat]')].find(seat => {
                    const { left, top, bottom, width } = seat.getBoundingClientRect()
                    const fromEdge = left + width / 2 - map.left
                    return fromEdge > 5 && fromEdge < 35 && top > map.top && bottom < map.bottom
                  })?.dataset.seat
                }
                """
            );
            if (id is not null)
            {
                var seat = page.Locator($"[data-seat='{id}']");
                return (seat, await PlaceAsync(seat));
            }

            await page.Mouse.MoveAsync(x, y);
            await page.Mouse.DownAsync();
            await page.Mouse.MoveAsync(x - 25, y, new MouseMoveOptions { Steps = 2 });
            await page.Mouse.UpAsync();
        }

        throw new InvalidOperationException("No seat comes to the edge of the map.");
    }

    [Fact]
    public async Task The_map_follows_the_keys_and_stays_where_it_is_under_the_mouse()
    {
        var page = await OpenAsync("/", new Look { Width = 1280 });
        await page.Button("Zoom in").ClickAsync();
        await page.Button("Zoom in").ClickAsync();

        var (seat, before) = await SeatAtEdgeAsync(page);
        await page.Keyboard.PressAsync("Tab");
        await seat.FocusAsync();
        await Eventually.TrueAsync(async () => (await PlaceAsync(seat)).X > before.X + 1);

        (seat, before) = await SeatAtEdgeAsync(page);
        await page.Mouse.MoveAsync(before.X + before.Width / 2, before.Y + before.Height / 2);
        await page.Mouse.DownAsync();
        await Assertions.Expect(seat).ToBeFocusedAsync();
        await page.EvaluateAsync(
            "() => new Promise(shown => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(shown))))"
        );
        Assert.Equal(before.X, (await PlaceAsync(seat)).X);
        await page.Mouse.UpAsync();
        await SeesAsync(page.GetByRole(AriaRole.Dialog));
    }

    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public async Task On_every_page_one_sees_where_one_is(string path, string who)
    {
        var (address, look) = await Server.VisitAsync(path, who);
        var page = await OpenAsync(address, look with { Width = 1280 });

        for (var presses = 0; presses < 80; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            await SeesFocusAsync(page);
            if (await page.EvaluateAsync<bool>("() => document.activeElement === document.body"))
            {
                return; // once around
            }
        }
    }
}
