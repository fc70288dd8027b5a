using System.Globalization;
using System.Net;
using System.Text;
using BookIT.Tests.E2E.Faults;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Seats;

public sealed class LiveSeatsTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private string Window(double from = 1, double to = 3) =>
        $"?start={now.AddHours(from):yyyy-MM-ddTHH:mm:ssZ}&end={now.AddHours(to):yyyy-MM-ddTHH:mm:ssZ}";

    private async Task<Guid> BookAsync(ApiClient member, Guid seat, double from = 1, double to = 2)
    {
        var booked = await member.BookAsync(seat, now.AddHours(from), now.AddHours(to));
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        return booked.Id;
    }

    private static async Task CancelAsync(ApiClient member, Guid reservation) =>
        Assert.Equal(
            HttpStatusCode.OK,
            (await member.PatchAsync($"/api/reservations/{reservation}", new { status = "closed" })).Status
        );

    [Fact]
    public async Task All_that_is_held_comes_first_and_then_what_changes()
    {
        var (held, seat, elsewhen) = (await server.SeatAsync(), await server.SeatAsync(), await server.SeatAsync());
        var (member, other) = (await server.MemberAsync(), await server.MemberAsync());
        await BookAsync(other, held);
        await using var live = await LiveSeats.OpenAsync(server.Anonymous(), Window());

        Assert.Equal("text/event-stream", live.Response.Content.Headers.ContentType!.ToString());
        Assert.True(live.Response.Headers.CacheControl!.NoStore);
        Assert.Equal("retry: 2000", live.Lines.First());
        Assert.Equal("seats", live.Events[0].Name);
        Assert.True((long)live.Events[0].Data["version"]! > 0);
        Assert.True(live.IsBusy(held));
        Assert.False(live.IsBusy(seat));

        await BookAsync(await server.MemberAsync(), elsewhen, 3, 4);
        var booked = await BookAsync(member, seat);
        await live.BecomesAsync(seat, true);
        await CancelAsync(member, booked);
        await live.BecomesAsync(seat, false);

        Assert.False(live.IsBusy(elsewhen));
        Assert.Equal(0, live.Count("mine"));
        var ours = live
            .Events.Where(one => one.Name == "change")
            .Select(one => one.Data.ToJsonString())
            .Where(json => json.Contains($"{seat}", StringComparison.Ordinal));
        Assert.Equal([$$"""{"busy":["{{seat}}"],"free":[]}""", $$"""{"busy":[],"free":["{{seat}}"]}"""], ours);
    }

    [Fact]
    public async Task Another_seat_or_another_name_is_a_new_version_of_the_seats()
    {
        var admin = await server.AdminAsync();
        var seat = await server.SeatAsync();
        await BookAsync(await server.MemberAsync(), seat);
        await using var live = await LiveSeats.OpenAsync(server.Anonymous(), Window());
        var before = (long)live.Events[0].Data["version"]!;

        await admin.PatchAsync($"/api/seat/{seat}", new { name = "Renamed" });

        await live.EventuallyAsync(all => all.Any(one => (long?)one.Data["version"] > before));
        Assert.True(live.IsBusy(seat));
    }

    [Fact]
    public async Task What_happens_to_ones_own_reservation_is_told_whoever_does_it_and_at_whichever_replica()
    {
        var (_, elsewhere) = await server.StartApiAsync();
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        var seat = await server.SeatAsync();
        // Another day: what is told here is not that a seat has changed.
        await using var live = await LiveSeats.OpenAsync(server.At(elsewhere, member), Window(48, 49));
        await using var others = await LiveSeats.OpenAsync(await server.MemberAsync(address: elsewhere), Window());
        async Task TellsAsync(int times) =>
            await live.EventuallyAsync(all => all.Count(one => one.Name == "mine") == times);

        var booked = await BookAsync(member, seat, 0.1);
        await TellsAsync(1);
        var moved = await member.PatchAsync($"/api/reservations/{booked}", new { end = now.AddHours(2.5) });
        Assert.Equal(HttpStatusCode.OK, moved.Status);
        await TellsAsync(2);
        Assert.Equal(HttpStatusCode.OK, (await admin.PostAsync($"/api/admin/check_qr/{booked}")).Status);
        await TellsAsync(3);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/admin/reservation/{booked}")).Status);
        await TellsAsync(4);
        Assert.Equal(0, live.Count("change"));
        await others.BecomesAsync(seat, false);
        Assert.Equal(0, others.Count("mine"));
    }

    [Fact]
    public async Task What_nobody_told_of_is_seen_all_the_same()
    {
        // As of a replica that died between its commit and its message, or of the clock.
        var (seat, member) = (await server.SeatAsync(), await server.MemberAsync());
        await using var live = await LiveSeats.OpenAsync(member, Window());

        await server.ReservationAsync(member.UserId, seat, now.AddHours(1), now.AddHours(2));

        await live.BecomesAsync(seat, true);
        await live.EventuallyAsync(all => all.Any(one => one.Name == "mine"));
    }

    [Fact]
    public async Task A_reader_ends_up_with_what_is_however_much_has_happened()
    {
        var seats = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => server.SeatAsync()));
        await using var live = await LiveSeats.OpenAsync(server.Anonymous(), Window());

        await Task.WhenAll(
            seats.Select(
                async (seat, i) =>
                {
                    var member = await server.MemberAsync();
                    for (var round = 0; round < 8; round++)
                    {
                        var booked = await BookAsync(member, seat);
                        if (round < 7 || i % 2 == 0)
                        {
                            await CancelAsync(member, booked);
                        }
                    }
                }
            )
        );

        foreach (var (seat, i) in seats.Select((seat, i) => (seat, i)))
        {
            await live.BecomesAsync(seat, i % 2 == 1);
        }
    }

    [Fact]
    public async Task A_comment_says_that_the_stream_is_still_there()
    {
        await using var live = await LiveSeats.OpenAsync(server.Anonymous(), Window(500, 501));

        await live.EventuallyAsync(_ => live.Lines.Contains(": still here"));
    }

    [Fact]
    public async Task What_cannot_be_a_window_is_refused_and_a_head_request_comes_to_its_end()
    {
        var backwards = await server.Anonymous().GetAsync($"/api/seat/live{Window(2, 1)}");
        var head = await server.Anonymous().SendAsync(HttpMethod.Head, $"/api/seat/live{Window()}");

        Assert.Equal((HttpStatusCode.BadRequest, "end_not_after_start"), (backwards.Status, backwards.Code));
        Assert.Equal(HttpStatusCode.OK, head.Status);
        Assert.Equal("text/event-stream", head.Response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_streams_cleanly()
    {
        var (program, address) = await server.StartApiAsync();
        await using var live = await LiveSeats.OpenAsync(server.Anonymous(address), Window());

        Assert.Equal(0, await program.StopAsync());

        // To its end, and not broken off.
        await live.Ended;
    }

    [Fact]
    public async Task There_is_room_for_so_many_and_who_leaves_makes_some()
    {
        var (_, address) = await server.StartApiAsync(
            new Dictionary<string, string?> { ["RateLimits__LiveStreams"] = "2" }
        );
        await using var one = await LiveSeats.OpenAsync(server.Anonymous(address), Window());
        var other = await LiveSeats.OpenAsync(server.Anonymous(address), Window());
        var refused = await server.Anonymous(address).GetAsync($"/api/seat/live{Window()}");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (refused.Status, refused.Code));
        Assert.True(refused.Response.Headers.RetryAfter!.Delta > TimeSpan.Zero);

        await other.DisposeAsync();
        await Eventually.TrueAsync(async () =>
        {
            var (http, response) = await LiveSeats.TryOpenAsync(server.Anonymous(address), Window());
            using (http)
            using (response)
            {
                return response.StatusCode == HttpStatusCode.OK;
            }
        });
    }

    [Fact]
    public async Task One_person_may_watch_twenty_times_at_once()
    {
        var (_, address) = await server.StartApiAsync(
            new Dictionary<string, string?> { ["RateLimits__Enabled"] = "true" }
        );
        var member = await server.MemberAsync(address: address);
        var streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => LiveSeats.OpenAsync(member, Window())));

        var refused = await member.GetAsync($"/api/seat/live{Window()}");
        await using var another = await LiveSeats.OpenAsync(await server.MemberAsync(address: address), Window());

        Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_requests"), (refused.Status, refused.Code));
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_thousand_watchers_of_one_window_cost_as_many_queries_as_one()
    {
        var (_, address) = await server.StartApiAsync();
        // Commands that Npgsql has sent to PostgreSQL for this Api.
        async Task<double> QueriesAsync() =>
            Encoding
                .UTF8.GetString((await server.Anonymous(address).GetAsync("/metrics")).Bytes)
                .Split('\n')
                .Where(line => line.StartsWith("db_client_operation_duration_seconds_count", StringComparison.Ordinal))
                .Sum(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
        var (seat, member) = (await server.SeatAsync(), await server.MemberAsync());
        using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };
        var before = await QueriesAsync();
        Assert.True(before > 0);
        var began = TimeProvider.System.GetTimestamp();

        var responses = await Task.WhenAll(
            Enumerable
                .Range(0, 1000)
                .Select(_ => http.GetAsync($"/api/seat/live{Window()}", HttpCompletionOption.ResponseHeadersRead))
        );
        var readers = await Task.WhenAll(
            responses.Select(async response => new StreamReader(await response.Content.ReadAsStreamAsync()))
        );
        await BookAsync(member, seat);
        await Task.WhenAll(
            readers.Select(async reader =>
            {
                while (await reader.ReadLineAsync() is { } line)
                {
                    if (line.Contains($"{seat}", StringComparison.Ordinal))
                    {
                        return;
                    }
                }

                Assert.Fail("The stream ended.");
            })
        );

        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var queries = await QueriesAsync() - before;
        // A look takes one, there are ten a second at the most, and others ask now and then.
        Assert.True(queries < 20 * (seconds + 1), $"{queries} queries in {seconds} s");
        foreach (var response in responses)
        {
            response.Dispose();
        }
    }
}

