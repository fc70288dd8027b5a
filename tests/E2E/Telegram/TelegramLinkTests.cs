using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Redis;
using BookIT.Tests.E2E.Servers;
using Microsoft.Extensions.Logging.Abstractions;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>A space whose bot has a name.</summary>
public sealed class ServerWithBotName(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Telegram__BotName"] = "BookItTestBot" };
}

public sealed class TelegramLinkTests(ServerWithBotName server) : IClassFixture<ServerWithBotName>
{
    private static long lastTelegramId = 7_000_000_000;

    private static string NewTelegramId() => $"{Interlocked.Increment(ref lastTelegramId)}";

    private static async Task<string> TokenAsync(ApiClient member)
    {
        var answer = await member.GetAsync("/api/telegram/get_token");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return (string)answer.Body["token"]!;
    }

    private Task<Answer> ConnectAsync(string token, object telegramId, bool? replace = null) =>
        server
            .Bot()
            .PostAsync(
                "/api/telegram/connect",
                new
                {
                    token,
                    telegram_id = telegramId,
                    replace,
                }
            );

    private async Task<string?> LinkedIdAsync(ApiClient member) =>
        (string?)(await member.GetAsync("/api/user/me")).Body["telegram_id"];

    private async Task<ApiClient> LinkedMemberAsync(string telegramId)
    {
        var member = await server.MemberAsync();
        Assert.Equal(HttpStatusCode.OK, (await ConnectAsync(await TokenAsync(member), telegramId)).Status);
        return member;
    }

    private async Task<ConnectionMultiplexer> RedisAsync()
    {
        var redis = ConnectionMultiplexer.Connect(server.RedisUrl, NullLogger.Instance);
        await Eventually.TrueAsync(() => Task.FromResult(redis.IsConnected));
        return redis;
    }

    [Fact]
    public async Task A_token_links_the_telegram_account_that_brings_it()
    {
        var member = await server.MemberAsync();
        var telegramId = NewTelegramId();
        var before = await server.Bot().GetAsync($"/api/telegram/exists?telegram_id={telegramId}");

        var connected = await ConnectAsync(await TokenAsync(member), telegramId);

        Assert.Equal(HttpStatusCode.OK, connected.Status);
        Assert.Equal(telegramId, (string?)connected.Body["telegram_id"]);
        Assert.NotEmpty((string)connected.Body["message"]!);
        Assert.Equal(telegramId, await LinkedIdAsync(member));
        var after = await server.Bot().GetAsync($"/api/telegram/exists?telegram_id={telegramId}");
        Assert.Equal("""{"exists":false,"user_id":null}""", before.Body.ToJsonString());
        Assert.True((bool)after.Body["exists"]!);
        Assert.Equal(member.UserId.ToString(), (string?)after.Body["user_id"]);
    }

    [Fact]
    public async Task A_token_fits_into_a_link_to_the_bot()
    {
        var answer = await (await server.MemberAsync()).GetAsync("/api/telegram/get_token");

        var token = (string)answer.Body["token"]!;
        Assert.Matches("^[A-Za-z0-9_-]{32,64}$", token);
        Assert.Equal($"https://t.me/BookItTestBot?start={token}", (string?)answer.Body["link"]);
    }

    [Fact]
    public async Task A_telegram_id_may_come_as_a_number_too()
    {
        var member = await server.MemberAsync();
        var telegramId = NewTelegramId();

        var connected = await ConnectAsync(await TokenAsync(member), long.Parse(telegramId));

        Assert.Equal(telegramId, (string?)connected.Body["telegram_id"]);
        Assert.Equal(telegramId, await LinkedIdAsync(member));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("4503599627370496")]
    [InlineData("99999999999999999999")]
    [InlineData("1.5")]
    [InlineData(" 7")]
    [InlineData("seven")]
    [InlineData("")]
    public async Task What_is_no_telegram_id_is_named(string telegramId)
    {
        var connected = await ConnectAsync("a", telegramId);
        var asked = await server.Bot().GetAsync($"/api/telegram/exists?telegram_id={Uri.EscapeDataString(telegramId)}");

        Assert.Equal(HttpStatusCode.BadRequest, connected.Status);
        Assert.NotNull(connected.Body["errors"]!["telegram_id"]);
        Assert.Equal(HttpStatusCode.BadRequest, asked.Status);
    }

