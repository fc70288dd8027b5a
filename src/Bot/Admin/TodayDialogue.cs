using BookIT.Bot.Reservations;
using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Reservations;

namespace BookIT.Bot.Admin;

/// <summary>How the day goes: numbers first, lists by the page.</summary>
internal sealed class TodayDialogue(Visits visits, TimeProvider time) : IDialogue
{
    private const string Numbers = "numbers";
    private const int PageSize = 10;
    private const int MaxZones = 20;

    private static readonly (string Name, Func<SpaceToday, IReadOnlyList<Visit>> Of)[] Lists =
    [
        ("expected", today => today.Expected),
        ("present", today => today.Present),
        ("missed", today => today.NoShows),
    ];

    public IReadOnlyList<string> Commands => ["today"];

    public string Topic => "today";

    public Audience Audience => Audience.Admins;

    public async Task StartAsync(Conversation with, string command, string argument)
    {
        var today = await visits.ReadTodayAsync(time.Now(), with.Cancellation);
        await with.SayHtmlAsync(NumbersOf(with, today), NumbersButtons(with, today));
    }

    public async Task<string?> PressAsync(Conversation with, Message message, string data)
    {
        var (name, page) =
            data.Split(':') is [var list, var number] && int.TryParse(number, out var n) ? (list, n) : (data, 0);
        var index = Array.FindIndex(Lists, list => list.Name == name);
        if (index < 0 && name != Numbers)
        {
            return null;
        }

        var today = await visits.ReadTodayAsync(time.Now(), with.Cancellation);
        var edited =
            index < 0
                ? await with.EditHtmlAsync(message, NumbersOf(with, today), NumbersButtons(with, today))
                : await ShowListAsync(with, message, Lists[index].Name, Lists[index].Of(today), page);
        return edited is { IsDone: true, Value: false } ? with.Words("bot_today_same") : null;
    }

    private string NumbersOf(Conversation with, SpaceToday today)
    {
        var (busy, seats) = (today.Occupancy.Busy, today.Occupancy.Seats);
        var lines = new List<string>
        {
            with.Html("bot_today", [today.AsOf]),
            with.Html("bot_today_occupancy", [busy, seats, today.Occupancy.Percent]),
        };
        // Where there is one zone only, it has been told.
        var zones = today.Zones.Count > 1 ? today.Zones : [];
        lines.AddRange(
            zones
                .Take(MaxZones)
                .Select(zone =>
                    with.Html(
                        "bot_today_zone",
                        [zone.Zone ?? with.Words("bot_today_no_zone"), zone.Occupancy.Busy, zone.Occupancy.Seats]
                    )
                )
        );
        if (zones.Count > MaxZones)
        {
            lines.Add(with.Html("bot_today_more_zones", [zones.Count - MaxZones]));
        }

        lines.Add("");
        lines.AddRange(Lists.Select(list => with.Html($"bot_today_{list.Name}", [list.Of(today).Count])));
        return string.Join('\n', lines);
    }

    private InlineKeyboardMarkup NumbersButtons(Conversation with, SpaceToday today) =>
        new([
            .. Lists
                .Where(list => list.Of(today).Count > 0)
                .Select(list =>
                    (IReadOnlyList<InlineKeyboardButton>)
                        [with.Button($"bot_today_{list.Name}", $"{Topic}:{list.Name}:0", list.Of(today).Count)]
                ),
            [with.Button("bot_refresh", $"{Topic}:{Numbers}")],
        ]);

    private Task<CallResult<bool>> ShowListAsync(
        Conversation with,
        Message message,
        string name,
        IReadOnlyList<Visit> list,
        int page
    )
    {
        // The list may be shorter by now.
        var (shown, turns) = Pages.Of(list, page, PageSize, number => $"{Topic}:{name}:{number}");
        var lines = shown.Select(visit =>
            with.Html(
                "bot_today_visit",
                [
                    visit.FirstName ?? with.Words("bot_account_gone"),
                    visit.Reservation.SeatName,
                    visit.Reservation.Interval,
                ]
            )
        );
        var title = $"<b>{with.Html($"bot_today_{name}", [list.Count])}</b>";
        IReadOnlyList<InlineKeyboardButton> back = [with.Button("bot_today_numbers", $"{Topic}:{Numbers}")];
        return with.EditHtmlAsync(
            message,
            string.Join('\n', lines.Prepend("").Prepend(title)),
            new InlineKeyboardMarkup(turns.Count > 0 ? [turns, back] : [back])
        );
    }
}
