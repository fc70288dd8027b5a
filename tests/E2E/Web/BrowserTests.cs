using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What somebody looks at the page with, and as whom.</summary>
public sealed record Look
{
    /// <summary>Signed in as; nobody by default.</summary>
    public ApiClient? As { get; init; }

    public int Width { get; init; } = 390;

    public bool Dark { get; init; }

    public string Language { get; init; } = "en-GB";

    /// <summary>The time zone of the device; IANA's name.</summary>
    public string Zone { get; init; } = "Europe/Moscow";

    /// <summary>Whether it may work offline; otherwise no service worker answers in place of the Api.</summary>
    public bool ServiceWorker { get; init; }

    /// <summary>The picture that its camera looks at; the page may use it without asking. Otherwise there is no camera.</summary>
    public byte[]? Camera { get; init; }
}

/// <summary>
/// Tests in a browser. Each page that a test opens is a person of its own. A page that has logged an error which was not
/// expected fails its test; a failed test leaves pictures of its pages and what they logged in <c>.local/browser</c>.
/// </summary>
public abstract class BrowserTests<TServer>(Chromium chromium, TServer server) : IAsyncDisposable
    where TServer : BookItServer
{
    protected TServer Server { get; } = server;

    private readonly ConcurrentQueue<(IPage Page, ConcurrentQueue<string> Log)> pages = [];
    private readonly ConcurrentQueue<IBrowser> browsers = [];
    private readonly TemporaryFolder films = new();

    // Chromium says so of every answer that is no success. This one is how the Api says that there is none.
    private readonly List<string> expected = ["status of 404 .*/api/reservations/active"];

    // On a busy machine Redis may be late, and the Api says "later". A page that has asked again has done what it should.
    private readonly ConcurrentDictionary<string, bool> putOff = [];

    private bool WasAskedAgain(string line) =>
        line.Contains("status of 503", StringComparison.Ordinal)
        && putOff.Any(answer => !answer.Value && line.Contains($"({answer.Key}:", StringComparison.Ordinal));

    /// <summary>An error that pages are to log in this test; part of its text, as a regular expression.</summary>
    protected void Expect(string error) => expected.Add(error);

    protected string At(string path) => new Uri(Server.Address, path).AbsoluteUri;

    /// <summary>A page in a browser of its own, nowhere yet.</summary>
    protected async Task<IPage> NewPageAsync(Look? look = null)
    {
        look ??= new Look();
        await Server.WrittenSeatsShowAsync();
        var browser = look.Camera is { } picture ? await WithCameraAsync(picture) : await chromium.BrowserAsync();
        var context = await browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                BaseURL = Server.Address.ToString(),
                ViewportSize = new ViewportSize { Width = look.Width, Height = look.Width < 700 ? 844 : 800 },
                HasTouch = look.Width < 700,
                ColorScheme = look.Dark ? ColorScheme.Dark : ColorScheme.Light,
                Locale = look.Language,
                TimezoneId = look.Zone,
                ReducedMotion = ReducedMotion.Reduce,
                ServiceWorkers = look.ServiceWorker ? ServiceWorkerPolicy.Allow : ServiceWorkerPolicy.Block,
                StorageState = look.As is { } who ? SignedIn(who) : null,
                Permissions = look.Camera is null ? [] : ["camera"],
            }
        );
        // A busy machine takes its time.
        context.SetDefaultTimeout(30_000);
        return await AnotherPageAsync(context);
    }

    /// <summary>One more page of the person whose other one has that context.</summary>
    protected async Task<IPage> AnotherPageAsync(IBrowserContext context)
    {
        var page = await context.NewPageAsync();
        var log = new ConcurrentQueue<string>();
        page.Console += (_, message) => log.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
        page.PageError += (_, error) => log.Enqueue($"error: uncaught {error}");
        page.Response += (_, answer) =>
        {
            if (answer.Request.Method != "GET")
            {
                return;
            }

            if (answer.Status == 503)
            {
                putOff[answer.Url] = true;
            }
            else if (answer.Ok && putOff.ContainsKey(answer.Url))
            {
                putOff[answer.Url] = false;
            }
        };
        pages.Enqueue((page, log));
        return page;
    }

    /// <summary>A page at an address, ready.</summary>
    protected async Task<IPage> OpenAsync(string path, Look? look = null)
    {
        var page = await NewPageAsync(look);
        await page.GotoAsync(path);
        await ReadyAsync(page);
        return page;
    }

    /// <summary>Waits until a page has its heading, and nothing on it holds the place of something that is on its way.</summary>
    protected static async Task ReadyAsync(IPage page)
    {
        await page.Locator("main h1").First.WaitForAsync();
        await Assertions.Expect(page.Locator(".animate-pulse")).ToHaveCountAsync(0);
    }

    /// <summary>Whether something can be seen, or comes to be.</summary>
    protected static Task SeesAsync(ILocator what) => Assertions.Expect(what).ToBeVisibleAsync();

    /// <summary>Whether an image can be seen, with its picture in it: the room for that comes first.</summary>
    protected static async Task SeesPictureAsync(ILocator image)
    {
        await SeesAsync(image);
        await Eventually.TrueAsync(() =>
            image.EvaluateAsync<bool>("image => image.decode().then(() => true, () => false)")
        );
    }

    /// <summary>Marks what a page shows now; a reload would lose that.</summary>
    protected static async Task MarkAsync(IPage page) =>
        await page.EvaluateAsync("() => { window.isStillTheSame = true }");

    protected static async Task AssertNotReloadedAsync(IPage page) =>
        Assert.True(await page.EvaluateAsync<bool>("() => window.isStillTheSame === true"));

    /// <summary>Waits until a page is somewhere. Playwright's own way misses a change that comes while it begins to wait.</summary>
    protected static Task ArrivesAsync(IPage page, Func<string, bool> isThere) =>
        Eventually.TrueAsync(() => Task.FromResult(isThere(page.Url)), () => page.Url);

    protected Task ArrivesAsync(IPage page, string path) => ArrivesAsync(page, url => url == At(path));

    /// <summary>Presses Tab until something has the focus, as somebody without a mouse does.</summary>
    protected static async Task TabToAsync(IPage page, ILocator target)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }

            await page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail($"{target} cannot be reached by the keyboard.");
    }

    protected static ColorScheme[] Schemes => [ColorScheme.Light, ColorScheme.Dark];

    /// <summary>Shows a page in the light or in the dark, and waits until it has noticed.</summary>
    protected static async Task WearAsync(IPage page, ColorScheme scheme)
    {
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
        await Assertions
            .Expect(page.Locator("html"))
            .ToHaveAttributeAsync(
                "data-theme",
                scheme is ColorScheme.Dark ? "dark" : "light",
                new LocatorAssertionsToHaveAttributeOptions { Timeout = 30_000 }
            );
    }

    /// <summary>
    /// The violations that axe finds on a page as it stands, of all levels of WCAG up to 2.2 AA and of its best
    /// practices, and of those rules that it does not apply by itself.
    /// </summary>
    protected static async Task<string[]> ViolationsAsync(IPage page)
    {
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window"))
        {
            await page.EvaluateAsync(await File.ReadAllTextAsync(await Node.ProgramAsync("axe-core", "axe.min.js")));
        }

        return await page.EvaluateAsync<string[]>(
            """
            async () => {
              const more = ['target-size', 'label-content-name-mismatch', 'css-orientation-lock', 'table-fake-caption',
                'td-has-header']
              const { violations } = await axe.run({ rules: Object.fromEntries(more.map(id => [id, { enabled: true }])) })
              return violations.map(({ id, nodes }) =>
                `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`).join(' | ')}`)
            }
            """
        );
    }

    /// <summary>
    /// What a finger can miss: anything to be pressed that is smaller than 44 by 44 pixels and no link in a text. The
    /// seats on the map are as large as the map shows them; the list has all of them in full size.
    /// </summary>
    protected static Task<string[]> SmallTargetsAsync(IPage page) =>
        page.EvaluateAsync<string[]>(
            """
            () => {
              const pressed = 'a[href], button, input, select, textarea, summary, [tabindex="0"], ' +
                '[role=button], [role=link], [role=switch], [role=slider], [role=checkbox], [role=radio], [role=tab]'
              const isInText = element => getComputedStyle(element).display === 'inline' &&
                [...element.parentNode.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())
              return [...document.querySelectorAll(pressed)]
                .filter(element => element.checkVisibility({ visibilityProperty: true }) && !isInText(element))
                .filter(element => !element.closest('svg, [inert], [aria-hidden=true]'))
                .map(element => ({
                  element,
                  area: (['radio', 'checkbox'].includes(element.type) && element.labels[0] || element).getBoundingClientRect(),
                }))
                .filter(({ area }) => area.width < 43.9 || area.height < 43.9)
                .map(({ element, area }) => `${Math.round(area.width)} x ${Math.round(area.height)}: ${element.outerHTML.slice(0, 200)}`)
            }
            """
        );

    /// <summary>What is wider than the window; nothing should be.</summary>
    protected static Task<string[]> OverflowAsync(IPage page) =>
        page.EvaluateAsync<string[]>(
            """
            () => {
              const width = document.documentElement.clientWidth
              if (document.documentElement.scrollWidth <= width) return []
              return [...document.querySelectorAll('body *')]
                .filter(element => element.getBoundingClientRect().right > width + 1)
                .map(element => `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}">`)
                .slice(0, 5).concat(`${document.documentElement.scrollWidth} > ${width}`)
            }
            """
        );

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        var errors = pages
            .SelectMany(page => page.Log)
            .Where(line => line.StartsWith("error:", StringComparison.Ordinal))
            .Where(line => !WasAskedAgain(line))
            .Where(line =>
                !expected.Exists(error =>
                    Regex.IsMatch(line, error, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
                )
            )
            .ToArray();
        var hasFailed = errors.Length > 0 || TestContext.Current.TestState?.Result is TestResult.Failed;
        var number = 0;
        foreach (var (page, log) in pages)
        {
            if (hasFailed)
            {
                await KeepAsync(page, log, ++number);
            }
        }

        foreach (var (page, _) in pages)
        {
            await page.Context.DisposeAsync();
        }

        foreach (var browser in browsers)
        {
            await browser.DisposeAsync();
        }

        films.Dispose();

        Assert.True(errors.Length == 0, $"The page has logged:\n{string.Join('\n', errors.Distinct())}");
    }

    private async Task<IBrowser> WithCameraAsync(byte[] picture)
    {
        var (seen, film) = (films.File($"{browsers.Count}.png"), films.File($"{browsers.Count}.y4m"));
        await File.WriteAllBytesAsync(seen, picture);
        await Node.RunAsync("camera.mjs", seen, film);
        var browser = await chromium.BrowserWithCameraAsync(film);
        browsers.Enqueue(browser);
        return browser;
    }

    private async Task KeepAsync(IPage page, IEnumerable<string> log, int number)
    {
        var folder = Path.Combine(Servers.Program.RepositoryRoot(), ".local", "browser");
        var test = string.Concat(
            (TestContext.Current.Test?.TestDisplayName ?? "test").Select(letter =>
                char.IsAsciiLetterOrDigit(letter) ? letter : '-'
            )
        );
        var path = Path.Combine(
            Directory.CreateDirectory(folder).FullName,
            string.Create(CultureInfo.InvariantCulture, $"{test[..Math.Min(test.Length, 150)]}-{number}")
        );
        await File.WriteAllLinesAsync($"{path}.log", [page.Url, .. log, "", "The Api:", Server.Api.Output]);
        try
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = $"{path}.png", Timeout = 20_000 });
        }
        catch (PlaywrightException)
        {
            // The test has closed it, or it hangs: there is the log.
        }
    }

    /// <summary>What a browser keeps of a sign-in: a cookie that scripts cannot read, and that there is one.</summary>
    private string SignedIn(ApiClient who) =>
        JsonSerializer.Serialize(
            new
            {
                cookies = new[]
                {
                    new
                    {
                        name = "access_token",
                        value = who.Http.DefaultRequestHeaders.Authorization!.Parameter,
                        domain = Server.Address.Host,
                        path = "/",
                        expires = -1,
                        httpOnly = true,
                        secure = false,
                        sameSite = "Lax",
                    },
                },
                origins = new[]
                {
                    new
                    {
                        origin = Server.Address.GetLeftPart(UriPartial.Authority),
                        localStorage = new[] { new { name = "bookit.signed_in", value = "1" } },
                    },
                },
            }
        );
}
