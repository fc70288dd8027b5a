using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using BookIT.Core.Notifications;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>
/// A space with a bot: the real program, and Telegram's emulator. Its log must hold no error, and neither the token nor
/// what people write.
/// </summary>
public class ServerWithBot(TestServers servers) : BookItServer(servers)
{
    private readonly ConcurrentBag<Program> bots = [];

    public Emulator Telegram { get; private set; } = null!;

    /// <summary>What people write in these tests that must stay between them and the bot.</summary>
    public const string Private = "something private";

    /// <summary>The bots that run before the first test.</summary>
    protected virtual int Bots => 1;

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Telegram__BotName"] = "TestNameBot" };

    /// <summary>What a class wants of its bots otherwise than usual.</summary>
    protected virtual IReadOnlyDictionary<string, string?> BotSettings => new Dictionary<string, string?>();

    public override async ValueTask InitializeAsync()
    {
        Telegram = await Emulator.StartNewAsync();
        await base.InitializeAsync();
        for (var i = 0; i < Bots; i++)
        {
            await StartBotAsync();
        }
    }

    /// <summary>Another bot, ready.</summary>
    public async Task<(Program Program, Uri Address)> StartBotAsync(
        IReadOnlyDictionary<string, string?>? settings = null
    )
    {
        var environment = new Dictionary<string, string?>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ConnectionStrings__Postgres"] = PostgresSetting,
            ["ConnectionStrings__Redis"] = RedisUrl,
            ["Redis__Timeout"] = RedisTimeout,
            ["Jwt__Secret"] = JwtSecret,
            ["Admin__Key"] = AdminKey,
            ["Telegram__BotSecret"] = BotSecret,
            ["RateLimits__Enabled"] = "false",
            ["Logging__LogLevel__Default"] = "Debug",
            ["Logging__LogLevel__System"] = "Trace",
        };
        foreach (
            var (key, value) in Settings
                .Concat(Telegram.Settings)
                .Concat(BotSettings)
                .Concat(settings ?? new Dictionary<string, string?>())
        )
        {
            environment[key] = value;
        }

        var program = await Program.StartAsync("Bot", environment);
        bots.Add(program);
        var address = await program.ListeningAsync();
        await Eventually.TrueAsync(
            async () => (await Anonymous(address).GetAsync("/health/ready")).Status == HttpStatusCode.OK,
            () => program.Output
        );
        return (program, address);
    }

    /// <summary>How a bot does, by its own word.</summary>
    public async Task<string?> StateAsync(Uri bot) =>
        (string?)(await Anonymous(bot).PostAsync("/start_bot")).Body["state"];

    /// <summary>Waits until a bot gets its updates so.</summary>
    public Task BecomesAsync(Uri bot, string state) =>
        Eventually.TrueAsync(async () => await StateAsync(bot) == state, within: TimeSpan.FromSeconds(60));

    /// <summary>What the web page shows to somebody who wants to link their account.</summary>
    public static async Task<string> LinkTokenAsync(ApiClient member) =>
        (string)(await member.GetAsync("/api/telegram/get_token")).Body["token"]!;

    /// <summary>A new member who has linked their account already, in a chat with the bot, and wants no news.</summary>
    public async Task<(ApiClient Member, Dialogue Chat)> LinkedAsync(string language = "en", bool verified = true)
    {
        var member = await MemberAsync(verified);
        return (member, await ChatOfAsync(member, language));
    }

    /// <summary>
    /// The chat of somebody whose account is linked, written straight to the database; they want no news, so that they hear
    /// only answers.
    /// </summary>
    public async Task<Dialogue> ChatOfAsync(ApiClient member, string language = "en", string? name = null)
    {
        var chat = Telegram.Somebody(language);
        await ExecuteAsync(
            $"""
            UPDATE users SET telegram_id = {chat.Id}, telegram_since = now(),
                first_name = coalesce({(name is null ? "NULL" : $"'{name}'")}, first_name)
            WHERE id = '{member.UserId}';
            INSERT INTO notification_settings (user_id, muted)
            VALUES ('{member.UserId}', ARRAY['{string.Join("', '", NotificationKind.SwitchableBy(isAdmin: true))}'])
            ON CONFLICT DO NOTHING;
            """
        );
        return chat;
    }

    /// <summary>
    /// As if the bot had died after it had handled an answer: it has forgotten its question, and the question is there again.
    /// </summary>
    public async Task AskAgainAsync(Dialogue chat, string purpose)
    {
        await Eventually.TrueAsync(async () =>
            await QueryAsync<long>($"SELECT count(*) FROM telegram_prompts WHERE chat_id = {chat.Id} AND is_question")
            == 0
        );
        await ExecuteAsync(
            $"""
            INSERT INTO telegram_prompts (chat_id, message_id, purpose, is_question, made_at)
            VALUES ({chat.Id}, 1, '{purpose}', true, now())
            """
        );
    }

    public async Task<long?> LinkedIdAsync(ApiClient member) =>
        (JsonNode?)(await member.GetAsync("/api/user/me")).Body["telegram_id"] is { } id
            ? long.Parse((string)id!)
            : null;

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var bot in bots)
        {
            await bot.DisposeAsync();
        }

        await base.DisposeAsync();
        await Telegram.DisposeAsync();
        foreach (var output in bots.Select(bot => bot.Output))
        {
            Assert.DoesNotContain("fail:", output, StringComparison.Ordinal);
            Assert.DoesNotContain(Emulator.Token, output, StringComparison.Ordinal);
            Assert.DoesNotContain(Emulator.Token.Split(':')[1], output, StringComparison.Ordinal);
            Assert.DoesNotContain(Private, output, StringComparison.Ordinal);
        }
    }
}

/// <summary>A space where it is noon: what happens within some hours happens today.</summary>
public sealed class ServerAtNoon(TestServers servers) : ServerWithBot(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings => BotSettings;

    protected override IReadOnlyDictionary<string, string?> BotSettings =>
        new Dictionary<string, string?> { ["Space__TimeZone"] = NoonZone.Name };
}
