using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Reservations;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What somebody does with their account.</summary>
public sealed class ProfilePageTests(Chromium chromium, ServerWithBotName server)
    : BrowserTests<ServerWithBotName>(chromium, server),
        IClassFixture<ServerWithBotName>
{
    private static readonly float[] Red = [254, 0, 0];

    private async Task<(IPage Page, ApiClient Member)> ProfileAsync(ApiClient? member = null)
    {
        member ??= await Server.MemberAsync();
        return (await OpenAsync("/profile", new Look { As = member }), member);
    }

    private static async Task<JsonNode> MeAsync(ApiClient member) => (await member.GetAsync("/api/user/me")).Body;

    /// <summary>A picture that is red at its left half and blue at its right.</summary>
    private static async Task<FilePayload> PictureAsync(IPage page) =>
        new()
        {
            Name = "me.png",
            MimeType = "image/png",
            Buffer = Convert.FromBase64String(
                await page.EvaluateAsync<string>(
                    """
                    () => {
                      const canvas = Object.assign(document.createElement('canvas'), { width: 800, height: 400 })
                      const context = canvas.getContext('2d')
                      context.fillStyle = '#ff0000'
                      context.fillRect(0, 0, 400, 400)
                      context.fillStyle = '#0000ff'
                      context.fillRect(400, 0, 400, 400)
                      return canvas.toDataURL('image/png').split(',')[1]
                    }
                    """
                )
            ),
        };

    /// <summary>The colour of a picture on the page at some place, in shares of its side.</summary>
    private static Task<float[]> ColourAsync(ILocator picture, double x, double y) =>
        picture.EvaluateAsync<float[]>(
            """
            (picture, [x, y]) => {
              const canvas = Object.assign(document.createElement('canvas'), { width: 100, height: 100 })
              const context = canvas.getContext('2d')
              context.drawImage(picture, 0, 0, 100, 100)
              return [...context.getImageData(x * 100, y * 100, 1, 1).data.slice(0, 3)]
            }
            """,
            new[] { x, y }
        );

    private static async Task ChooseAsync(IPage page, FilePayload file)
    {
        var chooser = await page.RunAndWaitForFileChooserAsync(() => page.Button("Choose a picture").TapAsync());
        await chooser.SetFilesAsync(file);
    }

    [Fact]
    public async Task A_name_is_changed_and_an_empty_one_is_refused_at_its_field()
    {
        Expect("status of 400");
        var (page, member) = await ProfileAsync();
        var name = page.Region("Name");

        await name.Field("First name").FillAsync("  ");
        await name.Button("Save").TapAsync();
        await Assertions.Expect(name.Field("First name")).ToHaveAttributeAsync("aria-invalid", "true");

        await name.Field("First name").FillAsync("Zoë <b>");
        await name.Button("Save").TapAsync();
        await SeesAsync(page.GetByText("Saved", new() { Exact = true }).First);
        await Assertions.Expect(name.Field("First name")).Not.ToHaveAttributeAsync("aria-invalid", "true");
        Assert.Equal("Zoë <b>", (string?)(await MeAsync(member))["first_name"]);
        await page.ReloadAsync();
        await Assertions.Expect(name.Field("First name")).ToHaveValueAsync("Zoë <b>");
    }

    [Fact]
    public async Task The_part_of_a_picture_that_was_chosen_by_keyboard_becomes_ones_own()
    {
        var (page, member) = await ProfileAsync();
        var onItsWay = new TaskCompletionSource();
        await page.RouteAsync(
            "**/api/avatar/upload",
            async route =>
            {
                await onItsWay.Task;
                await route.ContinueAsync();
            }
        );

        await ChooseAsync(page, await PictureAsync(page));
        var sheet = page.Sheet("What is to be seen?");
        var crop = sheet.GetByRole(AriaRole.Application);
        // As it is proposed, the middle: red at the left, blue at the right.
        await Eventually.TrueAsync(async () => (await ColourAsync(crop, 0.9, 0.5))[2] > 200);
        Assert.Empty(await ViolationsAsync(page));
        await crop.FocusAsync();
        for (var i = 0; i < 12; i++)
        {
            await page.Keyboard.PressAsync("ArrowLeft");
        }

        // Everything is red, wherever the picture was moved to; so it was moved.
        await Eventually.TrueAsync(async () => (await ColourAsync(crop, 0.9, 0.5))[0] > 200);
        await sheet.Button("Use this picture").TapAsync();
        await SeesAsync(sheet.GetByRole(AriaRole.Progressbar, new() { Name = "Uploading…" }));
        onItsWay.SetResult();

        await SeesAsync(page.GetByText("The new picture is set").First);
        await Assertions.Expect(sheet).ToHaveCountAsync(0);
        var picture = page.Region("Picture").Locator("img");
        await Eventually.TrueAsync(async () => (await ColourAsync(picture, 0.5, 0.5))[0] > 200);
        Assert.All(await ColourAsync(picture, 0.9, 0.5), (part, i) => Assert.InRange(part, Red[i] - 20, Red[i] + 20));
        Assert.NotNull((string?)(await MeAsync(member))["avatar_id"]);

        await page.Button("Remove").TapAsync();
        await SeesAsync(page.GetByText("The picture is removed").First);
        Assert.Null((string?)(await MeAsync(member))["avatar_id"]);
    }

    [Fact]
    public async Task What_is_no_picture_is_said_to_be_none()
    {
        var (page, _) = await ProfileAsync();

        await ChooseAsync(
            page,
            new()
            {
                Name = "me.png",
                MimeType = "image/png",
                Buffer = "no picture"u8.ToArray(),
            }
        );

        await SeesAsync(page.GetByText("This file cannot be read as a picture. Choose another one."));
    }

    [Fact]
    public async Task Telegram_is_linked_by_the_code_on_the_page_which_says_so_by_itself()
    {
        var (page, member) = await ProfileAsync();
        await page.Button("Link Telegram").TapAsync();
        var code = page.GetByRole(AriaRole.Img, new() { Name = "QR code of the link that opens the bot" });
        await SeesAsync(code);

        var link = await CheckInTests.ScanAsync(await code.ScreenshotAsync());
        Assert.StartsWith("https://t.me/BookItTestBot?start=", link, StringComparison.Ordinal);
        Assert.Equal(link, await page.Link("Open Telegram").GetAttributeAsync("href"));
        var linked = await Server
            .Bot()
            .PostAsync(
                "/api/telegram/connect",
                new { token = link.Split('=')[1], telegram_id = MiniApp.NewTelegramId() }
            );
        Assert.Equal(HttpStatusCode.OK, linked.Status);

        await SeesAsync(page.Region("Telegram").GetByText("Telegram is linked"));
        await Assertions.Expect(code).ToHaveCountAsync(0);

        await page.Button("Unlink").TapAsync();
        await page.GetByRole(AriaRole.Alertdialog, new() { Name = "Unlink Telegram?" }).Button("Unlink").TapAsync();
        await SeesAsync(page.Button("Link Telegram"));
        Assert.Null((string?)(await MeAsync(member))["telegram_id"]);
    }

    [Fact]
    public async Task Another_sign_in_is_ended_and_ones_own_cannot_be()
    {
        var member = await Server.MemberAsync();
        var other = await Server.SignedInAsync(member.UserId);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/api/user/me")).Status);
        var (page, _) = await ProfileAsync(member);
        var signIns = page.Region("Where you are signed in").GetByRole(AriaRole.Listitem);
        await Assertions.Expect(signIns).ToHaveCountAsync(2);
        var own = signIns.Filter(new() { HasText = "This device" });
        await Assertions.Expect(own.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);

        await signIns.ButtonThatBegins("End the sign-in: ").TapAsync();
        await page.GetByRole(AriaRole.Alertdialog, new() { Name = "End this sign-in?" }).Button("End").TapAsync();

        await SeesAsync(page.GetByText("That sign-in has ended").First);
        await Assertions.Expect(signIns).ToHaveCountAsync(1);
        Assert.Single((await member.GetAsync("/api/user/sessions")).Body.AsArray());
    }

    [Fact]
    public async Task All_that_is_kept_about_somebody_is_saved_as_a_file()
    {
        var (page, member) = await ProfileAsync();
        var email = (string)(await MeAsync(member))["email"]!;

        var download = await page.RunAndWaitForDownloadAsync(() => page.Button("Download my data").TapAsync());

        Assert.Equal("bookit.json", download.SuggestedFilename);
        using var folder = new TemporaryFolder();
        await download.SaveAsAsync(folder.File("bookit.json"));
        var text = await File.ReadAllTextAsync(folder.File("bookit.json"), TestContext.Current.CancellationToken);
        Assert.IsType<JsonObject>(JsonNode.Parse(text));
        Assert.Contains(email, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_is_deleted_for_its_password_only()
    {
        Expect("status of 400");
        Expect("status of 403");
        var email = People.NewEmail();
        var (page, member) = await ProfileAsync(Server.As(await Server.RegisterAsync(email)));
        await page.Button("Delete my account").TapAsync();
        var sheet = page.Sheet("Delete the account?");
        await Assertions.Expect(sheet.Button("Delete my account")).ToBeDisabledAsync();

        await sheet.Field("Current password").FillAsync("not the password");
        await sheet.Button("Delete my account").TapAsync();
        await SeesAsync(sheet.GetByRole(AriaRole.Alert).First);
        Assert.Equal(email, (string?)(await MeAsync(member))["email"]);

        await sheet.Field("Current password").FillAsync(BookItServer.Password);
        await sheet.Button("Delete my account").TapAsync();

        await SeesAsync(page.GetByText("Your account is deleted").First);
        await ArrivesAsync(page, "/");
        await SeesAsync(page.Link("Sign in"));
        Assert.Equal(0, await Server.QueryAsync<long>($"SELECT count(*) FROM users WHERE email = '{email}'"));
        // The one beside is as it was.
        await page.GotoAsync("/profile");
        await ArrivesAsync(page, url => url.Contains("/sign-in", StringComparison.Ordinal));
    }
}
