using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace BookIT.Bench;

/// <summary>
/// An hour as a busy space has it: members look, book, look at their booking and give it back, some watch the list live.
/// What counts is the Api's memory, which must not grow in the second half.
/// </summary>
internal sealed class Soak(Space space, Programs programs, bool isQuick)
{
    private const int Visitors = 24;
    private const int Watchers = 20;

    private readonly TimeSpan length = isQuick ? TimeSpan.FromMinutes(1) : TimeSpan.FromHours(1);
    private long requests;

    public async Task RunAsync()
    {
        var (api, process) = await programs.StartApiAsync();
        using var client = new HttpClient { BaseAddress = api };
        using var over = new CancellationTokenSource();
        var people = Enumerable
            .Range(0, Visitors)
            .Select(number => VisitAsync(client, number, over.Token))
            .Concat(Enumerable.Range(0, Watchers).Select(number => WatchAsync(client, number, over.Token)))
            .ToArray();
        var memory = new List<double>();
        var since = Stopwatch.StartNew();
        while (since.Elapsed < length)
        {
            await Task.Delay(length / 60);
            process.Refresh();
            memory.Add(process.WorkingSet64 / 1e6);
            if (memory.Count % 10 == 0)
            {
                // Access tokens last a quarter of an hour.
                space.WriteTokens();
                Console.Error.WriteLine($"  {since.Elapsed:hh\\:mm\\:ss} {memory[^1]:N0} MB");
            }
        }

        await over.CancelAsync();
        await Task.WhenAll(people);
        var (third, fourth) = (Mean(memory[30..45]), Mean(memory[45..]));
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""

                {requests:N0} requests in {length.TotalMinutes:0} minutes beside {Watchers} live streams. Memory: {memory.Max():N0} MB at the most, {memory[
                    ^1
                ]:N0} MB at the end;
                {third:N0} MB in the third quarter, {fourth:N0} MB in the fourth.
                """
            )
        );
        if (await space.OverlapsAsync() > 0)
        {
            throw new BrokenPromiseException("no two overlap");
        }
    }

    private static double Mean(IEnumerable<double> values) => values.Average();

    /// <summary>One visit after another, each by another member.</summary>
    private async Task VisitAsync(HttpClient client, int number, CancellationToken over)
    {
        for (var member = number; !over.IsCancellationRequested; member = (member + Visitors) % Space.Members)
        {
            var start = space.Base.AddHours(member % 50);
            var window = $"start={start:yyyy-MM-ddTHH:mm:ssZ}&end={start.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}";
            await SendAsync(client, member, HttpMethod.Get, "/api/user/me");
            await SendAsync(client, member, HttpMethod.Get, $"/api/seat?{window}");
            using var booked = await SendAsync(
                client,
                member,
                HttpMethod.Post,
                "/api/reservations",
                new
                {
                    seat_id = Space.SeatId(member % Space.Seats),
                    start,
                    end = start.AddHours(1),
                }
            );
            await SendAsync(client, member, HttpMethod.Get, "/api/reservations/active");
            if (booked.IsSuccessStatusCode)
            {
                var made = await booked.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None);
                await SendAsync(
                    client,
                    member,
                    HttpMethod.Patch,
                    $"/api/reservations/{made.GetProperty("id").GetString()}",
                    new { status = "closed" }
                );
            }

            await Task.Delay(TimeSpan.FromSeconds(0.5), over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync(HttpClient client, int member, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                using var request = space.Request(HttpMethod.Get, "/api/seat/live", member);
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, over);
                await using var events = await answer.Content.ReadAsStreamAsync(over);
                await events.CopyToAsync(Stream.Null, over);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpClient client,
        int member,
        HttpMethod method,
        string path,
        object? body = null
    )
    {
        using var request = space.Request(method, path, member);
        request.Content = body is null ? null : JsonContent.Create(body);
        var answer = await client.SendAsync(request, CancellationToken.None);
        Interlocked.Increment(ref requests);
        return (int)answer.StatusCode < 500
            ? answer
            : throw new BrokenPromiseException($"{method} {path} answers ({answer.StatusCode})");
    }
}
