using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>An Api that comes back at its address.</summary>
public sealed class SteadyServer(TestServers servers) : BookItServer(servers)
{
    private readonly string address = $"http://127.0.0.1:{Ports.Next()}";

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = address };
}

/// <summary>The Api dies, loses an answer or takes its time, just when somebody books.</summary>
public sealed partial class ApiAwayTests(Chromium chromium, SteadyServer server)
    : BrowserTests<SteadyServer>(chromium, server),
        IClassFixture<SteadyServer>
{
    private const string Away = "net::ERR_(CONNECTION|EMPTY|INCOMPLETE|FAILED|NETWORK)";
    private const string Reservations = "**/api/reservations";

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(3);

    /// <summary>The sheet of a new seat on an open map, and the keys of the bookings that are sent from it.</summary>
    private async Task<(IPage Page, ILocator Sheet, ConcurrentQueue<string> Keys)> AtSeatAsync(
        string name,
        bool hearsNothing = false
    )
    {
        var seat = await Server.SeatAsync(name);
        var page = await NewPageAsync(new Look { As = await Server.MemberAsync() });
        if (hearsNothing)
        {
            await page.RouteAsync("**/api/seat/live**", route => route.AbortAsync());
        }

        await page.RunAndWaitForRequestFinishedAsync(
            () => page.GotoAsync($"/?seat={seat}"),
            new PageRunAndWaitForRequestFinishedOptions { Predicate = request => TimesOfAll().IsMatch(request.Url) }
        );
        var keys = new ConcurrentQueue<string>();
        page.Request += (_, request) =>
        {
            if (request.Method == "POST" && request.Url.EndsWith("/api/reservations", StringComparison.Ordinal))
            {
                keys.Enqueue(request.Headers["idempotency-key"]);
            }
        };
        await SeesAsync(page.Sheet(name).ButtonThatBegins("Book "));
        await SeesAsync(page.Sheet(name).GetByText(Finding.Pattern("^Free: ")));
        await MarkAsync(page);
        return (page, page.Sheet(name), keys);
    }

    [GeneratedRegex("/api/seat/times(?!.*seat_id)", RegexOptions.None, 1000)]
    private static partial Regex TimesOfAll();

    private Task<long> BookingsAsync(string seat) =>
        Server.QueryAsync<long>(
            $"SELECT count(*) FROM reservations r JOIN seats s ON s.id = r.seat_id WHERE s.name = '{seat}'"
        );

    [Fact]
    public async Task One_that_is_away_is_told_and_booking_goes_on_when_it_is_back()
    {
        Expect(Away);
        var (page, sheet, keys) = await AtSeatAsync("Steady");

        await Server.Api.KillAsync();
        await sheet.ButtonThatBegins("Book ").ClickAsync();

        await SeesAsync(sheet.GetByText("BookIT cannot be reached right now."));
        await SeesAsync(sheet.ButtonThatBegins("Book "));
        Assert.Empty(await ViolationsAsync(page));
        Assert.Equal(0, await BookingsAsync("Steady"));

        await Server.RestartApiAsync();
        await sheet.ButtonThatBegins("Book ").ClickAsync();

        await SeesAsync(page.Sheet("Steady is yours"));
        await SeesAsync(page.Link("Show the pass"));
        Assert.Equal(1, await BookingsAsync("Steady"));
        Assert.Equal(2, keys.Count);
        Assert.Single(keys.Distinct());
        await AssertNotReloadedAsync(page);
    }

    [Fact]
    public async Task A_map_that_hears_nothing_says_so_until_it_does_again()
    {
        Expect(Away);
        var (page, _, _) = await AtSeatAsync("Heard");
        await page.Button("Close").ClickAsync();

        await Server.Api.KillAsync();
        await SeesAsync(page.GetByText("Updates are delayed"));
        await SeesAsync(page.SeatOnMap("Heard"));
        await Server.RestartApiAsync();

        // The longer it was away, the longer the page waits between two looks: a minute at the most.
        await Assertions
            .Expect(page.GetByText("Updates are delayed"))
            .ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 90_000 });
        await AssertNotReloadedAsync(page);
    }

    [Fact]
    public async Task What_is_known_of_the_seats_stays_when_now_moves_on_meanwhile()
    {
        Expect(Away);
        var (page, sheet, _) = await AtSeatAsync("Kept");
        await Server.Api.KillAsync();
        await sheet.ButtonThatBegins("Book ").ClickAsync();
        await SeesAsync(sheet.GetByText("BookIT cannot be reached right now."));
        var failed = new ConcurrentQueue<string>();
        page.RequestFailed += (_, request) =>
        {
            if (request.Url.Contains("/api/seat?", StringComparison.Ordinal))
            {
                failed.Enqueue(request.Url);
            }
        };

        await page.Clock.InstallAsync();
        await page.Clock.FastForwardAsync(60_000);
        // Three times at first; a fourth is sent when the page has long given up.
        await Eventually.TrueAsync(async () =>
        {
            await page.Clock.FastForwardAsync(1_000);
            return failed.GroupBy(url => url).Any(asked => asked.Count() > 3);
        });

        await SeesAsync(sheet.GetByText("BookIT cannot be reached right now."));
        await SeesAsync(sheet.ButtonThatBegins("Book "));
        await sheet.Button("Close").ClickAsync();
        await SeesAsync(page.SeatOnMap("Kept"));
        await SeesAsync(page.GetByText("Updates are delayed"));
        await Assertions.Expect(page.Button("Try again")).ToHaveCountAsync(0);
        Assert.Empty(await ViolationsAsync(page));

        await Server.RestartApiAsync();
        // Other tests' seats may lie over it.
        await page.SeatOnMap("Kept").PressAsync("Enter");
        await sheet.ButtonThatBegins("Book ").ClickAsync();
        await SeesAsync(page.Sheet("Kept is yours"));
        await AssertNotReloadedAsync(page);
    }

    [Fact]
    public async Task The_seats_that_are_offered_instead_stay_when_now_moves_on_meanwhile()
    {
        Expect(Away);
        var (seat, now) = (await Server.SeatAsync("Busy", y: 5_000), TimeProvider.System.GetUtcNow());
        await Server.SeatAsync("Beside", x: 60, y: 5_000);
        await Server.ReservationAsync((await Server.MemberAsync()).UserId, seat, now, now.AddHours(2), "active");
        var page = await NewPageAsync(new Look { As = await Server.MemberAsync() });
        await page.GotoAsync($"/?seat={seat}");
        var offer = page.Sheet("Busy").ButtonThatBegins("Book Beside,");
        await SeesAsync(offer);
        var before = await offer.GetAttributeAsync("aria-label");
        var failed = new ConcurrentQueue<string>();
        page.RequestFailed += (_, request) =>
        {
            if (request.Url.Contains("/nearest?", StringComparison.Ordinal))
            {
                failed.Enqueue(request.Url);
            }
        };

        await Server.Api.KillAsync();
        await page.Clock.InstallAsync();
        await page.Clock.FastForwardAsync(60_000);
        await Eventually.TrueAsync(async () =>
        {
            await page.Clock.FastForwardAsync(1_000);
            return failed.GroupBy(url => url).Any(asked => asked.Count() >= 3);
        });
        // Whatever follows from the last of them.
        await page.Clock.FastForwardAsync(1_000);

        await SeesAsync(offer);
        Assert.NotEqual(before, await offer.GetAttributeAsync("aria-label"));
        await Server.RestartApiAsync();
    }

    /// <summary>A booking arrives; its answer does not.</summary>
    private static async Task LoseAnswersAsync(IPage page) =>
        await page.RouteAsync(
            Reservations,
            async route =>
            {
                if (route.Request.Method == "POST")
                {
                    await route.FetchAsync();
                    await route.AbortAsync();
                }
                else
                {
                    await route.FallbackAsync();
                }
            }
        );

    [Fact]
    public async Task A_booking_whose_answer_was_lost_is_not_made_twice()
    {
        Expect(Away);
        var (page, sheet, keys) = await AtSeatAsync("Lost", hearsNothing: true);
        // Nothing else comes through to tell of it either.
        await page.RouteAsync("**/api/**", route => route.AbortAsync());
        await LoseAnswersAsync(page);

        await sheet.ButtonThatBegins("Book ").ClickAsync();
        await SeesAsync(sheet.GetByText("BookIT cannot be reached right now."));
        Assert.Equal(1, await BookingsAsync("Lost"));
        // Still nothing else: a list that came through before the press would leave nothing to press.
        await page.UnrouteAsync(Reservations);
        await page.RouteAsync(
            Reservations,
            route => route.Request.Method == "POST" ? route.ContinueAsync() : route.FallbackAsync()
        );
        await sheet.ButtonThatBegins("Book ").ClickAsync();

        await SeesAsync(page.Sheet("Lost is yours"));
        Assert.Equal(1, await BookingsAsync("Lost"));
        Assert.Equal(2, keys.Count);
        Assert.Single(keys.Distinct());
    }

    [Fact]
    public async Task A_booking_whose_answer_was_lost_is_found_all_the_same()
    {
        Expect(Away);
        var (page, sheet, _) = await AtSeatAsync("Found");
        await LoseAnswersAsync(page);

        await sheet.ButtonThatBegins("Book ").ClickAsync();

        await SeesAsync(sheet.GetByRole(AriaRole.Link, new() { Name = "Show the pass" }));
        Assert.Equal(1, await BookingsAsync("Found"));
    }

    [Fact]
    public async Task One_that_is_slow_is_waited_for_and_asked_once()
    {
        var (page, sheet, keys) = await AtSeatAsync("Slow");
        var pressed = new TaskCompletionSource();
        await page.RouteAsync(
            Reservations,
            async route =>
            {
                await Task.WhenAll(Task.Delay(Slow), pressed.Task);
                await route.ContinueAsync();
            }
        );
        var book = sheet.ButtonThatBegins("Book ");

        await book.DblClickAsync();
        await Assertions.Expect(book).ToHaveAttributeAsync("aria-busy", "true");
        await book.ClickAsync();
        await book.PressAsync("Enter");
        pressed.SetResult();

        await SeesAsync(page.Sheet("Slow is yours"));
        Assert.Single(keys);
        Assert.Equal(1, await BookingsAsync("Slow"));
    }

    [Fact]
    public async Task Another_attempt_of_the_same_person_has_another_key()
    {
        Expect("status of 400");
        var (page, sheet, keys) = await AtSeatAsync("Wanted", hearsNothing: true);
        Expect(Away);
        var other = await Server.MemberAsync();
        var now = TimeProvider.System.GetUtcNow();
        var seat = await Server.QueryAsync<Guid>("SELECT id FROM seats WHERE name = 'Wanted'");
        var spare = await Server.SeatAsync("Spare");
        await page.RouteAsync("**/api/seat?**", route => route.AbortAsync());
        await Server.ReservationAsync(other.UserId, seat, now, now.AddHours(1), "active");

        await sheet.ButtonThatBegins("Book ").ClickAsync();
        await SeesAsync(page.GetByText("Somebody was a moment faster."));
        await page.UnrouteAsync("**/api/seat?**");
        await page.ButtonThatBegins("Book Spare,").ClickAsync();

        await SeesAsync(page.Sheet("Spare is yours"));
        Assert.Equal(2, keys.Distinct().Count());
        Assert.Equal(1L, await Server.QueryAsync<long>($"SELECT count(*) FROM reservations WHERE seat_id = '{spare}'"));
    }

    [Theory]
    [InlineData("/bookings")]
    [InlineData("/pass")]
    [InlineData("/tickets")]
    public async Task A_page_that_could_not_be_read_is_read_when_one_tries_again(string path)
    {
        Expect(Away);
        var page = await NewPageAsync(new Look { As = await Server.MemberAsync() });
        await page.RouteAsync("**/api/**", route => route.AbortAsync());
        await page.GotoAsync(path);
        await SeesAsync(page.Locator("main").GetByText("BookIT cannot be reached right now."));

        // It asks again by itself as well, from time to time; that is not answered before the press.
        var pressed = new TaskCompletionSource();
        await page.RouteAsync(
            "**/api/**",
            async route =>
            {
                await pressed.Task;
                await route.ContinueAsync();
            }
        );
        await page.Button("Try again").ClickAsync();
        pressed.SetResult();

        await SeesAsync(
            page.GetByText(
                path switch
                {
                    "/bookings" => "Nothing is booked",
                    "/pass" => "There is no booking to show a pass for",
                    _ => "No tickets yet",
                }
            )
        );
    }

    private const string Profile = "**/assets/ProfilePage-*.js";
    private const string Part = "Failed to (load resource|fetch dynamically)|importing a module|error loading";

    [Fact]
    public async Task A_page_whose_parts_cannot_be_had_just_now_is_there_when_one_tries_again()
    {
        Expect(Away);
        Expect(Part);
        var page = await OpenAsync("/", new Look { As = await Server.MemberAsync() });
        await MarkAsync(page);
        await Server.Api.KillAsync();

        await page.Link("Profile").ClickAsync();
        await SeesAsync(page.Locator("main").GetByText("BookIT cannot be reached right now."));
        Assert.Empty(await ViolationsAsync(page));
        var again = page.Button("Try again");
        await again.ClickAsync();
        // While it tries it takes no other press.
        await Assertions.Expect(again).Not.ToHaveAttributeAsync("aria-busy", "true");
        await SeesAsync(page.Locator("main").GetByText("BookIT cannot be reached right now."));
        await AssertNotReloadedAsync(page);

        await Server.RestartApiAsync();
        await again.ClickAsync();
        await ArrivesAsync(page, "/profile");
        await SeesAsync(page.Heading("Profile"));
    }

    [Fact]
    public async Task A_page_that_was_left_for_one_whose_parts_do_not_come_can_be_gone_back_to()
    {
        Expect(Away);
        Expect(Part);
        var page = await OpenAsync("/", new Look { As = await Server.MemberAsync() });
        await page.RouteAsync(Profile, route => route.AbortAsync());
        await page.Link("Profile").ClickAsync();
        await SeesAsync(page.Button("Try again"));

        await page.Link("Map").ClickAsync();

        await ReadyAsync(page);
        await Assertions.Expect(page.Button("Try again")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task An_old_page_whose_parts_are_gone_is_loaded_anew()
    {
        Expect("status of 404");
        Expect(Part);
        var page = await OpenAsync("/", new Look { As = await Server.MemberAsync() });
        await MarkAsync(page);
        await page.RouteAsync(Profile, route => route.FulfillAsync(new() { Status = 404 }));
        // What the server has is another version than the one that is open.
        await page.RouteAsync(
            At("/"),
            async route =>
            {
                if (route.Request.ResourceType == "fetch")
                {
                    await route.FulfillAsync(new() { Body = "<script type=module src=/assets/index-next.js>" });
                }
                else
                {
                    await route.ContinueAsync();
                }
            }
        );

        await page.Link("Profile").ClickAsync();

        await page.WaitForFunctionAsync("() => window.isStillTheSame === undefined");
        await ReadyAsync(page);
    }

    [Fact]
    public async Task One_whose_part_is_missing_in_the_newest_version_is_not_loaded_over_and_over()
    {
        Expect("status of 404");
        Expect(Part);
        var page = await NewPageAsync(new Look { As = await Server.MemberAsync() });
        await page.RouteAsync(Profile, route => route.FulfillAsync(new() { Status = 404 }));
        await page.GotoAsync("/profile");
        await SeesAsync(page.Button("Try again"));
        await MarkAsync(page);

        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        await SeesAsync(page.Button("Try again"));
        await AssertNotReloadedAsync(page);
    }
}
