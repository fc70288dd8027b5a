using System.Text.Json;
using BookIT.Api.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace BookIT.Api.Seats;

/// <summary>The event <c>seats</c>.</summary>
internal sealed record SeatsEvent(long Version, IEnumerable<Guid> Busy);

/// <summary>The event <c>change</c>.</summary>
internal sealed record SeatsChangeEvent(IReadOnlyList<Guid> Busy, IReadOnlyList<Guid> Free);

/// <summary>
/// What a watcher sees, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). By hand:
/// the framework's own result has no way to send comments, which keep the connection open and find out that it is gone.
/// </summary>
internal sealed class SeatStream(SeatWatcher watcher) : IResult
{
    private static readonly TimeSpan CommentAfter = TimeSpan.FromSeconds(12);

    /// <summary>Not all of those who came together, as after a restart, come back together.</summary>
    private static readonly (int FromMinutes, int ToMinutes) Life = (50, 60);

    private static readonly byte[] Beginning = "retry: 2000\n\n"u8.ToArray();
    private static readonly byte[] StillHere = ": still here\n\n"u8.ToArray();
    private static readonly byte[] Mine = "event: mine\ndata: {}\n\n"u8.ToArray();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var watching = watcher;
        var services = httpContext.RequestServices;
        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        end.CancelAfter(TimeSpan.FromMinutes(Random.Shared.Next(Life.FromMinutes, Life.ToMinutes)));
        try
        {
            // While nothing was sent yet, a failure has a status.
            await watcher.WaitAsync(Timeout.InfiniteTimeSpan, end.Token);
            var response = httpContext.Response;
            response.ContentType = "text/event-stream";
            // nginx would wait for more before it passed anything on.
            response.Headers["X-Accel-Buffering"] = "no";
            if (!httpContext.IsHead())
            {
                var json = services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
                await WriteAsync(response.Body, json, end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client has gone, the program stops, or it was long enough: the client comes again.
        }
    }

    private async Task WriteAsync(Stream body, JsonSerializerOptions json, CancellationToken cancellation)
    {
        await body.WriteAsync(Beginning, cancellation);
        SeenSeats? sent = null;
        while (true)
        {
            var seats = watcher.Seats!;
            if (sent is null || sent.Version != seats.Version)
            {
                await WriteAsync(body, "seats", new SeatsEvent(seats.Version, seats.Busy), json, cancellation);
            }
            else if (!ReferenceEquals(sent, seats))
            {
                var change = new SeatsChangeEvent(
                    [.. seats.Busy.Where(seat => !sent.Busy.Contains(seat))],
                    [.. sent.Busy.Where(seat => !seats.Busy.Contains(seat))]
                );
                // It may be as it was: only the newest state counts.
                if (change is not { Busy: [], Free: [] })
                {
                    await WriteAsync(body, "change", change, json, cancellation);
                }
            }

            sent = seats;
            if (watcher.TakeMine())
            {
                await body.WriteAsync(Mine, cancellation);
            }

            // Waits for a slow reader: what happens meanwhile makes the next state, and no queue.
            await body.FlushAsync(cancellation);
            while (!await watcher.WaitAsync(CommentAfter, cancellation))
            {
                await body.WriteAsync(StillHere, cancellation);
                await body.FlushAsync(cancellation);
            }
        }
    }

    private static async Task WriteAsync<T>(
        Stream body,
        string name,
        T data,
        JsonSerializerOptions json,
        CancellationToken cancellation
    ) =>
        await body.WriteAsync(
            (byte[])
                [
                    .. "event: "u8,
                    .. System.Text.Encoding.ASCII.GetBytes(name),
                    .. "\ndata: "u8,
                    .. JsonSerializer.SerializeToUtf8Bytes(data, json),
                    .. "\n\n"u8,
                ],
            cancellation
        );
}
