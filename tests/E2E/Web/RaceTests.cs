using System.Collections.Concurrent;
using BookIT.Tests.E2E.Admin;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>Two people and one seat, and one person who presses twice.</summary>
public sealed class RaceTests(Chromium chromium, NoonServer server)
    : BrowserTests<NoonServer>(chromium, server),
        IClassFixture<NoonServer>
{
    /// <summary>The map, with a seat's sheet open.</summary>
    private async Task<IPage> OpenSeatAsync(Guid seat, ApiClient? member = null)
    {
        var page = await OpenAsync($"/?seat={seat}", new Look { As = member ?? await Server.MemberAsync() });
        await SeesAsync(page.ButtonThatBegins("Book "));
        return page;
    }

    /// <summary>Holds back what pages send to book, until so many have sent it.</summary>
    private static async Task MeetAsync(params IPage[] pages)
    {
        var coming = pages.Length;
        var met = new TaskCompletionSource();
        foreach (var page in pages)
        {
            await page.RouteAsync(
                "**/api/reservations",
                async route =>
                {
                    if (route.Request.Method == "POST" && !met.Task.IsCompleted)
                    {
                        if (Interlocked.Decrement(ref coming) == 0)
                        {
                            met.SetResult();
                        }

                        await met.Task;
                    }

                    await route.ContinueAsync();
                }
            );
        }
    }

    private Task<long> BookingsAsync(string where) =>
        Server.QueryAsync<long>($"SELECT count(*) FROM reservations WHERE {where}");

    [Fact]
    public async Task Of_two_who_book_at_once_one_is_told_kindly_and_books_the_next_seat_by_one_tap()
    {
        Expect("status of 400 .*/api/reservations");
        var seat = await Server.SeatAsync("R-1");
        var far = await Server.SeatAsync("R-3", 180);
        var next = await Server.SeatAsync("R-2", 60);
        IPage[] pages = [await OpenSeatAsync(seat), await OpenSeatAsync(seat)];
        await MeetAsync(pages);

        await Task.WhenAll(pages.Select(page => page.Sheet("R-1").ButtonThatBegins("Book ").TapAsync()));

        foreach (var page in pages)
        {
            await SeesAsync(page.Sheet("R-1 is yours").Or(page.GetByText("Somebody was a moment faster.")).First);
        }

        Assert.Equal(1, await BookingsAsync($"seat_id = '{seat}'"));
        var yours = pages[0].Sheet("R-1 is yours");
        var loser = await yours.CountAsync() == 1 ? pages[1] : pages[0];
        Assert.Equal(0, await loser.Sheet("R-1 is yours").CountAsync());
        await SeesAsync(loser.GetByText("Somebody was a moment faster. These seats nearby are free:"));
        // The nearest first.
        var offers = loser.GetByRole(AriaRole.Listitem).Filter(new() { Has = loser.ButtonThatBegins("Book R-") });
        await Assertions.Expect(offers.Nth(0)).ToContainTextAsync("R-2");
        await Assertions.Expect(offers.Nth(1)).ToContainTextAsync("R-3");
        Assert.Empty(await ViolationsAsync(loser));

        await offers.Nth(0).ButtonThatBegins("Book R-2").TapAsync();

        await SeesAsync(loser.Sheet("R-2 is yours"));
        Assert.Equal(1, await BookingsAsync($"seat_id = '{next}'"));
        Assert.Equal(0, await BookingsAsync($"seat_id = '{far}'"));
    }

    [Fact]
    public async Task A_seat_that_goes_while_its_sheet_is_open_cannot_be_pressed_any_more_and_others_are_offered()
    {
        var (seat, next) = (await Server.SeatAsync("G-1", 0, 1000), await Server.SeatAsync("G-2", 60, 1000));
        var page = await OpenSeatAsync(seat);
        var now = TimeProvider.System.GetUtcNow();

        Assert.Equal(
            System.Net.HttpStatusCode.Created,
            (await (await Server.MemberAsync()).BookAsync(seat, now, now.AddHours(1))).Status
        );

        var sheet = page.Sheet("G-1");
        await SeesAsync(sheet.GetByText("Taken until"));
        await Assertions.Expect(sheet.ButtonThatBegins("Book 1")).ToHaveCountAsync(0);
        await sheet.ButtonThatBegins("Book G-2").TapAsync();
        await SeesAsync(page.Sheet("G-2 is yours"));
        Assert.Equal(1, await BookingsAsync($"seat_id = '{next}'"));
    }

    [Fact]
    public async Task Pressing_twice_books_once()
    {
        var (member, seat) = (await Server.MemberAsync(), await Server.SeatAsync("D-1", 0, 2000));
        var page = await OpenSeatAsync(seat, member);
        var (sent, pressed) = (0, new TaskCompletionSource());
        await page.RouteAsync(
            "**/api/reservations",
            async route =>
            {
                if (route.Request.Method == "POST")
                {
                    Interlocked.Increment(ref sent);
                    await pressed.Task;
                }

                await route.ContinueAsync();
            }
        );

        await page.ButtonThatBegins("Book ").DblClickAsync();
        // And once more, impatiently.
        await page.ButtonThatBegins("Book ").ClickAsync();
        pressed.SetResult();

        await SeesAsync(page.Sheet("D-1 is yours"));
        Assert.Equal(1, sent);
        Assert.Equal(1, await BookingsAsync($"user_id = '{member.UserId}'"));
    }

    [Fact]
    public async Task Who_presses_again_because_no_answer_came_has_booked_once_and_learns_it()
    {
        Expect("net::ERR_FAILED");
        var (member, seat) = (await Server.MemberAsync(), await Server.SeatAsync("N-1", 0, 3000));
        var page = await NewPageAsync(new Look { As = member });
        var keys = new ConcurrentQueue<string>();
        // Nothing else tells the page what has become of it.
        await page.RouteAsync("**/api/seat/live**", route => route.AbortAsync());
        await page.RouteAsync(
            "**/api/reservations",
            async route =>
            {
                if (route.Request.Method != "POST")
                {
                    await (keys.IsEmpty ? route.ContinueAsync() : route.AbortAsync());
                    return;
                }

                keys.Enqueue(route.Request.Headers["idempotency-key"]);
                if (keys.Count == 1)
                {
                    // The Api has heard it, and its answer is lost on the way.
                    Assert.Equal(201, (await route.FetchAsync()).Status);
                    await route.AbortAsync();
                    return;
                }

                await route.ContinueAsync();
            }
        );
        await page.RouteAsync("**/api/seat?**", route => keys.IsEmpty ? route.ContinueAsync() : route.AbortAsync());
        await page.GotoAsync($"/?seat={seat}");

        await page.Sheet("N-1").ButtonThatBegins("Book ").TapAsync();
        await SeesAsync(page.Sheet("N-1").GetByText("BookIT cannot be reached right now."));
        await page.Sheet("N-1").ButtonThatBegins("Book ").TapAsync();

        await SeesAsync(page.Sheet("N-1 is yours"));
        Assert.Equal(2, keys.Count);
        Assert.Single(keys.Distinct());
        Assert.Equal(1, await BookingsAsync($"user_id = '{member.UserId}'"));
    }
}
