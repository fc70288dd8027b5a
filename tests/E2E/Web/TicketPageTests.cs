using System.Net;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>A conversation between a member and the desk, each in a browser of their own.</summary>
public sealed class TicketPageTests(Chromium chromium, BookItServer server)
    : BrowserTests<BookItServer>(chromium, server),
        IClassFixture<BookItServer>
{
    private async Task<(IPage Page, ApiClient Member, Guid Ticket)> OpenedAsync(string message)
    {
        var member = await Server.MemberAsync();
        var opened = await member.PostAsync("/api/ticket", new { theme = "failure", message });
        Assert.Equal(HttpStatusCode.OK, opened.Status);
        var page = await OpenAsync($"/tickets/{opened.Id}", new Look { As = member });
        await SeesAsync(page.GetByText(message));
        return (page, member, opened.Id);
    }

    [Fact]
    public async Task What_a_member_asks_the_desk_answers_and_the_member_reads_without_a_reload()
    {
        var page = await OpenAsync("/tickets", new Look { As = await Server.MemberAsync() });
        await page.Button("New ticket").TapAsync();
        var sheet = page.Sheet("New ticket");
        await Assertions.Expect(sheet.Button("Send")).ToBeDisabledAsync();
        await sheet.Field("What is it about?").SelectOptionAsync(["A wish"]);
        await sheet.Field("Message").FillAsync("A plant, please.\n<b>Green</b>");
        await sheet.Button("Send").TapAsync();
        var conversation = page.GetByRole(AriaRole.List, new() { Name = "Conversation" });
        await SeesAsync(conversation.GetByText("A plant, please.\n<b>Green</b>"));
        await SeesAsync(page.Heading("A wish"));
        await MarkAsync(page);

        var desk = await OpenAsync("/admin/tickets", new Look { As = await Server.AdminAsync(), Width = 1280 });
        await desk.GetByRole(AriaRole.Link, new() { Name = "A plant, please." }).ClickAsync();
        await SeesAsync(desk.GetByText("<b>Green</b>"));
        await desk.Field("Your message").FillAsync("It comes tomorrow.");
        await desk.Button("Send").ClickAsync();
        await SeesAsync(desk.GetByRole(AriaRole.Listitem).GetByText("It comes tomorrow."));
        await Assertions.Expect(desk.Field("Your message")).ToHaveValueAsync("");

        await SeesAsync(conversation.GetByText("It comes tomorrow."));
        await SeesAsync(conversation.GetByText(", support"));
        await AssertNotReloadedAsync(page);
        Assert.Empty(await ViolationsAsync(page));
    }

    [Fact]
    public async Task A_ticket_is_closed_and_opened_again()
    {
        var (page, _, ticket) = await OpenedAsync("The door sticks.");

        await page.Button("Close").TapAsync();
        await SeesAsync(page.GetByText("Closed today"));
        await Assertions.Expect(page.Field("Your message")).ToHaveCountAsync(0);
        Assert.Equal("closed", await Server.QueryAsync<string>($"SELECT status FROM tickets WHERE id = '{ticket}'"));

        await page.Button("Open again").TapAsync();
        await SeesAsync(page.Field("Your message"));
        Assert.Equal("active", await Server.QueryAsync<string>($"SELECT status FROM tickets WHERE id = '{ticket}'"));
    }

    [Fact]
    public async Task What_was_written_is_not_lost_when_the_desk_closes_the_ticket_meanwhile()
    {
        Expect("status of 4");
        var (page, _, ticket) = await OpenedAsync("The lamp flickers.");
        await page.Field("Your message").FillAsync("It still does.");
        // It is looked at again from time to time; not just before the press.
        var pressed = new TaskCompletionSource();
        await page.RouteAsync(
            $"**/api/ticket/{ticket}",
            async route =>
            {
                await pressed.Task;
                await route.ContinueAsync();
            }
        );
        var admin = await Server.AdminAsync();
        var closed = await admin.PatchAsync($"/api/admin/ticket/{ticket}/status", new { status = "closed" });
        Assert.Equal(HttpStatusCode.OK, closed.Status);

        await page.Button("Send").TapAsync();
        pressed.SetResult();

        await SeesAsync(page.GetByText("Closed today"));
        await page.Button("Open again").TapAsync();
        await Assertions.Expect(page.Field("Your message")).ToHaveValueAsync("It still does.");
        await page.Button("Send").TapAsync();
        await SeesAsync(page.GetByRole(AriaRole.Listitem).GetByText("It still does."));
    }
}
