using BookIT.Tests.E2E.Web;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace BookIT.Tests.E2E.Web;

/// <summary>Debian's Chromium: one a run, started when the first test asks for it.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> started = new(StartAsync);

    public async Task<IBrowser> BrowserAsync() => (await started.Value).Browser;

    /// <summary>
    /// One more, which has a camera; what that sees is told to a browser when it starts. Without a film it shows a
    /// pattern. Whoever asks for it closes it.
    /// </summary>
    public async Task<IBrowser> BrowserWithCameraAsync(string? film = null) =>
        await LaunchAsync(
            (await started.Value).Playwright,
            "/usr/bin/chromium",
            [
                "--use-fake-device-for-media-stream",
                .. film is null ? [] : (string[])[$"--use-file-for-fake-video-capture={film}"],
            ]
        );

    public async ValueTask DisposeAsync()
    {
        if (started.IsValueCreated)
        {
            var (playwright, browser) = await started.Value;
            await browser.DisposeAsync();
            playwright.Dispose();
        }
    }

    private static async Task<(IPlaywright Playwright, IBrowser Browser)> StartAsync()
    {
        // A busy machine takes its time.
        Assertions.SetDefaultExpectTimeout(30_000);
        var playwright = await Microsoft.Playwright.Playwright.CreateAsync();
        return (playwright, await LaunchAsync(playwright, "/usr/bin/chromium-headless-shell", []));
    }

    private static Task<IBrowser> LaunchAsync(IPlaywright playwright, string program, IEnumerable<string> arguments) =>
        playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = program,
                // Its sandbox needs what containers and root do not have; it sees our own pages only.
                Args = ["--no-sandbox", "--disable-features=LocalNetworkAccessChecks", .. arguments],
            }
        );
}
