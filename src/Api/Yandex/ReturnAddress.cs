using BookIT.Api.Auth;

namespace BookIT.Api.Yandex;

/// <summary>The page that a browser goes on to after Yandex: always one of ours, as it gets there with cookies that sign it in.</summary>
internal static class ReturnAddress
{
    private const int MaxLength = 500;
    private const string Page = "/auth/callback";

    /// <summary>The frontend's page for it; on this server where there is no other frontend.</summary>
    public static string Default(OriginOptions origins)
    {
        if (origins.Frontend.Url.Length == 0)
        {
            return Page;
        }

        var frontend = new Uri(origins.Frontend.Url);
        return OriginOptions.OriginOf(frontend) + frontend.AbsolutePath.TrimEnd('/') + Page;
    }

    /// <summary>
    /// Whether the page lies at an origin that is configured, or at this server's own; only then is it answered, as the
    /// framework has understood it. Whatever browsers and servers read differently (backslashes, white space, letters
    /// beyond ASCII, a user before the host) is refused as it stands.
    /// </summary>
    public static bool TryRead(string text, OriginOptions origins, HttpRequest request, out string address)
    {
        address = "";
        if (
            text.Length > MaxLength
            || !text.All(letter => letter is > ' ' and <= '~' and not '\\')
            || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https")
            || url.UserInfo.Length > 0
        )
        {
            return false;
        }

        var origin = OriginOptions.OriginOf(url);
        if (!origins.Allowed.Contains(origin) && origin != $"{request.Scheme}://{request.Host}")
        {
            return false;
        }

        address = url.AbsoluteUri;
        return true;
    }
}
