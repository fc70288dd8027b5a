using System.Net;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;
using Npgsql;

namespace BookIT.Tests.E2E.Containers;

/// <summary>What an engine does to our programs: it asks them how they are, and stops them with SIGTERM.</summary>
public sealed class StopTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    /// <summary>The program asks itself, as the health check of its image does.</summary>
    private static async Task<(int Code, string Output)> ProbeAsync(string name, Uri address)
    {
        await using var probe = await Program.StartAsync(
            name,
            // As in a container, which listens on all addresses.
            new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = $"http://+:{address.Port}" },
            "health"
        );
        return (await probe.WaitForExitAsync(), probe.Output);
    }

    [Fact]
    public async Task The_health_check_says_whether_the_program_beside_it_is_ready()
    {
        var (bot, botAddress) = await server.StartBotAsync();
        Assert.Equal(0, (await ProbeAsync("Api", server.Address)).Code);
        Assert.Equal(0, (await ProbeAsync("Bot", botAddress)).Code);

        await using (await server.TakePostgresAwayAsync())
        {
            // Each program asks its servers for itself, once a second.
            await Eventually.TrueAsync(async () => (await ProbeAsync("Api", server.Address)).Code == 1);
            await Eventually.TrueAsync(async () => (await ProbeAsync("Bot", botAddress)).Code == 1);
            Assert.Contains("does not answer", (await ProbeAsync("Bot", botAddress)).Output, StringComparison.Ordinal);
        }

        await bot.StopAsync();
        var gone = await ProbeAsync("Bot", botAddress);
        Assert.Equal(1, gone.Code);
        Assert.DoesNotContain("   at ", gone.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bookings_in_the_middle_of_a_stop_are_answered_and_there()
    {
        var (api, address) = await server.StartApiAsync();
        var start = TimeProvider.System.GetUtcNow().AddHours(1);
        var members = new List<(ApiClient Client, Guid Seat)>();
        for (var i = 0; i < 10; i++)
        {
            members.Add((await server.MemberAsync(address: address), await server.SeatAsync()));
        }

        // Holds every booking up where it writes.
        await using var holding = await server.Postgres.OpenConnectionAsync();
        await using var transaction = await holding.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("LOCK TABLE reservations IN EXCLUSIVE MODE", holding, transaction))
        {
            await hold.ExecuteNonQueryAsync();
        }

        var bookings = members.Select(m => m.Client.BookAsync(m.Seat, start, start.AddHours(1))).ToList();
        await server.BookingsWaitAsync(members.Count);
        var stopping = api.StopAsync();
        await Eventually.TrueAsync(() =>
            Task.FromResult(api.Output.Contains("Application is shutting down", StringComparison.Ordinal))
        );
        await transaction.CommitAsync();

        var answers = await Task.WhenAll(bookings);
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        Assert.Equal(0, await stopping);
        foreach (var answer in answers)
        {
            Assert.Equal(
                1,
                await server.QueryAsync<long>($"SELECT count(*) FROM reservations WHERE id = '{answer.Id}'")
            );
        }

        await Assert.ThrowsAsync<HttpRequestException>(() => server.Anonymous(address).GetAsync("/health/live"));
    }

    [Fact]
    public async Task What_a_bot_has_answered_is_confirmed_when_it_stops_also_where_that_had_failed()
    {
        var person = server.Telegram.Somebody();
        var (first, firstAddress) = await server.StartBotAsync();
        await server.BecomesAsync(firstAddress, "polling");
        var before = (await server.Telegram.CallsAsync("getUpdates")).Count;
        await server.Telegram.PostAsync("/front/fail?status=400&method=confirm");
        await person.Send("/help");
        await person.ExpectText("/unlink");
        // It was refused, and would try again in half a minute.
        await Eventually.TrueAsync(async () =>
            (await server.Telegram.CallsAsync("getUpdates"))
                .Skip(before)
                .Any(call => call["body"]!["offset"] is not null)
        );
        await server.Telegram.PostAsync("/front/fail?status=0&method=confirm");

        Assert.Equal(0, await first.StopAsync());
        var (second, _) = await server.StartBotAsync();

        await person.Send("/start");
        await person.ExpectText("This is the bot of BookIT");
        await second.StopAsync();
    }

    [Fact]
    public async Task A_bot_that_is_stopped_in_the_middle_tells_and_answers_everybody_once()
    {
        const int people = 300;
        const long firstChat = 7_000_000_000;
        var crowd = Enumerable.Range(0, 30).Select(_ => server.Telegram.Somebody()).ToList();
        // By the limits, or all would be told before it is stopped.
        var (first, firstAddress) = await server.StartBotAsync(
            new Dictionary<string, string?> { ["RateLimits__Enabled"] = "true" }
        );
        await server.BecomesAsync(firstAddress, "polling");
        // One message is with Telegram, which has not said so yet, when the signal comes.
        const long slowChat = firstChat + people / 5;
        await server.Telegram.PostAsync($"/front/fail?status=2&chat={slowChat}");
        await server.ExecuteAsync(
            $$"""
            WITH people AS (
                INSERT INTO users (id, email, first_name, role, verified, made_at, language, telegram_id, telegram_since)
                SELECT gen_random_uuid(), 'stop.' || chat || '@example.com', 'Somebody', 'user', true, now(), 'en', chat,
                    now() - interval '1 day'
                FROM generate_series({{firstChat}}, {{firstChat + people - 1}}) AS chat
                RETURNING id)
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
            SELECT id, 'announcement', id::text, jsonb_build_object('text', 'News'), now(), now() FROM people
            """
        );
        await Task.WhenAll(crowd.Select(person => person.Send("/help")));
        await Eventually.TrueAsync(async () => (await HeardAsync(firstChat, people)).Contains(slowChat));
        var stopping = first.StopAsync();
        // It listens no more, and still waits for what Telegram has to say.
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await server.StateAsync(firstAddress);
                return false;
            }
            catch (HttpRequestException)
            {
                return true;
            }
        });
        Assert.NotSame(stopping, await Task.WhenAny(stopping, Task.Delay(TimeSpan.FromSeconds(2))));
        await server.Telegram.PostAsync($"/front/fail?status=0&chat={slowChat}");

        Assert.Equal(0, await stopping);
        Assert.InRange((await HeardAsync(firstChat, people)).Count, 1, people - 1);
        var polls = (await server.Telegram.CallsAsync("getUpdates")).Count;
        await Task.WhenAll(crowd.Select(person => person.Send("/start")));
        Assert.Equal(polls, (await server.Telegram.CallsAsync("getUpdates")).Count);

        var (second, _) = await server.StartBotAsync();
        foreach (var person in crowd)
        {
            await person.ExpectText("/unlink");
            await person.ExpectText("This is the bot of BookIT");
        }

        await Eventually.TrueAsync(
            async () => (await HeardAsync(firstChat, people)).Distinct().Count() == people,
            within: TimeSpan.FromSeconds(60)
        );
        Assert.Equal(0, await second.StopAsync());
        Assert.Equal(people, (await HeardAsync(firstChat, people)).Count);
        Assert.All(
            await Task.WhenAll(
                crowd.Select(person => server.Telegram.GetAsync($"/front/events?chat={person.Id}&after=0"))
            ),
            answers => Assert.Equal(2, answers.Count)
        );
    }

    private async Task<List<long>> HeardAsync(long first, int count) =>
        [
            .. (await server.Telegram.CallsAsync("sendMessage"))
                .Select(call => (long)call["body"]!["chat_id"]!)
                .Where(chat => chat >= first && chat < first + count),
        ];
}
