using BookIT.Core;
using BookIT.Core.Seats;
using Microsoft.Extensions.Caching.Memory;

namespace BookIT.Api.Seats;

/// <summary>A free seat, to somebody who did not get the one that they wanted.</summary>
internal sealed record AlternativeResponse(Guid Id, string Name, string? Zone);

/// <summary>
/// What whoever came too late is offered instead. Where many want one seat, one look at the database serves them all for
/// <see cref="MaxAge"/>; an offer is no promise, others are told the same.
/// </summary>
internal sealed class Alternatives(SeatAvailability availability, TimeProvider time) : IDisposable
{
    private const int MaxOffers = 5;
    private const int MaxKept = 1_000;

    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(0.25);

    private readonly MemoryCache kept = new(new MemoryCacheOptions { SizeLimit = MaxKept });

    /// <summary>The free seats nearest to the one that was wanted.</summary>
    public Task<AlternativeResponse[]> FindAsync(Guid seatId, Interval window) =>
        kept.GetOrCreate(
            (seatId, window),
            entry =>
            {
                entry.Size = 1;
                entry.AbsoluteExpirationRelativeToNow = MaxAge;
                return new Lazy<Task<AlternativeResponse[]>>(() => ReadAsync(seatId, window));
            }
        )!.Value;

    private async Task<AlternativeResponse[]> ReadAsync(Guid seatId, Interval window)
    {
        // Nobody's cancellation: others may be waiting for the same.
        var seats = await availability.FindNearestFreeAsync(seatId, window, MaxOffers, time.Now(), default);
        return [.. seats.Select(seat => new AlternativeResponse(seat.Id, seat.Name, seat.Zone))];
    }

    public void Dispose() => kept.Dispose();
}
