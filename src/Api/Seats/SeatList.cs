using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using BookIT.Core;
using BookIT.Core.Metrics;
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
/// process and, for the other replicas, in Redis. A change makes the windows old that it touches; whatever happens
/// nothing is shown longer than <see cref="SeatChanges.MaxAge"/>.
/// </summary>
internal sealed class SeatList
{
    private const int MaxWindows = 1000;

    /// <summary>Bytes may be kept in Redis for this long, and by whoever reads them there for as long again.</summary>
    private static readonly TimeSpan Lifetime = SeatChanges.MaxAge / 2;

    private readonly SeatAvailability availability;
    private readonly SeatChanges changes;
    private readonly ConnectionMultiplexer redis;
    private readonly JsonSerializerOptions json;
    private readonly BookItMetrics metrics;
    private readonly TimeProvider time;

    private readonly ConcurrentDictionary<Interval, Entry> entries = new();
    private volatile Fragments? fragments;
    private long lastTidied;

    public SeatList(
        SeatAvailability availability,
        SeatChanges changes,
        ConnectionMultiplexer redis,
        IOptions<JsonOptions> json,
        BookItMetrics metrics,
        TimeProvider time
    )
    {
        this.availability = availability;
        this.changes = changes;
        this.redis = redis;
        this.json = json.Value.SerializerOptions;
        this.metrics = metrics;
        this.time = time;
        lastTidied = time.GetTimestamp();
        changes.Changed += (_, change) => Forget(change.Window);
    }

    /// <summary>The list for a window; one that is being computed already is shared.</summary>
    public Task<SeatListBytes> GetAsync(Interval window)
    {
        if (!IsWorthKeeping(window))
        {
            metrics.SeatListShown(TimeSpan.Zero);
            return ComputeAsync(window);
        }

        if (entries.TryGetValue(window, out var entry) && IsFresh(entry))
        {
            return Show(entry, SeatListSource.Cached);
        }

        Tidy();
        // Of several at once the first one's is taken: AddOrUpdate's losers throw away a Lazy that nobody has started.
        var mine = new Entry(time.GetTimestamp(), new Lazy<Task<SeatListBytes>>(() => ComputeAsync(window)));
        var taken = entries.AddOrUpdate(window, mine, (_, other) => IsFresh(other) ? other : mine);
        return Show(taken, taken == mine ? null : SeatListSource.Cached);
    }

    /// <param name="entry">What is shown.</param>
    /// <param name="source">Where it comes from; null where that turns out when it is computed, and is counted then.</param>
    private Task<SeatListBytes> Show(Entry entry, SeatListSource? source)
    {
        if (source is { } known)
        {
            metrics.SeatListRead(known);
        }

        metrics.SeatListShown(time.GetElapsedTime(entry.Timestamp));
        return entry.Bytes.Value;
    }

    /// <summary>A window that begins in the middle of a second is somebody's "now", and nobody else will ask for it.</summary>
    private static bool IsWorthKeeping(Interval window) => window.Start == window.Start.ToSeconds();

    private bool IsFresh(Entry entry) =>
        time.GetElapsedTime(entry.Timestamp) < Lifetime
        && entry.Bytes is not { IsValueCreated: true, Value: { IsFaulted: true } or { IsCanceled: true } };

    /// <summary>
    /// Throws away what a change has made old. Whoever computes is in the dictionary before reading the database, so
    /// whoever comes into it during this has read what was committed.
    /// </summary>
    private void Forget(Interval changed)
    {
        foreach (var pair in entries)
        {
            if (pair.Key.Overlaps(changed))
            {
                entries.TryRemove(pair);
            }
        }
    }

    /// <summary>Throws away, now and then, what is too old to be shown.</summary>
    private void Tidy()
    {
        if (time.GetElapsedTime(Volatile.Read(ref lastTidied)) > Lifetime)
        {
            Volatile.Write(ref lastTidied, time.GetTimestamp());
            foreach (var pair in entries)
            {
                if (!IsFresh(pair.Value))
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
            metrics.SeatListRead(SeatListSource.Shared);
            return shared;
        }

        metrics.SeatListRead(SeatListSource.Computed);

        // Nobody's cancellation: others may be waiting for the same answer.
        var seats = await availability.ReadAsync(window, time.Now(), CancellationToken.None);
        var parts = fragments;
        if (parts?.Catalog != seats.Catalog)
        {
            fragments = parts = Fragments.Of(seats.Catalog, json);
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

    private sealed record Entry(long Timestamp, Lazy<Task<SeatListBytes>> Bytes);

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
