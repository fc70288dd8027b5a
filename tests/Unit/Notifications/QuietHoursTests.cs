using System.Globalization;
using BookIT.Core.Languages;
using BookIT.Core.Notifications;

namespace BookIT.Tests.Unit.Notifications;

public sealed class QuietHoursTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    // An ordinary night, in winter: one hour ahead of UTC.
    [InlineData("22:00", "08:00", "2027-01-15T20:59:59Z", null)]
    [InlineData("22:00", "08:00", "2027-01-15T21:00:00Z", "2027-01-16T07:00:00Z")]
    [InlineData("22:00", "08:00", "2027-01-16T06:59:59Z", "2027-01-16T07:00:00Z")]
    [InlineData("22:00", "08:00", "2027-01-16T07:00:00Z", null)]
    // Within a day, and from midnight on.
    [InlineData("13:00", "15:00", "2027-01-15T12:30:00Z", "2027-01-15T14:00:00Z")]
    [InlineData("13:00", "15:00", "2027-01-15T14:00:00Z", null)]
    [InlineData("00:00", "09:00", "2027-01-15T22:59:59Z", null)]
    [InlineData("00:00", "09:00", "2027-01-15T23:00:00Z", "2027-01-16T08:00:00Z")]
    [InlineData("12:00", "11:00", "2027-01-15T10:30:00Z", null)]
    [InlineData("12:00", "11:00", "2027-01-15T11:00:00Z", "2027-01-16T10:00:00Z")]
    // 28 March 2027: 02:00 to 03:00 is left out, at 01:00 UTC. The night is an hour shorter.
    [InlineData("22:00", "08:00", "2027-03-27T21:00:00Z", "2027-03-28T06:00:00Z")]
    [InlineData("22:00", "08:00", "2027-03-28T05:59:59Z", "2027-03-28T06:00:00Z")]
    [InlineData("22:00", "08:00", "2027-03-28T06:00:00Z", null)]
    // They end, or begin, in the hour that is left out: at the change.
    [InlineData("22:00", "02:30", "2027-03-28T00:59:59Z", "2027-03-28T01:00:00Z")]
    [InlineData("22:00", "02:30", "2027-03-28T01:00:00Z", null)]
    [InlineData("02:30", "08:00", "2027-03-28T00:59:59Z", null)]
    [InlineData("02:30", "08:00", "2027-03-28T01:00:00Z", "2027-03-28T06:00:00Z")]
    [InlineData("02:15", "02:45", "2027-03-28T01:00:00Z", null)]
    // 31 October 2027: 02:00 to 03:00 comes twice, from 00:00 and from 01:00 UTC. The night is an hour longer.
    [InlineData("22:00", "08:00", "2027-10-30T20:00:00Z", "2027-10-31T07:00:00Z")]
    [InlineData("22:00", "08:00", "2027-10-31T06:59:59Z", "2027-10-31T07:00:00Z")]
    // They end, or begin, in the hour that comes twice: quiet from the first time on, and until the second.
    [InlineData("22:00", "02:30", "2027-10-31T00:45:00Z", "2027-10-31T01:30:00Z")]
    [InlineData("22:00", "02:30", "2027-10-31T01:29:59Z", "2027-10-31T01:30:00Z")]
    [InlineData("22:00", "02:30", "2027-10-31T01:30:00Z", null)]
    [InlineData("02:30", "08:00", "2027-10-31T00:29:59Z", null)]
    [InlineData("02:30", "08:00", "2027-10-31T00:30:00Z", "2027-10-31T07:00:00Z")]
    [InlineData("02:30", "08:00", "2027-10-31T01:15:00Z", "2027-10-31T07:00:00Z")]
    public void They_end_by_the_clock_on_the_wall(string from, string to, string now, string? end)
    {
        static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
        var quiet = new QuietHours(
            TimeOnly.Parse(from, CultureInfo.InvariantCulture),
            TimeOnly.Parse(to, CultureInfo.InvariantCulture)
        );

        Assert.Equal(end is null ? null : Instant(end), quiet.EndAt(Instant(now), Berlin));
    }

    [Fact]
    public void Hours_that_would_never_end_and_kinds_that_nobody_tells_are_not_set()
    {
        var settings = NotificationSettings.Of(Guid.CreateVersion7());
        settings.KeepQuiet(new QuietHours(new TimeOnly(8, 0), new TimeOnly(8, 0)));
        settings.Switch(NotificationKind.PasswordReset, isOn: false);
        settings.Switch(NotificationKind.CheckedIn, isOn: false);
        settings.Switch(NotificationKind.CheckedIn, isOn: false);

        Assert.Null(settings.Quiet);
        Assert.Equal([NotificationKind.CheckedIn], settings.Muted);
        Assert.True(settings.IsOn(NotificationKind.PasswordReset));
    }

    [Fact]
    public void Every_kind_that_is_told_has_words_to_be_switched_by()
    {
        Assert.Equal(NotificationKind.Told.Count, NotificationKind.Told.Select(rule => rule.Kind).Distinct().Count());
        Assert.All(NotificationKind.Told, rule => Assert.NotEmpty(Sentences.Of($"bot_settings_{rule.Kind}")));
        Assert.DoesNotContain(NotificationKind.TicketOpened, NotificationKind.SwitchableBy(isAdmin: false));
        Assert.Contains(NotificationKind.TicketOpened, NotificationKind.SwitchableBy(isAdmin: true));
    }
}
