using System.Net;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>
/// The demo space on a busy day.
/// </summary>
public sealed class BusyServer(TestServers servers) : DemoServer(servers)
{
    private static readonly string[] Visitors =
    [
        "Ada",
        "Миша",
        "Grace",
        "Лев",
        "Chloe",
        "Полина",
        "Hugo",
        "Соня",
        "Марк",
        "Lena",
        "Ян",
        "Зоя",
        "Oscar",
        "Таня",
    ];

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(base.Settings)
        {
            ["Space__TimeZone"] = NoonZone.Name,
            ["Telegram__BotName"] = "bookit_demo_bot",
        };

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var now = TimeProvider.System.GetUtcNow();
        var hour = now.AddMinutes(-now.Minute).AddSeconds(-now.Second);
        string[] seats = ["A1", "A4", "A8", "A9", "A12", "B1", "B4", "B8", "C1", "C4", "C7", "D3", "D7", "D9"];
        for (var i = 0; i < seats.Length; i++)
        {
            var visitor = await MemberAsync();
            await ExecuteAsync($"UPDATE users SET first_name = '{Visitors[i]}' WHERE id = '{visitor.UserId}'");
            var isIn = i % 3 > 0;
            await ReservationAsync(
                visitor.UserId,
                await QueryAsync<Guid>($"SELECT id FROM seats WHERE name = '{seats[i]}'"),
                isIn ? hour.AddHours(-i % 3) : hour.AddHours(1),
                hour.AddHours(2 + i % 5),
                isIn ? "active" : "future"
            );
        }

        var booking = await (await DemoAsync("demo_email_0")).PostAsync(
            "/api/reservations",
            new
            {
                seat_id = await QueryAsync<Guid>("SELECT id FROM seats WHERE name = 'B2'"),
                start = now,
                end = hour.AddHours(3),
            }
        );
        Assert.True(booking.Status is HttpStatusCode.Created, $"{booking}");
    }
}

/// <summary>Pictures of every page for <c>docs/screenshots</c>: <c>./test.sh -explicit only -class '*.Screenshots'</c>.</summary>
public sealed class Screenshots(Chromium chromium, BusyServer server)
    : BrowserTests<BusyServer>(chromium, server),
        IClassFixture<BusyServer>
{
    private const string Nobody = "";
    private const string Member = "demo_email_0";
    private const string Admin = "demo_admin_2";

    /// <summary>The name of a picture, the page's address and whose it is; <c>{…}</c> is the answer of a query.</summary>
    private static readonly (string Name, string Path, string Who)[] Views =
    [
        ("sign-in", "/sign-in", Nobody),
        ("register", "/register", Nobody),
        ("forgot", "/forgot", Nobody),
        ("not-found", "/no-such-page", Nobody),
        ("map", "/", Member),
        ("seat", "/?seat={SELECT id FROM seats WHERE name = 'A2'}", Nobody),
        ("seat-taken", "/?seat={SELECT id FROM seats WHERE name = 'B4'}", Member),
        ("list", "/?view=list", Member),
        ("bookings", "/bookings", Member),
        ("pass", "/pass", Member),
        ("profile", "/profile", Member),
        ("tickets", "/tickets", "demo_email_3"),
        ("ticket", "/tickets/{SELECT id FROM tickets LIMIT 1}", "demo_email_3"),
        ("admin-today", "/admin", Admin),
        ("admin-scan", "/admin/scan", Admin),
        ("admin-reservations", "/admin/reservations", Admin),
        ("admin-users", "/admin/users", Admin),
        ("admin-user", "/admin/users/{SELECT id FROM users WHERE email = 'demo_email_0@example.com'}", Admin),
        ("admin-tickets", "/admin/tickets", Admin),
        ("admin-audit", "/admin/audit", Admin),
        ("admin-notifications", "/admin/notifications", Admin),
        ("admin-floor", "/admin/floor", Admin),
    ];

    [Fact(Explicit = true)]
    public async Task Every_page_is_pictured()
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, path, who) in Views)
        {
            var look = new Look { As = who is Nobody ? null : await Server.DemoAsync(who), Zone = NoonZone.Name };
            var address = await Server.AddressAsync(path);
            foreach (var (device, width) in new[] { ("phone", 390), ("desktop", 1280) })
            {
                foreach (var isDark in new[] { false, true })
                {
                    var page = await OpenAsync(address, look with { Width = width, Dark = isDark });
                    await PicturesLoadedAsync(page);
                    var file = $"{name}-{device}-{(isDark ? "dark" : "light")}.png";
                    await page.ScreenshotAsync(new PageScreenshotOptions { Path = folder.File(file) });
                    await page.Context.CloseAsync();
                }
            }
        }

        var target = Path.Combine(Servers.Program.RepositoryRoot(), "docs", "screenshots");
        await Node.RunAsync("pictures.mjs", "webp", folder.File(""), target);
        Assert.Equal(Views.Length * 4, Directory.GetFiles(target, "*.webp").Length);
    }

    private static async Task PicturesLoadedAsync(IPage page)
    {
        // Seats lie on a picture of the floor.
        await page.WaitForFunctionAsync(
            "() => !document.querySelector('[data-seat], [role=option]') || document.querySelector('svg image')"
        );
        await page.EvaluateAsync(
            """
            () => Promise.all([...document.images, ...document.querySelectorAll('svg image')]
              .map(image => image.decode().catch(() => {})))
            """
        );
    }
}
