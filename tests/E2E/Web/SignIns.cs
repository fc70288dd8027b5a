using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>How a browser is signed in, and stops being so.</summary>
internal static class SignIns
{
    private static int last;

    /// <summary>Registers somebody in the browser of a page, by both cookies, and leads to a page of theirs.</summary>
    public static async Task<string> RegisterAsync(this IPage page, Uri server, string path, string firstName = "Ann")
    {
        var email = $"somebody.{Interlocked.Increment(ref last)}@example.com";
        var answer = await page.Context.APIRequest.PostAsync(
            new Uri(server, "/api/auth/register").AbsoluteUri,
            new APIRequestContextOptions
            {
                DataObject = new
                {
                    email,
                    password = BookItServer.Password,
                    first_name = firstName,
                },
            }
        );
        Assert.True(answer.Ok, await answer.TextAsync());
        await page.GotoAsync("/sign-in");
        await page.EvaluateAsync("() => localStorage.setItem('bookit.signed_in', '1')");
        await page.GotoAsync(path);
        return email;
    }

    /// <summary>The access token is none any more; the refresh token still is one.</summary>
    public static async Task ExpireAsync(this IBrowserContext context)
    {
        var cookie = (await context.CookiesAsync()).Single(cookie => cookie.Name == "access_token");
        await context.ClearCookiesAsync(new BrowserContextClearCookiesOptions { Name = "access_token" });
        await context.AddCookiesAsync([
            new Cookie
            {
                Name = "access_token",
                Value = BookItServer.Token(
                    Guid.CreateVersion7(),
                    expires: TimeProvider.System.GetUtcNow().AddHours(-1)
                ),
                Domain = cookie.Domain,
                Path = "/",
                HttpOnly = true,
            },
        ]);
    }

    /// <summary>Waits until a page has got to an address, without a new document most of the time.</summary>
    public static Task ComesToAsync(this IPage page, string address) =>
        Assertions.Expect(page).ToHaveURLAsync(address, new PageAssertionsToHaveURLOptions { Timeout = 30_000 });

    public static Task ComesToAsync(this IPage page, Regex address) =>
        Assertions.Expect(page).ToHaveURLAsync(address, new PageAssertionsToHaveURLOptions { Timeout = 30_000 });

    /// <summary>Counts, from now on, what the pages of a browser ask for at a path.</summary>
    public static Func<int> Count(this IBrowserContext context, string method, string path)
    {
        var count = 0;
        context.Request += (_, request) =>
        {
            if (request.Method == method && new Uri(request.Url).AbsolutePath == path)
            {
                Interlocked.Increment(ref count);
            }
        };
        return () => Volatile.Read(ref count);
    }
}