    [Fact]
    public async Task A_spent_token_is_refused()
    {
        var member = await server.MemberAsync();
        var token = await TokenAsync(member);
        var telegramId = NewTelegramId();
        await ConnectAsync(token, telegramId);

        var again = await ConnectAsync(token, telegramId);
        var other = await ConnectAsync(token, NewTelegramId());

        Assert.Equal(("telegram_token_invalid", HttpStatusCode.BadRequest), (again.Code, again.Status));
        Assert.Equal("telegram_token_invalid", other.Code);
        Assert.Equal(telegramId, await LinkedIdAsync(member));
    }

    [Fact]
    public async Task A_token_lasts_ten_minutes_and_not_longer()
    {
        var member = await server.MemberAsync();
        var token = await TokenAsync(member);
        await using var redis = await RedisAsync();
        var key = $"telegram-token:{member.UserId}";

        var life = (long)await redis.GetDatabase().ExecuteAsync("PTTL", key);
        Assert.InRange(life, 9 * 60_000, 10 * 60_000);
        // The rest of the ten minutes, in a moment.
        await redis.GetDatabase().KeyExpireAsync(key, TimeSpan.FromMilliseconds(1));
        await Eventually.TrueAsync(async () => (await redis.GetDatabase().StringGetAsync(key)).IsNull);

        Assert.Equal("telegram_token_invalid", (await ConnectAsync(token, NewTelegramId())).Code);
        Assert.Null(await LinkedIdAsync(member));
    }

