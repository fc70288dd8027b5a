using System.Diagnostics;
using System.Globalization;
using BookIT.Core.Reservations;

namespace BookIT.Bench;

/// <summary>Measures each thing by turns with its limit, so that what disturbs one disturbs the other.</summary>
internal sealed class Benchmark(Space space, Programs programs, string folder, bool isQuick)
{
    private const int Clients = 64;
    private const int OldReservations = 1_000_000;
    private const string Me = "/api/user/me";
    private const string Active = "/api/reservations/active";

    private readonly int rounds = isQuick ? 1 : 3;
    private readonly int seconds = isQuick ? 2 : 4;
    private readonly List<Outcome> outcomes = [];
    private Uri api = null!;
    private Uri bare = null!;
    private Process apiProcess = null!;

    public IReadOnlyList<Outcome> Outcomes => outcomes;

    /// <param name="only">The one measure to take; null for all.</param>
    public async Task RunAsync(string? only = null)
    {
        var measures = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
        {
            ["list"] = MeasureListAsync,
            ["bookings"] = MeasureBookingsAsync,
            ["mix"] = MeasureMixAsync,
            ["hot"] = MeasureHotSeatAsync,
            ["reads"] = MeasureReadsAsync,
            ["storm"] = MeasureSignInStormAsync,
            ["bot"] = MeasureBotAsync,
            ["growth"] = MeasureGrowthAsync,
        };
        Check(only is null || measures.ContainsKey(only), $"{only} is one of {string.Join(", ", measures.Keys)}");
        await MeasureStartAsync();
        var list = Path.Combine(folder, "seats.json");
        await File.WriteAllBytesAsync(list, await space.ReadSeatListAsync(api));
        (bare, _) = await programs.StartLimitsAsync(list);
        // Both have seen each kind of request before any is measured, for as long as it takes to compile them for good.
        foreach (var (kind, path) in new[] { ("list", ""), ("book", ""), ("hot", ""), ("get", Me), ("get", Active) })
        {
            Say($"warming up: {kind} {path}");
            foreach (var server in new[] { api, bare })
            {
                await Load.RunAsync(kind, server, Clients, isQuick ? 1 : 8, space, path: path);
                await space.ClearAsync();
            }
        }

        foreach (var (_, measure) in measures.Where(measure => only is null || measure.Key == only))
        {
            await measure();
        }

        Add(new("Api's memory after all of this", "MB", "250 MB", 1, IsMost: true), [ApiMegabytes()], [250]);
    }

    private async Task MeasureStartAsync()
    {
        Say("start");
        var times = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            if (apiProcess is not null)
            {
                Programs.Stop(apiProcess);
            }

            var since = Stopwatch.StartNew();
            (api, apiProcess) = await programs.StartApiAsync();
            times.Add(since.Elapsed.TotalSeconds);
        }

