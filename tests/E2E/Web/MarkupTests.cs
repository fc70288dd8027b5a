using System.Net;
using BookIT.Tests.E2E.Admin;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What people write is text wherever it appears, and stays where it belongs, however long it is.</summary>
public sealed class MarkupTests(Chromium chromium, NoonServer server)
    : BrowserTests<NoonServer>(chromium, server),
        IClassFixture<NoonServer>
{
    // The Api takes no overrides of direction any more; this one is older than that.
    private const string Beginning =
        "<img src=x onerror=alert(1)>{{ 7 * 7 }}\u202E\U0001F469\u200D\U0001F469\u200D\U0001F467";
    private static readonly string Name = Beginning + new string('W', 100 - Beginning.Length);

    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    /// <summary>Somebody, a seat, its zone and a ticket, all with that name: a booking of now and one of the past.</summary>
    private async Task<(ApiClient Member, Guid Seat, Guid Booking, Guid Ticket)> NamedAsync()
    {
        // Names of seats are theirs alone.
        await Server.ExecuteAsync("UPDATE seats SET name = id::text WHERE name LIKE '<img%'");
        var (member, seat) = (await Server.MemberAsync(), await Server.SeatAsync(Name, 0, 0, Name));
        await Server.ExecuteAsync(
            $"UPDATE users SET first_name = (SELECT name FROM seats WHERE id = '{seat}') WHERE id = '{member.UserId}'"
        );
        await Server.ReservationAsync(member.UserId, seat, now.AddHours(-3), now.AddHours(-2), "closed");
        var booking = await Server.ReservationAsync(member.UserId, seat, now.AddMinutes(-1), now.AddHours(1));
        var ticket = await member.PostAsync("/api/ticket", new { theme = "wish", message = Name });
        Assert.Equal(HttpStatusCode.OK, ticket.Status);
        return (member, seat, booking, ticket.Id);
    }

    private static async Task LooksAsync(IPage page, int least = 1)
    {
        await ReadyAsync(page);
        await Eventually.TrueAsync(
            async () => await page.GetByText("onerror=alert(1)").CountAsync() >= least,
            () => $"{page.Url} does not show it {least} times."
        );
        Assert.Equal(0, await page.Locator("[src=x]").CountAsync());
        Assert.Equal(0, await page.GetByText("49\u202E").CountAsync());
        Assert.Empty(await OverflowAsync(page));
    }

    [Fact]
    public async Task On_the_pages_of_members()
    {
        var (member, seat, booking, ticket) = await NamedAsync();
        var page = await NewPageAsync(new Look { As = member, Width = 320 });
        page.Dialog += (_, _) => Assert.Fail("It has run.");

        foreach (
            var (path, least) in new[]
            {
                ("/?view=list", 1),
                ($"/?seat={seat}", 2),
                ("/bookings", 2),
                ($"/pass/{booking}", 1),
                ("/tickets", 1),
                ($"/tickets/{ticket}", 1),
            }
        )
        {
            await page.GotoAsync(path);
            await LooksAsync(page, least);
        }

        await page.GotoAsync("/profile");
        await ReadyAsync(page);
        await Assertions.Expect(page.Field("First name")).ToHaveValueAsync(Name);
        Assert.Empty(await OverflowAsync(page));

        await page.GotoAsync("/bookings");
        await ReadyAsync(page);
        await page.Button("Give back").Or(page.Button("Cancel")).First.ClickAsync();
        await SeesAsync(page.GetByRole(AriaRole.Alertdialog).GetByText("onerror=alert(1)").First);
        Assert.Empty(await OverflowAsync(page));
    }

    [Theory]
    [InlineData(390)]
    [InlineData(1280)]
    public async Task On_the_pages_of_the_desk(int width)
    {
        var (member, _, booking, ticket) = await NamedAsync();
        var admin = await Server.AdminAsync();
        Assert.Equal(
            HttpStatusCode.OK,
            (
                await admin.PatchAsync(
                    $"/api/admin/user/{member.UserId}",
                    new { role = "user", email = $"m{width}@example.com" }
                )
            ).Status
        );
        var page = await NewPageAsync(new Look { As = admin, Width = width });
        page.Dialog += (_, _) => Assert.Fail("It has run.");

        foreach (
            var path in new[]
            {
                "/admin",
                "/admin/reservations",
                $"/admin/reservations?user={member.UserId}",
                "/admin/users",
                $"/admin/users/{member.UserId}",
                "/admin/tickets",
                $"/tickets/{ticket}",
                "/admin/audit",
                "/admin/floor",
            }
        )
        {
            await page.GotoAsync(path);
            if (path == "/admin/floor")
            {
                await ReadyAsync(page);
                await SeesAsync(page.Locator("[data-seat]").First);
                await page.GetByRole(AriaRole.Option, new() { NameRegex = Finding.Pattern("onerror") })
                    .First.FocusAsync();
                await page.Keyboard.PressAsync("Space");
                if (width < 1280)
                {
                    await page.Button("Edit (1)").ClickAsync();
                }

                await Assertions.Expect(page.Field("Name")).ToHaveValueAsync(Name);
                Assert.Empty(await OverflowAsync(page));
                continue;
            }

            await LooksAsync(page);
        }

        await page.GotoAsync("/admin/scan");
        await page.Field("Code of a pass").FillAsync(booking.ToString());
        await page.Field("Code of a pass").PressAsync("Enter");
        await SeesAsync(page.Region("Result").GetByText("May come in"));
        await LooksAsync(page, 2);
        await page.Button("Next pass").ClickAsync();
        await page.GetByRole(AriaRole.Searchbox, new() { Name = "Find without a pass" }).FillAsync("onerror");
        await SeesAsync(page.GetByText("Bookings of today"));
        await LooksAsync(page, 2);
    }
}
