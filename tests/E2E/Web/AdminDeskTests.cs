using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Admin;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What an administrator does at the desk, and what becomes of it.</summary>
public sealed class AdminDeskTests(Chromium chromium, NoonServer server)
    : BrowserTests<NoonServer>(chromium, server),
        IClassFixture<NoonServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private async Task<ApiClient> NamedAsync(string name, bool verified = true)
    {
        var member = await Server.MemberAsync(verified);
        await Server.ExecuteAsync($"UPDATE users SET first_name = '{name}' WHERE id = '{member.UserId}'");
        return member;
    }

    private async Task<(IPage Page, ApiClient Admin)> DeskAsync(string path)
    {
        var admin = await Server.AdminAsync();
        return (await OpenAsync(path, new Look { As = admin, Width = 1280 }), admin);
    }

    private Task<string> StatusAsync(Guid reservation) =>
        Server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{reservation}'");

    /// <summary>The rows of a table, without its head.</summary>
    private static ILocator Rows(IPage page, string? with = null) =>
        page.Locator("tbody").GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = with });

    private static ILocator Named(ILocator within, string beginning) =>
        within.GetByRole(AriaRole.Button, new() { NameRegex = Finding.Pattern($"^{beginning}") });

    [Fact]
    public async Task The_bookings_are_filtered_sorted_and_paged_and_the_address_says_how()
    {
        var member = await NamedAsync("Paginius");
        var (seats, late) = (new List<Guid>(), await Server.SeatAsync("P-99"));
        for (var number = 10; number < 13; number++)
        {
            seats.Add(await Server.SeatAsync($"P-{number}"));
        }

        for (var day = 1; day <= 28; day++)
        {
            await Server.ReservationAsync(
                member.UserId,
                seats[day % 3],
                now.AddDays(-day),
                now.AddDays(-day).AddHours(1),
                "closed"
            );
        }

        var live = await Server.ReservationAsync(member.UserId, late, now.AddHours(1), now.AddHours(2));
        var (page, _) = await DeskAsync("/admin/reservations");

        await page.Field("Name, e-mail or seat").FillAsync("Paginius");
        await SeesAsync(page.GetByText("1–25 of 29"));
        await page.ComesToAsync(At("/admin/reservations?q=Paginius"));
        await page.Button("Next").ClickAsync();
        await SeesAsync(page.GetByText("26–29 of 29"));
        await Assertions.Expect(Rows(page)).ToHaveCountAsync(4);
        await ArrivesAsync(page, url => url.Contains("offset=25", StringComparison.Ordinal));
        await page.ReloadAsync();
        await SeesAsync(page.GetByText("26–29 of 29"));
        await page.GoBackAsync();
        await SeesAsync(page.GetByText("1–25 of 29"));

        var bySeat = page.GetByRole(AriaRole.Columnheader, new() { Name = "Seat" });
        await bySeat.GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(bySeat).ToHaveAttributeAsync("aria-sort", "ascending");
        await Assertions.Expect(Rows(page).First).ToContainTextAsync("P-10");
        await bySeat.GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(bySeat).ToHaveAttributeAsync("aria-sort", "descending");
        await Assertions.Expect(Rows(page).First).ToContainTextAsync("P-99");

        await page.Field("Status").SelectOptionAsync("Booked");
        await SeesAsync(page.GetByText("1–1 of 1"));
        await ArrivesAsync(page, url => url.Contains("status=future", StringComparison.Ordinal));
        await page.Field("Seat").SelectOptionAsync("P-11");
        await SeesAsync(page.GetByText("Nothing matches these filters"));
        await page.Button("Clear the filters").First.ClickAsync();
        await Assertions.Expect(Rows(page).First).ToBeVisibleAsync();
        Assert.Equal("future", await StatusAsync(live));
    }

    [Fact]
    public async Task Somebody_is_booked_for_moved_and_cancelled_with_a_reason_which_they_are_told()
    {
        var member = await NamedAsync("Bookworm");
        var (first, second) = (await Server.SeatAsync("Desk one"), await Server.SeatAsync("Desk two"));
        var (page, admin) = await DeskAsync("/admin/reservations");

        await page.Button("Book for somebody").ClickAsync();
        var sheet = page.Sheet("Book for somebody");
        await sheet.Field("For whom").FillAsync("Bookworm");
        await Named(sheet, "B Bookworm|^Bookworm").First.ClickAsync();
        await sheet.Field("Seat").SelectOptionAsync("Desk one");
        await sheet.Button("Book").ClickAsync();
        await SeesAsync(page.GetByText("Booked: Desk one").First);
        var id = await Server.QueryAsync<Guid>($"SELECT id FROM reservations WHERE user_id = '{member.UserId}'");

        await Named(Rows(page, "Bookworm"), "Move").ClickAsync();
        var move = page.Sheet("Move the booking");
        await move.Field("Seat").SelectOptionAsync("Desk two");
        await move.Button("Move it").ClickAsync();
        await SeesAsync(page.GetByText("Moved: Desk two").First);
        Assert.Equal(second, await Server.QueryAsync<Guid>($"SELECT seat_id FROM reservations WHERE id = '{id}'"));

        await Named(Rows(page, "Bookworm"), "Cancel").ClickAsync();
        var asks = page.GetByRole(AriaRole.Alertdialog);
        await asks.Field("Reason (may be left out)").FillAsync("The floor is being painted.");
        Assert.Empty(await ViolationsAsync(page));
        await asks.Button("Cancel it").ClickAsync();
        await SeesAsync(page.GetByText("The booking is cancelled").First);
        await SeesAsync(Rows(page, "Bookworm").GetByText("Closed"));

        Assert.Equal("closed", await StatusAsync(id));
        Assert.Contains(
            "The floor is being painted.",
            await Server.QueryAsync<string>(
                $"SELECT payload::text FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'reservation_closed'"
            ),
            StringComparison.Ordinal
        );
        var audit = (await admin.GetAsync($"/api/admin/audit?target_id={id}")).Body.AsArray();
        Assert.Equal(
            ["reservation.close", "reservation.update", "reservation.create"],
            audit.Select(entry => (string?)entry!["action"])
        );
        await page.GotoAsync($"/admin/audit?target={id}");
        await SeesAsync(Rows(page, "Closed a booking").GetByText("The floor is being painted."));
        await SeesAsync(Rows(page, "Moved a booking").GetByText("Desk two"));
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task What_the_filters_leave_is_saved_as_csv()
    {
        var member = await NamedAsync("Comma, \"Quote\"");
        await Server.ReservationAsync(
            member.UserId,
            await Server.SeatAsync("CSV seat"),
            now.AddHours(1),
            now.AddHours(2)
        );
        await Server.ReservationAsync(
            (await NamedAsync("Filtered away")).UserId,
            await Server.SeatAsync("Other seat"),
            now.AddHours(1),
            now.AddHours(2)
        );
        var (page, _) = await DeskAsync("/admin/reservations?q=Comma");
        await SeesAsync(page.GetByText("1–1 of 1"));

        var download = await page.RunAndWaitForDownloadAsync(() => page.Button("Save as CSV").ClickAsync());

        Assert.Matches("^reservations-[0-9]{4}-[0-9]{2}-[0-9]{2}\\.csv$", download.SuggestedFilename);
        await using var stream = await download.CreateReadStreamAsync();
        using var reader = new StreamReader(stream);
        var text = await reader.ReadToEndAsync();
        var lines = text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Contains("\"Comma, \"\"Quote\"\"\"", lines[1], StringComparison.Ordinal);
        Assert.Contains("CSV seat", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Somebody_is_verified_made_an_administrator_and_signed_out_and_the_trail_says_so()
    {
        var member = await NamedAsync("Promoted", verified: false);
        await Server.SignedInAsync(member.UserId);
        var (page, admin) = await DeskAsync("/admin/users?q=Promoted");
        await Rows(page, "Promoted").GetByRole(AriaRole.Link).ClickAsync();
        await page.ComesToAsync(At($"/admin/users/{member.UserId}"));
        await ReadyAsync(page);

        await page.Button("Verify").ClickAsync();
        await SeesAsync(page.GetByText("Promoted is verified").First);
        Assert.True(await Server.QueryAsync<bool>($"SELECT verified FROM users WHERE id = '{member.UserId}'"));

        await page.Button("Make an administrator").ClickAsync();
        var asks = page.GetByRole(AriaRole.Alertdialog);
        await SeesAsync(asks.GetByText("Make Promoted an administrator?"));
        await asks.Button("Make an administrator").ClickAsync();
        await SeesAsync(page.Button("Make a member"));
        Assert.Equal("admin", await Server.QueryAsync<string>($"SELECT role FROM users WHERE id = '{member.UserId}'"));

        var sessions = page.GetByRole(AriaRole.Button, new() { NameRegex = Finding.Pattern("^Sign out.*tests$") });
        await Assertions.Expect(sessions).ToHaveCountAsync(2);
        await sessions.First.ClickAsync();
        await asks.Button("Sign out").ClickAsync();
        await SeesAsync(page.GetByText("The device is signed out").First);
        await Assertions.Expect(sessions).ToHaveCountAsync(1);

        await page.GotoAsync($"/admin/audit?actor={admin.UserId}");
        foreach (var action in new[] { "Verified", "Changed an account", "Signed a device out" })
        {
            await SeesAsync(Rows(page, action).Filter(new() { HasText = "Promoted" }).First);
        }
    }

    [Fact]
    public async Task What_could_not_be_told_is_listed_and_tried_again()
    {
        var member = await NamedAsync("Unreached");
        var id = await Server.QueryAsync<long>(
            $$"""
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at, attempts, error, failed_at)
            VALUES ('{{member.UserId}}', 'user_verified', gen_random_uuid()::text, '{}', '2032-01-01', '2032-01-01', 5,
                'The line was dead.', now())
            RETURNING id
            """
        );
        var (page, _) = await DeskAsync("/admin/notifications");
        await SeesAsync(Rows(page, "Unreached").GetByText("The line was dead."));

        await Named(Rows(page, "Unreached"), "Try again").ClickAsync();

        await SeesAsync(page.GetByText("It will be tried again now").First);
        await Assertions.Expect(Rows(page, "Unreached")).ToHaveCountAsync(0);
        Assert.True(await Server.QueryAsync<bool>($"SELECT failed_at IS NULL FROM notifications WHERE id = {id}"));
        await page.Field("Status").SelectOptionAsync("Waiting");
        await SeesAsync(Rows(page, "Unreached"));
        await ArrivesAsync(page, url => url.Contains("state=pending", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_announcement_is_written_counted_and_sent_once()
    {
        var member = await NamedAsync("Listener");
        await Server.ExecuteAsync(
            $"UPDATE users SET telegram_id = 77001, telegram_since = now() WHERE id = '{member.UserId}'"
        );
        await Server.ReservationAsync(member.UserId, await Server.SeatAsync("Ear"), now.AddHours(1), now.AddHours(2));
        var (page, _) = await DeskAsync("/admin");
        var sends = 0;
        page.Request += (_, request) => sends += request.Url.EndsWith("/send", StringComparison.Ordinal) ? 1 : 0;

        await page.Button("Announcement").ClickAsync();
        var sheet = page.Sheet("Write to everybody who comes today");
        await sheet.Field("What do you want to say?").FillAsync("<b>Coffee</b> is on us.");
        await sheet.Button("Continue").ClickAsync();
        await SeesAsync(sheet.GetByText(Finding.Pattern("^It will reach [0-9]+ (person|people)$")));
        await SeesAsync(sheet.GetByText("<b>Coffee</b> is on us."));
        await sheet.Button("Send it").DblClickAsync();

        await SeesAsync(page.GetByText(Finding.Pattern("^Sent to [0-9]+ (person|people)$")).First);
        Assert.Equal(1, sends);
        Assert.Equal(
            1L,
            await Server.QueryAsync<long>(
                $"SELECT count(*) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'announcement'"
            )
        );
    }

    [Fact]
    public async Task Today_follows_what_happens_elsewhere()
    {
        var guest = await NamedAsync("Guest of today");
        var seat = await Server.SeatAsync("Followed seat");
        var (page, _) = await DeskAsync("/admin");
        await MarkAsync(page);
        ILocator In(string title) =>
            page.Locator("section")
                .Filter(
                    new() { Has = page.GetByRole(AriaRole.Heading, new() { NameRegex = Finding.Pattern($"^{title}") }) }
                )
                .GetByText("Guest of today", new() { Exact = true });

        var booked = await guest.BookAsync(seat, now, now.AddHours(1));
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        await SeesAsync(In("Expected"));

        var other = await Server.AdminAsync();
        Assert.Equal(HttpStatusCode.OK, (await other.PostAsync($"/api/admin/check_qr/{booked.Id}")).Status);
        await SeesAsync(In("In"));
        await Assertions.Expect(In("Expected")).ToHaveCountAsync(0);

        Assert.Equal(
            HttpStatusCode.OK,
            (await guest.PatchAsync($"/api/reservations/{booked.Id}", new { status = "closed" })).Status
        );
        await Assertions
            .Expect(In("In"))
            .ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        await AssertNotReloadedAsync(page);
    }

    [Fact]
    public async Task The_menu_marks_the_desk_on_all_its_pages()
    {
        var (page, _) = await DeskAsync("/admin/audit");
        var desk = page.Locator("nav a[href='/admin']").First;
        await Assertions.Expect(desk).ToHaveAttributeAsync("aria-current", "true");
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Desk" })
            .GetByRole(AriaRole.Link, new() { Name = "Today" })
            .ClickAsync();
        await Assertions.Expect(desk).ToHaveAttributeAsync("aria-current", "page");
        await Assertions
            .Expect(page.Locator("nav a[href='/']"))
            .Not.ToHaveAttributeAsync("aria-current", Finding.Pattern(".*"));

        await page.EvaluateAsync("() => { document.documentElement.style.fontSize = '200%' }");
        Assert.Empty(await OverflowAsync(page));
        foreach (var link in await page.Locator("nav").First.GetByRole(AriaRole.Link).AllAsync())
        {
            var box = (await link.BoundingBoxAsync())!;
            Assert.InRange(box.X + box.Width, 0, 1280);
        }
    }
}
