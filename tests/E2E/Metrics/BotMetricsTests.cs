using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;

namespace BookIT.Tests.E2E.Metrics;

public sealed class BotMetricsTests(ServerWithOneBot server) : IClassFixture<ServerWithOneBot>
{
    [Fact]
    public async Task The_bots_polls_and_deliveries_are_counted()
    {
        var now = TimeProvider.System.GetUtcNow();
        var member = await server.MemberAsync();
        var chat = server.Telegram.Somebody();
        await server.ExecuteAsync(
            $"UPDATE users SET telegram_id = {chat.Id}, telegram_since = now() WHERE id = '{member.UserId}'"
        );
        await member.BookAsync(await server.SeatAsync(), now.AddHours(5), now.AddHours(6));
        // A poll to which nobody has anything to say is answered after half a minute.
        await chat.Send("/help");

        const string settled = "notifications_settled_total{kind=\"reservation_made\",result=\"delivered\"}";
        string? metrics = null;
        // Of deliveries and of polls, what is written last is waited for, too.
        await Eventually.TrueAsync(async () =>
        {
            metrics = await MetricsTests.ScrapeAsync(server.Anonymous(server.Bot.Address));
            return MetricsTests.Value(metrics, "notification_delivery_delay_seconds_count") == 1
                && MetricsTests.Value(metrics, settled) > 0
                && MetricsTests.Value(metrics, "telegram_polls_total{result=\"done\"}") > 0
                && MetricsTests.Value(metrics, "telegram_last_poll_timestamp_seconds") > 0;
        });

        Assert.Equal(1, MetricsTests.Value(metrics!, "notification_delivery_delay_seconds_bucket{le=\"30\"}"));
        Assert.Equal(1, MetricsTests.Value(metrics!, settled));
        Assert.Equal(
            now.ToUnixTimeSeconds(),
            MetricsTests.Value(metrics!, "telegram_last_poll_timestamp_seconds")!.Value,
            tolerance: 120
        );
        // These are read by the Api alone.
        Assert.Null(MetricsTests.Value(metrics!, "database_read_timestamp_seconds"));
        await MetricsTests.AssertNothingToSayAsync(metrics!);
    }
}

/// <summary>A space with one bot, whose address is known.</summary>
public sealed class ServerWithOneBot(TestServers servers) : ServerWithBot(servers)
{
    public new (Program Program, Uri Address) Bot { get; private set; }

    protected override int Bots => 0;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Bot = await StartBotAsync();
    }
}
