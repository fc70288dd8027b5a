using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Seats;

/// <summary>A page that watches the seats: what it is told, and which seats it therefore shows as held.</summary>
internal sealed class LiveSeats : IAsyncDisposable
{
    private readonly HttpClient http;
    private readonly HttpResponseMessage response;
    private readonly ConcurrentQueue<string> lines = new();
    private readonly ConcurrentQueue<(string Name, JsonNode Data)> events = new();
    private readonly HashSet<string> busy = new(StringComparer.Ordinal);
    private readonly Task reading;

    private LiveSeats(HttpClient http, HttpResponseMessage response)
    {
        (this.http, this.response) = (http, response);
        reading = Task.Run(ReadAsync);
    }

    public HttpResponseMessage Response => response;

    /// <summary>Everything that has come, comments too.</summary>
    public IEnumerable<string> Lines => lines;

    /// <summary>The events so far.</summary>
    public IReadOnlyList<(string Name, JsonNode Data)> Events => [.. events];

    /// <summary>Ends when the stream does; with an exception where it broke.</summary>
    public Task Ended => reading;

    public static async Task<LiveSeats> OpenAsync(ApiClient client, string query = "")
    {
        var (own, opened) = await TryOpenAsync(client, query);
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        var live = new LiveSeats(own, opened);
        await live.EventuallyAsync(all => all.Count > 0);
        return live;
    }

    /// <summary>On a connection of its own.</summary>
    public static async Task<(HttpClient Http, HttpResponseMessage Response)> TryOpenAsync(
        ApiClient client,
        string query = ""
    )
    {
        var own = new HttpClient { BaseAddress = client.Http.BaseAddress, Timeout = TimeSpan.FromMinutes(5) };
        own.DefaultRequestHeaders.Authorization = client.Http.DefaultRequestHeaders.Authorization;
        return (own, await own.GetAsync($"/api/seat/live{query}", HttpCompletionOption.ResponseHeadersRead));
    }

    public bool IsBusy(Guid seat)
    {
        lock (busy)
        {
            return busy.Contains($"{seat}");
        }
    }

    public Task BecomesAsync(Guid seat, bool isBusy) => EventuallyAsync(_ => IsBusy(seat) == isBusy);

    public Task EventuallyAsync(Predicate<IReadOnlyList<(string Name, JsonNode Data)>> condition) =>
        Eventually.TrueAsync(() => Task.FromResult(condition(Events)), () => string.Join('\n', lines));

    public int Count(string name) => events.Count(one => one.Name == name);

    public async ValueTask DisposeAsync()
    {
        response.Dispose();
        http.Dispose();
        try
        {
            await reading;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or ObjectDisposedException)
        {
            // Cut off by ourselves.
        }
    }

    private async Task ReadAsync()
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var name = "";
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.Enqueue(line);
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                var data = JsonNode.Parse(line[6..])!;
                Apply(name, data);
                events.Enqueue((name, data));
            }
        }
    }

    private void Apply(string name, JsonNode data)
    {
        lock (busy)
        {
            if (name == "seats")
            {
                busy.Clear();
            }

            busy.UnionWith(data["busy"]?.AsArray().Select(id => (string)id!) ?? []);
            busy.ExceptWith(data["free"]?.AsArray().Select(id => (string)id!) ?? []);
        }
    }
}
