using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;

namespace BookIT.Tests.E2E.Containers;

/// <summary>docs/scaling.md: two Apis and two bots, on one database and one Redis, behind our nginx.conf in Debian's nginx.</summary>
public sealed partial class ScalingTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    private const int Bookings = 600;
    private const int AtOnce = 16;

    private static readonly Dictionary<string, string?> BehindProxy = new()
    {
        ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true",
    };

    [GeneratedRegex("^(?:events|http) \\{", RegexOptions.Multiline, 1000)]
    private static partial Regex Beginning();

    /// <summary>Our configuration, with these servers in the place of those of its upstreams.</summary>
    private static async Task<(Process Nginx, Uri Address)> StartNginxAsync(
        TemporaryFolder folder,
        IReadOnlyList<Uri> apis,
        IReadOnlyList<Uri> bots
    )
    {
        var port = Ports.Next().ToString(CultureInfo.InvariantCulture);
        var path = Path.Combine(Program.RepositoryRoot(), "deploy", "nginx", "nginx.conf");
        var text = await File.ReadAllTextAsync(path);
        foreach (var (kind, servers) in new[] { ("api", apis), ("bot", bots) })
        {
            for (var i = 0; i < servers.Count; i++)
            {
                text = text.Replace($"{kind}-{i + 1}:8080", servers[i].Authority, StringComparison.Ordinal);
            }
        }

        text = text.Replace("listen 80;", $"listen 127.0.0.1:{port};", StringComparison.Ordinal)
            .Replace("worker_processes auto;", "worker_processes 1;", StringComparison.Ordinal);
        // Where whoever runs the tests may write.
        text = Beginning()
            .Replace(
                text,
                match =>
                    match.Value.StartsWith('e')
                        ? $"daemon off;\npid {folder.File("pid")};\nerror_log {folder.File("error")};\n{match.Value}"
                        : match.Value
                            + "\naccess_log off;\n"
                            + string.Concat(
                                ((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]).Select(kind =>
                                    $"{kind}_temp_path {folder.File(kind)};\n"
                                )
                            )
            );
        await File.WriteAllTextAsync(folder.File("nginx.conf"), text);
        var nginx = Process.Start(
            new ProcessStartInfo("/usr/sbin/nginx", ["-c", folder.File("nginx.conf"), "-e", folder.File("error")])
            {
                UseShellExecute = false,
            }
        )!;
        var address = new Uri($"http://127.0.0.1:{port}");
        using var client = new HttpClient { BaseAddress = address };
        await Eventually.TrueAsync(
            async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode,
            () => File.Exists(folder.File("error")) ? File.ReadAllText(folder.File("error")) : "no log"
        );
        return (nginx, address);
    }

    [Fact]
    public async Task When_one_of_two_is_killed_under_load_only_what_it_held_is_lost_and_the_other_bot_takes_over()
    {
        var (first, firstAddress) = await server.StartApiAsync(BehindProxy);
        var (_, secondAddress) = await server.StartApiAsync(BehindProxy);
        var (leader, leaderAddress) = await server.StartBotAsync();
        await server.BecomesAsync(leaderAddress, "polling");
        var (_, standbyAddress) = await server.StartBotAsync();
        await server.BecomesAsync(standbyAddress, "standby");
        using var folder = new TemporaryFolder();
        var (nginx, address) = await StartNginxAsync(
            folder,
            [firstAddress, secondAddress],
            [leaderAddress, standbyAddress]
        );
        try
        {
            Assert.Equal(HttpStatusCode.NotFound, (await server.Anonymous(address).GetAsync("/metrics")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await server.Anonymous(address).GetAsync("/api/Metrics")).Status);

            var start = TimeProvider.System.GetUtcNow().AddHours(1);
            var people = new List<(ApiClient Client, Guid Seat)>();
            for (var i = 0; i < Bookings; i++)
            {
                people.Add((await server.MemberAsync(address: address), await server.SeatAsync()));
            }

            var failed = new ConcurrentQueue<(int Index, HttpStatusCode Status)>();
            var milliseconds = new ConcurrentQueue<double>();
            var done = 0;
            var killed = new TaskCompletionSource<long>();
            var load = Parallel.ForEachAsync(
                Enumerable.Range(0, Bookings),
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
                async (i, _) =>
                {
                    if (i >= Bookings * 2 / 3)
                    {
                        // Not all before it.
                        await killed.Task;
                    }

                    var began = TimeProvider.System.GetTimestamp();
                    var answer = await people[i]
                        .Client.BookAsync(people[i].Seat, start, start.AddHours(1), $"scale-{i}");
                    milliseconds.Enqueue(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
                    if (answer.Status != HttpStatusCode.Created)
                    {
                        failed.Enqueue((i, answer.Status));
                    }

                    Interlocked.Increment(ref done);
                }
            );
            await Eventually.TrueAsync(() => Task.FromResult(done >= Bookings / 3));
            await first.KillAsync();
            await leader.KillAsync();
            Assert.True(done < Bookings, "The kill came too late to be in the middle.");
            killed.SetResult(TimeProvider.System.GetTimestamp());
            await load;
            await server.BecomesAsync(standbyAddress, "polling");
            var tookOver = TimeProvider.System.GetElapsedTime(await killed.Task);

            // Each client had at most one at the one that was killed.
            Assert.All(failed, failure => Assert.Equal(HttpStatusCode.BadGateway, failure.Status));
            Assert.InRange(failed.Count, 0, AtOnce);
            var log = await File.ReadAllLinesAsync(folder.File("error"));
            var lost = log.Count(line =>
                line.Contains("while reading response header", StringComparison.Ordinal)
                || line.Contains("while sending request", StringComparison.Ordinal)
            );
            Assert.True(lost == failed.Count, string.Join('\n', log));
            foreach (var (i, _) in failed)
            {
                var again = await people[i].Client.BookAsync(people[i].Seat, start, start.AddHours(1), $"scale-{i}");
                Assert.Equal(HttpStatusCode.Created, again.Status);
            }

            Assert.Equal(
                Bookings,
                await server.QueryAsync<long>(
                    "SELECT count(DISTINCT user_id) FROM reservations WHERE status = 'future'"
                )
            );
            Assert.Equal(Bookings, await server.QueryAsync<long>("SELECT count(*) FROM reservations"));
            Assert.Equal(0, await server.OverlapsAsync());

            var person = server.Telegram.Somebody();
            await person.Send("/help");
            await person.ExpectText("/unlink");

            // Now and then the dead one is tried again; whoever it happens to does not notice.
            await Eventually.TrueAsync(async () =>
            {
                var answer = await server
                    .Anonymous(address)
                    .PostAsync("/api/auth/login", new { email = "nobody@example.com", password = "wrong password" });
                Assert.Equal("wrong_credentials", answer.Code);
                var tried = await File.ReadAllTextAsync(folder.File("error"));
                return tried.Contains("connect() failed", StringComparison.Ordinal);
            });

            // The figures of docs/scaling.md.
            var sorted = milliseconds.Order().ToList();
            TestContext.Current.SendDiagnosticMessage(
                $"{Bookings} bookings, {AtOnce} at once: {failed.Count} lost in flight; median {sorted[sorted.Count / 2]:F0} ms, "
                    + $"99 % within {sorted[sorted.Count * 99 / 100]:F0} ms; the other bot polls after {tookOver.TotalSeconds:F1} s"
            );
        }
        finally
        {
            nginx.Kill(entireProcessTree: true);
            await nginx.WaitForExitAsync();
            nginx.Dispose();
        }
    }
}
