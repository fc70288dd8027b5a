using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>
/// The page inside Telegram: in a frame of its web client, which gets no cookies, or in an app's own browser. Telegram
/// is played by a page of ours at its address, which keeps what it is told in <c>told</c>.
/// </summary>
public sealed partial class MiniAppPageTests(Chromium chromium, ServerWithBotToken server)
    : BrowserTests<ServerWithBotToken>(chromium, server),
        IClassFixture<ServerWithBotToken>
{
    private const string Telegram = "https://web.telegram.org/";

    private static readonly object Dark = new
    {
        bg_color = "#17212b",
        secondary_bg_color = "#0e1621",
        text_color = "#f5f5f5",
        button_color = "#5288c1",
        button_text_color = "#ffffff",
    };

    private static readonly object Light = new { bg_color = "#ffffff", text_color = "#000000" };

    private string AddressFor(string initData, object? theme = null, string? start = null)
    {
        var parameters = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["tgWebAppData"] = initData,
            ["tgWebAppVersion"] = "8.0",
            ["tgWebAppPlatform"] = "weba",
            ["tgWebAppThemeParams"] = JsonSerializer.Serialize(theme ?? Light),
        };
        if (start is not null)
        {
            parameters["tgWebAppStartParam"] = start;
        }

        var fragment = string.Join('&', parameters.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value!)}"));
        // Telegram puts the parameter of the link into the query, too.
        var query = start is null ? "" : $"?tgWebAppStartParam={Uri.EscapeDataString(start)}";
        return At($"/{query}#{fragment}");
    }

    /// <summary>The page in a frame of Telegram's web client.</summary>
    private async Task<(IPage Telegram, IFrameLocator App)> OpenInTelegramAsync(string address)
    {
        var page = await NewPageAsync(new Look { Language = "en-GB" });
        await page.RouteAsync(
            $"{Telegram}**",
            route =>
                route.FulfillAsync(
                    new RouteFulfillOptions
                    {
                        ContentType = "text/html",
                        Body = $$"""
                        <!doctype html><title>Telegram</title>
                        <script>
                          window.told = []
                          addEventListener('message', event => told.push(JSON.parse(event.data)))
                          const tell = (eventType, eventData) => frames[0].postMessage(
                            JSON.stringify({ eventType, eventData }), '*')
                        </script>
                        <iframe src="{{address.Replace(
                            "&",
                            "&amp;",
                            StringComparison.Ordinal
                        )}}" width="380" height="800"></iframe>
                        """,
                    }
                )
        );
        await page.GotoAsync(Telegram);
        return (page, page.FrameLocator("iframe"));
    }

    private static Task<string> FramePathAsync(IPage page) =>
        page.Frames[1].EvaluateAsync<string>("() => location.pathname + location.search + location.hash");

    private static Task ToldAsync(IPage page, string eventType, Func<JsonNode?, bool>? how = null) =>
        Eventually.TrueAsync(async () =>
        {
            var told = JsonNode.Parse(await page.EvaluateAsync<string>("() => JSON.stringify(told)"))!.AsArray();
            return told.LastOrDefault(one => (string?)one!["eventType"] == eventType) is { } last
                && (how is null || how(last["eventData"]));
        });

    /// <summary>Telegram's button below the page says something, and can be pressed.</summary>
    private static Task OffersAsync(IPage page, string beginning) =>
        ToldAsync(
            page,
            "web_app_setup_main_button",
            data =>
                (bool)data!["is_visible"]!
                && (bool)data["is_active"]!
                && ((string)data["text"]!).StartsWith(beginning, StringComparison.Ordinal)
        );

    private static Task OffersNothingAsync(IPage page) =>
        ToldAsync(page, "web_app_setup_main_button", data => !(bool)data!["is_visible"]!);

    private async Task<(ApiClient Member, string InitData)> LinkedAsync()
    {
        var member = await Server.MemberAsync();
        var telegramId = MiniApp.NewTelegramId();
        var initData = await MiniApp.InitDataAsync(telegramId);
        var stranger = await Server.Anonymous().OpenAsync(initData);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await member.LinkAsync((string)stranger.Body["proof"]!)).Status);
        return (member, initData);
    }

    [Fact]
    public async Task Whoever_is_linked_is_signed_in_within_a_frame_without_cookies()
    {
        var (_, initData) = await LinkedAsync();

        var (page, app) = await OpenInTelegramAsync(AddressFor(initData));

        await SeesAsync(app.Locator("nav a[href='/bookings']"));
        await Eventually.TrueAsync(async () =>
            !(await FramePathAsync(page)).Contains("tgWebAppData", StringComparison.Ordinal)
        );
        await app.Locator("nav a[href='/profile']").ClickAsync();
        await SeesAsync(app.Locator("main h1"));
        await Eventually.TrueAsync(async () => await FramePathAsync(page) == "/profile");
        await ToldAsync(page, "web_app_ready");
        // The proof that it did without: the Api's cookies are not this frame's.
        Assert.DoesNotContain(
            "access_token",
            await page.Frames[1].EvaluateAsync<string>("() => document.cookie"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task It_takes_telegrams_theme_and_changes_with_it()
    {
        var (_, initData) = await LinkedAsync();
        var (page, app) = await OpenInTelegramAsync(AddressFor(initData, Dark));
        var html = app.Locator("html");
        await SeesAsync(app.Locator("main h1"));
        await Assertions.Expect(html).ToHaveAttributeAsync("data-theme", "dark");
        await Assertions.Expect(html).ToHaveCSSAsync("background-color", "rgb(14, 22, 33)");

        await page.EvaluateAsync("theme => tell('theme_changed', { theme_params: theme })", Light);

        await Assertions.Expect(html).ToHaveAttributeAsync("data-theme", "light");
    }

    [Fact]
    public async Task Telegrams_back_button_leads_back()
    {
        var (_, initData) = await LinkedAsync();
        var (page, app) = await OpenInTelegramAsync(AddressFor(initData));
        await app.Locator("nav a[href='/profile']").ClickAsync();
        await ToldAsync(page, "web_app_setup_back_button", data => (bool)data!["is_visible"]!);

        await page.EvaluateAsync("() => tell('back_button_pressed')");

        await Eventually.TrueAsync(async () => await FramePathAsync(page) == "/");
        await ToldAsync(page, "web_app_setup_back_button", data => !(bool)data!["is_visible"]!);
    }

    [Theory]
    [InlineData("pass", "/pass")]
    [InlineData("seat_0199d2f0-0000-7000-8000-000000000001", "/?seat=0199d2f0-0000-7000-8000-000000000001")]
    [InlineData("seat_nonsense", "/")]
    public async Task A_link_leads_where_it_says(string start, string path)
    {
        // There is no such seat, which is for the map to say.
        Expect("status of 404");
        var (_, initData) = await LinkedAsync();

        var (page, app) = await OpenInTelegramAsync(AddressFor(initData, start: start));

        await SeesAsync(app.Locator("main h1").First);
        await Eventually.TrueAsync(async () => (await FramePathAsync(page)).StartsWith(path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Telegrams_main_button_books_the_seat_and_shows_its_pass()
    {
        Expect("status of 404");
        var (member, initData) = await LinkedAsync();
        var seat = await Server.SeatAsync("A1");
        var (page, app) = await OpenInTelegramAsync(AddressFor(initData, start: $"seat_{seat}"));
        var sheet = app.GetByRole(AriaRole.Dialog, new() { Name = "A1" });
        await SeesAsync(sheet);
        await OffersAsync(page, "Book ");
        // One button is enough.
        await Assertions.Expect(sheet.GetByRole(AriaRole.Button, new() { NameRegex = Book() })).ToHaveCountAsync(0);

        await page.EvaluateAsync("() => tell('main_button_pressed')");

        await SeesAsync(app.GetByRole(AriaRole.Dialog, new() { Name = "A1 is yours" }));
        await OffersAsync(page, "Show the pass");
        Assert.Equal(
            1,
            await Server.QueryAsync<long>(
                $"SELECT count(*) FROM reservations WHERE user_id = '{member.UserId}' AND seat_id = '{seat}'"
            )
        );

        await page.EvaluateAsync("() => tell('main_button_pressed')");
        await SeesAsync(app.GetByAltText("QR code of the pass"));
        await OffersNothingAsync(page);
        await page.EvaluateAsync("() => tell('back_button_pressed')");
        await SeesAsync(sheet);
        await OffersAsync(page, "Show the pass");

        await page.EvaluateAsync("() => tell('back_button_pressed')");
        await Assertions.Expect(app.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await OffersNothingAsync(page);
        await ToldAsync(page, "web_app_setup_back_button", data => !(bool)data!["is_visible"]!);
    }

    [Fact]
    public async Task Telegrams_main_button_sends_the_form_of_a_sheet_once_it_is_filled_in()
    {
        var (_, initData) = await LinkedAsync();
        var (page, app) = await OpenInTelegramAsync(AddressFor(initData));
        await app.Locator("nav a[href='/tickets']").ClickAsync();
        await app.GetByRole(AriaRole.Button, new() { Name = "New ticket" }).ClickAsync();
        await ToldAsync(
            page,
            "web_app_setup_main_button",
            data => (bool)data!["is_visible"]! && !(bool)data["is_active"]! && (string?)data["text"] == "Send"
        );

        await app.GetByLabel("Message").FillAsync("The lamp is broken.");
        await OffersAsync(page, "Send");
        await page.EvaluateAsync("() => tell('main_button_pressed')");

        await SeesAsync(app.GetByRole(AriaRole.Listitem).GetByText("The lamp is broken."));
        await OffersNothingAsync(page);
    }

    [Fact]
    public async Task What_telegram_cannot_save_is_to_be_had_in_a_browser()
    {
        var (member, initData) = await LinkedAsync();
        var now = TimeProvider.System.GetUtcNow();
        await Server.ReservationAsync(member.UserId, await Server.SeatAsync(), now.AddHours(1), now.AddHours(2));
        var (page, app) = await OpenInTelegramAsync(AddressFor(initData));
        await app.Locator("nav a[href='/bookings']").ClickAsync();

        await app.GetByRole(AriaRole.Button, new() { Name = "Calendar" }).ClickAsync();

        var here = new Uri(new Uri(await page.Frames[1].EvaluateAsync<string>("() => location.href")), "/bookings");
        await ToldAsync(page, "web_app_open_link", data => (string?)data!["url"] == here.ToString());
        await SeesAsync(app.GetByText("Telegram saves no files.").First);
    }

    [Fact]
    public async Task Whoever_is_new_registers_once_and_is_linked()
    {
        Expect("status of 409");
        var telegramId = MiniApp.NewTelegramId();
        var initData = await MiniApp.InitDataAsync(telegramId);
        var (page, app) = await OpenInTelegramAsync(AddressFor(initData, start: "pass"));
        await SeesAsync(app.GetByText("You are here for the first time.").First);
        await Eventually.TrueAsync(async () =>
            (await FramePathAsync(page)).StartsWith("/sign-in", StringComparison.Ordinal)
        );

        await app.GetByRole(AriaRole.Link, new() { Name = "Create an account" }).ClickAsync();
        await OffersAsync(page, "Create an account");
        await app.GetByLabel("First name").FillAsync("Ann");
        await app.GetByLabel("E-mail").FillAsync($"mini.{telegramId}@example.com");
        await app.GetByLabel("Password", new() { Exact = true }).FillAsync(BookItServer.Password);
        await Assertions
            .Expect(app.Locator("main").GetByRole(AriaRole.Button, new() { Name = "Create an account" }))
            .ToHaveCountAsync(0);
        await page.EvaluateAsync("() => tell('main_button_pressed')");

        await SeesAsync(app.GetByText("Your Telegram account is linked now.").First);
        await Eventually.TrueAsync(async () => await FramePathAsync(page) == "/pass");
        Assert.Equal(
            $"mini.{telegramId}@example.com",
            (await Server.Anonymous().OpenAsync(await MiniApp.InitDataAsync(telegramId))).Email()
        );
    }

    [Fact]
    public async Task What_telegram_has_not_signed_is_said_in_words_and_the_map_still_opens()
    {
        Expect("status of 400");
        var initData = await MiniApp.InitDataAsync(
            MiniApp.NewTelegramId(),
            token: "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx9"
        );

        var (_, app) = await OpenInTelegramAsync(AddressFor(initData));

        await SeesAsync(app.GetByText("Open it from Telegram again").First);
        await SeesAsync(app.Locator("main h1"));
    }

    [Fact]
    public async Task A_foreign_page_cannot_show_it_in_a_frame()
    {
        Expect("frame-ancestors");
        var page = await NewPageAsync();
        await page.RouteAsync(
            "https://evil.example/**",
            route =>
                route.FulfillAsync(
                    new RouteFulfillOptions
                    {
                        ContentType = "text/html",
                        Body = $"<!doctype html><iframe src='{At("/")}'></iframe>",
                    }
                )
        );
        await page.GotoAsync("https://evil.example/");

        Assert.Equal(0, await page.FrameLocator("iframe").Locator("#app").CountAsync());
    }

    [GeneratedRegex("^Book ", RegexOptions.None, 1000)]
    private static partial Regex Book();
}
