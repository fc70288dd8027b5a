using System.Globalization;
using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Reservations;
using BookIT.Core.Seats;

namespace BookIT.Bot.Reservations;

/// <summary>
/// The steps to a booking, and to another time or seat of one that is there (then it is <c>moving</c>): what they show,
/// and what their buttons say. A step is made of nothing but its button's data and what is free at this moment.
/// </summary>
internal sealed class BookingSteps(SeatAvailability seats, BookingOptions options, TimeProvider time)
{
    public const string BookTopic = "book";
    public const string MyTopic = "my";

    /// <summary>The zone's place in the data of those to whom every zone is right.</summary>
    private const string Anywhere = "*";

    private const int OnAPage = 8;
    private const int HoursOnAPage = 8;
    private const int Nearest = 6;
    private const int Suggestions = 4;

    /// <summary>Whoever wants a time of another day rather wants the morning than the night.</summary>
    private const int MorningPage = 1;

    private static readonly (Func<Seat, bool> Has, string Sign, string Name)[] Marks =
    [
        (seat => seat.IsQuiet, "🤫", "bot_book_quiet"),
        (seat => seat.IsTalkRoom, "📞", "bot_book_talk_room"),
        (seat => seat.HasComputer, "💻", "bot_book_computer"),
        (seat => seat.HasSmartDesk, "↕️", "bot_book_smart_desk"),
        (seat => seat.HasKitchen, "☕", "bot_book_kitchen"),
        (seat => seat.HasWater, "💧", "bot_book_water"),
    ];

    /// <summary>The seat and where it stands, as plain text.</summary>
    public static string Place(string seatName, string? zone) =>
        string.IsNullOrEmpty(zone) ? seatName : $"{seatName}, {zone}";

    /// <summary>A moment, without its day where that is today's.</summary>
    public static string Moment(Conversation with, BookingChoices choices, DateTimeOffset moment) =>
        with.Value(moment, choices.DayOf(moment) == choices.Today ? "time" : "moment");

    /// <summary>As people order names: 2 before 10.</summary>
    public static IComparer<string?> ByName(Conversation with) =>
        StringComparer.Create(with.Language, CompareOptions.NumericOrdering | CompareOptions.IgnoreCase);

    /// <summary>Zone by zone, those that stand in none last.</summary>
    public static IReadOnlyList<IGrouping<string?, T>> ByZone<T>(
        IEnumerable<T> all,
        Func<T, string?> zone,
        Conversation with
    ) =>
        [
            .. all.GroupBy(zone, StringComparer.Ordinal)
                .OrderBy(group => group.Key is null)
                .ThenBy(group => group.Key, ByName(with)),
        ];

    /// <summary>The first step of a booking.</summary>
    public Screen When(Conversation with, DateTimeOffset now)
    {
        var days = Choices(with, now).Days();
        var today = Choices(with, now).Today;
        return Screen.Of(
            with.Html("bot_book_when"),
            [with.Button("bot_book_now", $"{BookTopic}:n")],
            [
                .. new[] { ("bot_book_today", today), ("bot_book_tomorrow", today.AddDays(1)) }
                    .Where(choice => days.Contains(choice.Item2))
                    .Select(choice => with.Button(choice.Item1, $"{BookTopic}:t:{ButtonData.Day(choice.Item2)}:")),
            ],
            [
                .. days.Count > 2
                    ? [with.Button("bot_book_other_day", $"{BookTopic}:d:0")]
                    : Array.Empty<InlineKeyboardButton>(),
            ],
            [with.Button("bot_cancel", $"{BookTopic}:x")]
        );
    }

