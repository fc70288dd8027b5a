using System.Diagnostics.Metrics;
using System.Threading.RateLimiting;
using BookIT.Core.Metrics;
using Npgsql;

namespace BookIT.Api.Reservations;

/// <summary>
/// Wishes for seats take turns, and until theirs nothing is done for them but that they are read: when thousands come within
/// a second, whoever only looks stands behind the few whose turn it is and not behind all: docs/decisions/booking-turns.md.
/// </summary>
internal sealed class BookingTurns : IDisposable
{
    /// <summary>How long a wish waits: longer than ten thousand others take, unless PostgreSQL hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrencyLimiter turns;
    private readonly TimeProvider time;

    public BookingTurns(NpgsqlDataSource postgres, IMeterFactory meters, TimeProvider time)
    {
        this.time = time;
        // However many want to book, an eighth of the connections is left to whoever wants something else.
        var connections = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).MaxPoolSize;
        turns = new ConcurrencyLimiter(
            new ConcurrencyLimiterOptions
            {
                PermitLimit = Math.Max(1, connections * 7 / 8),
                QueueLimit = int.MaxValue, // of connections, which have a limit
            }
        );
        meters
            .Create(BookItMetrics.MeterName)
            .CreateObservableGauge(
                "bookings_waiting",
                () => turns.GetStatistics()!.CurrentQueuedCount,
                description: "Wishes for seats that wait for their turn."
            );
    }

    /// <summary>Marks an endpoint whose requests take turns.</summary>
    public sealed class Needed;

    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        context.GetEndpoint()?.Metadata.GetMetadata<Needed>() is null ? next(context) : InTurnAsync(context, next);

    public void Dispose() => turns.Dispose();

    private async Task InTurnAsync(HttpContext context, RequestDelegate next)
    {
        // Whoever sends slowly does so before their turn, and holds up nobody.
        var reader = context.Request.BodyReader;
        var body = await reader.ReadAtLeastAsync(int.MaxValue, context.RequestAborted);
        reader.AdvanceTo(body.Buffer.Start);

        using var turn = await TakeTurnAsync(context.RequestAborted);
        await next(context);
    }

    private async Task<RateLimitLease> TakeTurnAsync(CancellationToken aborted)
    {
        var turn = turns.AttemptAcquire();
        if (turn.IsAcquired)
        {
            return turn;
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        try
        {
            return await turns.AcquireAsync(permitCount: 1, either.Token);
        }
        catch (OperationCanceledException exception) when (!aborted.IsCancellationRequested)
        {
            throw new TimeoutException($"A wish for a seat had no turn within {Patience}.", exception);
        }
    }
}
