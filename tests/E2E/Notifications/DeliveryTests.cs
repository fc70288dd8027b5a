extern alias Bot;
using System.Globalization;
using System.Net;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;
using Bot::BookIT.Bot.Notifications;

namespace BookIT.Tests.E2E.Notifications;

/// <summary>News on their way, with real bots that are killed, and servers that go away.</summary>
public sealed class DeliveryTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    /// <summary>So many messages are on their way at once.</summary>
    private const int TwoBatches = 2 * NotificationDelivery.BatchSize;

    private static long lastChat = 6_000_000_000;

    /// <summary>People who are each told a number of announcements, all due already, in this order.</summary>
    /// <returns>The chats.</returns>
    private async Task<(long First, long Last)> OutboxAsync(int people, int each = 1) =>
        (await OutboxAsync([(people, each)]))[0];

    /// <summary>The same for several groups in one transaction: a bot that runs finds all of them, or none.</summary>
    private async Task<List<(long First, long Last)>> OutboxAsync((int People, int Each)[] groups)
    {
        var chats = new List<(long First, long Last)>();
        var statements = new List<string>();
        foreach (var (people, each) in groups)
        {
            var first = Interlocked.Add(ref lastChat, people) - people + 1;
            chats.Add((first, first + people - 1));
            statements.Add(
                $$"""
                WITH people AS (
                    INSERT INTO users (id, email, first_name, role, verified, made_at, language, telegram_id,
                        telegram_since)
                    SELECT gen_random_uuid(), 'crowd.' || chat || '@example.com', 'Somebody', 'user', true, now(), 'en',
                        chat, now() - interval '1 day'
                    FROM generate_series({{first}}, {{first + people - 1}}) AS chat
                    RETURNING id)
                INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at)
                SELECT id, 'announcement', id || ':' || number, jsonb_build_object('text', 'Number ' || number),
                    now() - interval '1 hour' + number * interval '1 second', now()
                FROM people, generate_series(1, {{each}}) AS number
                """
            );
        }

        await server.ExecuteAsync(string.Join(";\n", statements));
        return chats;
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
    public async Task Killed_in_the_middle_of_thousands_all_arrive_and_at_most_two_batches_twice()
    {
        const int people = 3_000;
        var chats = await OutboxAsync(people);
        var first = await server.StartBotAsync();
        await Eventually.TrueAsync(async () => await PendingAsync() <= people - 200);
        await first.Program.KillAsync();
        Assert.InRange(await PendingAsync(), 1, people - 200);

        var second = await server.StartBotAsync();
        await AllToldAsync(() => second.Program.Output[^2000..]);
        var heard = await HeardAsync(chats);
        Assert.Equal(people, heard.Count);
        Assert.InRange(heard.Values.Sum(texts => texts.Count), people, people + TwoBatches);
        await second.Program.StopAsync();
    }

    [Fact]
    public async Task Killed_while_nothing_is_answered_two_batches_come_twice_and_nothing_is_lost()
    {
        await server.Telegram.PostAsync("/front/fail?status=2&method=sendMessage");
        var chats = await OutboxAsync(100);
        var first = await server.StartBotAsync();
        await Eventually.TrueAsync(async () => (await HeardAsync(chats)).Count >= TwoBatches);
        await first.Program.KillAsync();
        Assert.Equal(TwoBatches, (await HeardAsync(chats)).Count);
        await server.Telegram.PostAsync("/front/fail?status=0&method=sendMessage");

        var second = await server.StartBotAsync();
        await AllToldAsync(() => second.Program.Output[^2000..]);
        var heard = await HeardAsync(chats);
        Assert.Equal(100, heard.Count);
        Assert.Equal(100 + TwoBatches, heard.Values.Sum(texts => texts.Count));
        await second.Program.StopAsync();
    }

    [Fact]
    public async Task A_call_that_hangs_does_not_stop_what_others_are_told()
    {
        var slow = await OutboxAsync(people: 1, each: 2);
        // Three batches.
        var others = await OutboxAsync(people: TwoBatches + 1);
        await server.Telegram.PostAsync($"/front/fail?status=2&chat={slow.First}");
        var (bot, _) = await server.StartBotAsync();
        await Eventually.TrueAsync(async () => await PendingAsync() == 2, within: TimeSpan.FromSeconds(60));

        Assert.Equal(TwoBatches + 1, (await HeardAsync(others)).Values.Sum(texts => texts.Count));
        var calls = (await server.Telegram.CallsAsync("sendMessage"))
            .Select(call => (At: (long)call["at"]!, Chat: (long)call["body"]!["chat_id"]!))
            .Where(call => call.Chat >= slow.First && call.Chat <= others.Last)
            .ToList();
        // Before it could have ended.
        Assert.InRange(calls[^1].At - Assert.Single(calls, call => call.Chat == slow.First).At, 0, 14_000);
        await server.Telegram.PostAsync($"/front/fail?status=0&chat={slow.First}");
        await AllToldAsync(() => bot.Output[^2000..]);
        Assert.Equal(["Number 1", "Number 2"], Assert.Single(await HeardAsync(slow)).Value);
        await bot.StopAsync();
    }

    [Fact]
    public async Task What_fails_for_one_does_not_change_the_order_in_which_anybody_hears()
    {
        var failing = await OutboxAsync(people: 1, each: 4);
        var others = await OutboxAsync(people: 70, each: 4);
        await server.Telegram.PostAsync($"/front/fail?status=500&chat={failing.First}");
        var (bot, _) = await server.StartBotAsync();
        await Eventually.TrueAsync(async () => await PendingAsync() == 4, within: TimeSpan.FromSeconds(60));
        Assert.All(Assert.Single(await HeardAsync(failing)).Value, text => Assert.Equal("Number 1", text));
        await server.Telegram.PostAsync($"/front/fail?status=0&chat={failing.First}");

        await AllToldAsync(() => bot.Output[^2000..]);
        string[] inOrder = ["Number 1", "Number 2", "Number 3", "Number 4"];
        Assert.Equal(inOrder, Assert.Single(await HeardAsync(failing)).Value.Distinct());
        var heard = await HeardAsync(others);
        Assert.Equal(70, heard.Count);
        Assert.All(heard.Values, texts => Assert.Equal(inOrder, texts));
        await bot.StopAsync();
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
        // The other one may have told them before this one was so far.
        await server.BecomesAsync(first.Address, "webhook");

        // Whichever tells, the other takes over.
        await first.Program.KillAsync();
        chats = await OutboxAsync(people: 5);
        await AllToldAsync();
        Assert.Equal(5, (await HeardAsync(chats)).Count);
        await second.Program.StopAsync();
        await server.Telegram.PostAsync($"/bot{Emulator.Token}/deleteWebhook");
    }

    [Fact]
    public async Task While_postgres_is_away_nothing_is_lost_or_told_twice_and_it_is_caught_up_in_order()
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
        // Also not what was on its way when the database went: the bot lives, and knows.
        Assert.All(heard.Values, texts => Assert.Equal(["Number 1", "Number 2", "Number 3", "Number 4"], texts));
        await bot.StopAsync();
    }

    [Fact]
    public async Task While_telegram_is_away_nothing_is_lost_and_it_is_caught_up_in_order()
    {
        var (bot, address) = await server.StartBotAsync();
        // Whoever has not reached Telegram yet tells no news that could wait for it.
        await server.BecomesAsync(address, "polling");
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
        // Nothing comes near being set aside. Of the batches in whose middle it began and ended some had arrived, which
        // speaks against the others.
        var attempts = await server.QueryAsync<int>(
            $"""
            SELECT max(attempts) FROM notifications n JOIN users u ON u.id = n.user_id
            WHERE u.telegram_id BETWEEN {chats.First} AND {chats.Last}
            """
        );
        Assert.InRange(attempts, 0, 2);
        await bot.StopAsync();
    }

    [Fact]
    public async Task The_limits_hold_and_a_busy_chat_does_not_hold_up_the_others()
    {
        var (bot, address) = await server.StartBotAsync(
            new Dictionary<string, string?> { ["RateLimits__Enabled"] = "true" }
        );
        await server.BecomesAsync(address, "polling");
        var chat = server.Telegram.Somebody();
        // The first message of a program is longer on its way, which would bring it nearer to the next.
        await chat.Send("/help");
        await chat.ExpectText("/unlink");
        var outbox = await OutboxAsync([(People: 1, Each: 4), (People: 40, Each: 1)]);
        var (busy, others) = (outbox[0], outbox[1]);
        await AllToldAsync();

        var times = (await server.Telegram.CallsAsync("sendMessage"))
            .Select(call => (At: (long)call["at"]!, Chat: (long)call["body"]!["chat_id"]!))
            .Where(call => call.Chat >= busy.First && call.Chat <= others.Last)
            .ToList();
        var mine = times.Where(call => call.Chat == busy.First).Select(call => call.At).ToList();
        Assert.Equal(4, mine.Count);
        // To the millisecond the limits are held by SendLimitsTests. Here a request may be much longer on its way than
        // the next one, and without limits all of them would come within some milliseconds.
        Assert.All(mine.Zip(mine.Skip(1)), pair => Assert.True(pair.Second - pair.First > 500));
        var rest = times.Where(call => call.Chat != busy.First).Select(call => call.At).ToList();
        Assert.Equal(40, rest.Count);
        Assert.True(rest[^1] - rest[0] > 40 * 1000 / 30 / 2);
        // Forty others take more than a second; the third to the busy chat was due before all of them.
        Assert.True(mine[2] > rest[20]);
        await bot.StopAsync();
    }

    [Fact]
    public async Task Answers_do_not_wait_behind_the_news_of_others()
    {
        var (bot, address) = await server.StartBotAsync(
            new Dictionary<string, string?> { ["RateLimits__Enabled"] = "true" }
        );
        await server.BecomesAsync(address, "polling");
        var chat = server.Telegram.Somebody();
        // The first answer of a program takes longer.
        await chat.Send("/help");
        await chat.ExpectText("/unlink");
        var chats = await OutboxAsync(people: 150);
        await Eventually.TrueAsync(async () => (await HeardAsync(chats)).Count > 0);
        await chat.Send("/help");
        var asked = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await chat.ExpectText("/unlink");
        // Two batches take two seconds. What is told while the test looks on is not between question and answer.
        var calls = (await server.Telegram.CallsAsync("sendMessage")).ToList();
        var answered = calls.FindLastIndex(call => (long)call["body"]!["chat_id"]! == chat.Id);
        var between = calls.Take(answered).Count(call => (long)call["at"]! > asked);
        Assert.InRange(between, 0, NotificationDelivery.BatchSize);
        await AllToldAsync(() => bot.Output[^2000..]);
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
        // That they have blocked it is written down after the news.
        await Eventually.TrueAsync(() =>
            server.QueryAsync<bool>($"SELECT telegram_since IS NULL FROM users WHERE id = '{member.UserId}'")
        );
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
        var metrics = "";
        // PostgreSQL knows it first.
        await Eventually.TrueAsync(
            async () =>
            {
                var answer = await server.Anonymous(address).GetAsync("/metrics");
                Assert.Equal(HttpStatusCode.OK, answer.Status);
                metrics = System.Text.Encoding.UTF8.GetString(answer.Bytes);
                return metrics.Contains(
                    "notifications_settled_total{kind=\"announcement\",result=\"delivered\"} 3",
                    StringComparison.Ordinal
                );
            },
            () => metrics
        );
        await bot.StopAsync();
    }
}
