using System.Collections.Frozen;
using System.Security.Cryptography;
using BookIT.Core.Telegram;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace BookIT.Api.Http;

/// <summary>
/// The web page, from the folder <c>wwwroot</c> beside the program, where it was built. What is in the folder when the
/// program starts is what it serves: a new build never mixes with an old one.
/// </summary>
internal static class WebPage
{
    /// <summary>What lies here is named by its content, so that it never changes.</summary>
    private const string Assets = "/assets/";
    private const string Start = "/index.html";

    private static readonly string[] Elsewhere = ["/api", "/health", "/metrics"];

    // The endings under which the build puts a file's compressed forms beside it, the best first.
    private static readonly (string Encoding, string Ending)[] Encodings = [("br", ".br"), ("gzip", ".gz")];

    /// <summary>Answers with the page's files, and with the page itself at every address that is one of its own.</summary>
    public static WebApplication UseWebPage(this WebApplication app)
    {
        var files = Read(Path.Combine(app.Environment.ContentRootPath, "wwwroot"));
        if (!files.TryGetValue(Start, out var start))
        {
            app.Logger.LogInformation("The web page was not built: there is the API only.");
            return app;
        }

        var policy = Policy(app.Services.GetRequiredService<TelegramOptions>());
        app.Use(
            (context, next) =>
            {
                var path = context.Request.Path;
                if (
                    !HttpMethods.IsGet(context.Request.Method)
                    || Elsewhere.Any(other => path.StartsWithSegments(other, StringComparison.OrdinalIgnoreCase))
                )
                {
                    return next(context);
                }

                var address = path.Value!;
                if (files.TryGetValue(address, out var file))
                {
                    return file.SendAsync(context, policy);
                }

                // A file that is not there is no page: an old page asks for the parts of an old build.
                var isPage = !address.StartsWith(Assets, StringComparison.Ordinal) && !Path.HasExtension(address);
                return isPage ? start.SendAsync(context, policy) : next(context);
            }
        );
        return app;
    }

    private static string Policy(TelegramOptions telegram)
    {
        // Telegram's web clients show a Mini App in a frame; its apps do not need leave.
        var frames = string.IsNullOrEmpty(telegram.Token)
            ? "'none'"
            : "https://web.telegram.org https://*.telegram.org";
        return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
            + "font-src 'self'; manifest-src 'self'; worker-src 'self' blob:; media-src 'self' blob:; base-uri 'none'; "
            + $"form-action 'self'; frame-ancestors {frames}";
    }

    private static FrozenDictionary<string, PageFile> Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return FrozenDictionary<string, PageFile>.Empty;
        }

        var types = new FileExtensionContentTypeProvider();
        return Directory
            .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => !Encodings.Any(encoding => path.EndsWith(encoding.Ending, StringComparison.Ordinal)))
            .ToFrozenDictionary(
                path => "/" + Path.GetRelativePath(folder, path).Replace('\\', '/'),
                path =>
                {
                    var type = types.TryGetContentType(path, out var known) ? known : "application/octet-stream";
                    var isText = type.StartsWith("text/", StringComparison.Ordinal);
                    var isForever = path.AsSpan(folder.Length).StartsWith(Assets, StringComparison.Ordinal);
                    return new PageFile(
                        isText ? $"{type}; charset=utf-8" : type,
                        isForever ? "public, max-age=31536000, immutable" : "no-cache",
                        new Form(path),
                        [
                            .. Encodings
                                .Where(encoding => File.Exists(path + encoding.Ending))
                                .Select(encoding => (encoding.Encoding, new Form(path + encoding.Ending))),
                        ]
                    );
                },
                StringComparer.Ordinal
            );
    }

    /// <summary>A file's bytes in one encoding.</summary>
    private sealed class Form(string path)
    {
        public byte[] Content { get; } = File.ReadAllBytes(path);

        public EntityTagHeaderValue Tag =>
            field ??= new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(Content))[..32]}\"");
    }

    private sealed record PageFile(
        string ContentType,
        string CacheControl,
        Form Plain,
        (string Encoding, Form Form)[] Compressed
    )
    {
        public Task SendAsync(HttpContext context, string policy)
        {
            var headers = context.Response.Headers;
            headers.CacheControl = CacheControl;
            headers.ContentSecurityPolicy = policy;
            headers["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()";
            // Some browsers take the origin away from what a page sends to its own server when it is "no-referrer".
            headers["Referrer-Policy"] = "same-origin";

            var form = Plain;
            if (Compressed.Length > 0)
            {
                headers.Vary = HeaderNames.AcceptEncoding;
                var accepted = context.Request.GetTypedHeaders().AcceptEncoding;
                var best = Array.Find(
                    Compressed,
                    one => accepted.Any(wish => wish.Value == one.Encoding && wish.Quality is not 0)
                );
                if (best.Form is not null)
                {
                    headers.ContentEncoding = best.Encoding;
                    form = best.Form;
                }
            }

            return TypedResults.Bytes(form.Content, ContentType, entityTag: form.Tag).ExecuteAsync(context);
        }
    }
}
