using System.Globalization;
using System.Net;
using BookIT.Tests.E2E.Admin;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What others do meanwhile, what the server refuses, and fingers that are too fast.</summary>
public sealed class FaultTests(Chromium chromium, NoonServer server)
    : BrowserTests<NoonServer>(chromium, server),
        IClassFixture<NoonServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    /// <summary>Somebody with a booking, in hours from now.</summary>
    private async Task<(ApiClient Member, Guid Id)> BookedAsync(string seat, double from, double to)
    {
        var member = await Server.MemberAsync();
        var id = await Server.ReservationAsync(
            member.UserId,
            await Server.SeatAsync(seat),
            now.AddHours(from),
            now.AddHours(to)
        );
        return (member, id);
    }

    private static Task<IResponse> AnswerAsync(IPage page, string method, string path) =>
        page.WaitForResponseAsync(answer =>
            answer.Request.Method == method && new Uri(answer.Url).AbsolutePath == path
        );

    /// <summary>Holds what a page sends until the test lets it go, so that there is time to press again.</summary>
    private static async Task<TaskCompletionSource> HoldAsync(IPage page, string method)
    {
        var go = new TaskCompletionSource();
        await page.RouteAsync(
            "**/api/**",
            async route =>
            {
                if (route.Request.Method == method)
                {
                    await go.Task;
                }

                await route.FallbackAsync();
            }
        );
        return go;
    }

    /// <summary>A time in an address that is not from now on: that would be read anew with each minute.</summary>
    private string LaterToday()
    {
        var start = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero).AddHours(2);
        return $"start={start:yyyy-MM-ddTHH:mmZ}&end={start.AddHours(1):yyyy-MM-ddTHH:mmZ}";
    }

    [Fact]
    public async Task A_seat_that_is_removed_while_its_sheet_is_open_is_gone_and_others_are_offered()
    {
        var seat = await Server.SeatAsync("Doomed", 0, 0, "Fault zone");
        await Server.SeatAsync("Neighbour", 40, 0, "Fault zone");
        var page = await OpenAsync($"/?seat={seat}&{LaterToday()}", new Look { As = await Server.MemberAsync() });
        await SeesAsync(page.Sheet("Doomed").ButtonThatBegins("Book "));
        await MarkAsync(page);

        var admin = await Server.AdminAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/seat/{seat}")).Status);

        await SeesAsync(page.Sheet("There is no such seat"));
        Assert.Empty(await ViolationsAsync(page));
        await page.ButtonThatBegins("Book Neighbour,").ClickAsync();
        await SeesAsync(page.Sheet("Neighbour is yours"));
        await AssertNotReloadedAsync(page);
    }

    [Fact]
    public async Task Booking_a_seat_of_whose_end_nobody_has_told_is_refused_in_words()
    {
        Expect("status of 404|net::ERR_FAILED");
        var seat = await Server.SeatAsync("Phantom");
        var page = await NewPageAsync(new Look { As = await Server.MemberAsync() });
        await page.RouteAsync("**/api/seat/live**", route => route.AbortAsync());
        await page.GotoAsync($"/?seat={seat}&{LaterToday()}");
        var book = page.Sheet("Phantom").ButtonThatBegins("Book ");
        await SeesAsync(book);
        // Who hears nothing looks from time to time; not just before the press.
        var go = await HoldAsync(page, "GET");
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await (await Server.AdminAsync()).DeleteAsync($"/api/seat/{seat}")).Status
        );

        await book.ClickAsync();
        go.SetResult();

        await SeesAsync(page.Sheet("There is no such seat"));
    }

    [Fact]
    public async Task A_booking_that_is_cancelled_elsewhere_ends_on_its_open_pages()
    {
        var (member, id) = await BookedAsync("Fleeting", 0.1, 2);
        var list = await OpenAsync("/bookings", new Look { As = member });
        var pass = await OpenAsync($"/pass/{id}", new Look { As = member });
        await SeesAsync(list.GetByRole(AriaRole.Article, new() { Name = "Booking of Fleeting" }));
        await SeesAsync(pass.GetByAltText("QR code of the pass"));
        await MarkAsync(list);
        await MarkAsync(pass);

        var admin = await Server.AdminAsync();
        Assert.True(
            (await admin.DeleteAsync($"/api/admin/reservation/{id}", new { reason = "Water" }))
                .Response
                .IsSuccessStatusCode
        );

        await SeesAsync(list.GetByText("Nothing is booked"));
        await SeesAsync(list.Region("Past").GetByText("Fleeting"));
        await SeesAsync(pass.GetByText("This booking has ended or was cancelled"));
        await Assertions.Expect(pass.GetByAltText("QR code of the pass")).ToHaveCountAsync(0);
        await AssertNotReloadedAsync(list);
        await AssertNotReloadedAsync(pass);
    }

    [Fact]
    public async Task Changing_a_booking_of_whose_end_nobody_has_told_is_refused_in_words()
    {
        Expect("status of (400|409)|net::ERR_FAILED");
        var (member, id) = await BookedAsync("Ghostly", 1, 2);
        var page = await NewPageAsync(new Look { As = member });
        await page.RouteAsync("**/api/seat/live**", route => route.AbortAsync());
        await page.GotoAsync("/bookings");
        await ReadyAsync(page);
        await page.RouteAsync("**/api/reservations?**", route => route.AbortAsync());
        await page.RouteAsync("**/api/reservations/active", route => route.AbortAsync());
        Assert.Equal(
            HttpStatusCode.OK,
            (await member.PatchAsync($"/api/reservations/{id}", new { status = "closed" })).Status
        );

        await page.Button("Extend by 30 min").ClickAsync();

        await SeesAsync(page.GetByRole(AriaRole.Article).GetByRole(AriaRole.Alert));
        await page.UnrouteAllAsync();
        await page.ReloadAsync();
        await SeesAsync(page.GetByText("Nothing is booked"));
    }

    [Fact]
    public async Task Who_is_too_fast_for_the_server_hears_when_to_try_again()
    {
        Expect("status of 429");
        var seat = await Server.SeatAsync("Crowded");
        var page = await OpenAsync($"/?seat={seat}", new Look { As = await Server.MemberAsync() });
        await page.RouteAsync(
            "**/api/reservations",
            route =>
                route.FulfillAsync(
                    new RouteFulfillOptions
                    {
                        Status = 429,
                        ContentType = "application/problem+json",
                        Headers = new Dictionary<string, string> { ["Retry-After"] = "30" },
                        Body =
                            """{"status":429,"code":"too_many_requests","detail":"Too many requests. Wait a little."}""",
                    }
                )
        );
        var sheet = page.Sheet("Crowded");

        await sheet.ButtonThatBegins("Book ").ClickAsync();

        await SeesAsync(sheet.GetByText("Too many requests. Wait a little. You can try again in 30 seconds."));
        await page.UnrouteAllAsync();
        await sheet.ButtonThatBegins("Book ").ClickAsync();
        await SeesAsync(page.Sheet("Crowded is yours"));
    }

    [Fact]
    public async Task A_page_that_is_refused_for_long_says_so_at_once_and_asks_no_more()
    {
        Expect("status of 429");
        var page = await NewPageAsync(new Look { As = await Server.MemberAsync() });
        var asked = page.Context.Count("GET", "/api/ticket/my");
        await page.RouteAsync(
            "**/api/ticket/my**",
            route =>
                route.FulfillAsync(
                    new RouteFulfillOptions
                    {
                        Status = 429,
                        Headers = new Dictionary<string, string> { ["Retry-After"] = "120" },
                    }
                )
        );

        await page.GotoAsync("/tickets");

        await SeesAsync(page.Locator("main").GetByText("You can try again in 2 minutes."));
        Assert.Equal(1, asked());
    }

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task A_device_whose_clock_is_off_shows_and_books_by_the_servers(int minutes)
    {
        var (member, id) = await BookedAsync($"Timely {minutes}", 0.5, 1.5);
        var right = await NewPageAsync(new Look { As = member });
        var wrong = await NewPageAsync(new Look { As = member });
        await wrong.AddInitScriptAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                window.Date = new Proxy(Date, {
                  construct: (real, args) => args.length ? new real(...args) : new real(real.now() + {{minutes}} * 60_000),
                  get: (real, name) => name === 'now' ? () => real.now() + {{minutes}} * 60_000 : Reflect.get(real, name),
                })
                """
            )
        );
        // Both show the same, but for the change of a minute.
        async Task SameAsync(string path, Func<IPage, ILocator> what)
        {
            await Task.WhenAll(new[] { right, wrong }.Select(page => page.GotoAsync(path)));
            await SeesAsync(what(right));
            await SeesAsync(what(wrong));
            var seen = ("", "");
            await Eventually.TrueAsync(
                async () =>
                {
                    seen = (await what(right).First.InnerTextAsync(), await what(wrong).First.InnerTextAsync());
                    return seen.Item1 == seen.Item2;
                },
                () => $"{path}: {seen.Item1} is not {seen.Item2}."
            );
        }

        await SameAsync("/", page => page.Region("When").Locator("p").First);
        await SameAsync("/bookings", page => page.GetByText(Finding.Pattern("^Begins in ")));
        await SameAsync("/bookings", page => page.GetByText(Finding.Pattern("^Check-in opens |^Check in before ")));
        await SameAsync($"/pass/{id}", page => page.Locator("main [role=status]").First);

        var seat = await Server.SeatAsync($"Punctual {minutes}");
        Assert.Equal(
            HttpStatusCode.OK,
            (await member.PatchAsync($"/api/reservations/{id}", new { status = "closed" })).Status
        );
        await wrong.GotoAsync($"/?seat={seat}");
        await wrong.Sheet($"Punctual {minutes}").ButtonThatBegins("Book ").ClickAsync();
        await SeesAsync(wrong.Sheet($"Punctual {minutes} is yours"));
        var start = await Server.QueryAsync<DateTime>($"SELECT starts_at FROM reservations WHERE seat_id = '{seat}'");
        Assert.InRange(start, now.UtcDateTime.AddMinutes(-2), TimeProvider.System.GetUtcNow().UtcDateTime);
    }

    [Fact]
    public async Task Pressing_twice_books_once()
    {
        var seat = await Server.SeatAsync("Twice");
        var page = await OpenAsync($"/?seat={seat}", new Look { As = await Server.MemberAsync() });
        var posts = page.Context.Count("POST", "/api/reservations");
        var go = await HoldAsync(page, "POST");

        await page.Sheet("Twice").ButtonThatBegins("Book ").DblClickAsync();
        go.SetResult();

        await SeesAsync(page.Sheet("Twice is yours"));
        Assert.Equal(1, posts());
    }

    [Fact]
    public async Task Pressing_twice_extends_once_and_cancels_once()
    {
        var (member, id) = await BookedAsync("Doubled", 1, 2);
        var page = await OpenAsync("/bookings", new Look { As = member });
        var patches = page.Context.Count("PATCH", $"/api/reservations/{id}");

        var go = await HoldAsync(page, "PATCH");
        await page.Button("Extend by 30 min").DblClickAsync();
        var answer = AnswerAsync(page, "PATCH", $"/api/reservations/{id}");
        go.SetResult();
        await answer;
        await SeesAsync(page.GetByText("Extended: until").First);
        Assert.Equal(1, patches());
        Assert.Equal(
            now.AddHours(2.5).UtcDateTime,
            await Server.QueryAsync<DateTime>($"SELECT ends_at FROM reservations WHERE id = '{id}'"),
            TimeSpan.FromSeconds(1)
        );

        await page.UnrouteAllAsync();
        go = await HoldAsync(page, "PATCH");
        await page.Button("Cancel").ClickAsync();
        await page.GetByRole(AriaRole.Alertdialog).Button("Cancel").DblClickAsync();
        go.SetResult();
        await SeesAsync(page.GetByText("Nothing is booked"));
        Assert.Equal(2, patches());
    }

    [Fact]
    public async Task Pressing_twice_sends_a_ticket_and_its_answer_once()
    {
        var page = await OpenAsync("/tickets", new Look { As = await Server.MemberAsync() });
        var posts = page.Context.Count("POST", "/api/ticket");
        await page.Button("New ticket").ClickAsync();
        await page.Field("Message").FillAsync("The lamp is broken.");

        var go = await HoldAsync(page, "POST");
        await page.Button("Send").DblClickAsync();
        await page.Keyboard.PressAsync("Enter");
        go.SetResult();

        await page.ComesToAsync(Finding.Pattern("/tickets/[0-9a-f-]{36}$"));
        Assert.Equal(1, posts());

        var id = page.Url[^36..];
        var answers = page.Context.Count("POST", $"/api/ticket/{id}/messages");
        await page.UnrouteAllAsync();
        go = await HoldAsync(page, "POST");
        await page.Field("Your message").FillAsync("It is the one at the window.");
        await page.Button("Send").DblClickAsync();
        go.SetResult();
        await SeesAsync(page.GetByText("It is the one at the window.", new() { Exact = true }).First);
        await Assertions.Expect(page.Field("Your message")).ToHaveValueAsync("");
        Assert.Equal(1, answers());
    }

    [Fact]
    public async Task Pressing_twice_at_the_desk_checks_in_once_and_verifies_once()
    {
        // The Api is asked first whether all else is right.
        Expect("status of 424");
        var member = await Server.MemberAsync(verified: false);
        await Server.ExecuteAsync($"UPDATE users SET first_name = 'Twofold' WHERE id = '{member.UserId}'");
        var id = await Server.ReservationAsync(
            member.UserId,
            await Server.SeatAsync("Twofold seat"),
            now,
            now.AddHours(1)
        );
        var page = await OpenAsync("/admin", new Look { As = await Server.AdminAsync(), Width = 1280 });
        var posts = page.Context.Count("POST", $"/api/admin/verify_user/{member.UserId}");
        var go = await HoldAsync(page, "POST");

        await page.GetByRole(
                AriaRole.Button,
                new() { NameRegex = Finding.Pattern("^Verify and check in.*Twofold seat$") }
            )
            .DblClickAsync();
        go.SetResult();

        await SeesAsync(page.GetByText("Twofold is in: Twofold seat").First);
        Assert.Equal(1, posts());
        Assert.Equal("active", await Server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{id}'"));
    }
}
