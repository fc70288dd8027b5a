using System.Collections.Concurrent;
using BookIT.Core;
using BookIT.Core.Redis;
using BookIT.Core.Seats;
using BookIT.Tests.E2E.Redis;
using BookIT.Tests.E2E.Servers;
using Microsoft.Extensions.Logging.Abstractions;

namespace BookIT.Tests.E2E.Seats;

/// <summary>What two replicas tell each other.</summary>
public sealed class SeatChangesTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Day = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

    private RedisServer server = null!;
    private Replica one = null!;
    private Replica other = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RedisServer.StartNewAsync();
        one = await Replica.StartAsync(server);
        other = await Replica.StartAsync(server);
        // At their start, and once they can hear, they tell each other that nothing may be kept. That is told when the
        // first of these have been heard and nothing is left to tell, and heard when the second have been.
        await HearEachOtherAsync();
        await SameVersionAsync();
        await HearEachOtherAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await one.StopAsync();
        await other.StopAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_change_is_heard_everywhere_once_and_for_its_own_time()
    {
        var (morning, evening) = (Hours(9, 11), Hours(19, 20));
        one.Changes.Tell(morning);
        await HearsAsync(other, morning);
        other.Changes.Tell(evening);
        await HearsAsync(one, morning, evening);
        await HearsAsync(other, evening);
    }

    [Fact]
    public async Task A_change_gives_what_replicas_share_another_name_with_both()
    {
        await SameVersionAsync();
        var before = one.Changes.SharedVersion;
        one.Changes.Tell(Hours(9, 11));
        // Not even for a moment the old one: what is read now must not be found under it.
        Assert.NotEqual(before, one.Changes.SharedVersion);
        await SameVersionAsync();
        Assert.True(other.Changes.SharedVersion > before);
    }

    [Fact]
    public async Task What_is_told_while_redis_is_away_is_heard_when_it_is_back()
    {
        server.Kill();
        one.Changes.Tell(Hours(9, 11));
        Assert.Null(one.Changes.SharedVersion);
        await server.StartAsync();
        await Eventually.TrueAsync(() => Task.FromResult(other.Heard.Any(window => window.Overlaps(Hours(9, 11)))));
        await SameVersionAsync();
    }

    [Fact]
    public async Task So_many_changes_at_once_are_told_as_one_of_all_time()
    {
        server.Kill();
        for (var i = 0; i < 10_000; i++)
        {
            one.Changes.Tell(new Interval(Day.AddMinutes(i), Day.AddMinutes(i + 1)));
        }

        other.Heard.Clear();
        await server.StartAsync();
        await Eventually.TrueAsync(() => Task.FromResult(other.Heard.Contains(SeatChanges.AllTime)));
        await SameVersionAsync();
        Assert.InRange(other.Heard.Count, 1, 200);
    }

    private async Task HearEachOtherAsync()
    {
        one.Changes.Tell(Hours(0, 1));
        other.Changes.Tell(Hours(1, 2));
        await Eventually.TrueAsync(() =>
            Task.FromResult(other.Heard.Contains(Hours(0, 1)) && one.Heard.Contains(Hours(1, 2)))
        );
        one.Heard.Clear();
        other.Heard.Clear();
    }

    private static Interval Hours(int start, int end) => new(Day.AddHours(start), Day.AddHours(end));

    private Task SameVersionAsync() =>
        Eventually.TrueAsync(() =>
            Task.FromResult(one.Changes.SharedVersion is { } version && version == other.Changes.SharedVersion)
        );

    /// <summary>Waits for exactly these, and takes them.</summary>
    private static async Task HearsAsync(Replica replica, params Interval[] windows)
    {
        await Eventually.TrueAsync(() => Task.FromResult(replica.Heard.Count >= windows.Length));
        Assert.Equal(windows, replica.Heard);
        replica.Heard.Clear();
    }

    private sealed class Replica(ConnectionMultiplexer redis, SeatChanges changes)
    {
        public SeatChanges Changes => changes;

        public ConcurrentQueue<Interval> Heard { get; } = new();

        public static async Task<Replica> StartAsync(RedisServer server)
        {
            var redis = await RedisTests.ConnectedAsync(server.Url());
            var changes = new SeatChanges(redis, TimeProvider.System, NullLogger<SeatChanges>.Instance);
            var replica = new Replica(redis, changes);
            changes.Changed += (_, change) => replica.Heard.Enqueue(change.Window);
            await changes.StartAsync(default);
            await Eventually.TrueAsync(() => Task.FromResult(changes.SharedVersion > 0));
            return replica;
        }

        public async Task StopAsync()
        {
            await changes.StopAsync(default);
            changes.Dispose();
            await redis.DisposeAsync();
        }
    }
}
