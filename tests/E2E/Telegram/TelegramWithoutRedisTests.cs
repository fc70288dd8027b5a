using System.Net;
using BookIT.Tests.E2E.Faults;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

public sealed class TelegramWithoutRedisTests(ServerWithOwnRedis server) : IClassFixture<ServerWithOwnRedis>
{
    [Fact]
    public async Task Without_redis_nothing_is_linked_and_what_is_linked_can_be_asked_and_unlinked()
    {
        var (linked, member) = (await server.MemberAsync(), await server.MemberAsync());
        var linking = new { token = await TokenAsync(linked), telegram_id = "501" };
        Assert.Equal(HttpStatusCode.OK, (await server.Bot().PostAsync("/api/telegram/connect", linking)).Status);
        var token = await TokenAsync(member);
        server.Redis.Kill();
        try
        {
            Answer[] answers =
            [
                await member.GetAsync("/api/telegram/get_token"),
                await server.Bot().PostAsync("/api/telegram/connect", new { token, telegram_id = 502 }),
            ];
            Assert.All(
                answers,
                answer =>
                {
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
                    Assert.NotNull(answer.Response.Headers.RetryAfter);
                }
            );
            Assert.Null((string?)(await member.GetAsync("/api/user/me")).Body["telegram_id"]);

            var exists = await server.Bot().GetAsync("/api/telegram/exists?telegram_id=501");
            Assert.Equal(linked.UserId.ToString(), (string?)exists.Body["user_id"]);
            Assert.Equal(HttpStatusCode.NoContent, (await linked.DeleteAsync("/api/telegram")).Status);
        }
        finally
        {
            await server.StartRedisAsync();
        }

        // The tokens are gone with it, and the sign-ins; new ones work.
        member = await server.SignedInAsync(member.UserId);
        var again = new { token = await TokenAsync(member), telegram_id = 502 };
        Assert.Equal(HttpStatusCode.OK, (await server.Bot().PostAsync("/api/telegram/connect", again)).Status);
    }

    [Fact]
    public async Task Without_redis_nobody_is_signed_in_by_the_mini_app()
    {
        var (_, address) = await server.StartApiAsync(
            new Dictionary<string, string?> { ["Telegram__Token"] = MiniApp.Token }
        );
        var (member, telegramId) = (await server.MemberAsync(), MiniApp.NewTelegramId());
        var linking = new { token = await TokenAsync(member), telegram_id = telegramId };
        Assert.Equal(HttpStatusCode.OK, (await server.Bot().PostAsync("/api/telegram/connect", linking)).Status);
        var linked = await MiniApp.InitDataAsync(telegramId);
        var stranger = await MiniApp.InitDataAsync(MiniApp.NewTelegramId());
        server.Redis.Kill();
        try
        {
            foreach (var initData in new[] { linked, stranger })
            {
                var answer = await server.Anonymous(address).OpenAsync(initData);
                Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (answer.Status, answer.Code));
                Assert.NotNull(answer.Response.Headers.RetryAfter);
            }
        }
        finally
        {
            await server.StartRedisAsync();
        }

        // As good as before, within its five minutes.
        await Eventually.TrueAsync(async () =>
            (await server.Anonymous(address).OpenAsync(linked)).Status == HttpStatusCode.OK
        );
    }

    [Fact]
    public async Task Without_a_token_of_the_bot_nobody_is_signed_in_by_the_mini_app()
    {
        var answer = await server
            .Anonymous()
            .OpenAsync(await MiniApp.InitDataAsync(MiniApp.NewTelegramId(), token: ""));

        Assert.Equal((HttpStatusCode.NotFound, "telegram_off"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Without_a_name_of_the_bot_there_is_a_token_and_no_link()
    {
        var answer = await (await server.MemberAsync()).GetAsync("/api/telegram/get_token");

        Assert.NotNull((string?)answer.Body["token"]);
        Assert.Null((string?)answer.Body["link"]);
    }

    private static async Task<string> TokenAsync(ApiClient member)
    {
        var answer = await member.GetAsync("/api/telegram/get_token");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return (string)answer.Body["token"]!;
    }
}
