using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;

namespace BookIT.Tests.E2E.Web;

/// <summary>The Api serves the page, and stays what it is where it is asked as an API.</summary>
public sealed partial class ServingTests(BookItServer server, ServerWithBotToken withBot)
    : IClassFixture<BookItServer>,
        IClassFixture<ServerWithBotToken>
{
    private Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) =>
        server.Anonymous().SendAsync(HttpMethod.Get, path, body: null, headers);

    private static string Header(Answer answer, string name) =>
        answer.Response.Headers.TryGetValues(name, out var values)
        || answer.Response.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values)
            : "";

    private async Task<string[]> AssetsAsync() =>
        [.. Asset().Matches(Encoding.UTF8.GetString((await GetAsync("/")).Bytes)).Select(match => match.Value)];

    [Theory]
    [InlineData("/")]
    [InlineData("/bookings")]
    [InlineData("/seat/0199d2f0-0000-7000-8000-000000000000")]
    [InlineData("/admin/users/0199d2f0-0000-7000-8000-000000000000?tab=sign-ins")]
    [InlineData("/auth/callback?access_token=issued")]
    [InlineData("/no-such-page")]
    public async Task Every_address_of_the_page_is_the_page(string address)
    {
        var page = await GetAsync(address);

        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Equal("text/html; charset=utf-8", Header(page, "Content-Type"));
        Assert.Equal("no-cache", Header(page, "Cache-Control"));
        Assert.DoesNotContain("unsafe", Header(page, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none';", Header(page, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("<div id=\"app\">", Encoding.UTF8.GetString(page.Bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/nothing")]
    [InlineData("/API/nothing")]
    [InlineData("/api")]
    [InlineData("/health/nothing")]
    [InlineData("/assets/index-of-an-old-build.js")]
    [InlineData("/assets/")]
    [InlineData("/favicon.ico")]
    [InlineData("/wp-login.php")]
    [InlineData("/../appsettings.json")]
    [InlineData("/%2e%2e/appsettings.json")]
    [InlineData("/..%2fappsettings.json")]
    [InlineData("/index.html.br")]
    public async Task What_is_no_page_and_no_file_is_not_found(string address)
    {
        var answer = await GetAsync(address, ("Accept", "text/html"));

        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (answer.Status, answer.Code));
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", Header(answer, "Content-Security-Policy"));
    }

    [Fact]
    public async Task A_page_takes_no_posts()
    {
        Assert.Equal("not_found", (await server.Anonymous().PostAsync("/bookings")).Code);
    }

    [Fact]
    public async Task Parts_that_are_named_by_their_content_are_kept_for_ever()
    {
        var assets = await AssetsAsync();
        Assert.Contains(assets, asset => asset.EndsWith(".js", StringComparison.Ordinal));
        Assert.Contains(assets, asset => asset.EndsWith(".css", StringComparison.Ordinal));

        foreach (var asset in assets)
        {
            var answer = await GetAsync(asset);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal("public, max-age=31536000, immutable", Header(answer, "Cache-Control"));
            Assert.Equal(
                asset.EndsWith(".js", StringComparison.Ordinal)
                    ? "text/javascript; charset=utf-8"
                    : "text/css; charset=utf-8",
                Header(answer, "Content-Type")
            );
            Assert.Equal("nosniff", Header(answer, "X-Content-Type-Options"));
        }
    }

    [Theory]
    [InlineData("/icon.svg", "image/svg+xml")]
    [InlineData("/icon-192.png", "image/png")]
    [InlineData("/manifest.webmanifest", "application/manifest+json")]
    [InlineData("/sw.js", "text/javascript; charset=utf-8")]
    public async Task Other_files_have_their_types_and_are_asked_for_again(string address, string type)
    {
        var answer = await GetAsync(address);

        Assert.Equal((HttpStatusCode.OK, type), (answer.Status, Header(answer, "Content-Type")));
        Assert.Equal("no-cache", Header(answer, "Cache-Control"));
    }

    [Fact]
    public async Task What_a_browser_has_is_not_sent_again()
    {
        foreach (var encoding in new[] { "identity", "gzip", "br" })
        {
            var first = await GetAsync("/", ("Accept-Encoding", encoding));
            var tag = Header(first, "ETag");
            Assert.StartsWith("\"", tag, StringComparison.Ordinal);

            var second = await GetAsync("/bookings", ("Accept-Encoding", encoding), ("If-None-Match", tag));

            Assert.Equal((HttpStatusCode.NotModified, tag), (second.Status, Header(second, "ETag")));
            Assert.Empty(second.Bytes);
            Assert.Equal("no-cache", Header(second, "Cache-Control"));
            Assert.Equal(
                HttpStatusCode.OK,
                (await GetAsync("/", ("Accept-Encoding", encoding), ("If-None-Match", "\"other\""))).Status
            );
        }
    }

    [Theory]
    [InlineData("br, gzip", "br")]
    [InlineData("gzip, deflate, br, zstd", "br")]
    [InlineData("gzip", "gzip")]
    [InlineData("gzip, br;q=0", "gzip")]
    [InlineData("deflate", "")]
    [InlineData("br;q=0", "")]
    [InlineData("what is this?", "")]
    public async Task It_is_sent_in_the_best_form_that_the_browser_reads(string accepted, string encoding)
    {
        var script = (await AssetsAsync()).First(asset => asset.EndsWith(".js", StringComparison.Ordinal));
        var plain = await GetAsync(script);

        var answer = await GetAsync(script, ("Accept-Encoding", accepted));

        Assert.Equal(encoding, Header(answer, "Content-Encoding"));
        Assert.Equal("Accept-Encoding", Header(answer, "Vary"));
        Assert.Equal($"{answer.Bytes.Length}", Header(answer, "Content-Length"));
        using var body = new MemoryStream(answer.Bytes);
        await using Stream read = encoding switch
        {
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var whole = new MemoryStream();
        await read.CopyToAsync(whole);
        Assert.Equal(plain.Bytes, whole.ToArray());
        if (encoding.Length > 0)
        {
            Assert.True(answer.Bytes.Length < plain.Bytes.Length * 0.6);
            Assert.NotEqual(Header(plain, "ETag"), Header(answer, "ETag"));
        }
    }

    [Fact]
    public async Task Its_head_is_that_of_its_body()
    {
        foreach (var address in (string[])["/", "/bookings", .. await AssetsAsync()])
        {
            var get = await GetAsync(address);
            var head = await server.Anonymous().SendAsync(HttpMethod.Head, address);

            Assert.Equal(HttpStatusCode.OK, head.Status);
            Assert.Empty(head.Bytes);
            Assert.All(
                ["Content-Length", "Content-Type", "ETag", "Cache-Control", "Content-Security-Policy"],
                name => Assert.Equal(Header(get, name), Header(head, name))
            );
        }
    }

    [Fact]
    public async Task Its_policy_lets_nothing_in_from_elsewhere_and_nothing_inline()
    {
        var page = await GetAsync("/");

        var policy = Header(page, "Content-Security-Policy");
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.EndsWith("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("DENY", Header(page, "X-Frame-Options"));
        Assert.Equal("same-origin", Header(page, "Referrer-Policy"));
        Assert.StartsWith("camera=(self),", Header(page, "Permissions-Policy"), StringComparison.Ordinal);
        var html = Encoding.UTF8.GetString(page.Bytes);
        Assert.DoesNotContain("<style", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("style=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch("<script(?![^>]* src=)", html);
    }

    [Fact]
    public async Task With_a_bot_telegram_may_show_the_page_in_a_frame_and_nothing_else_of_it()
    {
        var page = await withBot.Anonymous().GetAsync("/");
        Assert.EndsWith(
            "frame-ancestors https://web.telegram.org https://*.telegram.org",
            Header(page, "Content-Security-Policy"),
            StringComparison.Ordinal
        );
        Assert.Equal("", Header(page, "X-Frame-Options"));

        var api = await withBot.Anonymous().GetAsync("/api/user/me");
        Assert.Equal("DENY", Header(api, "X-Frame-Options"));
        Assert.EndsWith("frame-ancestors 'none'", Header(api, "Content-Security-Policy"), StringComparison.Ordinal);
    }

    [GeneratedRegex("(?<=(src|href)=\")/assets/[^\"]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Asset();
}
