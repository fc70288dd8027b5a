using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace BookIT.Bench;

/// <summary>
/// 10,000 members want 200 seats in the same second, each once: they arrive when they arrive, whether others have their
/// answer or not. Meanwhile others look at the list, and somebody reads the metrics.
/// </summary>
internal sealed class Burst(Space space, Programs programs)
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(1);

    public async Task RunAsync(bool isQuick, bool behindNginx)
    {
        var members = isQuick ? 2_000 : 10_000;
        var (api, apis) = behindNginx ? await programs.StartApisBehindNginxAsync() : await StartOneAsync();
        using var client = Client(api);
        // The program has run for a while: nobody opens a space with its first request.
        foreach (var kind in new[] { "list", "book", "hot" })
        {
            Console.Error.WriteLine($"  warming up: {kind} ...");
            await Load.RunAsync(kind, api, 64, isQuick ? 1 : 8, space);
            await space.ClearAsync();
        }

        await Task.WhenAll(Enumerable.Range(0, 500).Select(number => ReadAsync(client, number)));

        var answers = new ConcurrentBag<(HttpStatusCode Status, string? Code, double Milliseconds)>();
        // By another program: whoever only looks must not stand in the queues of the client of those who book.
        var others = Load.RunAsync("look", api, 20, seconds: isQuick ? 1 : 5, space);
        var random = new Random(1);
        var arrivals = Enumerable
            .Range(0, members)
            .Select(number => (Number: number, At: random.NextDouble() * Within.TotalMilliseconds))
            .OrderBy(arrival => arrival.At)
            .ToArray();
        Console.Error.WriteLine($"  {members:N0} members want {Space.Seats} seats within {Within.TotalSeconds} s ...");
        var since = Stopwatch.StartNew();
        var asked = new List<Task>(members);
        foreach (var (number, at) in arrivals)
        {
            while (since.Elapsed.TotalMilliseconds < at)
            {
                await Task.Yield();
            }

            asked.Add(BookAsync(client, number, since, answers));
        }

        var booking = Task.WhenAll(asked);
        var mostWaiting = 0;
        while (!booking.IsCompleted)
        {
            var metrics = await Task.WhenAll(apis.Select(one => client.GetStringAsync(new Uri(one, "/metrics"))));
            mostWaiting = Math.Max(mostWaiting, metrics.Sum(Waiting));
            await Task.WhenAny(booking, Task.Delay(500));
        }

        await booking;
        var took = since.Elapsed;
        var looks = await others;

        var made = answers.Count(answer => answer.Status == HttpStatusCode.Created);
        var failed = answers.Count(answer => (int)answer.Status >= 500);
        var overlaps = await space.OverlapsAsync();
        Console.WriteLine($"\n| {members:N0} wishes for {Space.Seats} seats within a second | |\n|---|---:|");
        Console.WriteLine($"| booked | {made} |");
        foreach (var refusals in answers.Where(answer => answer.Code is not null).GroupBy(answer => answer.Code))
        {
            Console.WriteLine($"| refused: {refusals.Key} | {refusals.Count():N0} |");
        }

        Console.WriteLine($"| errors (5xx) | {failed} |");
        Console.WriteLine($"| overlaps | {overlaps} |");
        Console.WriteLine(
            $"| answers: median | {Percentile(answers.Select(answer => answer.Milliseconds), 0.5):N0} ms |"
        );
        Console.WriteLine(
            $"| answers: 99th percentile | {Percentile(answers.Select(answer => answer.Milliseconds), 0.99):N0} ms |"
        );
        Console.WriteLine($"| all answered after | {took.TotalSeconds:0.0} s |");
        Console.WriteLine($"| wishes that waited at once, as the metrics say | {mostWaiting:N0} |");
        Console.WriteLine(
            $"| the list beside it ({looks.Requests:N0} reads): 99th percentile | {looks.P99Milliseconds:N0} ms |"
        );
        if (
            looks.Refused + looks.Broken > 0
            || made != Space.Seats
            || failed > 0
            || overlaps > 0
            || answers.Count != members
        )
        {
            throw new BrokenPromiseException("every seat has one holder, and everybody has an answer");
        }
    }

    private async Task<(Uri Address, Uri[] Apis)> StartOneAsync()
    {
        var (api, _) = await programs.StartApiAsync();
        return (api, [api]);
    }

    private static int Waiting(string metrics) =>
        int.Parse(
            metrics
                .Split('\n')
                .Single(line => line.StartsWith("bookings_waiting", StringComparison.Ordinal))
                .Split(' ')[^1],
            CultureInfo.InvariantCulture
        );

    private static HttpClient Client(Uri api) =>
        new(
            new SocketsHttpHandler
            {
                UseCookies = false,
                MaxConnectionsPerServer = 2_000,
                ConnectTimeout = TimeSpan.FromSeconds(30),
            }
        )
        {
            BaseAddress = api,
            Timeout = TimeSpan.FromMinutes(1),
        };

    private async Task BookAsync(
        HttpClient client,
        int number,
        Stopwatch since,
        ConcurrentBag<(HttpStatusCode Status, string? Code, double Milliseconds)> answers
    )
    {
        var from = since.Elapsed.TotalMilliseconds;
        using var request = space.Request(HttpMethod.Post, "/api/reservations", number);
        request.Content = JsonContent.Create(
            new
            {
                seat_id = Space.SeatId(number % Space.Seats),
                start = space.Base,
                end = space.Base.AddHours(1),
            }
        );
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        answers.Add(
            (
                response.StatusCode,
                body.TryGetProperty("code", out var code) ? code.GetString() : null,
                since.Elapsed.TotalMilliseconds - from
            )
        );
    }

    private async Task ReadAsync(HttpClient client, int number)
    {
        using var request = space.Request(
            HttpMethod.Get,
            $"/api/seat?start={space.Base:yyyy-MM-ddTHH:mm:ssZ}&end={space.Base.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}",
            Space.Members - 1 - number
        );
        using var response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsByteArrayAsync();
    }

    private static double Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Min(sorted.Length - 1, Math.Floor(sorted.Length * share))];
    }
}
