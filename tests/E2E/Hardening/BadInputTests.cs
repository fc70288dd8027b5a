using System.Net;
using System.Text;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Hardening;

/// <summary>Nothing that a client can send is answered with anything but a clear sentence.</summary>
public sealed class BadInputTests(BookItServer server) : IClassFixture<BookItServer>
{
    private static readonly string Seat = "0197ffff-0000-7000-8000-000000000000";

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static void IsProblem(Answer answer, HttpStatusCode status, string? code = null)
    {
        Assert.Equal(status, answer.Status);
        Assert.Equal("application/problem+json", answer.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal((int)status, (int)answer.Body["status"]!);
        Assert.False(string.IsNullOrWhiteSpace((string?)answer.Body["detail"]), answer.ToString());
        Assert.False(string.IsNullOrWhiteSpace((string?)answer.Body["code"]), answer.ToString());
        if (code is not null)
        {
            Assert.Equal(code, answer.Code);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"seat_id\": 5}")]
    [InlineData("{\"seat_id\": \"not-a-uuid\"}")]
    [InlineData("{\"start\": true}")]
    [InlineData("{\"start\": \"yesterday\"}")]
    [InlineData("{\"start\": \"2026-02-30T10:00:00Z\"}")]
    [InlineData("{\"start\": \"0001-01-01T00:00:00\"}")]
    [InlineData("{\"start\": \"9999-12-31T23:59:59Z\"}")]
    [InlineData("{\"start\": \"2026-01-01T10:00:00+99:00\"}")]
    [InlineData("{\"seat_id\": null, \"seat_id\": null}")]
    [InlineData("{\"seat_id\": \"\\ud800\"}")]
    [InlineData(
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}}"
    )]
    public async Task A_body_that_cannot_be_read_is_a_bad_request(string body)
    {
        IsProblem(
            await (await server.MemberAsync()).PostAsync("/api/reservations", Json(body)),
            HttpStatusCode.BadRequest
        );
    }

    [Fact]
    public async Task Missing_fields_are_named_as_they_are_on_the_wire_in_the_clients_language()
    {
        var member = await server.MemberAsync();

        var russian = await member.PostAsync("/api/reservations", Json("{}"));
        var english = await member.SendAsync(
            HttpMethod.Post,
            "/api/reservations",
            Json("{}"),
            ("Accept-Language", "en")
        );

        IsProblem(russian, HttpStatusCode.BadRequest, "validation_failed");
        Assert.Equal(
            ["end", "seat_id", "start"],
            russian.Body["errors"]!.AsObject().Select(error => error.Key).Order(StringComparer.Ordinal)
        );
        Assert.Equal("Заполните это поле.", (string?)russian.Body["errors"]!["seat_id"]![0]);
        Assert.Equal("This field is required.", (string?)english.Body["errors"]!["seat_id"]![0]);
    }

    [Fact]
    public async Task A_field_of_the_wrong_type_is_named()
    {
        var answer = await (await server.MemberAsync()).PostAsync(
            "/api/reservations",
            Json("""{"seat_id": "0197ffff-0000-7000-8000-000000000000", "start": 17}""")
        );

        IsProblem(answer, HttpStatusCode.BadRequest, "validation_failed");
        Assert.NotNull(answer.Body["errors"]!["start"]);
    }

    [Fact]
    public async Task Unknown_fields_are_ignored()
    {
        var answer = await (await server.AdminAsync()).PostAsync(
            "/api/seat",
            Json("""{"name": "Known", "colour": "red", "nested": {"a": [1, 2, {}]}, "id": 5}""")
        );

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task A_body_over_64_KB_is_too_large_told_or_not()
    {
        var member = await server.MemberAsync();
        var large = $$"""{"seat_id": "{{new string('x', 70_000)}}"}""";

        var told = await member.PostAsync("/api/reservations", Json(large));
        using var chunked = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(large)));
        chunked.Headers.ContentType = new("application/json");
        chunked.Headers.ContentLength = null;
        member.Http.DefaultRequestHeaders.TransferEncodingChunked = true;
        var untold = await member.PostAsync("/api/reservations", chunked);

        IsProblem(told, HttpStatusCode.RequestEntityTooLarge, "body_too_large");
        IsProblem(untold, HttpStatusCode.RequestEntityTooLarge, "body_too_large");
    }

    [Fact]
    public async Task A_body_that_is_no_json_is_an_unsupported_media_type()
    {
        var member = await server.MemberAsync();

        IsProblem(
            await member.PostAsync("/api/reservations", new StringContent("seat=1")),
            HttpStatusCode.UnsupportedMediaType,
            "unsupported_media_type"
        );
        IsProblem(
            await member.PostAsync("/api/reservations", new FormUrlEncodedContent([new("seat_id", Seat)])),
            HttpStatusCode.UnsupportedMediaType,
            "unsupported_media_type"
        );
    }

    [Theory]
    [InlineData("application/json; charset=\"utf-8\"", true)]
    [InlineData("application/json; charset=UTF8", true)]
    [InlineData("application/json;charset=utf-16", false)]
    [InlineData("application/json; charset=klingon", false)]
    [InlineData("application/json; charset=", false)]
    public async Task Utf_8_may_be_spelt_in_several_ways_and_nothing_else_is_read(string type, bool isRead)
    {
        using var body = new ByteArrayContent("""{"name": "Known"}"""u8.ToArray());
        body.Headers.TryAddWithoutValidation("Content-Type", type);

        var answer = await (await server.AdminAsync()).PostAsync("/api/seat", body);

        Assert.Equal(isRead ? HttpStatusCode.OK : HttpStatusCode.UnsupportedMediaType, answer.Status);
    }

    [Fact]
    public async Task A_compressed_body_is_an_unsupported_media_type()
    {
        using var body = Json("""{"name": "Known"}""");
        body.Headers.ContentEncoding.Add("gzip");

        IsProblem(
            await (await server.AdminAsync()).PostAsync("/api/seat", body),
            HttpStatusCode.UnsupportedMediaType,
            "unsupported_media_type"
        );
    }

    [Fact]
    public async Task A_type_without_a_body_does_not_matter()
    {
        // As axios sends it with every POST that has no data.
        using var body = new ByteArrayContent([]);
        body.Headers.ContentType = new("application/x-www-form-urlencoded");

        var answer = await server.Anonymous().PostAsync("/api/auth/refresh?refresh_token=unknown", body);

        IsProblem(answer, HttpStatusCode.Unauthorized, "refresh_token_invalid");
    }

    [Theory]
    [InlineData("/api/seat")]
    [InlineData("/api/openapi.json")]
    [InlineData("/health/live")]
    public async Task Whatever_can_be_got_can_be_asked_for_without_its_content(string path)
    {
        var get = await server.Anonymous().GetAsync(path);
        var head = await server.Anonymous().SendAsync(HttpMethod.Head, path);

        Assert.Equal(HttpStatusCode.OK, head.Status);
        Assert.Empty(head.Bytes);
        Assert.Equal(
            get.Response.Content.Headers.ContentType?.ToString(),
            head.Response.Content.Headers.ContentType?.ToString()
        );
    }

    [Theory]
    [InlineData("/api/seat/1", "id")]
    [InlineData("/api/seat?start=soon", "start")]
    [InlineData("/api/admin/reservations?seat_id=1", "seat_id")]
    [InlineData("/api/admin/reservations?limit=many", "limit")]
    public async Task A_parameter_that_cannot_be_read_is_named(string path, string parameter)
    {
        var answer = await (await server.AdminAsync()).GetAsync(path);

        IsProblem(answer, HttpStatusCode.BadRequest, "validation_failed");
        Assert.NotNull(answer.Body["errors"]![parameter]);
    }

    [Theory]
    [InlineData("GET", "/api/seat/1")]
    [InlineData("GET", "/api/reservations/not-a-uuid")]
    [InlineData("PATCH", "/api/reservations/123")]
    [InlineData("GET", "/api/seat?start=2026-13-01")]
    [InlineData("GET", "/api/seat?start=0001-01-01T00:00:00Z")]
    [InlineData("GET", "/api/seat?end=9999-12-31T23:59:59.9999999Z")]
    [InlineData("GET", "/api/seat?start=%00")]
    [InlineData("GET", "/api/reservations/maximum-available-time?start_time=now")]
    [InlineData("DELETE", "/api/seat/x?force=perhaps")]
    public async Task A_path_or_query_that_means_nothing_is_a_bad_request(string method, string path)
    {
        var body = method == "PATCH" ? Json("{}") : null;
        IsProblem(
            await (await server.AdminAsync()).SendAsync(new HttpMethod(method), path, body),
            HttpStatusCode.BadRequest
        );
    }

    [Fact]
    public async Task A_time_without_offset_is_utc_in_a_query_and_an_offset_counts()
    {
        var seat = await server.SeatAsync();
        var start = new DateTimeOffset(2031, 5, 1, 10, 0, 0, TimeSpan.Zero);
        await server.ReservationAsync((await server.MemberAsync()).UserId, seat, start, start.AddHours(1));
        async Task<bool> IsFree(string instant) =>
            (bool)(await server.Anonymous().GetAsync($"/api/seat/{seat}?start={instant}")).Body["is_available"]!;

        Assert.False(await IsFree("2031-05-01T10:30:00"));
        Assert.False(await IsFree("2031-05-01T10:30:00Z"));
        Assert.False(await IsFree("2031-05-01T13:30:00%2B03:00"));
        // The plus of an offset, forgotten to be escaped.
        Assert.False(await IsFree("2031-05-01T13:30:00+03:00"));
        Assert.True(await IsFree("2031-05-01T13:30:00"));
        Assert.True(await IsFree("2031-05-01T10:30:00%2B03:00"));
    }

    [Fact]
    public async Task Unknown_routes_and_methods_are_problems_too_whatever_the_client_accepts()
    {
        var client = server.Anonymous();
        client.Http.DefaultRequestHeaders.Accept.ParseAdd("text/html");

        IsProblem(await client.GetAsync("/api/nothing"), HttpStatusCode.NotFound, "not_found");
        IsProblem(await client.GetAsync("/nothing.php"), HttpStatusCode.NotFound, "not_found");
        IsProblem(
            await client.SendAsync(HttpMethod.Put, "/api/seat"),
            HttpStatusCode.MethodNotAllowed,
            "method_not_allowed"
        );
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("👩‍💻🪑")]
    [InlineData("שולחן ליד החלון \u202e")]
    [InlineData("'; DROP TABLE seats; --")]
    [InlineData("\\u0000 is not a zero")]
    [InlineData("  spaces around  ")]
    public async Task Names_are_kept_as_they_were_written(string name)
    {
        var added = await (await server.AdminAsync()).PostAsync(
            "/api/seat",
            new
            {
                name,
                type = name,
                zone = name,
            }
        );

        Assert.Equal(HttpStatusCode.OK, added.Status);
        var found = await server.Anonymous().GetAsync($"/api/seat/{added.Id}");
        Assert.Equal(name.Trim(), (string?)found.Body["name"]);
        Assert.Equal(name.Trim(), (string?)found.Body["zone"]);
    }

    [Fact]
    public async Task Names_that_are_too_long_or_hold_a_zero_are_refused()
    {
        var admin = await server.AdminAsync();

        var tooLong = await admin.PostAsync("/api/seat", new { name = new string('n', 10_000) });
        var zero = await admin.PostAsync("/api/seat", Json("""{"name": "a\u0000b"}"""));

        IsProblem(tooLong, HttpStatusCode.BadRequest, "validation_failed");
        Assert.NotNull(tooLong.Body["errors"]!["name"]);
        IsProblem(zero, HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("1e400")]
    [InlineData("-1e10")]
    [InlineData("NaN")]
    public async Task Coordinates_that_are_no_numbers_on_a_map_are_refused(string x)
    {
        IsProblem(
            await (await server.AdminAsync()).PostAsync("/api/seat", Json($$"""{"x": {{x}}}""")),
            HttpStatusCode.BadRequest
        );
    }

    [Fact]
    public async Task Every_answer_carries_the_security_headers()
    {
        var member = await server.MemberAsync();
        foreach (
            var answer in new[]
            {
                await member.GetAsync("/api/seat"),
                await member.GetAsync("/api/reservations"),
                await member.GetAsync("/api/nothing"),
                await server.Anonymous().GetAsync("/api/reservations"),
                await member.PostAsync("/api/reservations", Json("{")),
                await member.GetAsync("/api/openapi.json"),
            }
        )
        {
            var headers = answer.Response.Headers;
            Assert.Equal("nosniff", headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", headers.GetValues("X-Frame-Options").Single());
            Assert.Equal("no-referrer", headers.GetValues("Referrer-Policy").Single());
            Assert.Contains(
                "default-src 'none'",
                headers.GetValues("Content-Security-Policy").Single(),
                StringComparison.Ordinal
            );
            Assert.False(headers.Contains("Server"));
        }
    }
}