    /// <summary>The days, a week a page.</summary>
    public Screen Days(Conversation with, ReservationView? moving, int page, DateTimeOffset now)
    {
        var choices = Choices(with, now);
        var (days, pages) = Pages.Of(
            choices.Days(),
            page,
            BookingChoices.DaysOnAPage,
            number => Data(moving, "d", ButtonData.Number(number))
        );
        return Screen.Of(
            with.Html("bot_book_day"),
            [
                .. days.Select(day => new InlineKeyboardButton(
                        with.Value(choices.StartOf(day), "date"),
                        Data(moving, "t", ButtonData.Day(day), "")
                    ))
                    .Chunk(2),
                pages,
                Leave(with, moving, Beginning(moving)),
            ]
        );
    }

    /// <summary>The times of a day at which something is free, some hours a page; the page that suits most where none is given.</summary>
    public async Task<Screen> TimesAsync(
        Conversation with,
        ReservationView? moving,
        DateOnly day,
        int? page,
        DateTimeOffset now
    )
    {
        var choices = Choices(with, now);
        var days = choices.Days();
        var index = days.TakeWhile(other => other != day).Count();
        if (index == days.Count)
        {
            return Again(with, moving, new Refusal.StartInPast(), now);
        }

        var window = new Interval(choices.StartOf(day), choices.EndOfDay(choices.StartOf(day)) + options.MinDuration);
        var free = await FreeAsync(moving, window, now, with.Cancellation);
        var times = choices.Times(day).Where(start => free(start) >= start + options.MinDuration).ToList();
        var back =
            moving is null && day < choices.Today.AddDays(2)
                ? Beginning(moving)
                : Data(moving, "d", ButtonData.Number(index / BookingChoices.DaysOnAPage));
        if (times.Count == 0)
        {
            return Screen.Of(with.Html("bot_book_day_full", [window.Start]), Leave(with, moving, back));
        }

        int PageOf(DateTimeOffset start) => choices.HourOf(start) / HoursOnAPage;
        var pages = times.Select(PageOf).Distinct().Order().ToList();
        var shown =
            pages.Contains(page ?? -1) ? page!.Value
            : page is null && day != choices.Today && pages.Contains(MorningPage) ? MorningPage
            : pages[0];
        InlineKeyboardButton ToPage(string format, int number) =>
            new(
                string.Format(
                    CultureInfo.InvariantCulture,
                    format,
                    $"{number * HoursOnAPage:00}:00–{(number + 1) * HoursOnAPage:00}:00"
                ),
                Data(moving, "t", ButtonData.Day(day), ButtonData.Number(number))
            );
        return Screen.Of(
            with.Html("bot_book_time", [window.Start]),
            [
                .. times
                    .Where(start => PageOf(start) == shown)
                    .Select(start => new InlineKeyboardButton(
                        Clock(with, choices, start),
                        Data(moving, "l", ButtonData.Minute(start))
                    ))
                    .Chunk(4),
                [
                    .. pages.Where(number => number < shown).TakeLast(1).Select(number => ToPage("‹ {0}", number)),
                    .. pages.Where(number => number > shown).Take(1).Select(number => ToPage("{0} ›", number)),
                ],
                Leave(with, moving, back),
            ]
        );
    }

