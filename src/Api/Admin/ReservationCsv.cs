using System.Globalization;
using System.Text;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Reservations;
using BookIT.Core.Space;

namespace BookIT.Api.Admin;

/// <summary>Reservations for a spreadsheet (RFC 4180), sent as they are read.</summary>
internal sealed class ReservationCsv(IAsyncEnumerable<ListedReservation> reservations, DateTimeOffset now) : IResult
{
    private const int SendAt = 16 * 1024;

    /// <summary>What a cell must not begin with: spreadsheets would take it for a formula.</summary>
    private const string FormulaStarts = "=+-@\t\r";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var language = await httpContext.FindLanguageAsync();
        httpContext.Speak(language);
        var space = httpContext.RequestServices.GetRequiredService<SpaceOptions>();
        var (response, cancellation) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = "text/csv; charset=utf-8; header=present";
        response.Headers.ContentDisposition =
            $"attachment; filename=\"reservations-{space.DayOf(now):yyyy-MM-dd}.csv\"";
        // The mark by which spreadsheets tell UTF-8.
        var text = new StringBuilder("\uFEFF");
        Row(text, Sentences.Of("reservations_table", language: language).Split(';'));
        await foreach (var listed in reservations)
        {
            var reservation = listed.Reservation;
            Row(
                text,
                $"{reservation.Id}",
                reservation.Status.Name(),
                Time(reservation.Interval.Start, space),
                Time(reservation.Interval.End, space),
                reservation.SeatName,
                listed.FirstName,
                listed.Email,
                Time(listed.MadeAt, space)
            );
            if (text.Length >= SendAt)
            {
                await SendAsync(text, response, cancellation);
            }
        }

        await SendAsync(text, response, cancellation);
    }

    private static async Task SendAsync(StringBuilder text, HttpResponse response, CancellationToken cancellation)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancellation);
        text.Clear();
    }

    private static string Time(DateTimeOffset instant, SpaceOptions space) =>
        TimeZoneInfo.ConvertTime(instant, space.Zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static void Row(StringBuilder text, params ReadOnlySpan<string?> cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(Cell(cells[i] ?? ""));
        }

        text.Append("\r\n");
    }

    private static string Cell(string value)
    {
        value = value.Length > 0 && FormulaStarts.Contains(value[0], StringComparison.Ordinal) ? $"'{value}" : value;
        return value.AsSpan().IndexOfAny(",\"\r\n") < 0
            ? value
            : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
