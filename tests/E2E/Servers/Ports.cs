using System.Net;
using System.Net.Sockets;

namespace BookIT.Tests.E2E.Servers;

/// <summary>
/// Ports of 127.0.0.1 for servers that are to come back at their address. The system must not hand them out meanwhile:
/// neither to a program that asks for any port, nor to an outgoing connection, which could even reach itself.
/// </summary>
public static class Ports
{
    // Below those that Linux takes for outgoing connections (net.ipv4.ip_local_port_range), and not those of test.sh.
    private const int First = 10_000;
    private const int Count = 10_000;

    private static int last = Random.Shared.Next(Count);

    /// <summary>A port that nobody listens on, and that nobody else here is given.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = First + Interlocked.Increment(ref last) % Count;
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Another program's.
            }
        }
    }
}
