using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Avatars;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>The floor is drawn by mouse, by keys and by fingers, and saved as one change.</summary>
public sealed class FloorEditorTests(Chromium chromium, BookItServer server)
    : BrowserTests<BookItServer>(chromium, server),
        IClassFixture<BookItServer>
{
    private static readonly Look Desk = new() { Width = 1280 };

    private ApiClient admin = null!;

    /// <summary>The editor on a floor of four seats, a hundred apart: E1, E2 and E3 in a row, F1 below E2.</summary>
    private async Task<IPage> EditorAsync(Look? look = null)
    {
        await Server.ExecuteAsync("DELETE FROM reservations; DELETE FROM seats;");
        await Server.SeatAsync("E1", 100, 100, "East");
        await Server.SeatAsync("E2", 200, 100, "East");
        await Server.SeatAsync("E3", 300, 100, "East");
        await Server.SeatAsync("F1", 200, 200);
        admin = await Server.AdminAsync();
        return await OpenEditorAsync(admin, look);
    }

    private async Task<IPage> OpenEditorAsync(ApiClient who, Look? look = null)
    {
        var page = await OpenAsync("/admin/floor", (look ?? Desk) with { As = who });
        await SeesAsync(Seat(page, "E1"));
        return page;
    }

    private static ILocator Seat(IPage page, string name) =>
        page.GetByRole(AriaRole.Option, new() { NameRegex = Finding.Pattern($"^{Regex.Escape(name)},") });

    private static Task StandsAsync(IPage page, string name, double x, double y) =>
        SeesAsync(
            page.GetByRole(
                AriaRole.Option,
                new()
                {
                    NameRegex = Finding.Pattern(
                        string.Create(CultureInfo.InvariantCulture, $"^{Regex.Escape(name)},.* at {x}, {y}$")
                    ),
                }
            )
        );

    private static Task ChosenAsync(IPage page, int count) =>
        Assertions
            .Expect(page.Locator("[role=option][aria-selected=true]"))
            .ToHaveCountAsync(count, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });

    private static async Task<(float X, float Y)> MiddleAsync(IPage page, string name)
    {
        var box = (await Seat(page, name).Locator("circle").First.BoundingBoxAsync())!;
        return (box.X + (box.Width / 2), box.Y + (box.Height / 2));
    }

    /// <summary>How many pixels a unit of the floor has.</summary>
    private static async Task<float> ScaleAsync(IPage page) =>
        ((await MiddleAsync(page, "E2")).X - (await MiddleAsync(page, "E1")).X) / 100;

    private static async Task DragAsync(IPage page, (float X, float Y) from, (float X, float Y) to)
    {
        await page.Mouse.MoveAsync(from.X, from.Y);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(to.X, to.Y, new MouseMoveOptions { Steps = 8 });
        await page.Mouse.UpAsync();
    }

    /// <summary>Drags a seat so far on the floor.</summary>
    private static async Task DragSeatAsync(IPage page, string name, float x, float y)
    {
        var (from, scale) = (await MiddleAsync(page, name), await ScaleAsync(page));
        await DragAsync(page, from, (from.X + (x * scale), from.Y + (y * scale)));
    }

    private static async Task SaveAsync(IPage page)
    {
        await page.Button("Save").First.ClickAsync();
        await page.Sheet("Save the floor?").Button("Save").ClickAsync();
        await SeesAsync(page.GetByText("The floor is saved.").First);
        await Assertions.Expect(page.Button("Save")).ToBeDisabledAsync();
    }

    private async Task<JsonNode> SavedAsync(string name) =>
        (await Server.Anonymous().GetAsync("/api/seat")).Body.AsArray().Single(seat => (string?)seat!["name"] == name)!;

    private async Task<(double X, double Y)> SavedAtAsync(string name) =>
        await SavedAsync(name) is var seat ? ((double)seat["x"]!, (double)seat["y"]!) : default;

    [Fact]
    public async Task All_of_it_goes_by_keys_is_one_change_and_is_seen_on_an_open_map()
    {
        var page = await EditorAsync();
        var map = await OpenAsync("/", new Look { Width = 1280 });
        var e1 = await SavedAsync("E1");
        await SeesAsync(map.Locator($"[data-seat='{e1["id"]}'][transform='translate(100 100)']"));
        await MarkAsync(map);
        var saves = page.Context.Count("PUT", "/api/admin/floor");

        // To the first seat, which is chosen and moved: a step, and a long one back.
        await TabToAsync(page, Seat(page, "E1"));
        await page.Keyboard.PressAsync("Space");
        await ChosenAsync(page, 1);
        // What follows soon is one act: however long this takes, the page's clock stands still meanwhile.
        await page.Clock.InstallAsync();
        await page.Clock.PauseAtAsync(TimeProvider.System.GetUtcNow().AddMinutes(1).UtcDateTime);
        await page.Keyboard.PressAsync("ArrowDown");
        await StandsAsync(page, "E1", 100, 110);
        await page.Keyboard.PressAsync("Shift+ArrowLeft");
        await StandsAsync(page, "E1", 50, 110);
        await page.Clock.ResumeAsync();

        // Undone is all of it, as it was one act; and done again.
        await page.Keyboard.PressAsync("Control+z");
        await StandsAsync(page, "E1", 100, 100);
        await page.Keyboard.PressAsync("Control+Shift+z");
        await StandsAsync(page, "E1", 50, 110);

        // A copy with the next name that is free, and what it is like.
        await page.Keyboard.PressAsync("Control+d");
        await SeesAsync(Seat(page, "E4"));
        await ChosenAsync(page, 1);
        await TabToAsync(page, page.Field("Name"));
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("Nook");
        await page.Keyboard.PressAsync("Tab");
        await SeesAsync(Seat(page, "Nook"));
        await page.Field("Kind").SelectOptionAsync("Sofa");
        await TabToAsync(page, page.Field("Zone"));
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("West");
        await TabToAsync(page, page.Field("Water"));
        await page.Keyboard.PressAsync("Space");

        // One goes.
        await Seat(page, "F1").FocusAsync();
        await page.Keyboard.PressAsync("Escape");
        await ChosenAsync(page, 0);
        await page.Keyboard.PressAsync("Space");
        await page.Keyboard.PressAsync("Delete");
        await Assertions.Expect(Seat(page, "F1")).ToHaveCountAsync(0);

        await page.Keyboard.PressAsync("Control+s");
        var sheet = page.Sheet("Save the floor?");
        await SeesAsync(sheet.GetByText("1 new seat"));
        await SeesAsync(sheet.GetByText("1 seat moved"));
        await SeesAsync(sheet.GetByText("1 seat removed"));
        Assert.Empty(await ViolationsAsync(page));
        await TabToAsync(page, sheet.Button("Save"));
        await page.Keyboard.PressAsync("Enter");
        await SeesAsync(page.GetByText("The floor is saved.").First);

        Assert.Equal(1, saves());
        Assert.Equal((50, 110), await SavedAtAsync("E1"));
        var nook = await SavedAsync("Nook");
        Assert.Equal(("sofa", "West", true), ((string?)nook["type"], (string?)nook["zone"], (bool)nook["has_water"]!));
        var entry = Assert.Single((await admin.GetAsync($"/api/admin/audit?actor_id={admin.UserId}")).Body.AsArray())!;
        Assert.Equal("floor.update", (string?)entry["action"]);

        await SeesAsync(map.Locator($"[data-seat='{e1["id"]}'][transform='translate(50 110)']"));
        await SeesAsync(map.SeatOnMap("Nook"));
        await Assertions.Expect(map.SeatOnMap("F1")).ToHaveCountAsync(0);
        await AssertNotReloadedAsync(map);
    }

    [Fact]
    public async Task A_seat_is_dragged_onto_the_grid_or_in_line_with_others_or_freely()
    {
        var page = await EditorAsync();

        await DragSeatAsync(page, "E3", 62, 63);
        await StandsAsync(page, "E3", 360, 160);
        await page.Keyboard.PressAsync("Control+z");
        await StandsAsync(page, "E3", 300, 100);

        // Almost beside F1 is beside it.
        await DragSeatAsync(page, "E3", 3, 98);
        await StandsAsync(page, "E3", 300, 200);

        await page.Keyboard.DownAsync("Alt");
        await DragSeatAsync(page, "E3", 33.3f, 41.7f);
        await page.Keyboard.UpAsync("Alt");
        await page.Button("Undo").ClickAsync();
        await StandsAsync(page, "E3", 300, 200);
        await page.Button("Redo").ClickAsync();
        await SaveAsync(page);

        var (x, y) = await SavedAtAsync("E3");
        Assert.InRange(x, 331, 336);
        Assert.InRange(y, 239, 245);
        Assert.False(x % 10 == 0 && y % 10 == 0);
    }

    [Fact]
    public async Task Several_are_chosen_by_shift_and_by_a_frame_and_changed_together()
    {
        var page = await EditorAsync();

        await Seat(page, "E1").ClickAsync();
        await Seat(page, "E2").ClickAsync(new LocatorClickOptions { Modifiers = [KeyboardModifier.Shift] });
        await ChosenAsync(page, 2);
        await SeesAsync(page.GetByRole(AriaRole.Heading, new() { Name = "2 seats chosen" }));
        await Seat(page, "E2").ClickAsync(new LocatorClickOptions { Modifiers = [KeyboardModifier.Shift] });
        await ChosenAsync(page, 1);

        // Around the row, and not what lies below it.
        var (first, last, scale) = (
            await MiddleAsync(page, "E1"),
            await MiddleAsync(page, "E3"),
            await ScaleAsync(page)
        );
        await DragAsync(
            page,
            (first.X - (45 * scale), first.Y - (40 * scale)),
            (last.X + (45 * scale), last.Y + (45 * scale))
        );
        await ChosenAsync(page, 3);
        await Assertions.Expect(Seat(page, "F1")).ToHaveAttributeAsync("aria-selected", "false");

        await page.Field("Name the first one").FillAsync("G7");
        await page.Field("Name the first one").PressAsync("Tab");
        await SeesAsync(Seat(page, "G9"));
        await page.Field("Kind").SelectOptionAsync("Booth");
        await page.Field("Zone").FillAsync("North");
        await page.Field("Zone").PressAsync("Tab");
        await page.Field("Quiet").CheckAsync();
        await DragSeatByAsync(page, "G7", 0, -50);
        await StandsAsync(page, "G9", 300, 50);
        await SaveAsync(page);

        foreach (var name in new[] { "G7", "G8", "G9" })
        {
            var seat = await SavedAsync(name);
            Assert.Equal(
                ("booth", "North", true, 50d),
                ((string?)seat["type"], (string?)seat["zone"], (bool)seat["is_quite"]!, (double)seat["y"]!)
            );
        }

        Assert.Equal((200, 200), await SavedAtAsync("F1"));
    }

    /// <summary>As <see cref="DragSeatAsync"/>, on a floor whose seats have other names by now.</summary>
    private static async Task DragSeatByAsync(IPage page, string name, float x, float y)
    {
        var from = await MiddleAsync(page, name);
        var scale = ((await MiddleAsync(page, "G8")).X - (await MiddleAsync(page, "G7")).X) / 100;
        await DragAsync(page, from, (from.X + (x * scale), from.Y + (y * scale)));
    }

    [Fact]
    public async Task What_another_admin_has_saved_meanwhile_is_told_and_nothing_is_lost()
    {
        Expect("status of 409");
        var mine = await EditorAsync();
        var theirs = await OpenEditorAsync(await Server.AdminAsync());
        await Seat(theirs, "E2").ClickAsync();
        await theirs.Field("Name").FillAsync("Theirs");
        await theirs.Field("Name").PressAsync("Tab");
        await SaveAsync(theirs);

        await Seat(mine, "E1").ClickAsync();
        await mine.Keyboard.PressAsync("ArrowUp");
        await mine.Button("Save").ClickAsync();
        await mine.Sheet("Save the floor?").Button("Save").ClickAsync();

        var clash = mine.Sheet("Somebody else has saved the floor meanwhile");
        await SeesAsync(clash.GetByText("1 seat moved"));
        await SeesAsync(clash.GetByText("1 seat changed"));
        Assert.Empty(await ViolationsAsync(mine));
        Assert.Equal((100, 100), await SavedAtAsync("E1"));
        await clash.Button("Put my changes on top of theirs").ClickAsync();
        await SeesAsync(Seat(mine, "Theirs"));
        await SaveAsync(mine);

        Assert.Equal((100, 90), await SavedAtAsync("E1"));
        Assert.Equal((200, 100), await SavedAtAsync("Theirs"));
    }

    [Fact]
    public async Task A_seat_that_somebody_has_booked_goes_only_when_one_says_so_twice()
    {
        Expect("status of 409");
        var page = await EditorAsync();
        var member = await Server.MemberAsync();
        var seat = Guid.Parse((string)(await SavedAsync("E2"))["id"]!);
        var now = TimeProvider.System.GetUtcNow();
        var booking = await Server.ReservationAsync(member.UserId, seat, now.AddHours(1), now.AddHours(2));
        await Seat(page, "E2").ClickAsync();
        await page.Button("Remove").ClickAsync();

        await page.Button("Save").ClickAsync();
        var sheet = page.Sheet("Save the floor?");
        await sheet.Button("Save").ClickAsync();
        await SeesAsync(sheet.GetByText("E2 has live bookings. Saving closes them and tells the people."));
        Assert.Equal(
            "future",
            await Server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{booking}'")
        );
        await sheet.Button("Save and close the bookings").ClickAsync();

        await SeesAsync(page.GetByText("The floor is saved.").First);
        Assert.Equal(
            "closed",
            await Server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{booking}'")
        );
    }

    [Fact]
    public async Task A_picture_is_laid_below_the_seats_and_taken_away()
    {
        var page = await EditorAsync();
        var map = await OpenAsync("/", new Look { Width = 1280 });
        var picture = await Pictures.ReadAsync("told.png");
        var facts = await Pictures.DescribeAsync(picture);
        var shape = (double)facts["height"]! / (double)facts["width"]!;
        await page.Locator("input[type=file]")
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = "plan.png",
                    MimeType = "image/png",
                    Buffer = picture,
                }
            );

        await SeesAsync(page.Button("Move and scale"));
        await SeesAsync(page.Locator("svg image").First);
        Assert.NotNull((await Server.Anonymous().GetAsync("/api/floor")).Body["plan"]);
        await map.ReloadAsync();
        await SeesAsync(map.Locator("svg image").First);

        await page.Field("Width").FillAsync("800");
        await page.Field("Width").PressAsync("Tab");
        await SaveAsync(page);
        var plan = (await Server.Anonymous().GetAsync("/api/floor")).Body["plan"]!;
        Assert.Equal(800, (double)plan["width"]!);
        Assert.Equal(800 * shape, (double)plan["height"]!, 0.01);

        await page.Button("Remove the picture").ClickAsync();
        await page.GetByRole(AriaRole.Alertdialog).Button("Remove the picture").ClickAsync();
        await SeesAsync(page.Button("Upload a picture"));
        Assert.Null((await Server.Anonymous().GetAsync("/api/floor")).Body["plan"]);
    }

    [Fact]
    public async Task A_file_that_is_no_picture_is_refused_in_words()
    {
        Expect("status of 4");
        var page = await EditorAsync();
        await page.Locator("input[type=file]")
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = "plan.png",
                    MimeType = "image/png",
                    Buffer = [1, 2, 3],
                }
            );

        await SeesAsync(page.Region("Floor plan").GetByRole(AriaRole.Alert));
        await SeesAsync(page.Button("Upload a picture"));
    }

    [Fact]
    public async Task Leaving_asks_and_what_was_not_saved_survives_a_reload()
    {
        var page = await EditorAsync();
        await Seat(page, "E1").ClickAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await StandsAsync(page, "E1", 110, 100);

        await page.Locator("nav a[href='/bookings']").ClickAsync();
        var asks = page.GetByRole(AriaRole.Alertdialog);
        await SeesAsync(asks.GetByText("Leave without saving?"));
        await asks.Button("No, leave it").ClickAsync();
        await StandsAsync(page, "E1", 110, 100);
        Assert.Equal(At("/admin/floor"), page.Url);

        var asked = 0;
        page.Dialog += async (_, dialog) =>
        {
            asked += dialog.Type == "beforeunload" ? 1 : 0;
            await dialog.AcceptAsync();
        };
        await page.ReloadAsync();
        await SeesAsync(page.GetByText("Your unsaved changes are here again."));
        await StandsAsync(page, "E1", 110, 100);
        Assert.Equal(1, asked);

        await page.Locator("nav a[href='/bookings']").ClickAsync();
        await asks.Button("Leave").ClickAsync();
        await page.ComesToAsync(At("/bookings"));
        await page.GotoAsync("/admin/floor");
        await StandsAsync(page, "E1", 100, 100);
        Assert.Equal((100, 100), await SavedAtAsync("E1"));
    }

    [Fact]
    public async Task Fingers_look_about_and_move_what_was_chosen()
    {
        var page = await EditorAsync(new Look());
        var touch = await page.Context.NewCDPSessionAsync(page);
        async Task TouchAsync(string type, double at, params (float X, float Y)[] points) =>
            await touch.SendAsync(
                "Input.dispatchTouchEvent",
                new Dictionary<string, object>
                {
                    ["type"] = type,
                    ["touchPoints"] = points.Select(point => new { x = point.X, y = point.Y }).ToArray(),
                    ["timestamp"] = at,
                }
            );
        // In a second, and at rest before it ends: a flick would swallow the tap that comes next.
        async Task SwipeAsync((float X, float Y) from, float x, float y)
        {
            var at = (TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000d) - 1;
            await TouchAsync("touchStart", at, from);
            for (var step = 1; step <= 8; step++)
            {
                var share = Math.Min(step, 5) / 5f;
                await TouchAsync("touchMove", at + (step * 0.1), (from.X + (x * share), from.Y + (y * share)));
            }

            await TouchAsync("touchEnd", at + 0.9);
        }

        // Over a seat that was not chosen it looks about: the seat goes along, and stays where it is.
        var before = await MiddleAsync(page, "F1");
        await SwipeAsync(before, 0, -30);
        var after = await MiddleAsync(page, "F1");
        Assert.InRange(after.Y - before.Y, -40, -15);
        await StandsAsync(page, "F1", 200, 200);
        await ChosenAsync(page, 0);

        await Seat(page, "F1").TapAsync();
        await ChosenAsync(page, 1);
        var scale = await ScaleAsync(page);
        await SwipeAsync(await MiddleAsync(page, "F1"), 0, 60 * scale);
        await StandsAsync(page, "F1", 200, 260);

        await page.Button("Select several").TapAsync();
        await Assertions.Expect(page.Button("Select several")).ToHaveAttributeAsync("aria-pressed", "true");
        await Seat(page, "E1").TapAsync();
        await ChosenAsync(page, 2);

        await page.Button("Edit (2)").TapAsync();
        await page.Sheet("Properties").Field("Zone").FillAsync("Fingers");
        await page.Sheet("Properties").Field("Zone").PressAsync("Tab");
        await page.Sheet("Properties").Button("Close").TapAsync();
        await SaveAsync(page);
        Assert.Equal("Fingers", (string?)(await SavedAsync("E1"))["zone"]);
        Assert.Equal((200, 260), await SavedAtAsync("F1"));
    }
}
