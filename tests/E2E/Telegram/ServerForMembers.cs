using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>A space with a bot where it is between 10 and 11 in the morning, whenever the tests run.</summary>
public class ServerForMembers(TestServers servers) : ServerWithBot(servers)
{
    /// <summary>The clock of the space. The signs of such names are the other way round: Etc/GMT-3 is UTC+3.</summary>
    public TimeZoneInfo Zone { get; } =
        TimeZoneInfo.FindSystemTimeZoneById(
            (10 - TimeProvider.System.GetUtcNow().Hour) switch
            {
                < -12 => $"Etc/GMT-{34 - TimeProvider.System.GetUtcNow().Hour}",
                < 0 => $"Etc/GMT+{TimeProvider.System.GetUtcNow().Hour - 10}",
                _ => $"Etc/GMT-{10 - TimeProvider.System.GetUtcNow().Hour}",
            }
        );

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(base.Settings) { ["Space__TimeZone"] = Zone.Id };

    /// <summary>That many days from today, when the clock of the space shows this time.</summary>
    public DateTimeOffset At(int days, int hour, int minute = 0)
    {
        var today = TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), Zone);
        return new DateTimeOffset(today.Date.AddDays(days).AddHours(hour).AddMinutes(minute), today.Offset);
    }

    /// <summary>A day as the bot writes it.</summary>
    public string Day(int days) =>
        At(days, 0).ToString("d MMMM", System.Globalization.CultureInfo.GetCultureInfo("en"));

    /// <summary>The seats of the tests before are gone.</summary>
    public Task EmptyAsync() =>
        ExecuteAsync(
            """
            UPDATE reservations SET status = 'closed', closed_at = now() WHERE status IN ('future', 'active');
            UPDATE seats SET deleted_at = now() WHERE deleted_at IS NULL;
            UPDATE seat_catalog_version SET version = version + 1;
            """
        );

    public async Task<Guid> SeatAsync(string name, string? zone, double x = 0, double y = 0, string? with = null)
    {
        var id = await SeatAsync(name);
        await ExecuteAsync(
            $"""
            UPDATE seats SET zone = {(zone is null ? "NULL" : $"'{zone}'")}, x = {x}, y = {y}
                {(with is null ? "" : $", {with} = true")} WHERE id = '{id}';
            UPDATE seat_catalog_version SET version = version + 1;
            """
        );
        return id;
    }

    /// <summary>Three seats in one zone, one in another: the nearest to A-1 on the map is B-1.</summary>
    public async Task<(Guid A1, Guid A2, Guid A10, Guid B1)> FourSeatsAsync()
    {
        await EmptyAsync();
        return (
            await SeatAsync("A-1", "Quiet zone", with: "has_kitchen"),
            await SeatAsync("A-2", "Quiet zone", x: 20),
            await SeatAsync("A-10", "Quiet zone", x: 10),
            await SeatAsync("B-1", "Open space", y: 1)
        );
    }

    /// <summary>Somebody else takes the seat.</summary>
    public async Task TakeAsync(Guid seat, DateTimeOffset start, DateTimeOffset end) =>
        Assert.Equal(
            System.Net.HttpStatusCode.Created,
            (await (await MemberAsync()).BookAsync(seat, start, end)).Status
        );

    /// <summary>How many live reservations somebody has.</summary>
    public Task<long> LiveAsync(ApiClient member) =>
        QueryAsync<long>(
            $"SELECT count(*) FROM reservations WHERE user_id = '{member.UserId}' AND status IN ('future', 'active')"
        );
}
