using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BookIT.Tests.E2E.Servers;
using Npgsql;

namespace BookIT.Tests.E2E.Faults;

/// <summary>Clients that hold connections and say nothing, speak slowly, do not listen, or are there when it stops.</summary>
public sealed class ConnectionTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private static async Task<Socket> ConnectAsync(Uri address, int receiveBuffer = 0)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0)
        {
            socket.ReceiveBufferSize = receiveBuffer;
        }

        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        return socket;
    }

    /// <summary>How many connections the Api has, by its own count; among them the one that asks.</summary>
    private async Task<int> CountAsync(Uri address)
    {
        var metrics = Encoding.UTF8.GetString((await server.Anonymous(address).GetAsync("/metrics")).Bytes);
        return metrics
            .Split('\n')
            .Where(line => line.StartsWith("kestrel_active_connections{", StringComparison.Ordinal))
            .Sum(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Five_thousand_who_say_nothing_hold_nobody_up()
    {
        const int count = 5000;
        var files = int.Parse(
            await Tool.RunAsync("sh", "-c", "ulimit -Hn | sed s/unlimited/1000000/"),
            CultureInfo.InvariantCulture
        );
        Assert.SkipWhen(files < count + 1000, $"Only {files} files may be open here.");
        var (_, address) = await server.StartApiAsync();
        var member = await server.MemberAsync(address: address);
        var seat = await server.SeatAsync();
        var idle = new Socket[count];
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, count),
                new ParallelOptions { MaxDegreeOfParallelism = 64 },
                async (i, _) => idle[i] = await ConnectAsync(address)
            );
            await Eventually.TrueAsync(async () => await CountAsync(address) >= count);

            var slowest = TimeSpan.Zero;
            for (var i = 0; i < 50; i++)
            {
                var watch = Stopwatch.StartNew();
                Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/seat")).Status);
                slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
            }

            Assert.Equal(
                HttpStatusCode.Created,
                (await member.BookAsync(seat, now.AddHours(1), now.AddHours(2))).Status
            );
            Assert.True(slowest < TimeSpan.FromSeconds(10), $"The slowest took {slowest}");
            Assert.True(await CountAsync(address) >= count, "They were cut off.");
        }
        finally
        {
            foreach (var socket in idle)
            {
                socket?.Dispose();
            }
        }
    }

    [Fact]
    public async Task There_is_a_limit_beyond_which_connections_are_closed_at_once()
    {
        const int limit = 20;
        var (_, address) = await server.StartApiAsync(
            new Dictionary<string, string?> { ["RateLimits__Connections"] = $"{limit}" }
        );
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i <= limit; i++)
            {
                sockets.Add(await ConnectAsync(address));
            }

            // One is that of whoever asked whether it is ready. They are counted side by side: which ones are too many is chance.
            var ends = sockets.Skip(1).Select(socket => socket.ReceiveAsync(new byte[1]));
            Assert.Equal(0, await await Task.WhenAny(ends).WaitAsync(TimeSpan.FromSeconds(30)));

            var served = sockets[0];
            await served.SendAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            var answer = new byte[12];
            await served.ReceiveAsync(answer).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal("HTTP/1.1 200", Encoding.ASCII.GetString(answer));
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }

        await Eventually.TrueAsync(async () =>
            (await server.Anonymous(address).GetAsync("/health/ready")).Status == HttpStatusCode.OK
        );
    }

    [Fact]
    public async Task Whoever_speaks_slowly_is_cut_off_and_nobody_waits_for_them_or_for_those_who_do_not_listen()
    {
        const int each = 30;
        var (api, address) = await server.StartApiAsync();
        for (var i = 0; i < 40; i++)
        {
            await server.SeatAsync();
        }

        await server.WrittenSeatsShowAsync();
        var answer = (await server.Anonymous(address).GetAsync("/api/seat")).Bytes.Length;
        var member = await server.MemberAsync(address: address);
        var headers = "GET /api/seat HTTP/1.1\r\nHost: x\r\nX-Slow: " + new string('a', 4000);
        var body =
            "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n";
        var deaf = new StringBuilder();
        // More than the buffers between us hold.
        for (var sent = 0; sent < 16_000_000; sent += answer)
        {
            deaf.Append("GET /api/seat HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        var slow = new List<Task>();
        for (var i = 0; i < each; i++)
        {
            slow.Add(IsCutOffAsync("", headers));
            slow.Add(IsCutOffAsync(body, new string(' ', 4000)));
        }

        // These are let be for as long as 2 KB a second would take: what counts is that nobody waits for them.
        var deafOnes = new List<Socket>();
        for (var i = 0; i < 4; i++)
        {
            deafOnes.Add(await ConnectAsync(address, receiveBuffer: 4096));
            await deafOnes[^1].SendAsync(Encoding.ASCII.GetBytes(deaf.ToString()));
        }

        var all = Task.WhenAll(slow);
        var slowest = TimeSpan.Zero;
        while (!all.IsCompleted)
        {
            var watch = Stopwatch.StartNew();
            Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/user/me")).Status);
            slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
            await Task.WhenAny(all, Task.Delay(50));
        }

        await all;
        deafOnes.ForEach(socket => socket.Dispose());
        Assert.True(slowest < TimeSpan.FromSeconds(10), $"The slowest took {slowest}");

        // Says at once what comes first, then a byte now and then; reads nothing.
        async Task IsCutOffAsync(string atOnce, string slowly)
        {
            using var socket = await ConnectAsync(address, receiveBuffer: 4096);
            await socket.SendAsync(Encoding.ASCII.GetBytes(atOnce));
            var watch = Stopwatch.StartNew();
            try
            {
                foreach (var one in Encoding.ASCII.GetBytes(slowly))
                {
                    await socket.SendAsync(new[] { one });
                    await Task.Delay(200);
                    Assert.True(
                        watch.Elapsed < TimeSpan.FromSeconds(120),
                        $"{atOnce.Length} and {slowly[..10]} was not cut off."
                    );
                }
            }
            catch (SocketException)
            {
                // As it should be.
            }
        }
    }

    [Fact]
    public async Task A_booking_that_hangs_keeps_nobody_from_stopping_and_asked_for_again_is_one()
    {
        var (api, address) = await server.StartApiAsync();
        var member = await server.MemberAsync(address: address);
        var seat = await server.SeatAsync();
        Task<Answer> BookAsync(ApiClient client) =>
            client.BookAsync(seat, now.AddHours(1), now.AddHours(2), "the same key");
        await using (var connection = await server.Postgres.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var hold = new NpgsqlCommand("LOCK TABLE reservations IN EXCLUSIVE MODE", connection);
            await hold.ExecuteNonQueryAsync();
            var booking = BookAsync(member);
            await server.BookingsWaitAsync();

            var watch = Stopwatch.StartNew();
            await api.StopAsync();

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(40), $"It took {watch.Elapsed}");
            // No answer, or one that promises nothing.
            var answer = await Record.ExceptionAsync(async () =>
                Assert.NotEqual(HttpStatusCode.Created, (await booking).Status)
            );
            Assert.True(answer is null or HttpRequestException, $"{answer}");
        }

        var again = await BookAsync(server.At(server.Address, member));

        Assert.Equal(HttpStatusCode.Created, again.Status);
        Assert.Equal(
            1,
            await server.QueryAsync<long>($"SELECT count(*) FROM reservations WHERE user_id = '{member.UserId}'")
        );
    }
}