    /// <summary>How long it may last: as long as something is free.</summary>
    public async Task<Screen> LengthsAsync(
        Conversation with,
        ReservationView? moving,
        DateTimeOffset start,
        DateTimeOffset now
    )
    {
        var allowed = options.ForBooking(start, start + options.MinDuration, now);
        if (allowed.IsRefused(out var refusal))
        {
            return Again(with, moving, refusal, now);
        }

        var choices = Choices(with, now);
        var ends = choices.Ends(start);
        var from = allowed.Value.Start;
        var latest = ends[^1] > from + TimeSpan.FromDays(1) ? ends[^1] : from + TimeSpan.FromDays(1);
        var free = await FreeAsync(moving, new Interval(from, latest + options.MinDuration), now, with.Cancellation);
        var back =
            start > now
                ? Data(moving, "t", ButtonData.Day(choices.DayOf(start)), PageOf(choices, start))
                : Beginning(moving);
        var possible = ends.Where(end => free(from) >= end).ToList();
        if (possible.Count == 0)
        {
            var others = choices
                .Times(choices.DayOf(from))
                .Concat(choices.Times(choices.DayOf(from).AddDays(1)))
                .Where(other => other > from && other <= latest && free(other) >= other + options.MinDuration)
                .Take(Suggestions)
                .Select(other => new InlineKeyboardButton(
                    Moment(with, choices, other),
                    Data(moving, "l", ButtonData.Minute(other))
                ))
                .ToList();
            var sentence = moving is null ? "bot_book_nothing_free" : "bot_my_not_free";
            return Screen.Of(
                others.Count > 0
                    ? $"{with.Html(sentence, [start])} {with.Html("bot_book_nearest_times")}"
                    : with.Html(sentence, [start]),
                [.. others.Chunk(2), Leave(with, moving, back)]
            );
        }

        string Label(DateTimeOffset end)
        {
            var length = end - start;
            var words =
                end == choices.EndOfDay(start) ? with.Words("bot_book_end_of_day")
                : length < TimeSpan.FromHours(1) ? with.Words("bot_book_minutes", length.TotalMinutes)
                : with.Words("bot_book_hours", length.TotalHours);
            return end < choices.EndOfDay(start) ? $"{words} · {with.Words("bot_book_until", end)}" : words;
        }

        var question = with.Html("bot_book_length", [start]);
        return Screen.Of(
            possible.Count == ends.Count
                ? question
                : $"{question}\n{with.Html(moving is null ? "bot_book_no_longer" : "bot_my_no_longer", [Moment(with, choices, free(from)!.Value)])}",
            [
                .. possible
                    .Select(end => new InlineKeyboardButton(
                        Label(end),
                        moving is null
                            ? Data(moving, "z", ButtonData.Span(new Interval(start, end)), "0")
                            : Data(
                                moving,
                                "w",
                                ButtonData.Span(new Interval(start, end)),
                                ButtonData.Minute(moving.Interval.Start)
                            )
                    ))
                    .Chunk(2),
                Leave(with, moving, back),
            ]
        );
    }

    /// <summary>The zones with something free; the seats at once where there is nothing to choose.</summary>
    public async Task<Screen> ZonesAsync(
        Conversation with,
        ReservationView? moving,
        Interval window,
        int page,
        DateTimeOffset now
    )
    {
        var (free, all, refused) = await FreeSeatsAsync(with, moving, window, now);
        if (refused is not null || free.Count == 0 || HasOneZone(all))
        {
            return refused ?? Seats(with, moving, window, Anywhere, 0, free, all);
        }

        var zones = ByZone(free, seat => seat.Zone, with);
        var (shown, pages) = Pages.Of(
            zones,
            page,
            OnAPage,
            number => Data(moving, "z", Span(window), ButtonData.Number(number))
        );
        return Screen.Of(
            with.Html("bot_book_zone", [Shown(moving, window)]),
            [
                .. zones.Count > 1
                    ?
                    [
                        [with.Button("bot_book_anywhere", Data(moving, "s", Span(window), Anywhere, "0"), free.Count)],
                    ]
                    : Array.Empty<InlineKeyboardButton[]>(),
                .. shown.Select(zone =>
                    new[]
                    {
                        with.Button(
                            "bot_book_zone_choice",
                            Data(moving, "s", Span(window), Code(zone.Key), "0"),
                            zone.Key ?? with.Words("bot_book_no_zone"),
                            zone.Count()
                        ),
                    }
                ),
                pages,
                Leave(with, moving, BeforeSeats(moving, window)),
            ]
        );
    }

    /// <summary>The free seats of a zone.</summary>
    public async Task<Screen> SeatsAsync(
        Conversation with,
        ReservationView? moving,
        Interval window,
        string zone,
        int page,
        DateTimeOffset now
    )
    {
        var (free, all, refused) = await FreeSeatsAsync(with, moving, window, now);
        return refused ?? Seats(with, moving, window, zone, page, free, all);
    }

