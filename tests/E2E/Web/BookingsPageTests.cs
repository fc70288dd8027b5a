using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Admin;
using BookIT.Tests.E2E.Servers;
using Microsoft.Playwright;

namespace BookIT.Tests.E2E.Web;

/// <summary>What somebody does with their bookings.</summary>
public sealed class BookingsPageTests(Chromium chromium, NoonServer server)
    : BrowserTests<NoonServer>(chromium, server),
        IClassFixture<NoonServer>
{
    /// <summary>Two hours from the next full hour on.</summary>
    private readonly DateTimeOffset start = Full(TimeProvider.System.GetUtcNow().AddHours(1));

    private DateTimeOffset End => start.AddHours(2);

    private static DateTimeOffset Full(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerHour));

    private static string Clock(DateTimeOffset time) => $"{TimeZoneInfo.ConvertTime(time, NoonZone.Clock):HH:mm}";

    private static string Span(DateTimeOffset start, DateTimeOffset end) => $"today, {Clock(start)}–{Clock(end)}";

    /// <summary>The page of somebody who has booked a seat.</summary>
    private async Task<(IPage Page, ILocator Booking, Guid Id, Guid Seat)> BookedAsync(string seatName)
    {
        var (member, seat) = (await Server.MemberAsync(), await Server.SeatAsync(seatName));
        var id = await Server.ReservationAsync(member.UserId, seat, start, End);
        var page = await OpenAsync("/bookings", new Look { As = member });
        var booking = page.GetByRole(AriaRole.Article, new() { Name = "Booking of " });
        await SeesAsync(booking.GetByText(Span(start, End)));
        return (page, booking, id, seat);
    }

    private async Task<(DateTimeOffset Start, DateTimeOffset End, Guid Seat, string Status)> StandsAsync(Guid id)
    {
        await using var command = Server.Postgres.CreateCommand(
            $"SELECT starts_at, ends_at, seat_id, status FROM reservations WHERE id = '{id}'"
        );
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return (
            reader.GetFieldValue<DateTimeOffset>(0),
            reader.GetFieldValue<DateTimeOffset>(1),
            reader.GetGuid(2),
            reader.GetString(3)
        );
    }

    private async Task SomebodyElseHasAsync(Guid seat, DateTimeOffset from, DateTimeOffset to) =>
        Assert.Equal(HttpStatusCode.Created, (await (await Server.MemberAsync()).BookAsync(seat, from, to)).Status);

    [Fact]
    public async Task A_booking_is_made_longer_by_one_press()
    {
        var (page, booking, id, seat) = await BookedAsync("E-1");

        await booking.Button("Extend by 30 min").TapAsync();

        await SeesAsync(page.GetByText($"Extended: until today, {Clock(End.AddMinutes(30))}").First);
        await SeesAsync(booking.GetByText(Span(start, End.AddMinutes(30))));
        Assert.Equal((start, End.AddMinutes(30), seat, "future"), await StandsAsync(id));
    }

    [Fact]
    public async Task Where_others_come_next_it_says_so_before_one_presses()
    {
        var (page, _, id, seat) = await BookedAsync("E-2");
        await SomebodyElseHasAsync(seat, End.AddMinutes(45), End.AddHours(3));
        await page.ReloadAsync();
        var booking = page.GetByRole(AriaRole.Article, new() { Name = "Booking of E-2" });

        await SeesAsync(booking.GetByText($"Others have this seat from today, {Clock(End.AddMinutes(45))}"));
        await Assertions.Expect(booking.Button("Extend by 1 h")).ToBeDisabledAsync();
        await booking.Button("Extend by 30 min").TapAsync();

        await SeesAsync(booking.GetByText(Span(start, End.AddMinutes(30))));
        Assert.Equal(End.AddMinutes(30), (await StandsAsync(id)).End);
    }

    [Fact]
    public async Task Where_somebody_was_faster_an_extension_is_refused_in_words()
    {
        Expect("status of 400 .*/api/reservations/");
        var (page, booking, id, seat) = await BookedAsync("E-3");
        // It does not get to know of it in time.
        var known = new TaskCompletionSource();
        await page.RouteAsync(
            "**/api/reservations/maximum-available-time*",
            async route =>
            {
                await known.Task;
                await route.ContinueAsync();
            }
        );
        await page.ReloadAsync();
        await SomebodyElseHasAsync(seat, End, End.AddHours(1));

        await page.RunAndWaitForResponseAsync(
            () => booking.Button("Extend by 1 h").TapAsync(),
            response => response.Request.Method == "PATCH"
        );
        known.SetResult();

        await SeesAsync(booking.GetByRole(AriaRole.Alert));
        await Assertions.Expect(booking.Button("Extend by 1 h")).ToBeDisabledAsync();
        Assert.Equal(End, (await StandsAsync(id)).End);
    }

    [Fact]
    public async Task Another_time_keeps_the_length_and_one_that_others_have_is_refused()
    {
        Expect("status of 400 .*/api/reservations/");
        var (page, booking, id, seat) = await BookedAsync("T-1");
        await SomebodyElseHasAsync(seat, End.AddHours(3), End.AddHours(4));
        await booking.Button("Change time").TapAsync();
        var sheet = page.Sheet("Change time");
        var (from, to) = (
            sheet.GetByRole(AriaRole.Group, new() { Name = "From" }),
            sheet.GetByRole(AriaRole.Group, new() { Name = "Until" })
        );
        await SeesAsync(sheet.GetByText($"Others have it: {Span(End.AddHours(3), End.AddHours(4))}"));

        await from.Field("Time").FillAsync(Clock(End.AddHours(2)));
        await Assertions.Expect(to.Field("Time")).ToHaveValueAsync(Clock(End.AddHours(4)));
        await SeesAsync(sheet.GetByText("Somebody else has the seat"));
        await sheet.Button("Save").TapAsync();
        await SeesAsync(sheet.GetByRole(AriaRole.Alert));
        Assert.Equal(start, (await StandsAsync(id)).Start);

        await from.Field("Time").FillAsync(Clock(start.AddHours(1)));
        await sheet.Button("Save").TapAsync();
        await SeesAsync(page.GetByText($"New time: {Span(start.AddHours(1), End.AddHours(1))}").First);
        await Assertions.Expect(sheet).ToHaveCountAsync(0);
        Assert.Equal((start.AddHours(1), End.AddHours(1), seat, "future"), await StandsAsync(id));
    }

    [Fact]
    public async Task Another_seat_is_one_that_is_free()
    {
        var (page, booking, id, _) = await BookedAsync("S-1");
        var (free, taken) = (await Server.SeatAsync("S-2"), await Server.SeatAsync("S-3"));
        await SomebodyElseHasAsync(taken, start.AddHours(1), End.AddHours(1));

        await booking.Button("Change seat").TapAsync();
        var sheet = page.Sheet("Change seat");
        await sheet.GetByRole(AriaRole.Radio, new() { Name = "S-2", Exact = true }).CheckAsync();
        await Assertions.Expect(sheet.GetByRole(AriaRole.Radio, new() { Name = "S-3" })).ToHaveCountAsync(0);
        await sheet.Button("Move to S-2").TapAsync();

        await SeesAsync(page.GetByText("Your seat is now S-2").First);
        await SeesAsync(page.Heading("S-2"));
        Assert.Equal((start, End, free, "future"), await StandsAsync(id));
    }

    [Fact]
    public async Task A_seat_that_went_meanwhile_is_refused_in_words_and_another_can_be_chosen()
    {
        Expect("status of 400 .*/api/reservations/");
        var (page, booking, id, _) = await BookedAsync("W-1");
        var (lost, other) = (await Server.SeatAsync("W-2"), await Server.SeatAsync("W-3"));
        await booking.Button("Change seat").TapAsync();
        var sheet = page.Sheet("Change seat");
        await sheet.GetByRole(AriaRole.Radio, new() { Name = "W-2", Exact = true }).CheckAsync();
        await SomebodyElseHasAsync(lost, start, End);

        await sheet.Button("Move to W-2").TapAsync();
        await SeesAsync(sheet.GetByRole(AriaRole.Alert));
        await Assertions.Expect(sheet.GetByRole(AriaRole.Radio, new() { Name = "W-2" })).ToHaveCountAsync(0);
        await sheet.GetByRole(AriaRole.Radio, new() { Name = "W-3", Exact = true }).CheckAsync();
        await sheet.Button("Move to W-3").TapAsync();

        await SeesAsync(page.Heading("W-3"));
        Assert.Equal(other, (await StandsAsync(id)).Seat);
    }

    [Fact]
    public async Task A_booking_is_cancelled_after_one_was_asked_and_is_past_then()
    {
        var (page, booking, id, _) = await BookedAsync("C-1");
        await booking.Button("Cancel").TapAsync();
        var question = page.GetByRole(
            AriaRole.Alertdialog,
            new() { Name = "Cancel the booking of C-1?", Exact = true }
        );
        await question.Button("No, leave it").TapAsync();
        await Assertions.Expect(question).ToHaveCountAsync(0);
        Assert.Equal("future", (await StandsAsync(id)).Status);

        await booking.Button("Cancel").TapAsync();
        await question.Button("Cancel").TapAsync();

        await SeesAsync(page.GetByText("The booking is cancelled").First);
        await SeesAsync(page.GetByText("Nothing is booked"));
        var past = page.Region("Past").GetByRole(AriaRole.Listitem);
        await Assertions.Expect(past).ToHaveCountAsync(1);
        await Assertions.Expect(past).ToContainTextAsync("C-1");
        await Assertions.Expect(past).ToContainTextAsync("Ended");
        Assert.Equal("closed", (await StandsAsync(id)).Status);
    }

    [Fact]
    public async Task A_calendar_reads_the_file_that_is_saved()
    {
        var (page, booking, id, _) = await BookedAsync("K-1");

        var download = await page.RunAndWaitForDownloadAsync(() => booking.Button("Calendar").TapAsync());

        Assert.EndsWith(".ics", download.SuggestedFilename, StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        await download.SaveAsAsync(folder.File("event.ics"));
        var read = JsonNode.Parse(await Node.RunAsync("calendar.mjs", folder.File("event.ics")))!;
        Assert.Equal($"{id}@bookit", (string?)read["uid"]);
        Assert.Equal("Booking: K-1", (string?)read["summary"]);
        Assert.Equal((start, End), ((DateTimeOffset)read["start"]!, (DateTimeOffset)read["end"]!));
    }

    [Fact]
    public async Task Past_bookings_are_there_the_latest_first_and_more_when_asked()
    {
        var (member, seat) = (await Server.MemberAsync(), await Server.SeatAsync("P-1"));
        for (var day = 25; day >= 1; day--)
        {
            var began = start.AddDays(-day);
            var status = day == 2 ? "did_not_come" : "closed";
            await Server.ReservationAsync(member.UserId, seat, began, began.AddHours(1), status);
        }

        var page = await OpenAsync("/bookings", new Look { As = member });

        var past = page.Region("Past").GetByRole(AriaRole.Listitem);
        await Assertions.Expect(past.Nth(0)).ToContainTextAsync("yesterday", new() { IgnoreCase = true });
        await Assertions.Expect(past.Nth(1)).ToContainTextAsync("Did not come");
        await page.Button("Show more").TapAsync();
        await Assertions.Expect(past).ToHaveCountAsync(25);
        await Assertions.Expect(page.Button("Show more")).ToHaveCountAsync(0);
    }
}