        Add(new("Api: start to ready", "s", "2 s", 1, IsMost: true), times, [2]);
    }

    private async Task MeasureListAsync()
    {
        var (ours, limit) = await AlternateAsync(
            "the list of seats, warm",
            server => Load.RunAsync("list", server, Clients, seconds, space)
        );
        Check(ours.Concat(limit).All(load => load is { Refused: 0, Broken: 0 }), "every read of the list is answered");
        Add(
            new("GET /seat, 200 seats, warm", "/s", "bare Kestrel, the same bytes", 0.8),
            PerSecond(ours),
            PerSecond(limit)
        );
        Add(new("… its 99th percentile", "ms", "bare Kestrel, the same bytes", 4, IsMost: true), P99(ours), P99(limit));
    }

    private async Task MeasureBookingsAsync()
    {
        var (ours, limit) = await AlternateAsync("bookings", BookAsync);
        var rates = PerSecond(limit);
        Add(new("POST /reservations, no conflicts", "/s", "bare Kestrel + the same SQL", 0.75), PerSecond(ours), rates);
        Say("pgbench");
        var transactions = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            await space.ClearAsync();
            transactions.Add(await PgbenchAsync());
        }

        Add(new("… as a share of PostgreSQL alone", "/s", "pgbench, 16 clients", 0.6), PerSecond(ours), transactions);
        await space.ClearAsync();
    }

    private async Task<Load> BookAsync(Uri server)
    {
        await space.ClearAsync();
        var load = await Load.RunAsync("book", server, Clients, seconds, space);
        var made = await space.ReservationsAsync();
        Check(
            load is { Refused: 0, Broken: 0 },
            $"every booking is made ({load.Refused} refused, {load.Broken} broken)"
        );
        // Those that were under way at the end were made, and nobody heard of it.
        Check(made >= load.Requests && made <= load.Requests + Clients, $"{load.Requests} were told, {made} are there");
        Check(await space.OverlapsAsync() == 0, "no two overlap");
        return load;
    }

    private async Task MeasureMixAsync()
    {
        var ours = new List<Load>();
        var limit = new List<Load>();
        for (var round = 0; round < rounds; round++)
        {
            Say($"reads and bookings {round + 1}/{rounds}");
            await space.ClearAsync();
            ours.Add(await Load.RunAsync("mix", api, Clients, seconds, space));
            Check(await space.OverlapsAsync() == 0, "no two overlap");
            limit.Add(await Load.RunAsync("list", bare, Clients, seconds, space));
        }

        Add(
            new("95 % reads over 50 windows, 5 % bookings", "/s", "bare Kestrel, the same bytes", 0.28),
            PerSecond(ours),
            PerSecond(limit)
        );
        Add(new("… its 99th percentile", "ms", "25 ms", 1, IsMost: true), P99(ours), [25]);
        await space.ClearAsync();
    }

    private async Task MeasureHotSeatAsync()
    {
        var (ours, limit) = await AlternateAsync(
            "a hot seat",
            async server =>
            {
                await space.ClearAsync();
                var load = await Load.RunAsync("hot", server, Clients, seconds, space);
                Check(await space.ReservationsAsync() == 1, "a hot seat has one winner");
                Check(load.Refused == load.Requests - 1 && load.Broken == 0, "and everybody else is refused");
                return load;
            }
        );
        Add(
            new("A hot seat: refusals, 64 clients", "/s", "bare Kestrel + the same SQL", 0.75),
            PerSecond(ours),
            PerSecond(limit)
        );
        await space.ClearAsync();
    }

    private async Task MeasureReadsAsync()
    {
        await space.ClearAsync();
        await Load.RunAsync("book", api, Clients, 1, space);
        foreach (var path in new[] { Me, Active })
        {
            var (ours, limit) = await AlternateAsync(
                path,
                server => Load.RunAsync("get", server, Clients, seconds, space, path: path)
            );
            Check(ours.All(load => load is { Broken: 0 }), $"{path} answers");
            Add(
                new($"GET {path["/api".Length..]}", "/s", "bare Kestrel + one read", 0.5),
                PerSecond(ours),
                PerSecond(limit)
            );
        }

        await space.ClearAsync();
    }

    private async Task MeasureSignInStormAsync()
    {
        var alone = new List<Load>();
        var beside = new List<Load>();
        for (var round = 0; round < rounds; round++)
        {
            Say($"a storm of sign-ins {round + 1}/{rounds}");
            alone.Add(await BookAsync(api));
            var storm = Load.RunAsync("login", api, Clients, seconds + 1, space);
            beside.Add(await BookAsync(api));
            Check((await storm).Requests > 0, "somebody signs in in the storm");
        }

        Add(
            new("Bookings beside a storm of sign-ins", "/s", "bookings alone", 0.5),
            PerSecond(beside),
            PerSecond(alone)
        );
        await space.ClearAsync();
    }

    /// <summary>News that are due, to people with a chat each, until all of them are delivered.</summary>
    private async Task MeasureBotAsync()
    {
        var news = isQuick ? 500 : 20_000;
        Say("the bot");
        await space.ExecuteAsync(
            $"""
            UPDATE users SET telegram_id = 1000 + n, telegram_since = now() - interval '2 days'
            FROM (SELECT n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id FROM generate_series(0, {news
                - 1}) AS n) AS numbered
            WHERE users.id = numbered.id
            """
        );
        var (_, process) = await programs.StartBotAsync(bare);
        await space.ExecuteAsync(
            $"""
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
            SELECT id, '{Core.Notifications.NotificationKind.UserVerified}', 'bench:' || id, jsonb_build_object(),
                now() - interval '1 second', now() - interval '1 second'
            FROM users WHERE telegram_id IS NOT NULL
            """
        );
        var since = Stopwatch.StartNew();
        var patience = TimeSpan.FromSeconds(isQuick ? 10 : 30);
        long delivered;
        // Slow it may be, as long as it delivers at all.
        while (
            (delivered = await DeliveredAsync()) < news
            && since.Elapsed < (delivered > 0 ? patience : TimeSpan.FromMinutes(2))
        )
        {
            await Task.Delay(100);
        }

        Add(new("Bot: news delivered", "/s", "2,000/s", 1), [delivered / since.Elapsed.TotalSeconds], [2_000]);
        Check(delivered > 0, "the bot delivers");
        Programs.Stop(process);
        await space.ExecuteAsync(
            "UPDATE users SET telegram_id = NULL, telegram_since = NULL; TRUNCATE notifications CASCADE"
        );
    }

    private Task<long> DeliveredAsync() =>
        space.QueryAsync("SELECT count(*) FROM notifications WHERE delivered_at IS NOT NULL");

    private async Task MeasureGrowthAsync()
    {
        space.WriteTokens();
        await space.ClearAsync();
        var (emptyReads, emptyBookings) = (new List<double>(), new List<double>());
        var (fullReads, fullBookings) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            Say($"nothing old {round + 1}/{rounds}");
            emptyReads.Add((await Load.RunAsync("cold", api, 1, seconds, space)).P50 / 1000.0);
            emptyBookings.Add((await BookAsync(api)).PerSecond);
        }

        await space.ClearAsync();
        Say($"writing {(isQuick ? OldReservations / 10 : OldReservations):N0} old reservations");
        await space.AddOldAsync(first: 0, isQuick ? OldReservations / 10 : OldReservations);
        for (var round = 0; round < rounds; round++)
        {
            Say($"a million old ones {round + 1}/{rounds}");
            fullReads.Add((await Load.RunAsync("cold", api, 1, seconds, space)).P50 / 1000.0);
            var load = await Load.RunAsync(
                "book",
                api,
                Clients,
                seconds,
                space,
                first: round * (Space.Members / rounds)
            );
            Check(load.Broken == 0, "bookings are answered");
            fullBookings.Add(load.PerSecond);
            await space.ExecuteAsync("DELETE FROM reservations WHERE status = 'future'");
        }

        var many = isQuick ? "100,000" : "1,000,000";
        Add(
            new($"GET /seat, cold, {many} old reservations", "ms", "with none", 1.3, IsMost: true),
            fullReads,
            emptyReads
        );
        Add(new($"POST /reservations, {many} old ones", "/s", "with none", 0.8), fullBookings, emptyBookings);
    }

    /// <summary>The booking's statement alone, from 16 clients that do nothing else.</summary>
    private async Task<double> PgbenchAsync()
    {
        var script = Path.Combine(folder, "booking.sql");
        await File.WriteAllTextAsync(
            script,
            $"""
            \set i :i + 1
            \set n :i * 16 + :client_id
            \set seat mod(:n, {Space.Seats})
            \set start {space.Base.ToUnixTimeSeconds()} + :n / {Space.Seats} * 900
            \if :i = 0
            PREPARE book (uuid, uuid, uuid, timestamptz, timestamptz, timestamptz, timestamptz, boolean,
                text) AS
            {Booking.Sql(liveReservationsPerUser: 1, audited: false)};
            \endif
            EXECUTE book (gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(to_hex(:n % {Space.Members}), 12, '0'))::uuid,
                ('00000000-0000-7000-9000-' || lpad(to_hex(:seat), 12, '0'))::uuid, to_timestamp(:start), to_timestamp(:start + 900),
                now(), 'epoch', false, NULL);

            """
        );
        var output = await Tool.RunAsync(
            Required("PGBENCH"),
            "--no-vacuum",
            "--client=16",
            "--jobs=2",
            $"--time={seconds}",
            "--define=i=-1",
            $"--file={script}",
            Required("PGBENCH_DATABASE")
        );
        var line = Array.Find(output.Split('\n'), text => text.StartsWith("tps = ", StringComparison.Ordinal))!;
        return double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);
    }

    private async Task<(List<Load> Ours, List<Load> Limit)> AlternateAsync(string name, Func<Uri, Task<Load>> measure)
    {
        var (ours, limit) = (new List<Load>(), new List<Load>());
        for (var round = 0; round < rounds; round++)
        {
            Say($"{name} {round + 1}/{rounds}");
            ours.Add(await measure(api));
            limit.Add(await measure(bare));
        }

        return (ours, limit);
    }

    private double ApiMegabytes()
    {
        apiProcess.Refresh();
        return apiProcess.WorkingSet64 / 1e6;
    }

    private void Add(Measure measure, IEnumerable<double> ours, IEnumerable<double> limit) =>
        outcomes.Add(new Outcome(measure, new Series { Values = [.. ours] }, new Series { Values = [.. limit] }));

    private static IEnumerable<double> PerSecond(IEnumerable<Load> loads) => loads.Select(load => load.PerSecond);

    private static IEnumerable<double> P99(IEnumerable<Load> loads) => loads.Select(load => load.P99Milliseconds);

    private static string Required(string name) =>
        Environment.GetEnvironmentVariable(name)
        ?? throw new InvalidOperationException($"{name} is not set: use bench.sh.");

    private static void Say(string what) => Console.Error.WriteLine($"  {what} ...");

    /// <summary>However fast it is, it has to be right.</summary>
    private static void Check(bool holds, string promise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(promise);
        }
    }
}

internal sealed class BrokenPromiseException(string promise) : Exception($"This does not hold: {promise}.");
