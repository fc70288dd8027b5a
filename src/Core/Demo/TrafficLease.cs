using System.Globalization;
using BookIT.Core.Redis;

namespace BookIT.Core.Demo;

/// <summary>What demo traffic has done since it was started.</summary>
/// <param name="SignIns">Sign-ins by password.</param>
/// <param name="Bookings">Reservations made.</param>
/// <param name="CheckIns">Visitors checked in.</param>
/// <param name="Cancellations">Reservations given back, before the check-in or after.</param>
/// <param name="Refused">What the space refused, such as a seat that somebody else was faster to take.</param>
/// <param name="Errors">What failed.</param>
public readonly record struct TrafficCounts(
    long SignIns,
    long Bookings,
    long CheckIns,
    long Cancellations,
    long Refused,
    long Errors
);

/// <summary>The state of demo traffic, whichever replica drives it.</summary>
/// <param name="Rate">Actions a second.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="Counts">As of the last second.</param>
public sealed record Traffic(double Rate, DateTimeOffset StartedAt, TrafficCounts Counts);

/// <summary>
/// Who drives demo traffic: one among all replicas. A key in Redis that the driver renews every second; whoever takes it
/// away stops the driver, and a driver that dies is forgotten within <see cref="Life"/>.
/// </summary>
public sealed class TrafficLease(ConnectionMultiplexer redis)
{
    /// <summary>How long a driver that does not renew it still has it.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    private const string Key = "demo-traffic";

    /// <summary>ARGV: driver, rate, now, life. Gives 1 where nobody drives; else sets the rate of who does.</summary>
    private const string TakeScript = """
        local isFree = redis.call('EXISTS', KEYS[1]) == 0
        redis.call('HSET', KEYS[1], 'rate', ARGV[2])
        if isFree then
            redis.call('HSET', KEYS[1], 'driver', ARGV[1], 'started_at', ARGV[3])
            redis.call('PEXPIRE', KEYS[1], ARGV[4])
        end
        return isFree and 1 or 0
        """;

    /// <summary>ARGV: driver, life, counts. Gives the rate, or nil where the driver has lost it.</summary>
    private const string RenewScript = """
        if redis.call('HGET', KEYS[1], 'driver') ~= ARGV[1] then return nil end
        redis.call('HSET', KEYS[1], unpack(ARGV, 3))
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        return redis.call('HGET', KEYS[1], 'rate')
        """;

    /// <summary>ARGV: driver.</summary>
    private const string GiveBackScript =
        "if redis.call('HGET', KEYS[1], 'driver') == ARGV[1] then redis.call('DEL', KEYS[1]) end";

    /// <summary>Takes the lease for a driver if nobody has it; else only sets the rate.</summary>
    /// <returns>Whether it was taken.</returns>
    public async Task<bool> TryTakeAsync(Guid driver, double rate, DateTimeOffset now) =>
        (bool)
            await EvaluateAsync(
                TakeScript,
                driver.ToString(),
                rate.ToString(CultureInfo.InvariantCulture),
                now.ToUnixTimeMilliseconds(),
                (long)Life.TotalMilliseconds
            );

    /// <summary>Keeps the lease, and files what was done.</summary>
    /// <returns>The rate from now on; null where the driver has to stop.</returns>
    public async Task<double?> RenewAsync(Guid driver, TrafficCounts counts)
    {
        var rate = await EvaluateAsync(
            RenewScript,
            driver.ToString(),
            (long)Life.TotalMilliseconds,
            "sign_ins",
            counts.SignIns,
            "bookings",
            counts.Bookings,
            "check_ins",
            counts.CheckIns,
            "cancellations",
            counts.Cancellations,
            "refused",
            counts.Refused,
            "errors",
            counts.Errors
        );
        return rate.IsNull ? null : double.Parse(((RedisValue)rate).ToString(), CultureInfo.InvariantCulture);
    }

    /// <summary>Gives the lease back, if the driver still has it.</summary>
    public Task GiveBackAsync(Guid driver) => EvaluateAsync(GiveBackScript, driver.ToString());

    /// <summary>Takes the lease away from whoever has it.</summary>
    public Task RevokeAsync() => redis.GetDatabase().KeyDeleteAsync(Key);

    /// <summary>The state; null where nobody drives.</summary>
    public async Task<Traffic?> FindAsync()
    {
        var fields = (await redis.GetDatabase().HashGetAllAsync(Key)).ToDictionary(
            entry => entry.Name.ToString(),
            entry => entry.Value,
            StringComparer.Ordinal
        );
        long Number(string name) => (long)fields.GetValueOrDefault(name);
        return fields.Count == 0
            ? null
            : new Traffic(
                double.Parse(fields["rate"].ToString(), CultureInfo.InvariantCulture),
                DateTimeOffset.FromUnixTimeMilliseconds(Number("started_at")),
                new TrafficCounts(
                    Number("sign_ins"),
                    Number("bookings"),
                    Number("check_ins"),
                    Number("cancellations"),
                    Number("refused"),
                    Number("errors")
                )
            );
    }

    private Task<RedisResult> EvaluateAsync(string script, params RedisValue[] arguments) =>
        redis.GetDatabase().ScriptEvaluateAsync(script, [Key], arguments);
}
