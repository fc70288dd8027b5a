using System.Collections.Concurrent;
using System.Net;
using System.Text;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Traces;

/// <summary>A step of a trace, as it arrived.</summary>
public sealed record Span(
    string Service,
    string Source,
    string TraceId,
    string Id,
    string ParentId,
    string Name,
    IReadOnlyDictionary<string, string> Tags,
    string Complaint
);

/// <summary>
/// A collector: takes traces by OTLP over HTTP with protobuf, whose fields it knows by their numbers
/// (https://github.com/open-telemetry/opentelemetry-proto, trace/v1/trace.proto).
/// </summary>
public sealed class OtlpReceiver : IDisposable
{
    private readonly HttpListener listener = new();
    private volatile IReadOnlyCollection<Span> spans = [];
    private readonly ConcurrentQueue<byte[]> bodies = [];

    public OtlpReceiver()
    {
        Address = $"http://127.0.0.1:{Ports.Next()}";
        listener.Prefixes.Add($"{Address}/");
        listener.Start();
        _ = ReceiveAsync();
    }

    public string Address { get; }

    public IReadOnlyCollection<Span> Spans => spans;

    /// <summary>All that arrived, as one text: what is not in it was not sent.</summary>
    public string Everything => string.Join('\n', bodies.Select(Encoding.UTF8.GetString));

    public void Dispose() => listener.Close();

    private async Task ReceiveAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                if (context.Request is { Url.AbsolutePath: "/v1/traces", ContentType: "application/x-protobuf" })
                {
                    bodies.Enqueue(body.ToArray());
                    Read(body.ToArray());
                }

                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Read(byte[] request)
    {
        List<Span> all = [.. spans];
        foreach (var resource in Messages(request, 1))
        {
            var service = Tags(Messages(resource, 1).Single(), 1).GetValueOrDefault("service.name", "");
            foreach (var scope in Messages(resource, 2))
            {
                var source = Text(Messages(scope, 1).Single(), 1);
                foreach (var span in Messages(scope, 2))
                {
                    all.Add(
                        new Span(
                            service,
                            source,
                            Hex(span, 1),
                            Hex(span, 2),
                            Hex(span, 4),
                            Text(span, 5),
                            Tags(span, 9),
                            Text(Messages(span, 15).FirstOrDefault() ?? [], 2)
                        )
                    );
                }
            }
        }

        // Those that came together at once: they are grouped by their sources, a request before what it asked.
        spans = all;
    }

    private static Dictionary<string, string> Tags(byte[] message, int field) =>
        Messages(message, field)
            .ToDictionary(
                tag => Text(tag, 1),
                tag =>
                    Messages(tag, 2).Single() is var value && Messages(value, 1).FirstOrDefault() is { } text
                        ? Encoding.UTF8.GetString(text)
                        : $"{Fields(value).Single().Number}"
            );

    private static string Text(byte[] message, int field) =>
        Encoding.UTF8.GetString(Messages(message, field).FirstOrDefault() ?? []);

    private static string Hex(byte[] message, int field) =>
        Convert.ToHexStringLower(Messages(message, field).FirstOrDefault() ?? []);

    private static IEnumerable<byte[]> Messages(byte[] message, int field) =>
        Fields(message).Where(one => one.Field == field && one.Bytes is not null).Select(one => one.Bytes!);

    /// <summary>Protobuf's wire format (https://protobuf.dev/programming-guides/encoding).</summary>
    private static IEnumerable<(int Field, byte[]? Bytes, ulong Number)> Fields(byte[] message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var key = Varint();
            switch (key & 7)
            {
                case 0:
                    yield return ((int)(key >> 3), null, Varint());
                    break;
                case 1:
                    yield return ((int)(key >> 3), null, BitConverter.ToUInt64(message, at));
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint();
                    yield return ((int)(key >> 3), message[at..(at + length)], 0);
                    at += length;
                    break;
                case 5:
                    yield return ((int)(key >> 3), null, BitConverter.ToUInt32(message, at));
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"Wire type {key & 7}");
            }
        }

        ulong Varint()
        {
            var value = 0UL;
            for (var shift = 0; ; shift += 7)
            {
                var part = message[at++];
                value |= (ulong)(part & 0x7F) << shift;
                if (part < 0x80)
                {
                    return value;
                }
            }
        }
    }
}
