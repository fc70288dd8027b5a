using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BookIT.Tests.E2E.Metrics;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Reservations;

/// <summary>An Api with few connections to PostgreSQL: ten wishes for seats at once may use them.</summary>
public sealed class ServerOfTenTurns(TestServers servers) : BookItServer(servers)
{
    public const int Turns = 10;

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>
        {
            ["ConnectionStrings__Postgres"] = $"{PostgresSetting};Maximum Pool Size=12;Command Timeout=300",
        };
}

public sealed class TurnTests(ServerOfTenTurns server) : IClassFixture<ServerOfTenTurns>
{
    private readonly DateTimeOffset start = TimeProvider.System.GetUtcNow().AddHours(1);

    [Fact]
    public async Task While_bookings_hang_others_are_served_and_whoever_waits_too_long_is_told_to_come_back()
    {
        var seat = await server.SeatAsync();
        var (late, reader) = (await server.MemberAsync(), await server.MemberAsync());
        Task<Answer[]> hanging;
        await using (await server.HoldSeatAsync(seat, start, start.AddHours(1)))
        {
            hanging = await TakeAllTurnsAsync(seat);
            Assert.Equal(0, await WaitingAsync());

            // Of another seat, which is free.
            var wish = new
            {
                seat_id = await server.SeatAsync(),
                start,
                end = start.AddHours(1),
            };
            var waiting = late.SendAsync(
                HttpMethod.Post,
                "/api/reservations",
                wish,
                ("Origin", BookItServer.FrontendOrigin)
            );
            await Eventually.TrueAsync(async () => await WaitingAsync() == 1);
            Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync("/api/user/me")).Status);
            Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync("/api/seat")).Status);
            var answer = await waiting;

            Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (answer.Status, answer.Code));
            Assert.NotNull(answer.Response.Headers.RetryAfter);
            Assert.Contains("Access-Control-Allow-Origin", answer.Response.Headers.Select(header => header.Key));
            Assert.Equal(0, await WaitingAsync());
        }

        var answers = await hanging;
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(answers.Length - 1, answers.Count(answer => answer.Code == "seat_taken"));
        Assert.Equal(
            HttpStatusCode.Created,
            (await late.BookAsync(await server.SeatAsync(), start, start.AddHours(1))).Status
        );
    }

    [Fact]
    public async Task Whoever_waits_and_leaves_books_nothing()
    {
        var seat = await server.SeatAsync();
        var hurried = await server.MemberAsync();
        Task<Answer[]> hanging;
        await using (await server.HoldSeatAsync(seat, start, start.AddHours(1)))
        {
            hanging = await TakeAllTurnsAsync(seat);
            using var leaving = new CancellationTokenSource();
            using var wish = new HttpRequestMessage(HttpMethod.Post, "/api/reservations")
            {
                Content = new StringContent(
                    $$"""{"seat_id":"{{await server.SeatAsync()}}","start":"{{start:O}}","end":"{{start.AddHours(1):O}}"}""",
                    Encoding.UTF8,
                    "application/json"
                ),
            };
            var watch = Stopwatch.StartNew();
            var waiting = hurried.Http.SendAsync(wish, leaving.Token);
            await Eventually.TrueAsync(async () => await WaitingAsync() == 1);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            await Eventually.TrueAsync(async () => await WaitingAsync() == 0);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(18), "It was forgotten with its patience, not at once");
        }

        await hanging;
        Assert.Equal(
            0,
            await server.QueryAsync<long>($"SELECT count(*) FROM reservations WHERE user_id = '{hurried.UserId}'")
        );
    }

    [Fact]
    public async Task Whoever_sends_slowly_holds_up_nobody()
    {
        var sender = await server.MemberAsync();
        var (member, seat) = (await server.MemberAsync(), await server.SeatAsync());
        var sockets = new List<Socket>();
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"POST /api/reservations HTTP/1.1\r\nHost: x\r\nAuthorization: {sender.Http.DefaultRequestHeaders.Authorization}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
        );
        using var over = new CancellationTokenSource();
        for (var i = 0; i < 2 * ServerOfTenTurns.Turns; i++)
        {
            sockets.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
            await sockets[^1].ConnectAsync(IPAddress.Loopback, server.Address.Port);
            await sockets[^1].SendAsync(Encoding.ASCII.GetBytes(head));
        }

        // As much as keeps them from being cut off.
        var sending = Task.WhenAll(sockets.Select(KeepSendingAsync));
        await Eventually.TrueAsync(async () =>
            MetricsTests.Value(
                await MetricsTests.ScrapeAsync(server.Anonymous()),
                "http_server_active_requests{http_request_method=\"POST\",url_scheme=\"http\"}"
            ) == sockets.Count
        );

        var booked = await member.BookAsync(seat, start, start.AddHours(1));

        Assert.Equal(HttpStatusCode.Created, booked.Status);
        await over.CancelAsync();
        await sending;
        sockets.ForEach(socket => socket.Dispose());

        async Task KeepSendingAsync(Socket socket)
        {
            var spaces = Encoding.ASCII.GetBytes(new string(' ', 300));
            while (!over.IsCancellationRequested)
            {
                await socket.SendAsync(spaces);
                await Task.WhenAny(Task.Delay(500, over.Token));
            }
        }
    }

    /// <summary>As many as there are turns, at a seat that is held: they hang until it is let go.</summary>
    private async Task<Task<Answer[]>> TakeAllTurnsAsync(Guid seat)
    {
        var members = await Task.WhenAll(Enumerable.Range(0, ServerOfTenTurns.Turns).Select(_ => server.MemberAsync()));
        var bookings = Task.WhenAll(members.Select(member => member.BookAsync(seat, start, start.AddHours(1))));
        await server.BookingsWaitAsync(ServerOfTenTurns.Turns);
        return bookings;
    }

    private async Task<double?> WaitingAsync() =>
        MetricsTests.Value(await MetricsTests.ScrapeAsync(server.Anonymous()), "bookings_waiting");
}