    /// <summary>The seat that somebody wanted is not to be had any more: those near it are.</summary>
    public async Task<Screen> NearestAsync(
        Conversation with,
        ReservationView? moving,
        Interval window,
        Guid seatId,
        Refusal refusal,
        DateTimeOffset now
    )
    {
        var free = await seats.ReadAsync(Shown(moving, window), now, with.Cancellation);
        var near = await seats.FindNearestFreeAsync(seatId, free, Nearest, with.Cancellation);
        if (near.Count == 0)
        {
            return NothingFree(with, moving, window).Below(with.Html(refusal.Code, refusal.Arguments));
        }

        return Screen.Of(
            $"{with.Html(refusal.Code, refusal.Arguments)}\n\n{with.Html("bot_book_nearest", [Shown(moving, window)])}{Legend(with, near)}",
            [
                .. SeatButtons(with, moving, window, Anywhere, near),
                [with.Button("bot_book_all_seats", Data(moving, "z", Span(window), "0"))],
                Leave(with, moving, BeforeSeats(moving, window)),
            ]
        );
    }

    /// <summary>What somebody wanted is not possible: the first step again, which says why.</summary>
    public Screen Again(Conversation with, ReservationView? moving, Refusal refusal, DateTimeOffset now) =>
        (moving is null ? When(with, now) : Days(with, moving, 0, now)).Below(
            with.Html(refusal.Code, refusal.Arguments)
        );

    private Screen Seats(
        Conversation with,
        ReservationView? moving,
        Interval window,
        string zone,
        int page,
        IReadOnlyList<Seat> free,
        IReadOnlyList<Seat> all
    )
    {
        var mine = free.Where(seat => zone == Anywhere || Code(seat.Zone) == zone)
            .OrderBy(seat => seat.Name, ByName(with))
            .ThenBy(seat => seat.Id)
            .ToList();
        if (mine.Count == 0)
        {
            return NothingFree(with, moving, window);
        }

        var (shown, pages) = Pages.Of(
            mine,
            page,
            OnAPage,
            number => Data(moving, "s", Span(window), zone, ButtonData.Number(number))
        );
        var span = Shown(moving, window);
        var question =
            zone == Anywhere || mine[0].Zone is not { } name
                ? with.Html("bot_book_seat", [span])
                : with.Html("bot_book_seat_in_zone", [span, name]);
        return Screen.Of(
            question + Legend(with, shown),
            [
                .. SeatButtons(with, moving, window, zone, shown),
                pages,
                Leave(
                    with,
                    moving,
                    HasOneZone(all) ? BeforeSeats(moving, window) : Data(moving, "z", Span(window), "0")
                ),
            ]
        );
    }

    private static Screen NothingFree(Conversation with, ReservationView? moving, Interval window) =>
        Screen.Of(
            with.Html("bot_book_none_left", [Shown(moving, window)]),
            [
                .. moving is null
                    ? [with.Button("bot_book_other_length", Data(moving, "l", ButtonData.Minute(window.Start)))]
                    : Array.Empty<InlineKeyboardButton>(),
                with.Button("bot_book_other_time", moving is null ? Beginning(moving) : Data(moving, "d", "0")),
            ],
            Leave(with, moving, Beginning(moving))
        );

    private IEnumerable<IReadOnlyList<InlineKeyboardButton>> SeatButtons(
        Conversation with,
        ReservationView? moving,
        Interval window,
        string zone,
        IEnumerable<Seat> shown
    ) =>
        shown
            .Select(seat => new InlineKeyboardButton(
                string.Concat([seat.Name, .. Marks.Where(mark => mark.Has(seat)).Select(mark => $" {mark.Sign}")]),
                moving is null
                    ? Data(moving, "p", Span(window), zone, Look(), ButtonData.Id(seat.Id))
                    : Data(moving, "p", ButtonData.Id(seat.Id), Span(window))
            ))
            .Chunk(2);