public sealed class LiveSeatsInFaultsTests(ServerWithOwnRedis server) : IClassFixture<ServerWithOwnRedis>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private string Window() =>
        $"?start={now.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}&end={now.AddHours(3):yyyy-MM-ddTHH:mm:ssZ}";

    [Fact]
    public async Task With_redis_gone_the_other_replicas_watchers_still_see_what_happens()
    {
        var (_, elsewhere) = await server.StartApiAsync();
        var (seat, member) = (await server.SeatAsync(), await server.MemberAsync());
        await using var live = await LiveSeats.OpenAsync(server.At(elsewhere, member), Window());
        server.Redis.Kill();
        try
        {
            var booked = await member.BookAsync(seat, now.AddHours(1), now.AddHours(2));
            Assert.Equal(HttpStatusCode.Created, booked.Status);

            await live.BecomesAsync(seat, true);
            await live.EventuallyAsync(_ => live.Count("mine") == 1);
            await using var newcomer = await LiveSeats.OpenAsync(server.Anonymous(elsewhere), Window());
            Assert.True(newcomer.IsBusy(seat));
        }
        finally
        {
            await server.StartRedisAsync();
        }
    }

    [Fact]
    public async Task With_the_database_gone_watchers_wait_and_newcomers_are_told_when_to_try_again()
    {
        var (seat, member) = (await server.SeatAsync(), await server.MemberAsync());
        await using var live = await LiveSeats.OpenAsync(server.Anonymous(), Window());
        await using (await server.TakePostgresAwayAsync())
        {
            var refused = await server.Anonymous().GetAsync($"/api/seat/live{Window()}");

            Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (refused.Status, refused.Code));
            Assert.NotNull(refused.Response.Headers.RetryAfter);
        }

        await server.ReservationAsync(member.UserId, seat, now.AddHours(1), now.AddHours(2));

        await live.BecomesAsync(seat, true);
    }
}
