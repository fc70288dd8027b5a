using System.Globalization;
using System.Net;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;

namespace BookIT.Tests.E2E.Notifications;

/// <summary>News on their way, with real bots that are killed, and servers that go away.</summary>
public sealed class DeliveryTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    private static long lastChat = 6_000_000_000;

    /// <summary>People who are each told a number of announcements, all due already, in this order.</summary>
    /// <returns>The chats.</returns>
    private async Task<(long First, long Last)> OutboxAsync(int people, int each = 1)
    {
        var first = Interlocked.Add(ref lastChat, people) - people + 1;
        await server.ExecuteAsync(
            $$"""
            WITH people AS (
                INSERT INTO users (id, email, first_name, role, verified, made_at, language, telegram_id, telegram_since)
                SELECT gen_random_uuid(), 'crowd.' || chat || '@example.com', 'Somebody', 'user', true, now(), 'en', chat,
                    now() - interval '1 day'
                FROM generate_series({{first}}, {{first + people - 1}}) AS chat
                RETURNING id)
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
            SELECT id, 'announcement', id || ':' || number, jsonb_build_object('text', 'Number ' || number),
                now() - interval '1 hour' + number * interval '1 second', now()
            FROM people, generate_series(1, {{each}}) AS number
            """
        );
        return (first, first + people - 1);
    }

    private async Task<Dictionary<long, List<string>>> HeardAsync((long First, long Last) chats) =>
        (await server.Telegram.CallsAsync("sendMessage"))
            .Select(call => call["body"]!)
            .Where(body => (long)body["chat_id"]! >= chats.First && (long)body["chat_id"]! <= chats.Last)
            .GroupBy(body => (long)body["chat_id"]!)
            .ToDictionary(
                chat => chat.Key,
                chat => chat.Select(body => ((string)body["text"]!).Split('\n')[^1]).ToList()
            );

    private Task<long> PendingAsync() =>
        server.QueryAsync<long>(
            "SELECT count(*) FROM notifications WHERE delivered_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL"
        );

    private Task AllToldAsync(Func<string>? explanation = null) =>
        Eventually.TrueAsync(async () => await PendingAsync() == 0, explanation, TimeSpan.FromSeconds(120));

    [Fact]
    public async Task Killed_in_the_middle_of_a_thousand_all_arrive_and_at_most_one_twice()
    {
        var chats = await OutboxAsync(1_000);
        var first = await server.StartBotAsync();
        await Eventually.TrueAsync(async () => (await HeardAsync(chats)).Count >= 200);
        await first.Program.KillAsync();
        var before = (await HeardAsync(chats)).Count;
        Assert.InRange(before, 200, 999);

        var second = await server.StartBotAsync();
        await AllToldAsync(() => second.Program.Output[^2000..]);
        var heard = await HeardAsync(chats);
        Assert.Equal(1_000, heard.Count);
        Assert.InRange(heard.Values.Sum(texts => texts.Count), 1_000, 1_001);
        await second.Program.StopAsync();
    }

    [Fact]
    public async Task Two_bots_side_by_side_send_nothing_twice_and_keep_the_order()
    {
        var bots = await Task.WhenAll(server.StartBotAsync(), server.StartBotAsync());
        var chats = await OutboxAsync(people: 60, each: 5);
        await AllToldAsync();

        var heard = await HeardAsync(chats);
        Assert.Equal(60, heard.Count);
        Assert.All(
            heard.Values,
            texts => Assert.Equal(["Number 1", "Number 2", "Number 3", "Number 4", "Number 5"], texts)
        );
        foreach (var (program, _) in bots)
        {
            await program.StopAsync();
        }
    }

    [Fact]
    public async Task With_a_webhook_news_are_told_too_by_one_of_the_replicas()
    {
        var url = $"http://127.0.0.1:{Ports.Next()}/telegram/webhook";
        var settings = new Dictionary<string, string?>
        {
            ["Telegram__WebhookUrl"] = url,
            ["ASPNETCORE_URLS"] = new Uri(url).GetLeftPart(UriPartial.Authority),
        };
        var first = await server.StartBotAsync(settings);
        var second = await server.StartBotAsync(
            new Dictionary<string, string?>(settings) { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0" }
        );
        var chats = await OutboxAsync(people: 20);
        await AllToldAsync();
        Assert.Equal(20, (await HeardAsync(chats)).Values.Sum(texts => texts.Count));
        Assert.Equal("webhook", await server.StateAsync(first.Address));

        // Whichever tells, the other takes over.
        await first.Program.KillAsync();
        chats = await OutboxAsync(people: 5);
        await AllToldAsync();
        Assert.Equal(5, (await HeardAsync(chats)).Count);
        await second.Program.StopAsync();
        await server.Telegram.PostAsync($"/bot{Emulator.Token}/deleteWebhook");
    }

    [Fact]
    public async Task While_postgres_is_away_nothing_is_lost_and_it_is_caught_up_in_order()
    {
        var (bot, _) = await server.StartBotAsync();
        var chats = await OutboxAsync(people: 50, each: 4);
        await Eventually.TrueAsync(async () => (await HeardAsync(chats)).Count > 0);
        await using (await server.TakePostgresAwayAsync())
        {
            // Whatever was told is told; the rest waits.
        }

        await AllToldAsync(() => bot.Output[^2000..]);
        var heard = await HeardAsync(chats);
        Assert.Equal(50, heard.Count);
        // What was on its way when the database went may have come twice.
        Assert.InRange(heard.Values.Sum(texts => texts.Count), 200, 201);
        Assert.All(
            heard.Values,
            texts => Assert.Equal(["Number 1", "Number 2", "Number 3", "Number 4"], texts.Distinct())
        );
        await bot.StopAsync();
    }

    [Fact]
    public async Task While_telegram_is_away_nothing_is_lost_and_it_is_caught_up_in_order()
    {
        var (bot, _) = await server.StartBotAsync();
        await server.Telegram.PostAsync("/front/fail?status=502");
        var chats = await OutboxAsync(people: 20, each: 4);
        await Eventually.TrueAsync(
            () => Task.FromResult(bot.Output.Contains("News wait for Telegram", StringComparison.Ordinal)),
            within: TimeSpan.FromSeconds(60)
        );
        var tried = (await HeardAsync(chats)).Values.Sum(texts => texts.Count);
        await server.Telegram.PostAsync("/front/fail?status=0");

        await AllToldAsync(() => bot.Output[^2000..]);
        var heard = await HeardAsync(chats);
        // Before the outage was over, always the same one was tried, and never another.
        Assert.InRange(heard.Values.Sum(texts => texts.Count), 80 + tried, 80 + tried + 3);
        Assert.All(
            heard.Values,
            texts => Assert.Equal(["Number 1", "Number 2", "Number 3", "Number 4"], texts.Distinct())
        );
        Assert.Equal(0, await server.QueryAsync<int>("SELECT max(attempts) FROM notifications"));
        await bot.StopAsync();
    }

    [Fact]
    public async Task The_limits_hold_and_a_busy_chat_does_not_hold_up_the_others()
    {
        var busy = await OutboxAsync(people: 1, each: 4);
        var others = await OutboxAsync(people: 40);
        var (bot, _) = await server.StartBotAsync(new Dictionary<string, string?> { ["RateLimits__Enabled"] = "true" });
        await AllToldAsync();

        var times = (await server.Telegram.CallsAsync("sendMessage"))
            .Select(call => (At: (long)call["at"]!, Chat: (long)call["body"]!["chat_id"]!))
            .Where(call => call.Chat >= busy.First && call.Chat <= others.Last)
            .ToList();
        var mine = times.Where(call => call.Chat == busy.First).Select(call => call.At).ToList();
        Assert.Equal(4, mine.Count);
        // A request may be some milliseconds quicker on its way than the one before.
        Assert.All(mine.Zip(mine.Skip(1)), pair => Assert.True(pair.Second - pair.First > 900));
        var rest = times.Where(call => call.Chat != busy.First).Select(call => call.At).ToList();
        Assert.Equal(40, rest.Count);
        Assert.True(rest[^1] - rest[0] > 40 * 1000 / 30 - 100);
        // Forty others take more than a second; the third to the busy chat was due before all of them.
        Assert.True(mine[2] > rest[20]);
        await bot.StopAsync();
    }

    [Fact]
    public async Task Whoever_has_blocked_the_bot_and_lets_it_in_again_hears_what_comes_after()
    {
        var (bot, _) = await server.StartBotAsync();
        var member = await server.MemberAsync();
        var chat = server.Telegram.Somebody();
        await chat.Send(await ServerWithBot.LinkTokenAsync(member));
        await chat.Expect("Done, Person");
        await server.ExecuteAsync($"UPDATE users SET language = 'en' WHERE id = '{member.UserId}'");
        Task AnnounceAsync(string text) =>
            server.ExecuteAsync(
                $$"""
                INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
                VALUES ('{{member.UserId}}', 'announcement', gen_random_uuid()::text, '{"text": "{{text}}"}', now(), now())
                """
            );

        await server.Telegram.PostAsync($"/front/block?chat={chat.Id}");
        await AnnounceAsync("One");
        await AllToldAsync();
        await AnnounceAsync("Two");
        await AllToldAsync();
        await server.Telegram.PostAsync($"/front/unblock?chat={chat.Id}");
        await chat.Send("/help");
        await chat.Hear();
        await AnnounceAsync("Three");
        await chat.Expect("Three");
        await bot.StopAsync();
    }

    [Fact]
    public async Task The_metrics_count_what_became_of_news()
    {
        var (bot, address) = await server.StartBotAsync();
        await OutboxAsync(people: 3);
        await AllToldAsync();
        var answer = await server.Anonymous(address).GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains(
            "notifications_settled_total{kind=\"announcement\",result=\"delivered\"} 3",
            System.Text.Encoding.UTF8.GetString(answer.Bytes),
            StringComparison.Ordinal
        );
        await bot.StopAsync();
    }
}
