using System.Collections.Concurrent;
using BookIT.Core;
using BookIT.Core.Seats;
using Microsoft.Extensions.Caching.Memory;

namespace BookIT.Api.Seats;

/// <summary>A free seat, to somebody who did not get the one that they wanted.</summary>
internal sealed record AlternativeResponse(Guid Id, string Name, string? Zone);

/// <summary>
/// What whoever came too late is offered instead. Where many want seats at one time, one look at the database serves them
/// all for <see cref="MaxAge"/>; an offer is no promise, others are told the same.
/// </summary>
internal sealed class Alternatives(SeatAvailability availability, TimeProvider time) : IDisposable
{
    private const int MaxOffers = 5;
    private const int MaxKept = 1_000;

    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(0.25);

    private readonly MemoryCache kept = new(new MemoryCacheOptions { SizeLimit = MaxKept });

    /// <summary>The free seats nearest to the one that was wanted.</summary>
    public Task<AlternativeResponse[]> FindAsync(Guid seatId, Interval window)
    {
        var offers = kept.GetOrCreate(
            window,
            entry =>
            {
                entry.Size = 1;
                entry.AbsoluteExpirationRelativeToNow = MaxAge;
                return new Offers(availability, window, time.Now());
            }
        )!;
        return offers.NearestTo(seatId);
    }

    public void Dispose() => kept.Dispose();

    // With nobody's cancellation: others may be waiting for the same.
    private sealed class Offers(SeatAvailability availability, Interval window, DateTimeOffset now)
    {
        private readonly Lazy<Task<Availability>> read = new(() => availability.ReadAsync(window, now, default));
        private readonly ConcurrentDictionary<Guid, Lazy<Task<AlternativeResponse[]>>> bySeat = new();

        public Task<AlternativeResponse[]> NearestTo(Guid seatId) =>
            bySeat.GetOrAdd(seatId, id => new Lazy<Task<AlternativeResponse[]>>(() => FindAsync(id))).Value;

        private async Task<AlternativeResponse[]> FindAsync(Guid seatId)
        {
            var seats = await availability.FindNearestFreeAsync(seatId, await read.Value, MaxOffers, default);
            return [.. seats.Select(seat => new AlternativeResponse(seat.Id, seat.Name, seat.Zone))];
        }
    }
}
