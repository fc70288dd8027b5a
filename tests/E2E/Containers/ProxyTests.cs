using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Containers;

/// <summary>Our Caddyfile in Debian's Caddy, in front of the real Api, which believes it as in docker-compose.yml.</summary>
public sealed class ServerBehindProxy(TestServers servers) : BookItServer(servers)
{
    private readonly TemporaryFolder folder = new();
    private readonly int apiPort = Ports.Next();
    private readonly int httpPort = Ports.Next();
    private readonly int httpsPort = Ports.Next();
    private readonly ConcurrentQueue<string?> log = new();
    private Process? proxy;

    /// <summary>What the proxy has printed.</summary>
    public string Log => string.Join('\n', log);

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{apiPort.ToString(CultureInfo.InvariantCulture)}",
            ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true",
            ["RateLimits__Enabled"] = "true",
            ["RateLimits__FailuresPerAddress"] = "3",
        };

    public Uri Plain => new($"http://localhost:{httpPort.ToString(CultureInfo.InvariantCulture)}");

    public Uri Secure => new($"https://localhost:{httpsPort.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>A client that comes from this address, trusts only this proxy, and follows nothing.</summary>
    public HttpClient Outside(string from = "127.0.0.1")
    {
        var roots = folder.File(Path.Combine("data", "caddy", "pki", "authorities", "local", "root.crt"));
        var trust = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        trust.CustomTrustStore.Add(X509Certificate2.CreateFromPem(File.ReadAllText(roots)));
        return new HttpClient(
            new SocketsHttpHandler
            {
                UseCookies = false,
                AllowAutoRedirect = false,
                SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
                ConnectCallback = async (context, cancellation) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    socket.Bind(new IPEndPoint(IPAddress.Parse(from).MapToIPv6(), 0));
                    await socket.ConnectAsync(IPAddress.Loopback.MapToIPv6(), context.DnsEndPoint.Port, cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        )
        {
            BaseAddress = Secure,
        };
    }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var start = new ProcessStartInfo(
            "caddy",
            [
                "run",
                "--adapter",
                "caddyfile",
                "--config",
                Path.Combine(Program.RepositoryRoot(), "deploy", "caddy", "Caddyfile"),
            ]
        )
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (
            var (name, value) in new Dictionary<string, string>
            {
                // It makes a certificate of its own for this name.
                ["BOOKIT_DOMAIN"] = "localhost",
                ["GRAFANA_DOMAIN"] = "grafana.localhost",
                ["API_UPSTREAM"] = Address.Authority,
                ["API_PATIENCE"] = "3m",
                ["CADDY_ADMIN"] = "off",
                ["CADDY_HTTP_PORT"] = httpPort.ToString(CultureInfo.InvariantCulture),
                ["CADDY_HTTPS_PORT"] = httpsPort.ToString(CultureInfo.InvariantCulture),
                ["XDG_DATA_HOME"] = folder.File("data"),
                ["XDG_CONFIG_HOME"] = folder.File("config"),
            }
        )
        {
            start.Environment[name] = value;
        }

        proxy = Process.Start(start)!;
        proxy.ErrorDataReceived += (_, line) => log.Enqueue(line.Data);
        proxy.BeginErrorReadLine();
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    using var client = Outside();
                    return (await client.GetAsync("/health/ready")).IsSuccessStatusCode;
                }
                catch (Exception exception)
                    when (exception is IOException or UnauthorizedAccessException or CryptographicException)
                {
                    return false; // its certificate is not there yet, or half of it
                }
            },
            () => Log,
            TimeSpan.FromSeconds(60)
        );
    }

    public override async ValueTask DisposeAsync()
    {
        if (proxy is not null)
        {
            proxy.Kill();
            await proxy.WaitForExitAsync();
            proxy.Dispose();
        }

        await base.DisposeAsync();
        folder.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class ProxyTests(ServerBehindProxy server) : IClassFixture<ServerBehindProxy>
{
    [Theory]
    [InlineData("/metrics")]
    [InlineData("/METRICS")]
    [InlineData("/metrics/")]
    [InlineData("/api/metrics")]
    public async Task Metrics_are_not_there_from_outside(string path)
    {
        using var outside = server.Outside();
        var answer = await outside.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        // Said by the proxy itself; the Api would say more.
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.OK, (await server.Anonymous().GetAsync("/metrics")).Status);
    }

    [Fact]
    public async Task Whoever_comes_unencrypted_is_sent_to_https()
    {
        using var outside = server.Outside();
        var answer = await outside.GetAsync(new Uri(server.Plain, "/pass?x=1"));
        Assert.Equal(HttpStatusCode.PermanentRedirect, answer.StatusCode);
        Assert.Equal("https", answer.Headers.Location!.Scheme);
        Assert.Equal("/pass?x=1", answer.Headers.Location.PathAndQuery);
    }

    [Fact]
    public async Task The_live_stream_comes_through_at_once()
    {
        var seat = await server.SeatAsync();
        await server.WrittenSeatsShowAsync();
        var start = TimeProvider.System.GetUtcNow().AddHours(1);
        var window = $"?start={start:yyyy-MM-ddTHH:mm:ssZ}&end={start.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}";
        using var outside = server.Outside();
        using var answer = await outside.GetAsync($"/api/seat/live{window}", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        async Task<string> UntilAsync(string wanted)
        {
            while (await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) is { } line)
            {
                if (line.Contains(wanted, StringComparison.Ordinal))
                {
                    return line;
                }
            }

            throw new InvalidOperationException($"The stream ended without '{wanted}'.");
        }

        await UntilAsync("event: seats");
        var member = await server.MemberAsync();
        var booked = await member.BookAsync(seat, start, start.AddHours(1));
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        await UntilAsync($"{seat}");
    }

    [Fact]
    public async Task Clients_are_told_apart_by_where_they_really_come_from()
    {
        var email = (await server.RegisterAsync()).Email();
        async Task<Answer> FailAsync(HttpClient client, string claimed) =>
            await new ApiClient(client).SendAsync(
                HttpMethod.Post,
                "/api/auth/login",
                new { email = People.NewEmail(), password = "wrong password" },
                ("X-Forwarded-For", claimed),
                ("X-Forwarded-Proto", "http")
            );

        using var guesser = server.Outside("127.0.0.2");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("wrong_credentials", (await FailAsync(guesser, $"192.0.2.{i}")).Code);
        }

        // Another address, by its own word, is still the same client.
        Assert.Equal(HttpStatusCode.TooManyRequests, (await FailAsync(guesser, "192.0.2.99")).Status);

        using var other = server.Outside("127.0.0.3");
        var signedIn = await new ApiClient(other).PostAsync(
            "/api/auth/login",
            new { email, password = BookItServer.Password }
        );
        Assert.Equal(HttpStatusCode.OK, signedIn.Status);
    }

    [Fact]
    public async Task While_the_api_is_away_reads_wait_and_a_booking_that_is_asked_again_is_made_once()
    {
        const int count = 120;
        var start = TimeProvider.System.GetUtcNow().AddHours(1);
        var people = new List<(ApiClient Client, Guid Seat)>();
        for (var i = 0; i < count; i++)
        {
            people.Add((await server.MemberAsync(), await server.SeatAsync()));
        }

        using var outside = server.Outside("127.0.0.4");
        outside.Timeout = TimeSpan.FromMinutes(4);
        var done = 0;
        var stopped = new TaskCompletionSource();
        var bookings = Parallel.ForEachAsync(
            people.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (person, _) =>
            {
                async Task<HttpStatusCode> BookAsync()
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, "/api/reservations")
                    {
                        Content = System.Net.Http.Json.JsonContent.Create(
                            new
                            {
                                seat_id = person.Item.Seat,
                                start,
                                end = start.AddHours(1),
                            }
                        ),
                    };
                    request.Headers.Authorization = person.Item.Client.Http.DefaultRequestHeaders.Authorization;
                    request.Headers.Add("Idempotency-Key", $"key-{person.Index}");
                    using var answer = await outside.SendAsync(request, CancellationToken.None);
                    return answer.StatusCode;
                }

                if (person.Index > count / 2)
                {
                    // Not all before it.
                    await stopped.Task;
                }

                // Debian's Caddy does not ask twice for what has a body (caddyserver/caddy#7546, mended since): the client may.
                var status = HttpStatusCode.BadGateway;
                await Eventually.TrueAsync(
                    async () => (status = await BookAsync()) != HttpStatusCode.BadGateway,
                    () => server.Log,
                    TimeSpan.FromMinutes(3)
                );
                Assert.Equal(HttpStatusCode.Created, status);
                Interlocked.Increment(ref done);
            }
        );
        await Eventually.TrueAsync(() => Task.FromResult(done > count / 4));
        Assert.Equal(0, await server.Api.StopAsync());
        stopped.SetResult();
        var reads = Enumerable.Range(0, 8).Select(_ => outside.GetAsync("/api/seat")).ToList();
        await server.RestartApiAsync();
        await bookings;

        Assert.All(await Task.WhenAll(reads), answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(
            count,
            await server.QueryAsync<long>(
                $"SELECT count(*) FROM reservations WHERE seat_id IN ('{string.Join("','", people.Select(p => p.Seat))}')"
            )
        );
    }
}
