using BookIT.Core.Reservations;
using BookIT.Tests.E2E.Admin;
using BookIT.Tests.E2E.Reservations;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>A visit from end to end, with a phone at one side of the door and the desk at the other.</summary>
public sealed class VisitTests(Chromium chromium, NoonServer server)
    : BrowserTests<NoonServer>(chromium, server),
        IClassFixture<NoonServer>
{
    private static readonly Look Phone = new();
    private static int lastSeat;

    private static readonly Look Desk = new() { Width = 1280 };

    private static async Task RegisterAsync(IPage page, string firstName, string email)
    {
        await page.GotoAsync("/register");
        await page.Field("First name").FillAsync(firstName);
        await page.Field("E-mail").FillAsync(email);
        await page.Field("Password").FillAsync(BookItServer.Password);
        await page.Locator("main").Button("Create an account").TapAsync();
    }

    /// <summary>Somebody with a booking, in hours from now.</summary>
    private async Task<(string Name, Guid Id)> BookedAsync(double from, double to, string status = "future")
    {
        // Below the seats that are pressed on the map.
        var (member, seat) = (
            await Server.MemberAsync(),
            await Server.SeatAsync(x: 60 * Interlocked.Increment(ref lastSeat), y: 120)
        );
        var now = TimeProvider.System.GetUtcNow();
        var id = await Server.ReservationAsync(member.UserId, seat, now.AddHours(from), now.AddHours(to), status);
        var name = await Server.QueryAsync<string>($"SELECT first_name FROM users WHERE id = '{member.UserId}'");
        return (name, id);
    }

    /// <summary>What a reservation's code says.</summary>
    private async Task<string> PassAsync(Guid id) =>
        await CheckInTests.ScanAsync(
            (await (await Server.AdminAsync()).GetAsync($"/api/reservations/{id}/qr.png?signed=true")).Bytes
        );

    private Task<string> StatusAsync(Guid reservation) =>
        Server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{reservation}'");

    [Fact]
    public async Task From_registering_to_being_let_in_by_the_camera()
    {
        // So the Api says who has to be vouched for first.
        Expect("status of 424 .*/api/admin/check_qr/");
        await Server.SeatAsync("V-1", 0, 0, "Quiet zone");
        await Server.SeatAsync("V-2", 60, 0, "Quiet zone");
        var phone = await NewPageAsync(Phone);

        // An account, and two taps.
        await RegisterAsync(phone, "Vera", "vera@example.com");
        await ArrivesAsync(phone, "/");
        await phone.SeatOnMap("V-1").TapAsync();
        await phone.Sheet("V-1").ButtonThatBegins("Book ").TapAsync();
        await SeesAsync(phone.Sheet("V-1 is yours"));

        // The pass says the same to people and to cameras.
        await phone.Link("Show the pass").TapAsync();
        await SeesPictureAsync(phone.GetByAltText("QR code of the pass"));
        await SeesAsync(phone.GetByText("V-1", new() { Exact = true }));
        await SeesAsync(phone.GetByText("Quiet zone", new() { Exact = true }));
        await SeesAsync(phone.GetByText("Show this code at the desk"));
        var id = await Server.QueryAsync<Guid>(
            "SELECT r.id FROM reservations r JOIN users u ON u.id = r.user_id WHERE u.email = 'vera@example.com'"
        );
        await ArrivesAsync(phone, $"/pass/{id}");
        var pass = await CheckInTests.ScanAsync(await phone.ScreenshotAsync());
        Assert.StartsWith($"bookit:{id}.", pass, StringComparison.Ordinal);
        Assert.Equal(await PassAsync(id), pass);
        await MarkAsync(phone);

        // The desk's camera sees the phone.
        var desk = await OpenAsync(
            "/admin/scan",
            Desk with
            {
                As = await Server.AdminAsync(),
                Camera = await phone.ScreenshotAsync(),
            }
        );
        var result = desk.Region("Result");
        await SeesAsync(result.GetByText("Not verified yet"));
        await SeesAsync(result.GetByText("Vera", new() { Exact = true }));
        await SeesAsync(result.GetByText("vera@example.com"));
        await SeesAsync(result.GetByText("V-1", new() { Exact = true }));
        Assert.Equal("future", await StatusAsync(id));
        await result.Button("Verify and check in").ClickAsync();
        await SeesAsync(result.GetByText("Checked in"));

        // Without a reload.
        await SeesAsync(phone.GetByText("You are checked in"));
        await AssertNotReloadedAsync(phone);
        Assert.Equal("active", await StatusAsync(id));
        Assert.True(await Server.QueryAsync<bool>("SELECT verified FROM users WHERE email = 'vera@example.com'"));
    }

    [Fact]
    public async Task Where_there_is_no_camera_somebody_is_found_by_name_and_let_in()
    {
        var (name, id) = await BookedAsync(-0.1, 1);
        var desk = await NewPageAsync(Desk with { As = await Server.AdminAsync() });
        await desk.Context.GrantPermissionsAsync(["camera"]);
        await desk.GotoAsync("/admin/scan");
        await SeesAsync(desk.GetByText("There is no camera here"));
        await SeesAsync(desk.GetByText("or use a hand scanner or the search."));

        await desk.GetByRole(AriaRole.Searchbox, new() { Name = "Find without a pass" }).FillAsync(name);
        await desk.Region("Find without a pass").ButtonThatBegins(name).ClickAsync();
        var result = desk.Region("Result");
        await SeesAsync(result.GetByText("May come in"));
        await SeesAsync(result.GetByText(name, new() { Exact = true }));
        await result.Button("Check in").ClickAsync();

        await SeesAsync(result.GetByText("Checked in"));
        Assert.Equal("active", await StatusAsync(id));
    }

    [Fact]
    public async Task A_camera_that_is_refused_is_said_so_and_a_hand_scanner_does_without_it()
    {
        var (name, id) = await BookedAsync(-0.1, 1);
        // A browser without anybody to ask refuses.
        var desk = await OpenAsync("/admin/scan", new Look { Width = 820, As = await Server.AdminAsync() });
        await SeesAsync(desk.GetByText("The camera is not allowed"));
        await SeesAsync(desk.GetByText("Without it, codes can be typed and people found by name."));
        Assert.Empty(await ViolationsAsync(desk));

        // The code and Enter, and Enter once more: it waits for the keys where they come.
        await Assertions.Expect(desk.Field("Code of a pass")).ToBeFocusedAsync();
        await desk.Keyboard.TypeAsync(await PassAsync(id));
        await desk.Keyboard.PressAsync("Enter");
        await SeesAsync(desk.Region("Result").GetByText("May come in"));
        await SeesAsync(desk.Region("Result").GetByText(name, new() { Exact = true }));
        await desk.Keyboard.PressAsync("Enter");

        await SeesAsync(desk.Region("Result").GetByText("Checked in"));
        Assert.Equal("active", await StatusAsync(id));
    }

    [Fact]
    public async Task The_camera_says_why_a_code_lets_nobody_in_and_looks_on()
    {
        var desk = await OpenAsync(
            "/admin/scan",
            Desk with
            {
                As = await Server.AdminAsync(),
                Camera = QrPicture.Png("https://somewhere.example/else"),
            }
        );

        await SeesAsync(desk.Region("Result").GetByText("This is not a pass"));
        await desk.Button("Next pass").ClickAsync();
        await SeesAsync(desk.GetByText("Hold a pass into the frame"));
    }

    [Theory]
    [InlineData("tomorrow", "Too early: opens tomorrow")]
    [InlineData("later", "Too early: opens today")]
    [InlineData("yesterday", "This booking is closed")]
    [InlineData("missed", "Did not come in time")]
    [InlineData("in", "Already in")]
    public async Task A_pass_of_another_time_is_refused_in_words(string when, string words)
    {
        var (name, id) = when switch
        {
            "tomorrow" => await BookedAsync(24, 25),
            "later" => await BookedAsync(4, 5),
            "yesterday" => await BookedAsync(-24, -23, "closed"),
            "missed" => await BookedAsync(-2, -1, "did_not_come"),
            _ => await BookedAsync(-1, 1, "active"),
        };
        var status = await StatusAsync(id);
        var desk = await OpenAsync("/admin/scan", Desk with { As = await Server.AdminAsync() });

        await desk.Field("Code of a pass").FillAsync(await PassAsync(id));
        await desk.Field("Code of a pass").PressAsync("Enter");

        var result = desk.Region("Result");
        await SeesAsync(result.GetByText(words));
        await SeesAsync(result.GetByText(name, new() { Exact = true }));
        await Assertions.Expect(result.ButtonThatBegins("Check in")).ToHaveCountAsync(0);
        Assert.Empty(await ViolationsAsync(desk));
        Assert.Equal(status, await StatusAsync(id));
    }

    [Fact]
    public async Task What_is_no_pass_of_ours_lets_nobody_in()
    {
        Expect("status of 404 .*/api/admin/");
        var (_, id) = await BookedAsync(-0.1, 1);
        var desk = await OpenAsync("/admin/scan", Desk with { As = await Server.AdminAsync() });
        var (code, result) = (desk.Field("Code of a pass"), desk.Region("Result"));

        await code.FillAsync("4006381333931");
        await code.PressAsync("Enter");
        await SeesAsync(result.GetByText("This is not a pass"));

        await code.FillAsync($"{Guid.CreateVersion7()}");
        await code.PressAsync("Enter");
        await SeesAsync(result.GetByText("Unknown pass"));

        // Somebody's reservation under a signature that is not ours.
        await code.FillAsync($"bookit:{id}.{new string('A', 22)}");
        await code.PressAsync("Enter");
        await SeesAsync(result.GetByText("May come in"));
        await result.Button("Check in").ClickAsync();
        await SeesAsync(result.GetByText("This pass is not genuine"));
        await Assertions.Expect(result.Button("Check in")).ToHaveCountAsync(0);
        Assert.Equal("future", await StatusAsync(id));
    }
}
