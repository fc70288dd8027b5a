using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Reservations;

public sealed class BookingTests(BookItServer server) : IClassFixture<BookItServer>
{
    private DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    /// <summary>A whole hour that lies ahead.</summary>
    private DateTimeOffset Hour(int ahead) =>
        new DateTimeOffset(Now.Year, Now.Month, Now.Day, Now.Hour, 0, 0, TimeSpan.Zero).AddHours(ahead + 1);

    [Fact]
    public async Task A_booking_is_answered_with_the_reservation_and_found_again()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync("Window 7");

        var booked = await member.BookAsync(seat, Hour(1), Hour(3));

        Assert.Equal(HttpStatusCode.Created, booked.Status);
        Assert.Equal($"/api/reservations/{booked.Id}", booked.Response.Headers.Location!.ToString());
        Assert.Equal(member.UserId.ToString(), (string?)booked.Body["user_id"]);
        Assert.Equal(seat.ToString(), (string?)booked.Body["seat_id"]);
        Assert.Equal("Window 7", (string?)booked.Body["seat_name"]);
        Assert.Equal(Hour(1).ToString("yyyy-MM-ddTHH:mm:ssZ"), (string?)booked.Body["start"]);
        Assert.Equal(Hour(3).ToString("yyyy-MM-ddTHH:mm:ssZ"), (string?)booked.Body["end"]);
        Assert.Equal("future", (string?)booked.Body["status"]);
        foreach (var path in new[] { $"/api/reservations/{booked.Id}", "/api/reservations/active" })
        {
            var found = await member.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, found.Status);
            Assert.Equal(booked.Body.ToJsonString(), found.Body.ToJsonString());
        }
    }

    [Fact]
    public async Task The_old_clients_request_is_understood()
    {
        // It sends its own user id, a start a few minutes ago, no offset, and fields of its own.
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();

        var booked = await member.PostAsync(
            "/api/reservations",
            new
            {
                user_id = member.UserId,
                seat_id = seat,
                start = Now.AddMinutes(-3).ToString("yyyy-MM-ddTHH:mm:ss.fff"),
                end = Now.AddHours(2).ToString("yyyy-MM-ddTHH:mm:ss"),
                price = 5,
            }
        );

        Assert.Equal(HttpStatusCode.Created, booked.Status);
        var start = DateTimeOffset.Parse((string)booked.Body["start"]!);
        Assert.InRange(start, Now.AddSeconds(-2), Now.AddMinutes(1));
        Assert.EndsWith("Z", (string)booked.Body["start"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offsets_are_converted_to_utc()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();

        var booked = await member.PostAsync(
            "/api/reservations",
            new
            {
                seat_id = seat,
                start = Hour(2).ToOffset(TimeSpan.FromHours(3)).ToString("yyyy-MM-ddTHH:mm:sszzz"),
                end = Hour(4).ToOffset(TimeSpan.FromHours(-5)).ToString("yyyy-MM-ddTHH:mm:sszzz"),
            }
        );

        Assert.Equal(Hour(2), DateTimeOffset.Parse((string)booked.Body["start"]!));
        Assert.Equal(Hour(4), DateTimeOffset.Parse((string)booked.Body["end"]!));
    }

    [Fact]
    public async Task A_taken_seat_is_refused_with_a_code_and_a_sentence_in_the_clients_language()
    {
        var seat = await server.SeatAsync();
        var first = await server.MemberAsync();
        var second = await server.MemberAsync();
        Assert.Equal(HttpStatusCode.Created, (await first.BookAsync(seat, Hour(1), Hour(3))).Status);

        var russian = await second.BookAsync(seat, Hour(2), Hour(4));
        second.Http.DefaultRequestHeaders.AcceptLanguage.ParseAdd("en-GB, ru;q=0.5");
        var english = await second.BookAsync(seat, Hour(2), Hour(4));

        Assert.Equal(HttpStatusCode.BadRequest, russian.Status);
        Assert.Equal("seat_taken", russian.Code);
        Assert.Equal("Это место уже занято на выбранное время.", (string?)russian.Body["detail"]);
        Assert.Equal("ru", russian.Response.Content.Headers.ContentLanguage.Single());
        Assert.Equal("This seat is already taken at that time.", (string?)english.Body["detail"]);
        Assert.Equal("en", english.Response.Content.Headers.ContentLanguage.Single());
    }

    [Fact]
    public async Task A_second_live_reservation_is_refused()
    {
        var member = await server.MemberAsync();
        Assert.Equal(
            HttpStatusCode.Created,
            (await member.BookAsync(await server.SeatAsync(), Hour(1), Hour(3))).Status
        );

        var second = await member.BookAsync(await server.SeatAsync(), Hour(5), Hour(6));

        Assert.Equal(HttpStatusCode.BadRequest, second.Status);
        Assert.Equal("active_reservation_exists", second.Code);
    }

    [Fact]
    public async Task Whoever_comes_too_late_is_offered_the_nearest_seats_that_are_free()
    {
        var wanted = await server.SeatAsync(x: 0, y: 0, zone: "Offers");
        var far = await server.SeatAsync("Offers, far", x: 300, y: 0, zone: "Offers");
        var near = await server.SeatAsync("Offers, near", x: 100, y: 0, zone: "Offers");
        var taken = await server.SeatAsync(x: 50, y: 0, zone: "Offers");
        await (await server.MemberAsync()).BookAsync(wanted, Hour(1), Hour(3));
        await (await server.MemberAsync()).BookAsync(taken, Hour(1), Hour(3));

        var late = await (await server.MemberAsync()).BookAsync(wanted, Hour(2), Hour(4));

        Assert.Equal("seat_taken", late.Code);
        Assert.Equal(
            [$"{near} Offers, near Offers", $"{far} Offers, far Offers"],
            late.Body["free_seats"]!.AsArray().Take(2).Select(seat => $"{seat!["id"]} {seat["name"]} {seat["zone"]}")
        );
    }

    [Fact]
    public async Task Each_of_those_who_come_too_late_together_is_offered_what_is_near_the_seat_that_they_wanted()
    {
        var (left, right) = (await server.SeatAsync(x: 0, zone: "Row"), await server.SeatAsync(x: 1000, zone: "Row"));
        var (besideLeft, besideRight) = (
            await server.SeatAsync(x: 10, zone: "Row"),
            await server.SeatAsync(x: 990, zone: "Row")
        );
        await (await server.MemberAsync()).BookAsync(left, Hour(1), Hour(3));
        await (await server.MemberAsync()).BookAsync(right, Hour(1), Hour(3));
        var (one, other) = (await server.MemberAsync(), await server.MemberAsync());

        var late = await Task.WhenAll(
            one.BookAsync(left, Hour(1), Hour(3)),
            other.BookAsync(right, Hour(1), Hour(3)),
            one.BookAsync(left, Hour(1), Hour(3))
        );

        Assert.Equal(
            [besideLeft, besideRight, besideLeft],
            late.Select(answer => Guid.Parse((string)answer.Body["free_seats"]![0]!["id"]!))
        );
    }

    [Fact]
    public async Task Neighbours_touch_at_the_edge_and_one_that_encloses_another_is_refused()
    {
        var seat = await server.SeatAsync();
        async Task<string> Book(int from, int to)
        {
            var answer = await (await server.MemberAsync()).BookAsync(seat, Hour(from), Hour(to));
            return answer.Code ?? answer.Status.ToString();
        }

        Assert.Equal("Created", await Book(4, 6));
        Assert.Equal("Created", await Book(2, 4));
        Assert.Equal("Created", await Book(6, 8));
        Assert.Equal("seat_taken", await Book(1, 9));
        Assert.Equal("seat_taken", await Book(5, 6));
        Assert.Equal("seat_taken", await Book(4, 6));
        Assert.Equal("seat_taken", await Book(3, 5));
        Assert.Equal("Created", await Book(8, 9));
    }

    [Fact]
    public async Task Nobody_books_for_another()
    {
        var member = await server.MemberAsync();
        var other = await server.MemberAsync();

        var answer = await member.PostAsync(
            "/api/reservations",
            new
            {
                seat_id = await server.SeatAsync(),
                start = Hour(1),
                end = Hour(2),
                user_id = other.UserId,
            }
        );

        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal("booking_for_another", answer.Code);
        Assert.Equal("[]", (await other.GetAsync("/api/reservations")).Body.ToJsonString());
    }

    [Theory]
    [InlineData(60, 60, "end_not_after_start")]
    [InlineData(120, 60, "end_not_after_start")]
    [InlineData(60, 74, "too_short")]
    [InlineData(60, 60 + 24 * 60 + 1, "too_long")]
    [InlineData(-6, 60, "start_in_past")]
    [InlineData(30 * 24 * 60 + 5, 30 * 24 * 60 + 65, "too_far_ahead")]
    public async Task The_rules_of_booking_refuse_by_name(int startMinute, int endMinute, string code)
    {
        var member = await server.MemberAsync();
        var now = TimeProvider.System.GetUtcNow();

        var answer = await member.BookAsync(
            await server.SeatAsync(),
            now.AddMinutes(startMinute),
            now.AddMinutes(endMinute)
        );

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(code, answer.Code);
    }

    [Fact]
    public async Task A_seat_that_is_not_there_is_not_found()
    {
        var member = await server.MemberAsync();

        var answer = await member.BookAsync(Guid.CreateVersion7(), Hour(1), Hour(2));

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal("seat_not_found", answer.Code);
    }

    [Fact]
    public async Task An_outdated_reservation_stands_in_nobodys_way_before_the_clock_has_come_by()
    {
        // Past its end and still marked live, as in the seconds before the background step.
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        var old = await server.ReservationAsync(member.UserId, seat, Now.AddHours(-3), Now.AddSeconds(-1));

        var booked = await member.BookAsync(seat, Now, Now.AddHours(1));

        Assert.Equal(HttpStatusCode.Created, booked.Status);
        var outdated = await member.GetAsync($"/api/reservations/{old}");
        Assert.Equal("did_not_come", (string?)outdated.Body["status"]);
    }

    [Fact]
    public async Task A_booking_and_its_news_are_written_together()
    {
        var member = await server.MemberAsync();
        var booked = await member.BookAsync(await server.SeatAsync(), Hour(1), Hour(2));

        var told = await server.QueryAsync<long>(
            $"SELECT count(*) FROM notifications WHERE user_id = '{member.UserId}' "
                + $"AND kind = 'reservation_made' AND payload ->> 'reservation_id' = '{booked.Id}'"
        );

        Assert.Equal(1, told);
    }

    [Fact]
    public async Task Own_reservations_are_listed_newest_first_in_pages()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        var ids = new List<Guid>();
        for (var day = 5; day >= 1; day--)
        {
            ids.Add(
                await server.ReservationAsync(
                    member.UserId,
                    seat,
                    Now.AddDays(-day),
                    Now.AddDays(-day).AddHours(1),
                    "closed"
                )
            );
        }

        var all = await member.GetAsync("/api/reservations");
        var page = await member.GetAsync("/api/reservations?limit=2&offset=1");

        Assert.Equal("5", all.Response.Headers.GetValues("X-Total-Count").Single());
        Assert.Equal(Enumerable.Reverse(ids), all.Body.AsArray().Select(r => Guid.Parse((string)r!["id"]!)));
        Assert.Equal("5", page.Response.Headers.GetValues("X-Total-Count").Single());
        Assert.Equal([ids[3], ids[2]], page.Body.AsArray().Select(r => Guid.Parse((string)r!["id"]!)));
    }

    [Fact]
    public async Task Without_a_live_reservation_there_is_no_active_one()
    {
        var member = await server.MemberAsync();

        var none = await member.GetAsync("/api/reservations/active");

        Assert.Equal(HttpStatusCode.NotFound, none.Status);
        Assert.Equal("no_active_reservation", none.Code);
    }

    [Fact]
    public async Task A_reservation_is_shown_to_its_owner_and_to_admins_only()
    {
        var owner = await server.MemberAsync();
        var id = await server.ReservationAsync(owner.UserId, await server.SeatAsync(), Hour(1), Hour(2));

        var stranger = await (await server.MemberAsync()).GetAsync($"/api/reservations/{id}");
        var admin = await (await server.AdminAsync()).GetAsync($"/api/reservations/{id}");
        var nobody = await server.Anonymous().GetAsync($"/api/reservations/{id}");
        var missing = await owner.GetAsync($"/api/reservations/{Guid.CreateVersion7()}");

        Assert.Equal((HttpStatusCode.Forbidden, "not_your_reservation"), (stranger.Status, stranger.Code));
        Assert.Equal(HttpStatusCode.OK, admin.Status);
        Assert.Equal((HttpStatusCode.Unauthorized, "not_signed_in"), (nobody.Status, nobody.Code));
        Assert.Equal((HttpStatusCode.NotFound, "reservation_not_found"), (missing.Status, missing.Code));
    }

    [Fact]
    public async Task The_maximum_available_time_is_when_the_next_one_by_anybody_else_begins()
    {
        var seat = await server.SeatAsync();
        var member = await server.MemberAsync();
        var own = await server.ReservationAsync(member.UserId, seat, Hour(1), Hour(2));
        const string path = "/api/reservations/maximum-available-time";
        async Task<string> Ask(string query) => (await member.GetAsync(path + query)).Body.ToJsonString();

        Assert.Equal("""{"maximum_available_time":-1}""", await Ask(""));
        var next = await server.MemberAsync();
        await server.ReservationAsync(next.UserId, seat, Hour(5), Hour(6));
        var after = await server.MemberAsync();
        await server.ReservationAsync(after.UserId, seat, Hour(8), Hour(9));

        var first = $$"""{"maximum_available_time":"{{Hour(5):yyyy-MM-ddTHH:mm:ssZ}}"}""";
        Assert.Equal(first, await Ask(""));
        Assert.Equal(first, await Ask($"?start_time={Hour(1):yyyy-MM-ddTHH:mm:ssZ}&reservation_id={own}"));
        Assert.Equal(
            $$"""{"maximum_available_time":"{{Hour(8):yyyy-MM-ddTHH:mm:ssZ}}"}""",
            await Ask($"?start_time={Hour(6):yyyy-MM-ddTHH:mm:ss}")
        );
        var stranger = await server.MemberAsync();
        Assert.Equal("no_active_reservation", (await stranger.GetAsync(path)).Code);
        Assert.Equal("not_your_reservation", (await stranger.GetAsync($"{path}?reservation_id={own}")).Code);
    }
}
