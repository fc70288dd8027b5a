using System.Collections.Concurrent;
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
public sealed class ApiAwayTests(Chromium chromium, SteadyServer server)
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

        await page.GotoAsync($"/?seat={seat}");
        var keys = new ConcurrentQueue<string>();
        page.Request += (_, request) =>
        {
            if (request.Method == "POST" && request.Url.EndsWith("/api/reservations", StringComparison.Ordinal))
            {
                keys.Enqueue(request.Headers["idempotency-key"]);
            }
        };
        await SeesAsync(page.Sheet(name).ButtonThatBegins("Book "));
        await MarkAsync(page);
        return (page, page.Sheet(name), keys);
    }

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

        await Assertions
            .Expect(page.GetByText("Updates are delayed"))
            .ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 60_000 });
        await AssertNotReloadedAsync(page);
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
        await page.UnrouteAsync(Reservations);
        await page.RouteAsync(Reservations, route => route.ContinueAsync());
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
        await page.RouteAsync(
            Reservations,
            async route =>
            {
                await Task.Delay(Slow);
                await route.ContinueAsync();
            }
        );
        var book = sheet.ButtonThatBegins("Book ");

        await book.DblClickAsync();
        await Assertions.Expect(book).ToHaveAttributeAsync("aria-busy", "true");
        await book.ClickAsync();
        await book.PressAsync("Enter");

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

        await page.UnrouteAsync("**/api/**");
        await page.Button("Try again").ClickAsync();

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
}
