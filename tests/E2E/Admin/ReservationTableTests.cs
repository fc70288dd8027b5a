using System.Net;
using System.Text;
using System.Text.Json;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Admin;

/// <summary>The table of reservations on the administrators' desk, and the same for a spreadsheet.</summary>
public sealed class ReservationTableTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private static string Iso(DateTimeOffset instant) => instant.ToString("yyyy-MM-ddTHH:mm:ssZ");

    private static async Task<List<string[]>> ReadAsync(Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("table.csv"), answer.Bytes);
        return JsonSerializer.Deserialize<List<string[]>>(await Node.RunAsync("csv.mjs", folder.File("table.csv")))!;
    }

    private static Task<Answer> CsvAsync(ApiClient admin, string query, string language = "en") =>
        admin.SendAsync(
            HttpMethod.Get,
            $"/api/admin/reservations.csv?{query}",
            body: null,
            ("Accept-Language", language)
        );

    [Fact]
    public async Task It_is_sorted_as_asked_for_and_of_equals_the_newest_comes_first()
    {
        var admin = await server.AdminAsync();
        var members = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.MemberAsync()));
        foreach (var (member, name) in members.Zip(["Boris", "Anna", "Clara"]))
        {
            await server.ExecuteAsync($"UPDATE users SET first_name = 'Sorted {name}' WHERE id = '{member.UserId}'");
        }

        var (a, b) = (await server.SeatAsync("Sorted A"), await server.SeatAsync("Sorted B"));
        var boris = await server.ReservationAsync(members[0].UserId, b, now.AddHours(5), now.AddHours(6));
        var anna = await server.ReservationAsync(members[1].UserId, a, now.AddHours(1), now.AddHours(2), "active");
        var clara = await server.ReservationAsync(members[2].UserId, b, now.AddHours(3), now.AddHours(4), "closed");
        async Task<List<Guid>> List(string sort, string more = "")
        {
            var answer = await admin.GetAsync($"/api/admin/reservations?q=sorted&sort={sort}{more}");
            Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
            return [.. answer.Body.AsArray().Select(r => Guid.Parse((string)r!["id"]!))];
        }

        Assert.Equal([anna, clara, boris], await List("start"));
        Assert.Equal([boris, clara, anna], await List("-start"));
        Assert.Equal([boris, anna, clara], await List("made"));
        Assert.Equal([clara, anna, boris], await List("-made"));
        Assert.Equal([anna, clara, boris], await List("seat"));
        Assert.Equal([clara, boris, anna], await List("-seat"));
        Assert.Equal([anna, boris, clara], await List("user"));
        Assert.Equal([anna, clara, boris], await List("status"));
        Assert.Equal([boris, clara, anna], await List("-status"));
        Assert.Equal([clara], await List("-seat", "&limit=1"));
        Assert.Equal([boris, anna], await List("-seat", "&limit=2&offset=1"));
        Assert.Equal("validation_failed", (await admin.GetAsync("/api/admin/reservations?sort=size")).Code);
        var row = (await admin.GetAsync($"/api/admin/reservations?user_id={members[1].UserId}")).Body[0]!;
        Assert.Equal("Sorted Anna", (string?)row["first_name"]);
        Assert.EndsWith("@example.com", (string?)row["email"], StringComparison.Ordinal);
        Assert.NotNull(row["made_on"]);
    }

    [Fact]
    public async Task A_spreadsheet_reads_every_row_by_the_clock_of_the_space_and_no_formula()
    {
        var (admin, member) = (await server.AdminAsync(), await server.MemberAsync());
        await server.ExecuteAsync(
            $"UPDATE users SET first_name = '=HYPERLINK(\"http://evil\",\"Click, me\")' WHERE id = '{member.UserId}'"
        );
        var names = new[] { "-1+1", "+7 seat", "@SUM(1)", "\ttab", "\rreturn", "Plain \"quoted\", and\r\nbroken" };
        var start = new DateTimeOffset(2026, 7, 1, 21, 30, 0, TimeSpan.Zero);
        foreach (var (name, i) in names.Select((name, i) => (name, i)))
        {
            var seat = await server.SeatAsync(name);
            await server.ReservationAsync(
                member.UserId,
                seat,
                start.AddDays(i),
                start.AddDays(i).AddHours(1),
                "closed"
            );
        }

        var answer = await CsvAsync(admin, $"user_id={member.UserId}&sort=start");
        var rows = await ReadAsync(answer);
        var russian = await ReadAsync(await CsvAsync(admin, $"user_id={member.UserId}&limit=1", "ru"));

        Assert.Equal("text/csv", answer.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment", answer.Response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal([0xEF, 0xBB, 0xBF], answer.Bytes[..3]);
        Assert.Equal(["Number", "Status", "Start", "End", "Seat", "Name", "E-mail", "Made"], rows[0]);
        Assert.Equal("Начало", russian[0][2]);
        Assert.Equal(names.Length, rows.Count - 1);
        Assert.Equal(("2026-07-02 00:30:00", "2026-07-02 01:30:00"), (rows[1][2], rows[1][3]));
        Assert.Equal("closed", rows[1][1]);
        Assert.Equal(names[..5].Select(name => $"'{name}").Append(names[5]), rows.Skip(1).Select(row => row[4]));
        Assert.All(rows.Skip(1), row => Assert.Equal("'=HYPERLINK(\"http://evil\",\"Click, me\")", row[5]));
        Assert.Contains(
            "\"Plain \"\"quoted\"\", and\r\nbroken\"",
            Encoding.UTF8.GetString(answer.Bytes),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task It_is_whole_however_long_it_is_and_filtered_like_the_list()
    {
        var (admin, member, seat) = (
            await server.AdminAsync(),
            await server.MemberAsync(),
            await server.SeatAsync("Long")
        );
        var start = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await server.ExecuteAsync(
            $"""
            INSERT INTO reservations (id, user_id, seat_id, starts_at, ends_at, status, slot, made_at)
            SELECT gen_random_uuid(), '{member.UserId}', '{seat}', t, t + interval '1 hour', 'closed', 1, t
            FROM generate_series('{Iso(start)}'::timestamptz, '{Iso(start.AddHours(2999))}', '1 hour') AS t
            """
        );

        var all = await ReadAsync(await CsvAsync(admin, $"seat_id={seat}&sort=start"));
        var some = await ReadAsync(
            await CsvAsync(admin, $"seat_id={seat}&from={Iso(start.AddHours(10))}&to={Iso(start.AddHours(12))}")
        );

        Assert.Equal(3001, all.Count);
        Assert.Equal(
            all.Skip(1).Select(row => row[2]).Order(StringComparer.Ordinal),
            all.Skip(1).Select(row => row[2])
        );
        Assert.Equal(2, some.Count - 1);
        Assert.Equal("validation_failed", (await CsvAsync(admin, "status=lost")).Code);
        Assert.Equal("admin_only", (await CsvAsync(member, "")).Code);
        Assert.Equal("not_signed_in", (await CsvAsync(server.Anonymous(), "")).Code);
    }
}