    private static string Legend(Conversation with, IReadOnlyList<Seat> shown)
    {
        var marks = Marks
            .Where(mark => shown.Any(mark.Has))
            .Select(mark => $"{mark.Sign} {with.Html(mark.Name)}")
            .ToList();
        return marks.Count == 0 ? "" : $"\n\n{string.Join(" · ", marks)}";
    }

    /// <summary>
    /// The seats that are free for a booking from now on, or for the one that moves, by its own times; and all seats. Or the
    /// step to begin with again, where the window is not possible.
    /// </summary>
    private async Task<(IReadOnlyList<Seat> Free, IReadOnlyList<Seat> All, Screen? Refused)> FreeSeatsAsync(
        Conversation with,
        ReservationView? moving,
        Interval window,
        DateTimeOffset now
    )
    {
        var allowed = moving is null ? options.ForBooking(window.Start, window.End, now) : moving.Interval;
        if (allowed.IsRefused(out var refusal))
        {
            return ([], [], Again(with, moving, refusal, now));
        }

        var availability = await seats.ReadAsync(allowed.Value, now, with.Cancellation);
        var all = availability.Catalog.Seats;
        return ([.. all.Where(seat => !availability.Busy.Contains(seat.Id))], all, null);
    }

    /// <summary>Until when a seat is free from a moment on: any seat, or that of the reservation that moves.</summary>
    private async Task<Func<DateTimeOffset, DateTimeOffset?>> FreeAsync(
        ReservationView? moving,
        Interval window,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var times = await seats.ReadTimesAsync(window, moving?.Id, now, cancellation);
        var mine = times
            .Catalog.Seats.Select(seat => seat.Id)
            .Where(id => moving is null || id == moving.SeatId)
            .ToList();
        return from => mine.Max(id => times.FreeUntil(id, from));
    }

    private BookingChoices Choices(Conversation with, DateTimeOffset now) => new(options, with.Zone, now);

    /// <summary>A wish is shown as it was chosen; a reservation that gets another seat as it is.</summary>
    private static Interval Shown(ReservationView? moving, Interval window) => moving?.Interval ?? window;

    private static string Clock(Conversation with, BookingChoices choices, DateTimeOffset start) =>
        choices.IsTwice(start)
            ? $"{with.Value(start, "time")} (UTC{TimeZoneInfo.ConvertTime(start, with.Zone):zzz})"
            : with.Value(start, "time");

    private static string PageOf(BookingChoices choices, DateTimeOffset start) =>
        ButtonData.Number(choices.HourOf(start) / HoursOnAPage);

    private static bool HasOneZone(IReadOnlyList<Seat> all) =>
        all.Select(seat => seat.Zone).Distinct(StringComparer.Ordinal).Take(2).Count() < 2;

    private static string Code(string? zone) => ButtonData.Name(zone ?? "");

    private static string Span(Interval window) => ButtonData.Span(window);

    /// <summary>
    /// Which look at the seats a button is of, 11 characters: its millisecond. An answer is kept under what its button says,
    /// a refusal too: who looks again and presses again wants another answer.
    /// </summary>
    private string Look() => time.Now().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);

    private static string Data(ReservationView? moving, string step, params IEnumerable<string> values) =>
        moving is null
            ? string.Join(':', [BookTopic, step, .. values])
            : string.Join(':', [MyTopic, step, .. values, ButtonData.Id(moving.Id)]);

    /// <summary>Where the steps began.</summary>
    private static string Beginning(ReservationView? moving) => moving is null ? $"{BookTopic}:w" : Data(moving, "mv");

    private static string BeforeSeats(ReservationView? moving, Interval window) =>
        moving is null ? Data(moving, "l", ButtonData.Minute(window.Start)) : Beginning(moving);

    /// <summary>One step back, or out of it.</summary>
    private static IReadOnlyList<InlineKeyboardButton> Leave(Conversation with, ReservationView? moving, string back) =>
        [
            with.Button("bot_back", back),
            moving is null
                ? with.Button("bot_cancel", $"{BookTopic}:x")
                : with.Button("bot_my_keep_it", Data(moving, "r")),
        ];
}
