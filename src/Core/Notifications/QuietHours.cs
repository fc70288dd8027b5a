namespace BookIT.Core.Notifications;

/// <summary>
/// When somebody wants to hear only what cannot wait, every day anew, by the clock on the wall. Where that clock is set
/// forward over the beginning or the end, it is the moment of the change; where it shows the hour twice, the quiet hours
/// begin at the first time and end at the second.
/// </summary>
/// <param name="From">The beginning.</param>
/// <param name="To">The end, on the next day where it is not later; never the same as the beginning.</param>
public readonly record struct QuietHours(TimeOnly From, TimeOnly To)
{
    /// <summary>When the quiet hours end that <paramref name="now"/> lies in; null where it lies in none.</summary>
    public DateTimeOffset? EndAt(DateTimeOffset now, TimeZoneInfo zone)
    {
        var today = zone.DayOf(now);
        foreach (var day in new[] { today, today.AddDays(-1) })
        {
            var (begin, _) = zone.InstantsOf(day.ToDateTime(From));
            var (_, end) = zone.InstantsOf(day.AddDays(To > From ? 0 : 1).ToDateTime(To));
            if (begin <= now && now < end)
            {
                return end;
            }
        }

        return null;
    }
}
