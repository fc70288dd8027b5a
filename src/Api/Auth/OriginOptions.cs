namespace BookIT.Api.Auth;

/// <summary>Where the web pages come from that may use a signed-in browser (<c>Frontend:Url</c>, <c>Cors:Origins</c>).</summary>
internal sealed class OriginOptions
{
    public FrontendOptions Frontend { get; init; } = new();

    public CorsOriginOptions Cors { get; init; } = new();

    /// <summary>All of them, as browsers write them in <c>Origin</c>.</summary>
    public IReadOnlySet<string> Allowed =>
        field ??= Urls().Select(url => OriginOf(new Uri(url))).ToHashSet(StringComparer.Ordinal);

    /// <summary>The origin of an http or https URL, in ASCII as browsers write it.</summary>
    public static string OriginOf(Uri url)
    {
        var host = url.HostNameType is UriHostNameType.Dns ? url.IdnHost : url.Host;
        return url.IsDefaultPort ? $"{url.Scheme}://{host}" : $"{url.Scheme}://{host}:{url.Port}";
    }

    public IEnumerable<string> Mistakes()
    {
        if (Frontend.Url.Contains(',', StringComparison.Ordinal))
        {
            yield return "Frontend:Url is one URL; more of them go to Cors:Origins.";
        }

        foreach (
            var url in Urls()
                .Where(url =>
                    !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")
                )
        )
        {
            yield return $"Frontend:Url or Cors:Origins: '{url}' is no http or https URL, such as https://bookit.example.";
        }
    }

    private string[] Urls() =>
        $"{Frontend.Url},{Cors.Origins}".Split(
            ',',
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
        );

    internal sealed class FrontendOptions
    {
        /// <summary>The web frontend, where it is not served from here.</summary>
        public string Url { get; init; } = "";
    }

    internal sealed class CorsOriginOptions
    {
        /// <summary>More of them, comma separated.</summary>
        public string Origins { get; init; } = "";
    }
}
