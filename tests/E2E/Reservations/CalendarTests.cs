using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Reservations;

/// <summary>A reservation as a file for calendars, as a reader by other people understands it.</summary>
public sealed class CalendarTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset start = new(
        TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(2).AddHours(9),
        TimeSpan.Zero
    );

    private static Task<Answer> GetAsync(ApiClient client, Guid id, string language = "en") =>
        client.SendAsync(
            HttpMethod.Get,
            $"/api/reservations/{id}/calendar.ics",
            body: null,
            ("Accept-Language", language)
        );

    private static async Task<JsonNode> ReadAsync(Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("event.ics"), answer.Bytes);
        return JsonNode.Parse(await Node.RunAsync("calendar.mjs", folder.File("event.ics")))!;
    }

    private async Task<Guid> BookAsync(ApiClient member, Guid seat)
    {
        var booked = await member.BookAsync(seat, start, start.AddHours(2));
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        return booked.Id;
    }

    [Fact]
    public async Task A_calendar_reads_what_was_booked_in_the_persons_language()
    {
        const string name =
            """Стол №7; у окна, «тихий» \ угол 🪑 — с очень длинным названием, которое не влезет в строку""";
        var (member, seat) = (await server.MemberAsync(), await server.SeatAsync(name));
        var id = await BookAsync(member, seat);

        var answer = await GetAsync(member, id);
        var russian = await ReadAsync(await GetAsync(member, id, "ru"));
        var read = await ReadAsync(answer);

        Assert.Equal("text/calendar; charset=utf-8", answer.Response.Content.Headers.ContentType!.ToString());
        var disposition = answer.Response.Content.Headers.ContentDisposition!;
        Assert.Equal("attachment", disposition.DispositionType);
        Assert.EndsWith(".ics", disposition.FileName!.Trim('"'), StringComparison.Ordinal);
        Assert.Equal(
            (1, "2.0", "CONFIRMED"),
            ((int)read["events"]!, (string)read["version"]!, (string)read["status"]!)
        );
        Assert.Equal($"{id}@bookit", (string?)read["uid"]);
        Assert.Equal($"Booking: {name}", (string?)read["summary"]);
        Assert.Equal($"Бронь: {name}", (string?)russian["summary"]);
        Assert.Equal(name, (string?)read["location"]);
        Assert.Equal((start, start.AddHours(2)), ((DateTimeOffset)read["start"]!, (DateTimeOffset)read["end"]!));
        Assert.Equal([-900], read["alarms"]!.AsArray().Select(seconds => (int)seconds!));
        var text = Encoding.UTF8.GetString(answer.Bytes);
        Assert.EndsWith("END:VCALENDAR\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text.Replace("\r\n", "", StringComparison.Ordinal));
        Assert.All(text.Split("\r\n"), line => Assert.True(Encoding.UTF8.GetByteCount(line) <= 75, line));
    }

    [Fact]
    public async Task A_change_makes_a_higher_number_of_the_same_event_and_a_cancellation_cancels_it()
    {
        var (member, seat) = (await server.MemberAsync(), await server.SeatAsync());
        var id = await BookAsync(member, seat);
        var events = new List<JsonNode> { await ReadAsync(await GetAsync(member, id)) };

        foreach (
            var change in new object[]
            {
                new { end = start.AddHours(3) },
                new { start = start.AddHours(1) },
                new { status = "closed" },
            }
        )
        {
            var changed = await member.PatchAsync($"/api/reservations/{id}", change);
            Assert.Equal(HttpStatusCode.OK, changed.Status);
            events.Add(await ReadAsync(await GetAsync(member, id)));
        }

        Assert.Single(events.Select(one => (string?)one["uid"]).Distinct());
        var numbers = events.ConvertAll(one => (int)one["sequence"]!);
        Assert.Equal(0, numbers[0]);
        Assert.Equal(numbers.Distinct().Order(), numbers);
        Assert.Equal(4, numbers.Distinct().Count());
        Assert.Equal(start.AddHours(1), (DateTimeOffset)events[2]["start"]!);
        Assert.Equal(
            ["CONFIRMED", "CONFIRMED", "CONFIRMED", "CANCELLED"],
            events.Select(one => (string?)one["status"])
        );
        Assert.Empty(events[3]["alarms"]!.AsArray());
    }

    [Fact]
    public async Task A_visit_that_was_made_is_not_cancelled_when_it_is_over()
    {
        var (member, seat) = (await server.MemberAsync(), await server.SeatAsync());
        var id = await server.ReservationAsync(member.UserId, seat, start.AddDays(-4), start.AddDays(-3), "closed");
        var missed = await server.ReservationAsync(
            member.UserId,
            seat,
            start.AddDays(-6),
            start.AddDays(-5),
            "did_not_come"
        );
        await server.ExecuteAsync($"UPDATE reservations SET checked_in_at = starts_at WHERE id = '{id}'");

        Assert.Equal("CONFIRMED", (string?)(await ReadAsync(await GetAsync(member, id)))["status"]);
        Assert.Equal("CANCELLED", (string?)(await ReadAsync(await GetAsync(member, missed)))["status"]);
    }

    [Fact]
    public async Task It_is_for_its_owner_and_administrators()
    {
        var member = await server.MemberAsync();
        var id = await BookAsync(member, await server.SeatAsync());

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(await server.AdminAsync(), id)).Status);
        Assert.Equal("not_your_reservation", (await GetAsync(await server.MemberAsync(), id)).Code);
        Assert.Equal("not_signed_in", (await GetAsync(server.Anonymous(), id)).Code);
        Assert.Equal("reservation_not_found", (await GetAsync(member, Guid.CreateVersion7())).Code);
    }
}
