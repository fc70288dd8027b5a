using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What comes up over a page: everybody can use it, and closing it leads back to where one was.</summary>
public sealed class SheetTests(Chromium chromium, DemoServer server)
    : BrowserTests<DemoServer>(chromium, server),
        IClassFixture<DemoServer>
{
    private const string Newcomer = "demo_email_0";
    private const string Person = "SELECT id FROM users WHERE email = 'demo_email_8@example.com'";

    /// <summary>A page, whose it is, and the button of each step, by its name in either language or by its place.</summary>
    public static TheoryData<string, string, string[]> Sheets =>
        new()
        {
            { "/", Pages.Nobody, ["^(Filters|Фильтры)"] },
            { "/", Pages.Nobody, ["^(Exact time|Точное время)$"] },
            { "/", Pages.Nobody, ["[data-seat][data-state=free]"] },
            { "/", Newcomer, ["[data-seat][data-state=free]"] },
            { "/", Newcomer, ["[data-seat][data-state=taken]"] },
            { "/", Pages.Member, ["[data-seat][data-state=mine]"] },
            { "/", Pages.Member, ["[data-seat][data-state=free]"] },
            { "/?view=list", Newcomer, ["main li button"] },
            { "/bookings", Pages.Member, ["^(Change time|Другое время)$"] },
            { "/bookings", Pages.Member, ["^(Change seat|Другое место)$"] },
            { "/bookings", Pages.Member, ["^(Give back|Освободить)"] },
            { "/profile", Pages.Member, ["^(Delete my account|Удалить)"] },
            { "/tickets", Pages.Member, ["^(New ticket|Новое обращение)$"] },
            { "/admin", Pages.Admin, ["^(Announcement|Объявление)$"] },
            { "/admin/reservations", Pages.Admin, ["^(Book for somebody|Забронировать)"] },
            { "/admin/reservations?status=future", Pages.Admin, ["^(Move|Перенести)"] },
            { "/admin/reservations?status=future", Pages.Admin, ["^(Cancel|Отменить)"] },
            { $"/admin/users/{{{Person}}}", Pages.Admin, ["^(Book a seat|Забронировать)"] },
            { $"/admin/users/{{{Person}}}", Pages.Admin, ["^(Make an administrator|Сделать администратором)$"] },
            { "/admin/floor", Pages.Admin, ["main [role=option]", "^(Edit|Изменить)"] },
        };

    /// <summary>Goes to a button and presses it, all by the keyboard.</summary>
    private static async Task<ILocator> PressAsync(IPage page, string step)
    {
        var button = step.Contains("^(", StringComparison.Ordinal)
            ? page.Locator("main").GetByRole(AriaRole.Button, new() { NameRegex = Finding.Pattern(step) }).First
            : page.Locator(step).First;
        await button.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        return button;
    }

    [Theory]
    [MemberData(nameof(Sheets))]
    public async Task It_is_for_everybody_and_closing_it_leads_back(string path, string who, string[] steps)
    {
        var (address, look) = await Server.VisitAsync(path, who);
        foreach (var language in new[] { "ru-RU", "en-GB" })
        {
            var page = await OpenAsync(address, look with { Language = language });
            ILocator button = page.Locator("body");
            foreach (var step in steps)
            {
                button = await PressAsync(page, step);
            }

            var sheet = page.GetByRole(AriaRole.Dialog).Or(page.GetByRole(AriaRole.Alertdialog));
            await SeesAsync(sheet);
            await ReadyAsync(page);
            await Eventually.TrueAsync(() =>
                sheet.EvaluateAsync<bool>("sheet => sheet.contains(document.activeElement)")
            );
            Assert.Empty(await SmallTargetsAsync(page));
            foreach (var scheme in Schemes)
            {
                await WearAsync(page, scheme);
                Assert.Empty(await ViolationsAsync(page));
            }

            await page.SetViewportSizeAsync(320, 640);
            Assert.Empty(await OverflowAsync(page));

            await page.Keyboard.PressAsync("Escape");

            await Assertions.Expect(sheet).ToHaveCountAsync(0);
            await Assertions.Expect(button).ToBeFocusedAsync();
        }
    }
}