    [Fact]
    public async Task Redis_holds_nothing_that_links()
    {
        var member = await server.MemberAsync();
        var token = await TokenAsync(member);
        await using var redis = await RedisAsync();

        var stored = (byte[])(await redis.GetDatabase().StringGetAsync($"telegram-token:{member.UserId}"))!;

        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes(token)), stored);
    }

    [Fact]
    public async Task A_new_token_replaces_the_one_before()
    {
        var member = await server.MemberAsync();
        var first = await TokenAsync(member);
        var second = await TokenAsync(member);

        Assert.Equal("telegram_token_invalid", (await ConnectAsync(first, NewTelegramId())).Code);
        Assert.Equal(HttpStatusCode.OK, (await ConnectAsync(second, NewTelegramId())).Status);
    }

    [Fact]
    public async Task A_token_opens_no_account_but_its_own()
    {
        var (one, other) = (await server.MemberAsync(), await server.MemberAsync());
        var (token, others) = (Decode(await TokenAsync(one)), Decode(await TokenAsync(other)));
        // The other's account, the own secret.
        others[..16].CopyTo(token, 0);

        var forged = await ConnectAsync(Base64Url.EncodeToString(token), NewTelegramId());

        Assert.Equal("telegram_token_invalid", forged.Code);
        Assert.Null(await LinkedIdAsync(other));
        static byte[] Decode(string token) => Base64Url.DecodeFromChars(token);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA  ")]
    public async Task What_was_never_a_token_is_refused(string token) =>
        Assert.Equal("telegram_token_invalid", (await ConnectAsync(token, NewTelegramId())).Code);

    [Fact]
    public async Task Twenty_who_bring_one_token_are_one_link()
    {
        var member = await server.MemberAsync();
        var token = await TokenAsync(member);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ConnectAsync(token, NewTelegramId())));

        var winner = Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(19, answers.Count(answer => answer.Code == "telegram_token_invalid"));
        Assert.Equal((string?)winner.Body["telegram_id"], await LinkedIdAsync(member));
    }

    [Fact]
    public async Task Of_many_who_link_one_telegram_account_at_once_one_gets_it()
    {
        var members = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.MemberAsync()));
        var tokens = await Task.WhenAll(members.Select(TokenAsync));
        var telegramId = NewTelegramId();

        var answers = await Task.WhenAll(tokens.Select(token => ConnectAsync(token, telegramId)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(
            7,
            answers.Count(a => (a.Code, a.Status) is ("telegram_linked_elsewhere", HttpStatusCode.Conflict))
        );
        Assert.Single(await Task.WhenAll(members.Select(LinkedIdAsync)), id => id == telegramId);
    }

    [Fact]
    public async Task A_telegram_account_moves_only_where_that_is_said_and_the_token_waits_for_it()
    {
        var telegramId = NewTelegramId();
        var first = await LinkedMemberAsync(telegramId);
        var second = await server.MemberAsync();
        var token = await TokenAsync(second);

        var refused = await ConnectAsync(token, telegramId);
        Assert.Equal("telegram_linked_elsewhere", refused.Code);
        Assert.Equal(telegramId, await LinkedIdAsync(first));

        var moved = await ConnectAsync(token, telegramId, replace: true);
        Assert.Equal(HttpStatusCode.OK, moved.Status);
        Assert.Null(await LinkedIdAsync(first));
        Assert.Equal(telegramId, await LinkedIdAsync(second));
    }

    [Fact]
    public async Task Accounts_that_take_each_others_telegram_accounts_at_once_end_with_one_each_at_most()
    {
        for (var round = 0; round < 5; round++)
        {
            var ids = new[] { NewTelegramId(), NewTelegramId() };
            var members = await Task.WhenAll(ids.Select(LinkedMemberAsync));
            var tokens = await Task.WhenAll(members.Select(TokenAsync));

            var answers = await Task.WhenAll(
                ConnectAsync(tokens[0], ids[1], replace: true),
                ConnectAsync(tokens[1], ids[0], replace: true)
            );

            Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
            Assert.Equal(ids[1], await LinkedIdAsync(members[0]));
            Assert.Equal(ids[0], await LinkedIdAsync(members[1]));
        }
    }

    [Fact]
    public async Task Linking_the_same_two_again_is_harmless_and_another_telegram_account_takes_the_place()
    {
        var (one, other) = (NewTelegramId(), NewTelegramId());
        var member = await LinkedMemberAsync(one);

        Assert.Equal(HttpStatusCode.OK, (await ConnectAsync(await TokenAsync(member), one)).Status);
        Assert.Equal(one, await LinkedIdAsync(member));

        Assert.Equal(HttpStatusCode.OK, (await ConnectAsync(await TokenAsync(member), other)).Status);
        Assert.Equal(other, await LinkedIdAsync(member));
    }

    [Fact]
    public async Task Unlinking_forgets_the_telegram_account_and_can_be_repeated()
    {
        var telegramId = NewTelegramId();
        var member = await LinkedMemberAsync(telegramId);

        Assert.Equal(HttpStatusCode.NoContent, (await member.DeleteAsync("/api/telegram")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await member.DeleteAsync("/api/telegram")).Status);

        Assert.Null(await LinkedIdAsync(member));
        var exists = await server.Bot().GetAsync($"/api/telegram/exists?telegram_id={telegramId}");
        Assert.False((bool)exists.Body["exists"]!);
    }

    [Fact]
    public async Task The_token_of_an_account_that_is_gone_links_nothing()
    {
        var member = await server.MemberAsync();
        var token = await TokenAsync(member);
        Assert.Equal(HttpStatusCode.NoContent, (await member.DeleteAsync("/api/user")).Status);

        Assert.Equal("telegram_token_invalid", (await ConnectAsync(token, NewTelegramId())).Code);
        Assert.Equal(HttpStatusCode.Unauthorized, (await member.GetAsync("/api/telegram/get_token")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await member.DeleteAsync("/api/telegram")).Status);
    }

    [Fact]
    public async Task Only_the_bot_speaks_for_telegram()
    {
        var body = new { token = await TokenAsync(await server.MemberAsync()), telegram_id = NewTelegramId() };
        string[] secrets = ["", "a-bot-secret-for-test", "A-bot-secret-for-tests", $"{BookItServer.BotSecret} x"];
        var clients = new List<ApiClient> { server.Anonymous(), await server.MemberAsync(), await server.AdminAsync() };
        foreach (var secret in secrets)
        {
            var client = server.Anonymous();
            client.Http.DefaultRequestHeaders.TryAddWithoutValidation("X-Bot-Secret", secret);
            clients.Add(client);
        }

        foreach (var client in clients)
        {
            var connect = await client.PostAsync("/api/telegram/connect", body);
            var exists = await client.GetAsync("/api/telegram/exists?telegram_id=1");
            Assert.Equal(("wrong_bot_secret", HttpStatusCode.Unauthorized), (connect.Code, connect.Status));
            Assert.Equal(("wrong_bot_secret", HttpStatusCode.Unauthorized), (exists.Code, exists.Status));
        }

        Assert.Equal(HttpStatusCode.OK, (await ConnectAsync(body.token, body.telegram_id)).Status);
    }

    [Fact]
    public async Task Only_who_is_signed_in_gets_a_token_and_unlinks()
    {
        foreach (var client in new[] { server.Anonymous(), server.Bot() })
        {
            Assert.Equal("not_signed_in", (await client.GetAsync("/api/telegram/get_token")).Code);
            Assert.Equal("not_signed_in", (await client.DeleteAsync("/api/telegram")).Code);
        }
    }
}
