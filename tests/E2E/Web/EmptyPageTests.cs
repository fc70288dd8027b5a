using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>A space in which nothing has happened yet: its pages say so, to everybody.</summary>
public sealed class EmptyPageTests(Chromium chromium, BookItServer server)
    : BrowserTests<BookItServer>(chromium, server),
        IClassFixture<BookItServer>
{
    [Theory]
    [InlineData("/", "No seats yet")]
    [InlineData("/?view=list", "No seats yet")]
    [InlineData("/bookings", "Nothing is booked")]
    [InlineData("/pass", "There is no booking to show a pass for")]
    [InlineData("/tickets", "No tickets yet")]
    [InlineData("/tickets/0199d2f0-0000-7000-8000-000000000001", "There is no such ticket")]
    [InlineData("/admin", "Nobody else is expected today.")]
    [InlineData("/admin/reservations", "There are no bookings yet")]
    [InlineData("/admin/reservations?q=nobody", "Nothing matches these filters")]
    [InlineData("/admin/tickets", "There are no tickets")]
    [InlineData("/admin/audit", "Nothing was done yet")]
    [InlineData("/admin/notifications", "There is nothing here")]
    public async Task Where_nothing_is_it_says_so(string path, string words)
    {
        Expect("status of 404");
        var page = await OpenAsync(path, new Look { As = await Server.AdminAsync() });

        await SeesAsync(page.GetByText(words).First);
        Assert.Empty(await SmallTargetsAsync(page));
        foreach (var scheme in Schemes)
        {
            await WearAsync(page, scheme);
            Assert.Empty(await ViolationsAsync(page));
        }

        await page.SetViewportSizeAsync(320, 640);
        Assert.Empty(await OverflowAsync(page));
    }
}
