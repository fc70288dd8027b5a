using System.Net;
using System.Net.Http.Json;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>Two bots side by side.</summary>
public sealed class ServerWithoutBot(TestServers servers) : ServerWithBot(servers)
{
    protected override int Bots => 0;
}

public sealed class ReplicaTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    [Fact]
    public async Task One_of_two_polls_and_when_it_is_killed_the_other_takes_over_and_nothing_is_lost()
    {
        // With limits one person's answers take their time: so there is a middle to be killed in.
        var limits = new Dictionary<string, string?> { ["RateLimits__Enabled"] = "true" };
        var first = await server.StartBotAsync(limits);
        await server.BecomesAsync(first.Address, "polling");
        var second = await server.StartBotAsync(limits);
        await server.BecomesAsync(second.Address, "standby");

        // Each is answered once, whoever is there.
        var people = Enumerable.Range(0, 20).Select(_ => server.Telegram.Somebody()).ToList();
        await Task.WhenAll(people.Select(person => person.Send("/start")));
        await Task.WhenAll(people.Select(person => person.Expect("This is the bot of BookIT")));
        Assert.All(await Task.WhenAll(people.Select(AnswersAsync)), answers => Assert.Equal(1, answers));

        // Killed in the middle of one person's six, and of sixty people's one.
        var talker = server.Telegram.Somebody();
        for (var i = 0; i < 6; i++)
        {
            await talker.Send("/help");
        }

        var crowd = Enumerable.Range(0, 60).Select(_ => server.Telegram.Somebody()).ToList();
        var sending = Task.WhenAll(crowd.Select(person => person.Send("/help")));
        await Eventually.TrueAsync(async () => await AnswersAsync(talker) >= 2);
        Assert.InRange(await AnswersAsync(talker), 2, 5);
        await first.Program.KillAsync();
        await sending;
        var late = server.Telegram.Somebody();
        await late.Send("/help");
        await late.Expect("/unlink");

        Assert.Equal("polling", await server.StateAsync(second.Address));
        await Task.WhenAll(crowd.Select(person => person.Expect("/unlink")));
        // What was answered and not yet confirmed is answered again, and no more.
        Assert.All(await Task.WhenAll(crowd.Select(AnswersAsync)), answers => Assert.InRange(answers, 1, 2));

        await Eventually.TrueAsync(async () => await AnswersAsync(talker) >= 6);
        // One of the six may be answered twice: when what they write now is answered, all that came before it is done.
        // What has not begun when a bot ends comes again, with all that came after it.
        await talker.Send("/start");
        while (!(await talker.Hear()).Contains("This is the bot of BookIT", StringComparison.Ordinal))
        {
            // The answers before.
        }

        // An orderly end leaves nothing to repeat.
        Assert.Equal(0, await second.Program.StopAsync());
        var third = await server.StartBotAsync();
        await server.BecomesAsync(third.Address, "polling");
        await late.Send("/start");
        await late.Expect("This is the bot of BookIT");
        Assert.Equal(2, await AnswersAsync(late));
        await third.Program.StopAsync();
    }

    [Fact]
    public async Task What_one_person_writes_is_answered_in_that_order()
    {
        var (bot, address) = await server.StartBotAsync();
        var chat = server.Telegram.Somebody();
        foreach (var text in new[] { "/start", "/help", "/unlink", "/start", "/help" })
        {
            await chat.Send(text);
        }

        await server.BecomesAsync(address, "polling");
        await chat.Expect("This is the bot of BookIT");
        await chat.Expect("/unlink — Unlink");
        await chat.Expect("not linked");
        await chat.Expect("This is the bot of BookIT");
        await chat.Expect("/unlink — Unlink");
        await bot.StopAsync();
    }

    [Fact]
    public async Task A_leader_without_a_database_leads_no_more_and_a_restarted_database_loses_nothing()
    {
        var (bot, address) = await server.StartBotAsync();
        await server.BecomesAsync(address, "polling");
        var chat = server.Telegram.Somebody();
        await using (await server.TakePostgresAwayAsync())
        {
            await chat.Send("/start");
            await server.BecomesAsync(address, "standby");
        }

        await chat.Expect("This is the bot of BookIT");
        await server.BecomesAsync(address, "polling");
        await bot.StopAsync();
    }

    [Fact]
    public async Task Another_poller_and_a_webhook_set_behind_our_back_are_survived()
    {
        var before = (await server.Telegram.CallsAsync("getUpdates")).Count;
        var (bot, address) = await server.StartBotAsync();
        await server.BecomesAsync(address, "polling");
        // Before it asks for the first time it removes a webhook without a word.
        await Eventually.TrueAsync(async () => (await server.Telegram.CallsAsync("getUpdates")).Count > before);
        using var other = new HttpClient();
        await other.PostAsJsonAsync(
            new Uri(server.Telegram.Address, $"/bot{Emulator.Token}/getUpdates"),
            new { timeout = 0 }
        );
        await server.Telegram.PostAsync($"/bot{Emulator.Token}/setWebhook", new { url = "http://127.0.0.1:1/" });

        var chat = server.Telegram.Somebody();
        await chat.Send("/start");
        await chat.Expect("This is the bot of BookIT");

        Assert.Contains("Another program asks for this bot's updates", bot.Output, StringComparison.Ordinal);
        await bot.StopAsync();
    }

    [Fact]
    public async Task Messages_to_a_chat_are_a_second_apart_and_others_do_not_wait_for_them()
    {
        var (bot, address) = await server.StartBotAsync(
            new Dictionary<string, string?> { ["RateLimits__Enabled"] = "true" }
        );
        await server.BecomesAsync(address, "polling");
        var (talker, other) = (server.Telegram.Somebody(), server.Telegram.Somebody());
        var began = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        for (var i = 0; i < 4; i++)
        {
            await talker.Send("/help");
        }

        await other.Send("/help");
        await other.Expect("/unlink");
        for (var i = 0; i < 4; i++)
        {
            await talker.Expect("/unlink");
        }

        async Task<List<long>> TimesAsync(Dialogue chat) =>
            [
                .. (await server.Telegram.GetAsync($"/front/events?chat={chat.Id}&after=0")).Select(answer =>
                    (long)answer["at"]!
                ),
            ];
        var times = await TimesAsync(talker);
        Assert.Equal(4, times.Count);
        // A request may be much longer on its way than the next one, but none goes off before its second. To the
        // millisecond the limits are held by SendLimitsTests.
        Assert.All(times.Index(), answer => Assert.True(answer.Item - began > answer.Index * 1000 - 100));
        Assert.True(Assert.Single(await TimesAsync(other)) < times[^1]);
        await bot.StopAsync();
    }

    [Fact]
    public async Task Without_a_token_the_bot_says_so_once_and_is_ready()
    {
        var (bot, address) = await server.StartBotAsync(
            new Dictionary<string, string?> { ["Telegram__Token"] = "", ["Telegram__WebhookUrl"] = null }
        );

        Assert.Equal("idle", await server.StateAsync(address));
        Assert.Equal("idle", await server.StateAsync(address));
        Assert.Equal(HttpStatusCode.OK, (await server.Anonymous(address).GetAsync("/health/ready")).Status);
        // All that it had to say is read when it has ended.
        await bot.StopAsync();
        Assert.Single(bot.Output.Split('\n'), line => line.Contains("Telegram:Token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_needs_redis_while_it_is_away_gets_an_apology_and_the_others_their_answer()
    {
        await using var redis = await RedisServer.StartNewAsync();
        var (bot, _) = await server.StartBotAsync(
            new Dictionary<string, string?> { ["ConnectionStrings__Redis"] = redis.Url(), ["Redis__Timeout"] = null }
        );
        var token = await ServerWithBot.LinkTokenAsync(await server.MemberAsync());
        redis.Kill();

        var (linking, other) = (server.Telegram.Somebody(), server.Telegram.Somebody());
        await linking.Send(token);
        await other.Send("/help");
        await other.Expect("/unlink");
        await linking.Expect("The service is unavailable for the moment");

        await redis.StartAsync();
        await Eventually.TrueAsync(async () =>
        {
            await linking.Send(token);
            return (await linking.Hear()).StartsWith("This link is no longer valid", StringComparison.Ordinal);
        });
        await bot.StopAsync();
    }

    [Fact]
    public async Task A_person_who_has_blocked_the_bot_is_no_error()
    {
        var (bot, address) = await server.StartBotAsync();
        var chat = server.Telegram.Somebody();
        await server.Telegram.PostAsync($"/front/block?chat={chat.Id}");

        await chat.Send("/start");
        var metrics = "";
        await Eventually.TrueAsync(
            async () =>
            {
                metrics = System.Text.Encoding.UTF8.GetString(
                    (await server.Anonymous(address).GetAsync("/metrics")).Bytes
                );
                return metrics.Contains(
                    "telegram_calls_total{method=\"sendMessage\",result=\"blocked\"} 1",
                    StringComparison.Ordinal
                );
            },
            () => bot.Output,
            TimeSpan.FromSeconds(60)
        );
        Assert.DoesNotContain(Emulator.Token, metrics, StringComparison.Ordinal);
        await bot.StopAsync();
    }

    private async Task<int> AnswersAsync(Dialogue person) =>
        (await server.Telegram.GetAsync($"/front/events?chat={person.Id}&after=0")).Count;
}
