using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using BookIT.Core.Redis;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;
using Microsoft.Extensions.Logging.Abstractions;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>A space whose bot has a token.</summary>
public sealed class ServerWithBotToken(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Telegram__Token"] = MiniApp.Token };
}

/// <summary>What Telegram tells the page.</summary>
internal static class MiniApp
{
    public const string Token = "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8";

    private static long lastTelegramId = 8_000_000_000;

    public static long NewTelegramId() => Interlocked.Increment(ref lastTelegramId);

    /// <summary>Signed by node, with nothing of our code.</summary>
    public static async Task<string> InitDataAsync(long telegramId, int age = 0, string token = Token)
    {
        var fields = new
        {
            user = new
            {
                id = telegramId,
                first_name = "Анна & <Bob>",
                last_name = "O'Neil + 1",
                language_code = "ru",
            },
            chat_instance = "8134722200314281151",
            chat_type = "private",
            auth_date = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - age,
            signature = "zL-ucjNyREiHDE8aihFwpfR9aggP2xiAo3NSpfe-p7IbCisNlDKlo7Kb6G4D0Ao2mBrSgEk4maLSdv6MLIlADQ",
        };
        return (await Node.RunAsync("webapp.mjs", token, JsonSerializer.Serialize(fields))).Trim();
    }

    public static Task<Answer> OpenAsync(this ApiClient client, string initData) =>
        client.PostAsync("/api/telegram/webapp", new { init_data = initData });

    public static Task<Answer> LinkAsync(this ApiClient client, string proof) =>
        client.PostAsync("/api/telegram/link", new { proof });
}

public sealed class MiniAppTests(ServerWithBotToken server) : IClassFixture<ServerWithBotToken>
{
    private async Task<Answer> OpenAsync(long telegramId) =>
        await server.Anonymous().OpenAsync(await MiniApp.InitDataAsync(telegramId));

    private async Task<string> ProofAsync(long telegramId)
    {
        var answer = await OpenAsync(telegramId);
        Assert.Equal((HttpStatusCode.Conflict, "telegram_not_linked"), (answer.Status, answer.Code));
        return (string)answer.Body["proof"]!;
    }

    private async Task<(ApiClient Member, long TelegramId)> LinkedMemberAsync()
    {
        var (member, telegramId) = (await server.MemberAsync(), MiniApp.NewTelegramId());
        Assert.Equal(HttpStatusCode.OK, (await member.LinkAsync(await ProofAsync(telegramId))).Status);
        return (member, telegramId);
    }

    private static async Task<string?> LinkedIdAsync(ApiClient member) =>
        (string?)(await member.GetAsync("/api/user/me")).Body["telegram_id"];

    [Fact]
    public async Task Whose_telegram_account_is_linked_is_signed_in_and_a_reload_signs_in_again()
    {
        var (member, telegramId) = await LinkedMemberAsync();
        var initData = await MiniApp.InitDataAsync(telegramId);

        var opened = await server.Anonymous().OpenAsync(initData);
        var reloaded = await server.Anonymous().OpenAsync(initData);

        Assert.All(
            new[] { opened, reloaded },
            answer =>
            {
                Assert.Equal(HttpStatusCode.OK, answer.Status);
                Assert.Equal(member.UserId.ToString(), (string?)answer.Body["user"]!["id"]);
                Assert.Contains(
                    answer.Cookies(),
                    cookie => cookie.StartsWith("access_token=", StringComparison.Ordinal)
                );
                Assert.Contains(
                    answer.Cookies(),
                    cookie => cookie.StartsWith("refresh_token=", StringComparison.Ordinal)
                );
            }
        );
        Assert.Equal(HttpStatusCode.OK, (await server.As(opened).GetAsync("/api/user/me")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.RefreshAsync(reloaded.RefreshToken())).Status);
        // Beside the one that the member had.
        Assert.Equal(3, (await member.GetAsync("/api/user/sessions")).Body.AsArray().Count);
    }

