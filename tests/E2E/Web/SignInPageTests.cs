using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

public sealed class SignInPageTests(Chromium chromium, BookItServer server)
    : BrowserTests<BookItServer>(chromium, server),
        IClassFixture<BookItServer>
{
    private static int lastEmail;

    private static bool IsSignIn(string url) => new Uri(url).AbsolutePath == "/sign-in";

    private static string NewEmail() => $"visitor.{Interlocked.Increment(ref lastEmail)}@example.com";

    private static ILocator Field(IPage page, string label) =>
        page.GetByLabel(label, new PageGetByLabelOptions { Exact = true });

    private static ILocator Button(IPage page, string name) =>
        page.Locator("main").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = name, Exact = true });

    /// <summary>In the menu of who is signed in.</summary>
    private static ILocator Bookings(IPage page) => page.Locator("nav a[href='/bookings']");

    private static ILocator Link(IPage page, string name) =>
        page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>Somebody with a password, and both cookies, in the browser of a page.</summary>
    private static async Task RegisterAsync(IPage page, string email, string firstName = "Ann")
    {
        await page.GotoAsync("/register");
        await Field(page, "First name").FillAsync(firstName);
        await Field(page, "E-mail").FillAsync(email);
        await Field(page, "Password").FillAsync(BookItServer.Password);
        await Button(page, "Create an account").ClickAsync();
        await SeesAsync(Bookings(page));
    }

    private static async Task SignInAsync(IPage page, string email, string password)
    {
        await Field(page, "E-mail").FillAsync(email);
        await Field(page, "Password").FillAsync(password);
        await Button(page, "Sign in").ClickAsync();
    }

    [Fact]
    public async Task Registering_signing_out_and_signing_in_again_go_by_the_keyboard()
    {
        var page = await OpenAsync("/sign-in");
        var email = NewEmail();

        await TabToAsync(page, Link(page, "Create an account"));
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(page, Field(page, "First name"));
        await page.Keyboard.TypeAsync("Ann");
        await TabToAsync(page, Field(page, "E-mail"));
        await page.Keyboard.TypeAsync(email);
        await TabToAsync(page, Field(page, "Password"));
        await page.Keyboard.TypeAsync(BookItServer.Password);
        await page.Keyboard.PressAsync("Enter");
        await SeesAsync(Bookings(page));

        await TabToAsync(page, page.Locator("nav a[href='/profile']"));
        await page.Keyboard.PressAsync("Enter");
        await ReadyAsync(page);
        await TabToAsync(page, Button(page, "Sign out"));
        await page.Keyboard.PressAsync("Enter");
        await SeesAsync(page.Locator("nav a[href='/sign-in']"));
        Assert.Null(await page.EvaluateAsync<string?>("() => localStorage.getItem('bookit.signed_in')"));
        Assert.DoesNotContain(
            await page.Context.CookiesAsync(),
            cookie => cookie.Name is "access_token" or "refresh_token"
        );

        await page.GotoAsync("/sign-in");
        await TabToAsync(page, Field(page, "E-mail"));
        await page.Keyboard.TypeAsync(email);
        await TabToAsync(page, Field(page, "Password"));
        await page.Keyboard.TypeAsync(BookItServer.Password);
        await page.Keyboard.PressAsync("Enter");
        await SeesAsync(Bookings(page));
    }

    [Fact]
    public async Task A_wrong_password_is_said_in_words_and_what_was_typed_stays()
    {
        Expect("status of 400");
        var page = await OpenAsync("/sign-in");

        await SignInAsync(page, "nobody@example.com", "not the password");

        await SeesAsync(page.GetByRole(AriaRole.Alert).First);
        await Assertions.Expect(Field(page, "E-mail")).ToHaveValueAsync("nobody@example.com");
        Assert.Empty(await ViolationsAsync(page));
    }

    [Fact]
    public async Task What_is_wrong_with_a_registration_stands_at_its_field()
    {
        Expect("status of 400");
        var page = await OpenAsync("/register");

        await Field(page, "First name").FillAsync("Ann");
        await Field(page, "E-mail").FillAsync("no address");
        await Field(page, "Password").FillAsync("short");
        await Button(page, "Create an account").ClickAsync();

        await Assertions.Expect(Field(page, "E-mail")).ToHaveAttributeAsync("aria-invalid", "true");
        await Assertions.Expect(Field(page, "Password")).ToHaveAttributeAsync("aria-invalid", "true");
        Assert.Empty(await ViolationsAsync(page));
    }

    [Fact]
    public async Task Who_came_by_a_link_gets_there_after_signing_in()
    {
        var email = NewEmail();
        await RegisterAsync(await NewPageAsync(), email);
        var page = await OpenAsync("/tickets?from=a-mail");
        await ArrivesAsync(page, IsSignIn);

        await SignInAsync(page, email, BookItServer.Password);

        await ArrivesAsync(page, "/tickets?from=a-mail");
        await ReadyAsync(page);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("javascript:alert(1)")]
    public async Task Signing_in_leads_to_no_foreign_page(string next)
    {
        var email = NewEmail();
        await RegisterAsync(await NewPageAsync(), email);
        var page = await OpenAsync($"/sign-in?next={Uri.EscapeDataString(next)}");

        await SignInAsync(page, email, BookItServer.Password);

        await SeesAsync(Bookings(page));
        await ArrivesAsync(page, "/");
    }

    [Fact]
    public async Task A_sign_in_that_has_expired_is_renewed_once_and_silently()
    {
        Expect("status of 401");
        var page = await NewPageAsync(new Look { Width = 1280 });
        await RegisterAsync(page, NewEmail());
        // The map that one comes to would renew it by itself.
        await page.GotoAsync("about:blank");
        await page.Context.ExpireAsync();
        var refreshes = 0;
        page.Request += (_, request) =>
            refreshes += request.Url.EndsWith("/api/auth/refresh", StringComparison.Ordinal) ? 1 : 0;

        await page.GotoAsync("/profile");
        await ReadyAsync(page);

        await SeesAsync(Bookings(page));
        await ArrivesAsync(page, "/profile");
        Assert.Equal(1, refreshes);
    }

    [Fact]
    public async Task A_sign_in_that_was_ended_elsewhere_leads_to_the_sign_in_and_back()
    {
        Expect("status of 401");
        var page = await NewPageAsync(new Look { Width = 1280 });
        var email = NewEmail();
        await RegisterAsync(page, email);
        await page.Locator("nav a[href='/profile']").ClickAsync();
        await ArrivesAsync(page, "/profile");
        await ReadyAsync(page);
        await page.Context.ClearCookiesAsync();

        await page.ReloadAsync();

        await ArrivesAsync(page, IsSignIn);
        await SeesAsync(page.GetByText("Your sign-in has ended. Please sign in again.").First);
        await SignInAsync(page, email, BookItServer.Password);
        await ArrivesAsync(page, "/profile");
    }

    [Fact]
    public async Task A_name_with_markup_is_shown_as_it_was_written()
    {
        // What it would come to is nothing that a clock shows: there are times on these pages.
        const string name = "<img src=x onerror=alert(1)>{{ 70 * 70 }}";
        var page = await NewPageAsync(new Look { Width = 1280 });
        var dialogs = 0;
        page.Dialog += async (_, dialog) =>
        {
            dialogs++;
            await dialog.DismissAsync();
        };
        await RegisterAsync(page, NewEmail(), name);

        foreach (var path in new[] { "/", "/bookings", "/profile", "/tickets" })
        {
            await page.GotoAsync(path);
            await ReadyAsync(page);
            Assert.Equal(0, await page.Locator("img[src=x]").CountAsync());
            await Assertions.Expect(page.GetByText("4900")).ToHaveCountAsync(0);
        }

        Assert.Equal(0, dialogs);
    }
}
