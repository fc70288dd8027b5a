namespace BookIT.Core.Traces;

/// <summary>Where traces go (section <c>Otlp</c>).</summary>
public sealed class OtlpOptions
{
    private const string TracesPath = "/v1/traces";

    /// <summary>The collector, by OTLP over HTTP with protobuf, such as <c>http://127.0.0.1:4318</c>; empty: nothing is traced.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Which part of the requests is traced, from 0 to 1.</summary>
    public double Ratio { get; init; } = 1;

    /// <summary>Whether anything is traced.</summary>
    public bool IsOn => !string.IsNullOrEmpty(Endpoint);

    /// <summary>Where traces are sent: the path that the protocol gives them, unless there is one already.</summary>
    internal Uri TracesEndpoint =>
        new Uri(Endpoint!) is { AbsolutePath: "/" } server ? new Uri(server, TracesPath) : new Uri(Endpoint!);

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (IsOn && (!Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")))
        {
            yield return "Otlp:Endpoint is no address: set Otlp__Endpoint to one such as http://127.0.0.1:4318.";
        }

        if (Ratio is not (>= 0 and <= 1))
        {
            yield return "Otlp:Ratio is no part: set Otlp__Ratio to a number from 0 to 1.";
        }
    }
}
