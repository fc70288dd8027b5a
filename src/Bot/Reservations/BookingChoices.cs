using BookIT.Core;
using BookIT.Core.Reservations;

namespace BookIT.Bot.Reservations;

/// <summary>What somebody may choose from who books: days, times of day and lengths, by the clock of the space and the rules.</summary>
/// <param name="options">The rules.</param>
/// <param name="zone">Where the clock of the space hangs.</param>
/// <param name="now">The present (UTC).</param>
internal sealed class BookingChoices(BookingOptions options, TimeZoneInfo zone, DateTimeOffset now)
{
    public const int DaysOnAPage = 7;

    private static readonly TimeSpan Step = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan[] Usual =
    [
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(4),
        TimeSpan.FromHours(8),
        TimeSpan.FromHours(24),
    ];

    public DateOnly Today => DayOf(now);

    /// <summary>The days on which a booking may start, from today on.</summary>
    public IReadOnlyList<DateOnly> Days()
    {
        var last = DayOf(now + options.MaxAhead);
        var days = new List<DateOnly>();
        for (var day = Today; day <= last; day = day.AddDays(1))
        {
            days.Add(day);
        }

        // Late in the evening nothing is left of today, and of the last day nothing may be open yet.
        days.RemoveAll(day => (day == Today || day == last) && !Times(day).Any());
        return days;
    }

    /// <summary>
    /// The half-hours of a day at which a booking may start. A time that the clock skips is not among them, one that it
    /// shows twice is there twice.
    /// </summary>
    public IEnumerable<DateTimeOffset> Times(DateOnly day)
    {
        var end = StartOf(day.AddDays(1));
        for (var time = StartOf(day); time < end; time += Step)
        {
            if (time >= now && time <= now + options.MaxAhead)
            {
                yield return time;
            }
        }
    }

    /// <summary>The ends that a booking from <paramref name="start"/> may have, in order: after usual lengths, and with the day.</summary>
    public IReadOnlyList<DateTimeOffset> Ends(DateTimeOffset start)
    {
        var lengths = Usual.Where(IsAllowed).Append(EndOfDay(start) - start).Where(IsAllowed).ToHashSet();
        if (lengths.Count < 2 || options.MaxDuration > Usual[^1])
        {
            lengths.UnionWith([options.MinDuration, options.MaxDuration]);
        }

        return [.. lengths.Order().Select(length => start + length)];
    }

    /// <summary>The midnight after a moment.</summary>
    public DateTimeOffset EndOfDay(DateTimeOffset moment) => StartOf(DayOf(moment).AddDays(1));

    public DateOnly DayOf(DateTimeOffset moment) => zone.DayOf(moment);

    /// <summary>The hour that the clock shows.</summary>
    public int HourOf(DateTimeOffset moment) => Local(moment).Hour;

    /// <summary>Whether the clock shows that time twice on its day.</summary>
    public bool IsTwice(DateTimeOffset moment) => zone.IsAmbiguousTime(Local(moment));

    public DateTimeOffset StartOf(DateOnly day) => zone.StartOf(day);

    private bool IsAllowed(TimeSpan length) => length >= options.MinDuration && length <= options.MaxDuration;

    private DateTimeOffset Local(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, zone);
}
