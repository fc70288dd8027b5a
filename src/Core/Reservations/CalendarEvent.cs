using System.Globalization;
using System.Text;
using BookIT.Core.Languages;

namespace BookIT.Core.Reservations;

/// <summary>A reservation as calendars take it in: iCalendar (RFC 5545).</summary>
/// <param name="Reservation">The reservation.</param>
/// <param name="MadeAt">When it was made (UTC).</param>
/// <param name="ChangedAt">When it last moved or ended (UTC); as <paramref name="MadeAt"/> where it never did.</param>
/// <param name="IsCancelled">Whether nobody comes: given back, or released, without a check-in.</param>
public sealed record CalendarEvent(
    ReservationView Reservation,
    DateTimeOffset MadeAt,
    DateTimeOffset ChangedAt,
    bool IsCancelled
)
{
    /// <summary>How long before the start a calendar reminds of it.</summary>
    public static readonly TimeSpan AlarmBefore = TimeSpan.FromMinutes(15);

    /// <summary>3.1: without the line break.</summary>
    private const int MaxLineOctets = 75;

    /// <summary>
    /// The file. The same reservation always has the same <c>UID</c>, and after each change a higher <c>SEQUENCE</c>, so
    /// that a calendar that takes it in once more has it once.
    /// </summary>
    public string ToText(CultureInfo language)
    {
        var summary = Text(Sentences.Of("calendar_summary", [Reservation.SeatName], language));
        var text = new StringBuilder();
        void Line(string line) => Fold(text, line);
        Line("BEGIN:VCALENDAR");
        Line("VERSION:2.0");
        Line("PRODID:-//BookIT//BookIT//EN");
        Line("BEGIN:VEVENT");
        Line($"UID:{Reservation.Id:D}@bookit");
        Line($"DTSTAMP:{Instant(ChangedAt)}");
        Line($"CREATED:{Instant(MadeAt)}");
        Line($"LAST-MODIFIED:{Instant(ChangedAt)}");
        // In tenths of a second: a whole number of 32 bits lasts for six years of changes to one reservation.
        Line($"SEQUENCE:{(int)((ChangedAt - MadeAt).TotalSeconds * 10)}");
        Line($"DTSTART:{Instant(Reservation.Interval.Start)}");
        Line($"DTEND:{Instant(Reservation.Interval.End)}");
        Line($"SUMMARY:{summary}");
        Line($"LOCATION:{Text(Reservation.SeatName)}");
        Line(IsCancelled ? "STATUS:CANCELLED" : "STATUS:CONFIRMED");
        if (!IsCancelled)
        {
            Line("BEGIN:VALARM");
            Line("ACTION:DISPLAY");
            Line($"TRIGGER:-PT{AlarmBefore.TotalMinutes:0}M");
            Line($"DESCRIPTION:{summary}");
            Line("END:VALARM");
        }

        Line("END:VEVENT");
        Line("END:VCALENDAR");
        return text.ToString();
    }

    /// <summary>3.3.5: in whole seconds.</summary>
    private static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>3.3.11. Other control characters have no place in a text.</summary>
    private static string Text(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var letter in text.ReplaceLineEndings("\n"))
        {
            _ = letter switch
            {
                '\n' => escaped.Append("\\n"),
                '\\' or ';' or ',' => escaped.Append('\\').Append(letter),
                _ when char.IsControl(letter) => escaped,
                _ => escaped.Append(letter),
            };
        }

        return escaped.ToString();
    }

    /// <summary>3.1: a long line goes on in the next one, after a space; never in the middle of a character.</summary>
    private static void Fold(StringBuilder text, string line)
    {
        var octets = 0;
        foreach (var rune in line.EnumerateRunes())
        {
            if (octets + rune.Utf8SequenceLength > MaxLineOctets)
            {
                text.Append("\r\n ");
                octets = 1;
            }

            text.Append(rune.ToString());
            octets += rune.Utf8SequenceLength;
        }

        text.Append("\r\n");
    }
}
