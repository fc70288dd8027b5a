using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using BookIT.Core;
using BookIT.Core.Redis;
using BookIT.Core.Seats;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace BookIT.Api.Seats;

/// <summary>The finished answer to <c>GET /api/seat</c>.</summary>
/// <param name="Json">The array, as UTF-8.</param>
/// <param name="Count">How many seats are in it.</param>
/// <param name="ETag">Strong: the same bytes, the same tag (RFC 9110, 8.8.3).</param>
internal sealed record SeatListBytes(byte[] Json, int Count, string ETag)
{
    private const int TagBytes = 16;

    /// <summary>A tag from what the bytes are made of: hashing the bytes themselves would cost more than making them.</summary>
    public static string Tag(ReadOnlySpan<byte> hash) => $"\"{Convert.ToHexStringLower(hash[..TagBytes])}\"";

    /// <summary>The form in which replicas share it: the count, the tag, the bytes.</summary>
    public byte[] ToShared() =>
        [.. BitConverter.GetBytes(Count), .. Convert.FromHexString(ETag.AsSpan().Trim('"')), .. Json];

    public static SeatListBytes FromShared(byte[] value) =>
        new(value[(sizeof(int) + TagBytes)..], BitConverter.ToInt32(value), Tag(value.AsSpan(sizeof(int), TagBytes)));
}

/// <summary>
/// The list of seats for a window of time, as finished bytes: computed once for all who wait for it, kept in this
/// process and, for the other replicas, in Redis. Every change of a seat or a reservation makes all of it old; whatever
/// happens it is never shown longer than <see cref="SeatChanges.MaxAge"/>.
/// </summary>
internal sealed class SeatList(
    SeatAvailability availability,
    SeatChanges changes,
    ConnectionMultiplexer redis,
    IOptions<JsonOptions> json,
    TimeProvider time
)
{
    private const int MaxWindows = 1000;

    /// <summary>Bytes may be kept in Redis for this long, and by whoever reads them there for as long again.</summary>
    private static readonly TimeSpan Lifetime = SeatChanges.MaxAge / 2;

    private readonly ConcurrentDictionary<Interval, Entry> entries = new();
    private volatile Fragments? fragments;
    private long lastTidied = time.GetTimestamp();

    /// <summary>The list for a window; one that is being computed already is shared.</summary>
    public Task<SeatListBytes> GetAsync(Interval window)
    {
        if (!IsWorthKeeping(window))
        {
            return ComputeAsync(window);
        }

        var epoch = changes.Epoch;
        if (entries.TryGetValue(window, out var entry) && IsFresh(entry, epoch))
        {
            return entry.Bytes.Value;
        }

        Tidy(epoch);
        // Of several at once the first one's is taken: AddOrUpdate's losers throw away a Lazy that nobody has started.
        var mine = new Entry(epoch, time.GetTimestamp(), new Lazy<Task<SeatListBytes>>(() => ComputeAsync(window)));
        return entries.AddOrUpdate(window, mine, (_, other) => IsFresh(other, epoch) ? other : mine).Bytes.Value;
    }

    /// <summary>A window that begins in the middle of a second is somebody's "now", and nobody else will ask for it.</summary>
    private static bool IsWorthKeeping(Interval window) => window.Start == window.Start.ToSeconds();

    private bool IsFresh(Entry entry, long epoch) =>
        entry.Epoch == epoch
        && time.GetElapsedTime(entry.Timestamp) < Lifetime
        && entry.Bytes is not { IsValueCreated: true, Value: { IsFaulted: true } or { IsCanceled: true } };

    /// <summary>Throws away, now and then, what is too old to be shown.</summary>
    private void Tidy(long epoch)
    {
        if (time.GetElapsedTime(Volatile.Read(ref lastTidied)) > Lifetime)
        {
            Volatile.Write(ref lastTidied, time.GetTimestamp());
            foreach (var pair in entries)
            {
                if (!IsFresh(pair.Value, epoch))
                {
                    entries.TryRemove(pair);
                }
            }
        }

        if (entries.Count >= MaxWindows)
        {
            entries.Clear();
        }
    }

    private async Task<SeatListBytes> ComputeAsync(Interval window)
    {
        // The version is read before the database: what is stored under it is never older than it.
        var key =
            IsWorthKeeping(window) && changes.SharedVersion is { } version
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"seats:list:{version}:{window.Start.UtcTicks}:{window.End.UtcTicks}"
                )
                : null;
        if (key is not null && await ReadSharedAsync(key) is { } shared)
        {
            return shared;
        }

        // Nobody's cancellation: others may be waiting for the same answer.
        var seats = await availability.ReadAsync(window, time.Now(), CancellationToken.None);
        var parts = fragments;
        if (parts?.Catalog != seats.Catalog)
        {
            fragments = parts = Fragments.Of(seats.Catalog, json.Value.SerializerOptions);
        }

        var bytes = parts.Join(seats.Busy);
        if (key is not null)
        {
            await redis.GetDatabase().StringSetAsync(key, bytes.ToShared(), Lifetime, CommandFlags.FireAndForget);
        }

        return bytes;
    }

    private async Task<SeatListBytes?> ReadSharedAsync(string key)
    {
        try
        {
            return (byte[]?)await redis.GetDatabase().StringGetAsync(key) is { } value
                ? SeatListBytes.FromShared(value)
                : null;
        }
        catch (RedisException)
        {
            // Redis makes it fast, never right: without it the database answers.
            return null;
        }
    }

    private sealed record Entry(long Epoch, long Timestamp, Lazy<Task<SeatListBytes>> Bytes);

    /// <summary>Each seat of a catalog as JSON, once free and once taken: a list is these, joined.</summary>
    private sealed class Fragments(SeatCatalog catalog, (Guid Id, byte[] Free, byte[] Taken)[] seats)
    {
        private readonly byte[] hash = SHA256.HashData(seats.SelectMany(seat => seat.Free).ToArray());

        public SeatCatalog Catalog => catalog;

        public static Fragments Of(SeatCatalog catalog, JsonSerializerOptions json) =>
            new(
                catalog,
                [
                    .. catalog.Seats.Select(seat =>
                        (
                            seat.Id,
                            JsonSerializer.SerializeToUtf8Bytes(SeatResponse.Of(seat, isAvailable: true), json),
                            JsonSerializer.SerializeToUtf8Bytes(SeatResponse.Of(seat, isAvailable: false), json)
                        )
                    ),
                ]
            );

        public SeatListBytes Join(IReadOnlySet<Guid> busy)
        {
            // Brackets, and a comma after each seat but the last.
            var length = 2 + Math.Max(0, seats.Length - 1);
            var content = new byte[hash.Length + seats.Length];
            hash.CopyTo(content, 0);
            for (var i = 0; i < seats.Length; i++)
            {
                var isTaken = busy.Contains(seats[i].Id);
                content[hash.Length + i] = isTaken ? (byte)1 : (byte)0;
                length += isTaken ? seats[i].Taken.Length : seats[i].Free.Length;
            }

            var bytes = new byte[length];
            var at = 0;
            bytes[at++] = (byte)'[';
            for (var i = 0; i < seats.Length; i++)
            {
                if (i > 0)
                {
                    bytes[at++] = (byte)',';
                }

                var seat = content[hash.Length + i] == 1 ? seats[i].Taken : seats[i].Free;
                seat.CopyTo(bytes, at);
                at += seat.Length;
            }

            bytes[at] = (byte)']';
            return new SeatListBytes(bytes, seats.Length, SeatListBytes.Tag(SHA256.HashData(content)));
        }
    }
}
