using System.Net;

namespace BookIT.Core.Metrics;

/// <summary>Who may read the metrics (section <c>Metrics</c>).</summary>
public sealed class MetricsOptions
{
    /// <summary>Loopback, private and link-local addresses.</summary>
    public const string PrivateNetworks = "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,fe80::/10";

    // What proxies add, or what is left of it when the framework has read it.
    private static readonly string[] ForwardingHeaders =
    [
        "Forwarded",
        "Via",
        "X-Forwarded-For",
        "X-Original-For",
        "X-Real-IP",
    ];

    /// <summary>The addresses and networks that the scraper may come from, separated by commas; without any, nobody.</summary>
    public string AllowFrom { get; init; } = PrivateNetworks;

    private IPNetwork[] Networks =>
        field ??= [.. Entries().Select(Parse).Where(network => network is not null).Select(network => network!.Value)];

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes() =>
        Entries()
            .Where(entry => Parse(entry) is null)
            .Select(entry => $"Metrics:AllowFrom: '{entry}' is no address and no network, such as 10.1.0.0/16.");

    /// <summary>
    /// Whether a request from this address, with these headers, may read them. A scraper comes by itself: what a proxy
    /// passes on has the proxy's address, which may well be a private one, or one that the client has made up.
    /// </summary>
    public bool Allows(IPAddress? address, Predicate<string> hasHeader)
    {
        if (Array.Exists(ForwardingHeaders, hasHeader))
        {
            return false;
        }

        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        return address is not null && Array.Exists(Networks, network => network.Contains(address));
    }

    private string[] Entries() =>
        AllowFrom.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static IPNetwork? Parse(string entry) =>
        IPNetwork.TryParse(entry, out var network) ? network
        : IPAddress.TryParse(entry, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