    [Fact]
    public async Task Whose_is_not_is_signed_in_nowhere_and_may_register_and_link()
    {
        var telegramId = MiniApp.NewTelegramId();

        var stranger = await OpenAsync(telegramId);
        Assert.Equal((HttpStatusCode.Conflict, "telegram_not_linked"), (stranger.Status, stranger.Code));
        Assert.Equal("Анна & <Bob>", (string?)stranger.Body["first_name"]);
        Assert.Empty(stranger.Cookies());
        Assert.Contains("no-store", stranger.Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);

        var registered = await server.RegisterAsync();
        var linked = await server.As(registered).LinkAsync((string)stranger.Body["proof"]!);
        Assert.Equal((HttpStatusCode.OK, $"{telegramId}"), (linked.Status, (string?)linked.Body["telegram_id"]));

        var opened = await OpenAsync(telegramId);
        Assert.Equal(registered.Email(), opened.Email());
    }

    [Fact]
    public async Task A_proof_links_once_whoever_brings_it()
    {
        var telegramId = MiniApp.NewTelegramId();
        var proof = await ProofAsync(telegramId);
        var members = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.MemberAsync()));

        var answers = await Task.WhenAll(members.Select(member => member.LinkAsync(proof)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(
            7,
            answers.Count(answer => answer.Code is "telegram_proof_invalid" or "telegram_linked_elsewhere")
        );
        Assert.Single(await Task.WhenAll(members.Select(LinkedIdAsync)), id => id is not null);
        Assert.Equal("telegram_proof_invalid", (await members[0].LinkAsync(proof)).Code);
    }

    [Fact]
    public async Task A_new_proof_replaces_the_one_before_and_lasts_ten_minutes()
    {
        var (member, telegramId) = (await server.MemberAsync(), MiniApp.NewTelegramId());
        var (first, second) = (await ProofAsync(telegramId), await ProofAsync(telegramId));
        Assert.Equal("telegram_proof_invalid", (await member.LinkAsync(first)).Code);

        await using var redis = ConnectionMultiplexer.Connect(server.RedisUrl, NullLogger.Instance);
        await Eventually.TrueAsync(() => Task.FromResult(redis.IsConnected));
        var key = $"telegram-proof:{telegramId}";
        Assert.InRange((long)await redis.GetDatabase().ExecuteAsync("PTTL", key), 9 * 60_000, 10 * 60_000);
        var stored = (byte[])(await redis.GetDatabase().StringGetAsync(key))!;
        Assert.False(stored.AsSpan().IndexOf(Encoding.UTF8.GetBytes(second)) >= 0, "Redis holds what links.");
        // The rest of the ten minutes, in a moment.
        await redis.GetDatabase().KeyExpireAsync(key, TimeSpan.FromMilliseconds(1));
        await Eventually.TrueAsync(async () => (await redis.GetDatabase().StringGetAsync(key)).IsNull);

        Assert.Equal("telegram_proof_invalid", (await member.LinkAsync(second)).Code);
        Assert.Null(await LinkedIdAsync(member));
    }

    [Fact]
    public async Task A_proof_is_of_its_own_telegram_account_only()
    {
        var member = await server.MemberAsync();
        var (one, other) = (MiniApp.NewTelegramId(), MiniApp.NewTelegramId());
        var (proof, others) = (
            Base64Url.DecodeFromChars(await ProofAsync(one)),
            Base64Url.DecodeFromChars(await ProofAsync(other))
        );
        // The other's account, the own secret.
        others.AsSpan(0, 8).CopyTo(proof);

        foreach (var text in new[] { Base64Url.EncodeToString(proof), "x", new string('A', 43), new string('A', 5000) })
        {
            var forged = await member.LinkAsync(text);
            Assert.Equal((HttpStatusCode.BadRequest, "telegram_proof_invalid"), (forged.Status, forged.Code));
        }

        Assert.Null(await LinkedIdAsync(member));
    }

    [Fact]
    public async Task A_proof_takes_the_telegram_account_from_nobody_and_a_token_is_no_proof()
    {
        var telegramId = MiniApp.NewTelegramId();
        var proof = await ProofAsync(telegramId);
        var (faster, slower) = (await server.MemberAsync(), await server.MemberAsync());
        var token = (string)(await faster.GetAsync("/api/telegram/get_token")).Body["token"]!;
        Assert.Equal("telegram_proof_invalid", (await slower.LinkAsync(token)).Code);
        Assert.Equal(
            HttpStatusCode.OK,
            (await server.Bot().PostAsync("/api/telegram/connect", new { token, telegram_id = telegramId })).Status
        );

        var late = await slower.LinkAsync(proof);

        Assert.Equal((HttpStatusCode.Conflict, "telegram_linked_elsewhere"), (late.Status, late.Code));
        Assert.Equal($"{telegramId}", await LinkedIdAsync(faster));
        Assert.Null(await LinkedIdAsync(slower));
    }

    [Fact]
    public async Task Another_telegram_account_takes_the_place_of_the_one_before()
    {
        var (member, before) = await LinkedMemberAsync();
        var telegramId = MiniApp.NewTelegramId();

        Assert.Equal(HttpStatusCode.OK, (await member.LinkAsync(await ProofAsync(telegramId))).Status);

        Assert.Equal(member.UserId.ToString(), (string?)(await OpenAsync(telegramId)).Body["user"]!["id"]);
        Assert.Equal("telegram_not_linked", (await OpenAsync(before)).Code);
    }

    [Fact]
    public async Task What_telegram_has_not_said_or_said_too_long_ago_signs_in_nobody()
    {
        var (_, telegramId) = await LinkedMemberAsync();
        var good = await MiniApp.InitDataAsync(telegramId);
        var other = MiniApp.NewTelegramId();

        foreach (
            var initData in new[]
            {
                "x",
                good[..^1],
                good.Replace($"{telegramId}", $"{other}", StringComparison.Ordinal),
                $"{good}&user=%7B%22id%22%3A{other}%7D",
                await MiniApp.InitDataAsync(telegramId, age: 330),
                await MiniApp.InitDataAsync(telegramId, age: -300),
                await MiniApp.InitDataAsync(telegramId, token: "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx9"),
            }
        )
        {
            var answer = await server.Anonymous().OpenAsync(initData);
            Assert.Equal((HttpStatusCode.BadRequest, "telegram_data_invalid"), (answer.Status, answer.Code));
            Assert.Empty(answer.Cookies());
        }

        var tooLong = await server.Anonymous().OpenAsync(new string('a', 4097));
        Assert.NotNull(tooLong.Body["errors"]!["init_data"]);
        Assert.Equal(HttpStatusCode.OK, (await server.Anonymous().OpenAsync(good)).Status);
    }

    [Fact]
    public async Task Whoever_has_unlinked_or_left_is_signed_in_no_longer()
    {
        var (unlinked, first) = await LinkedMemberAsync();
        var (gone, second) = await LinkedMemberAsync();

        Assert.Equal(HttpStatusCode.NoContent, (await unlinked.DeleteAsync("/api/telegram")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await gone.DeleteAsync("/api/user")).Status);

        Assert.Equal("telegram_not_linked", (await OpenAsync(first)).Code);
        Assert.Equal("telegram_not_linked", (await OpenAsync(second)).Code);
        Assert.Equal("not_signed_in", (await gone.LinkAsync(await ProofAsync(second))).Code);
    }

    [Fact]
    public async Task Only_who_is_signed_in_links()
    {
        var proof = await ProofAsync(MiniApp.NewTelegramId());

        Assert.Equal("not_signed_in", (await server.Anonymous().LinkAsync(proof)).Code);
        Assert.Equal("not_signed_in", (await server.Bot().LinkAsync(proof)).Code);
        Assert.Equal(HttpStatusCode.OK, (await (await server.MemberAsync()).LinkAsync(proof)).Status);
    }

    [Fact]
    public async Task A_foreign_page_signs_nobody_in()
    {
        var (_, telegramId) = await LinkedMemberAsync();

        var answer = await server
            .Anonymous()
            .SendAsync(
                HttpMethod.Post,
                "/api/telegram/webapp",
                new { init_data = await MiniApp.InitDataAsync(telegramId) },
                ("Origin", "https://evil.example")
            );

        Assert.Equal("foreign_origin", answer.Code);
    }

    [Fact]
    public async Task Neither_the_token_nor_what_it_signs_is_in_the_log()
    {
        var (_, telegramId) = await LinkedMemberAsync();
        var initData = await MiniApp.InitDataAsync(telegramId);
        await server.Anonymous().OpenAsync(initData);
        var proof = await ProofAsync(MiniApp.NewTelegramId());

        Assert.All(
            new[] { MiniApp.Token.Split(':')[1], initData[^64..], proof },
            secret => Assert.DoesNotContain(secret, server.Api.Output, StringComparison.Ordinal)
        );
    }
}
