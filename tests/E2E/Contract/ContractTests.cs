using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Contract;

/// <summary>A server with everything on that a row of the contract needs.</summary>
public sealed class WholeServer(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>
        {
            ["Demo__Enabled"] = "true",
            ["Yandex__ClientId"] = "a-client-id",
            ["Yandex__ClientSecret"] = "a-client-secret",
        };
}

/// <summary>
/// The contract with the web client that we do not own, row by row: one case a row and a status. Each case is walked by
/// people of its own. What the rows promise beyond their answers is tested by the features' own tests.
/// </summary>
public sealed partial class ContractTests(WholeServer server) : IClassFixture<WholeServer>
{
    private const int Ok = 200;
    private const int Created = 201;
    private const int NoContent = 204;
    private const int Found = 302;
    private const int BadRequest = 400;
    private const int Unauthorized = 401;
    private const int Forbidden = 403;
    private const int NotFound = 404;
    private const int Conflict = 409;
    private const int FailedDependency = 424;

    /// <summary>The smallest picture that there is: one grey pixel.</summary>
    private const string Png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

    private static readonly Dictionary<string, string[]> Objects = new(StringComparer.Ordinal)
    {
        ["user"] = ["id", "email", "first_name", "role", "verified", "telegram_id", "avatar_id"],
        ["seat"] =
        [
            "id",
            "name",
            "type",
            "x",
            "y",
            "has_water",
            "has_kitchen",
            "has_computer",
            "has_smart_desk",
            "is_quite",
            "is_talk_room",
            "is_available",
        ],
        ["reservation"] = ["id", "user_id", "seat_id", "seat_name", "start", "end", "status"],
        ["ticket"] =
        [
            "id",
            "user_id",
            "reservation_id",
            "seat_id",
            "seat_name",
            "theme",
            "message",
            "status",
            "made_on",
        ],
        ["tokens"] = ["access_token", "refresh_token", "token_type", "user"],
    };

    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    /// <summary>The row, the status, and what brings it about.</summary>
    // csharpier-ignore
    private static readonly (string Row, int Status, string When, Func<ContractTests, Task<Answer>> Walk)[] Cases =
    [
        ("POST /auth/register", Created, "a new person", t => t.NobodyPosts("/auth/register", People.Registration(People.NewEmail()), "tokens")),
        ("POST /auth/register", Created, "the right key makes an admin", t => t.RegisterAdmin()),
        ("POST /auth/register", BadRequest, "a taken e-mail", async t => await t.NobodyPosts("/auth/register", People.Registration((await t.Registered()).Email()))),
        ("POST /auth/register", Forbidden, "a wrong admin_key", t => t.NobodyPosts("/auth/register", People.Registration(People.NewEmail(), "a-wrong-key"))),
        ("POST /auth/login", Ok, "the right password", async t => await t.NobodyPosts("/auth/login", new { email = (await t.Registered()).Email(), password = BookItServer.Password }, "tokens")),
        ("POST /auth/login", BadRequest, "a wrong password", async t => await t.NobodyPosts("/auth/login", new { email = (await t.Registered()).Email(), password = "wrong password" })),
        ("POST /auth/login", BadRequest, "a wrong e-mail", t => t.NobodyPosts("/auth/login", new { email = People.NewEmail(), password = BookItServer.Password })),
        ("POST /auth/refresh", Ok, "the token in the body", async t => await t.NobodyPosts("/auth/refresh", new { refresh_token = (await t.Registered()).RefreshToken() }, "tokens")),
        ("POST /auth/refresh", Ok, "the token in the query", async t => await t.NobodyPosts($"/auth/refresh?refresh_token={(await t.Registered()).RefreshToken()}", body: null, "tokens")),
        ("POST /auth/refresh", Ok, "the token in the cookie", async t => Has("tokens", await t.Nobody().SendAsync(HttpMethod.Post, "/api/auth/refresh", body: null, ("Cookie", $"refresh_token={(await t.Registered()).RefreshToken()}")))),
        ("POST /auth/refresh", Unauthorized, "no token", t => t.NobodyPosts("/auth/refresh")),
        ("POST /auth/logout", Ok, "signed in", async t => Has(["detail"], await t.As(await t.Registered()).PostAsync("/api/auth/logout"))),
        ("POST /auth/logout", Unauthorized, "not signed in", t => t.NobodyPosts("/auth/logout")),
        ("GET /user/me", Ok, "signed in", async t => Has("user", await (await t.Member()).GetAsync("/api/user/me"))),
        ("GET /user/me", Unauthorized, "not signed in", t => t.NobodyGets("/user/me")),
        ("PATCH /user", Ok, "a new name", async t => Has("user", await (await t.Member()).PatchAsync("/api/user", new { first_name = "Anna" }))),
        ("PATCH /user", BadRequest, "a new password without the current one", async t => await t.As(await t.Registered()).PatchAsync("/api/user", new { password = "battery staple" })),
        ("DELETE /user", NoContent, "just signed in", async t => await t.As(await t.Registered()).DeleteAsync("/api/user")),
        ("DELETE /user", NoContent, "by password", async t => await t.As(await t.Registered()).DeleteAsync("/api/user", new { password = BookItServer.Password })),
        ("DELETE /user", Unauthorized, "not signed in", t => t.Nobody().DeleteAsync("/api/user")),
        ("DELETE /user", Forbidden, "signed in long ago, without the password", async t => await (await t.SignedInLongAgo()).DeleteAsync("/api/user")),
        ("GET /user/{id}", Ok, "oneself", async t => { var member = await t.Member(); return Has("user", await member.GetAsync($"/api/user/{member.UserId}")); }),
        ("GET /user/{id}", Ok, "an admin", async t => Has("user", await (await t.Admin()).GetAsync($"/api/user/{(await t.Member()).UserId}"))),
        ("GET /user/{id}", Forbidden, "somebody else", async t => await (await t.Member()).GetAsync($"/api/user/{(await t.Member()).UserId}")),
        ("GET /seat", Ok, "a window", async t => { await t.Seat(); return HasAll("seat", await t.NobodyGets($"/seat?start={t.now:O}&end={t.now.AddMinutes(1):O}".Replace("+", "%2B", StringComparison.Ordinal))); }),
        ("GET /seat", Ok, "an instant", async t => { await t.Seat(); return HasAll("seat", await t.NobodyGets($"/seat?start={t.now:yyyy-MM-ddTHH:mm:ssZ}&end={t.now:yyyy-MM-ddTHH:mm:ssZ}")); }),
        ("GET /seat/{id}", Ok, "without a window", async t => Has("seat", await t.NobodyGets($"/seat/{await t.Seat()}"))),
        ("GET /seat/{id}", Ok, "with a window", async t => Has("seat", await t.NobodyGets($"/seat/{await t.Seat()}?start={t.now:yyyy-MM-ddTHH:mm:ssZ}&end={t.now.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}"))),
        ("GET /seat/{id}", NotFound, "no such seat", t => t.NobodyGets($"/seat/{Guid.CreateVersion7()}")),
        ("POST /seat", Ok, "an empty name gets a generated one", async t => { var seat = Has("seat", await (await t.Admin()).PostAsync("/api/seat", NewSeat(""))); Assert.NotEqual("", (string?)seat.Body["name"]); return seat; }),
        ("POST /seat", Forbidden, "a member", async t => await (await t.Member()).PostAsync("/api/seat", NewSeat("A1"))),
        ("PATCH /seat/{id}", Ok, "the whole seat sent back", async t => { var (admin, seat) = (await t.Admin(), await t.Seat()); var whole = (await admin.GetAsync($"/api/seat/{seat}")).Body; whole["x"] = 12.5; return Has("seat", await admin.PatchAsync($"/api/seat/{seat}", whole)); }),
        ("PATCH /seat/{id}", NotFound, "no such seat", async t => await (await t.Admin()).PatchAsync($"/api/seat/{Guid.CreateVersion7()}", new { x = 1 })),
        ("DELETE /seat/{id}", NoContent, "a free seat", async t => await (await t.Admin()).DeleteAsync($"/api/seat/{await t.Seat()}")),
        ("DELETE /seat/{id}", Conflict, "live reservations", async t => await (await t.Admin()).DeleteAsync($"/api/seat/{(await t.Booked()).Seat}")),
        ("DELETE /seat/{id}", NoContent, "live reservations, by force", async t => await (await t.Admin()).DeleteAsync($"/api/seat/{(await t.Booked()).Seat}?force=true")),
        ("POST /reservations", Created, "with one's own user_id, from a few minutes ago", async t => { var member = await t.Member(); return Has("reservation", await member.PostAsync("/api/reservations", new { seat_id = await t.Seat(), start = t.now.AddMinutes(-3), end = t.now.AddHours(1), user_id = member.UserId })); }),
        ("POST /reservations", Forbidden, "another's user_id", async t => await (await t.Member()).PostAsync("/api/reservations", new { seat_id = await t.Seat(), start = t.now, end = t.now.AddHours(1), user_id = (await t.Member()).UserId })),
        ("POST /reservations", BadRequest, "a taken seat", async t => Coded("seat_taken", await (await t.Member()).BookAsync((await t.Booked()).Seat, t.now, t.now.AddHours(1)))),
        ("POST /reservations", BadRequest, "a live reservation already", async t => Coded("active_reservation_exists", await (await t.Booked()).Member.BookAsync(await t.Seat(), t.now, t.now.AddHours(1)))),
        ("POST /reservations", Unauthorized, "not signed in", async t => await t.Nobody().BookAsync(await t.Seat(), t.now, t.now.AddHours(1))),
        ("GET /reservations", Ok, "signed in", async t => HasAll("reservation", await (await t.Booked()).Member.GetAsync("/api/reservations"))),
        ("GET /reservations/active", Ok, "a live one", async t => Has("reservation", await (await t.Booked()).Member.GetAsync("/api/reservations/active"))),
        ("GET /reservations/active", NotFound, "none", async t => await (await t.Member()).GetAsync("/api/reservations/active")),
        ("GET /reservations/maximum-available-time", Ok, "nothing follows", async t => { var answer = await (await t.Booked()).Member.GetAsync($"/api/reservations/maximum-available-time?start_time={t.now:yyyy-MM-ddTHH:mm:ssZ}"); Assert.Equal(-1, (int)answer.Body["maximum_available_time"]!); return answer; }),
        ("GET /reservations/maximum-available-time", Ok, "somebody follows", async t => { var (member, seat, id) = await t.Booked(); await (await t.Member()).BookAsync(seat, t.now.AddHours(3), t.now.AddHours(4)); var answer = await member.GetAsync($"/api/reservations/maximum-available-time?start_time={t.now:yyyy-MM-ddTHH:mm:ssZ}&reservation_id={id}"); Assert.EndsWith("Z", (string?)answer.Body["maximum_available_time"], StringComparison.Ordinal); return answer; }),
        ("GET /reservations/{id}", Ok, "one's own", async t => { var (member, _, id) = await t.Booked(); return Has("reservation", await member.GetAsync($"/api/reservations/{id}")); }),
        ("GET /reservations/{id}", Ok, "an admin", async t => Has("reservation", await (await t.Admin()).GetAsync($"/api/reservations/{(await t.Booked()).Id}"))),
        ("GET /reservations/{id}", Forbidden, "another's", async t => await (await t.Member()).GetAsync($"/api/reservations/{(await t.Booked()).Id}")),
        ("PATCH /reservations/{id}", Ok, "closed, with its unchanged start and end", async t => { var (member, _, id) = await t.Booked(); var own = (await member.GetAsync($"/api/reservations/{id}")).Body; return Has("reservation", await member.PatchAsync($"/api/reservations/{id}", new { start = (string?)own["start"], end = (string?)own["end"], status = "closed" })); }),
        ("PATCH /reservations/{id}", BadRequest, "a status that owners may not set", async t => { var (member, _, id) = await t.Booked(); return await member.PatchAsync($"/api/reservations/{id}", new { status = "active" }); }),
        ("PATCH /reservations/{id}", Forbidden, "another's", async t => await (await t.Member()).PatchAsync($"/api/reservations/{(await t.Booked()).Id}", new { status = "closed" })),
        ("PATCH /reservations/{id}", Conflict, "closed before", async t => { var (member, _, id) = await t.Booked(); await member.PatchAsync($"/api/reservations/{id}", new { status = "closed" }); return await member.PatchAsync($"/api/reservations/{id}", new { end = t.now.AddHours(2) }); }),
        ("GET /reservations/{id}/qr.png", Ok, "one's own", async t => { var (member, _, id) = await t.Booked(); return Typed("image/png", await member.GetAsync($"/api/reservations/{id}/qr.png")); }),
        ("GET /reservations/{id}/qr.svg", Ok, "an admin", async t => Typed("image/svg+xml", await (await t.Admin()).GetAsync($"/api/reservations/{(await t.Booked()).Id}/qr.svg"))),
        ("GET /reservations/{id}/qr.svg", Forbidden, "another's", async t => await (await t.Member()).GetAsync($"/api/reservations/{(await t.Booked()).Id}/qr.svg")),
        ("POST /ticket", Ok, "tied to the live reservation", async t => { var (member, seat, id) = await t.Booked(); var ticket = Has("ticket", await member.PostAsync("/api/ticket", new { theme = "failure", message = "The lamp flickers" })); Assert.Equal((id.ToString(), seat.ToString()), ((string?)ticket.Body["reservation_id"], (string?)ticket.Body["seat_id"])); return ticket; }),
        ("POST /ticket", BadRequest, "no such theme", async t => await (await t.Member()).PostAsync("/api/ticket", new { theme = "praise", message = "Lovely" })),
        ("GET /ticket/my", Ok, "signed in", async t => HasAll("ticket", await (await t.Asking()).Member.GetAsync("/api/ticket/my"))),
        ("POST /avatar/upload", Ok, "a picture", async t => Has(["avatar_id"], await (await t.Member()).PostAsync("/api/avatar/upload", Picture("file")))),
        ("POST /avatar/upload", BadRequest, "no file", async t => await (await t.Member()).PostAsync("/api/avatar/upload", new MultipartFormDataContent { { new StringContent("1"), "other" } })),
        ("GET /avatar", Ok, "one's own", async t => { var member = await t.Member(); await member.PostAsync("/api/avatar/upload", Picture("file")); return Typed("image/png", await member.GetAsync("/api/avatar")); }),
        ("GET /avatar", Ok, "the default picture", async t => { await (await t.Admin()).PostAsync("/api/admin/default_avatar", Picture("image")); return Typed("image/png", await (await t.Member()).GetAsync("/api/avatar")); }),
        ("GET /telegram/get_token", Ok, "signed in", async t => Has(["token"], await (await t.Member()).GetAsync("/api/telegram/get_token"))),
        ("POST /telegram/connect", Ok, "the bot, with a member's token", async t => Has(["message", "telegram_id"], await t.BotPosts(new { token = await t.TelegramToken(), telegram_id = "777000111" }))),
        ("POST /telegram/connect", BadRequest, "a bad token", t => t.BotPosts(new { token = "no-such-token", telegram_id = "777000112" })),
        ("POST /telegram/connect", Unauthorized, "not the bot", async t => await (await t.Member()).PostAsync("/api/telegram/connect", new { token = await t.TelegramToken(), telegram_id = "777000113" })),
        ("GET /telegram/exists", Ok, "the bot", t => Bots(t.Nobody().SendAsync(HttpMethod.Get, "/api/telegram/exists?telegram_id=1", body: null, ("X-Bot-Secret", BookItServer.BotSecret)))),
        ("GET /telegram/exists", Unauthorized, "not the bot", t => t.NobodyGets("/telegram/exists?telegram_id=1")),
        ("GET /yandex/login", Found, "to Yandex", async t => Sends("https://oauth.yandex.ru/authorize?", await t.Follows("/yandex/login"))),
        ("GET /yandex/login", BadRequest, "return_to a foreign origin", t => t.Follows("/yandex/login?return_to=https%3A%2F%2Fevil.example%2F")),
        ("GET /yandex/callback", Found, "with a state that is not ours, to the page with an error", async t => Sends($"{BookItServer.FrontendOrigin}/auth/callback?error=", await t.Follows("/yandex/callback?code=1&state=2"))),
        ("POST /admin/check_qr/{reservation_id}", Ok, "by the bare id", async t => { var answer = Has("reservation", await (await t.Admin()).PostAsync($"/api/admin/check_qr/{(await t.Booked()).Id}")); Assert.Equal("active", (string?)answer.Body["status"]); return answer; }),
        ("POST /admin/check_qr/{reservation_id}", FailedDependency, "an unverified member", async t => Has(["detail", "user_id"], await (await t.Admin()).PostAsync($"/api/admin/check_qr/{(await t.Booked(verified: false)).Id}"))),
        ("POST /admin/check_qr/{reservation_id}", Conflict, "closed", async t => { var (member, _, id) = await t.Booked(); await member.PatchAsync($"/api/reservations/{id}", new { status = "closed" }); return await (await t.Admin()).PostAsync($"/api/admin/check_qr/{id}"); }),
        ("POST /admin/check_qr/{reservation_id}", Ok, "by a signed pass", async t => Has("reservation", await (await t.Admin()).PostAsync($"/api/admin/check_qr/{await t.SignedPass()}"))),
        ("POST /admin/check_qr/{reservation_id}", Conflict, "not its time yet", async t => await (await t.Admin()).PostAsync($"/api/admin/check_qr/{(await t.Booked(startsIn: TimeSpan.FromHours(5))).Id}")),
        ("POST /admin/check_qr/{reservation_id}", Conflict, "did not come", async t => await (await t.Admin()).PostAsync($"/api/admin/check_qr/{await t.Missed()}")),
        ("POST /admin/check_qr/{reservation_id}", NotFound, "unknown", async t => await (await t.Admin()).PostAsync($"/api/admin/check_qr/{Guid.CreateVersion7()}")),
        ("POST /admin/verify_user/{user_id}", Ok, "an admin", async t => Has("user", await (await t.Admin()).PostAsync($"/api/admin/verify_user/{(await t.Member()).UserId}"))),
        ("POST /admin/verify_user/{user_id}", Forbidden, "a member", async t => await (await t.Member()).PostAsync($"/api/admin/verify_user/{(await t.Member()).UserId}")),
        ("GET /admin/reservation/{id}", Ok, "an admin", async t => Has("reservation", await (await t.Admin()).GetAsync($"/api/admin/reservation/{(await t.Booked()).Id}"))),
        ("DELETE /admin/reservation/{id}", NoContent, "an admin", async t => await (await t.Admin()).DeleteAsync($"/api/admin/reservation/{(await t.Booked()).Id}")),
        ("POST /admin/reservation/create", Created, "for a member", async t => Has("reservation", await (await t.Admin()).PostAsync("/api/admin/reservation/create", new { user_id = (await t.Member()).UserId, seat_id = await t.Seat(), start = t.now, end = t.now.AddHours(1) }))),
        ("PATCH /admin/reservation/{id}", Ok, "a later end", async t => Has("reservation", await (await t.Admin()).PatchAsync($"/api/admin/reservation/{(await t.Booked()).Id}", new { end = t.now.AddHours(3) }))),
        ("GET /admin/reservations", Ok, "an admin", async t => { await t.Booked(); return HasAll("reservation", await (await t.Admin()).GetAsync("/api/admin/reservations?limit=10")); }),
        ("GET /admin/tickets", Ok, "an admin", async t => { await t.Asking(); return HasAll("ticket", await (await t.Admin()).GetAsync("/api/admin/tickets?limit=10")); }),
        ("GET /admin/users", Ok, "an admin", async t => HasAll("user", await (await t.Admin()).GetAsync("/api/admin/users?limit=10"))),
        ("GET /admin/users", Forbidden, "a member", async t => await (await t.Member()).GetAsync("/api/admin/users")),
        ("PATCH /admin/user/{id}", Ok, "the whole user sent back", async t => { var (admin, member) = (await t.Admin(), await t.Member()); return Has("user", await admin.PatchAsync($"/api/admin/user/{member.UserId}", (await admin.GetAsync($"/api/user/{member.UserId}")).Body)); }),
        ("PATCH /admin/ticket/{id}/status", Ok, "closed", async t => Has("ticket", await (await t.Admin()).PatchAsync($"/api/admin/ticket/{(await t.Asking()).Ticket}/status", new { status = "closed" }))),
        ("PATCH /admin/ticket/{id}/status", NotFound, "no such ticket", async t => await (await t.Admin()).PatchAsync($"/api/admin/ticket/{Guid.CreateVersion7()}/status", new { status = "closed" })),
        ("POST /admin/default_avatar", Ok, "a picture", async t => Has(["image_id", "url"], await (await t.Admin()).PostAsync("/api/admin/default_avatar", Picture("image")))),
        ("POST /admin/default_avatar", Forbidden, "a member", async t => await (await t.Member()).PostAsync("/api/admin/default_avatar", Picture("image"))),
        ("POST /simulation/control", Ok, "start", async t => { var admin = await t.Admin(); var state = Has(["running"], await admin.PostAsync("/api/simulation/control", new { action = "start", rate = 0.1 })); await admin.PostAsync("/api/simulation/control", new { action = "stop" }); return state; }),
        ("POST /simulation/control", Ok, "stop", async t => await (await t.Admin()).PostAsync("/api/simulation/control", new { action = "stop" })),
        ("POST /simulation/control", Forbidden, "a member", async t => await (await t.Member()).PostAsync("/api/simulation/control", new { action = "start" })),
        ("GET /metrics", Ok, "under /api", async t => Typed("text/plain", await t.NobodyGets("/metrics"))),
        ("GET /metrics", Ok, "at the root", async t => Typed("text/plain", await t.Nobody().GetAsync("/metrics"))),
        ("GET /api/docs", Ok, "anyone", async t => Typed("text/html", await t.Nobody().GetAsync("/api/docs/index.html"))),
        ("GET /api/openapi.json", Ok, "anyone", async t => Typed("application/json", await t.Nobody().GetAsync("/api/openapi.json"))),
    ];

    public static TheoryData<string, int, string> Rows()
    {
        var rows = new TheoryData<string, int, string>();
        foreach (var (row, status, when, _) in Cases)
        {
            rows.Add(row, status, when);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_row_answers(string row, int status, string when)
    {
        var answer = await Cases.Single(c => (c.Row, c.Status, c.When) == (row, status, when)).Walk(this);

        Assert.True(status == (int)answer.Status, $"{row}, {when}: {answer}");
        if (status >= BadRequest)
        {
            Assert.NotNull(answer.Code);
            Assert.NotEmpty((string)answer.Body["detail"]!);
        }
    }

    [Fact]
    public async Task The_description_knows_every_row()
    {
        var description = (await Nobody().GetAsync("/api/openapi.json")).Body;
        var described = description["paths"]!
            .AsObject()
            .SelectMany(path =>
                path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}")
            )
            .ToHashSet(StringComparer.Ordinal);
        // The reference does not describe itself.
        var rows = Cases
            .Select(c => c.Row)
            .Distinct(StringComparer.Ordinal)
            .Where(row => !row.StartsWith("GET /api/", StringComparison.Ordinal) && row != "GET /metrics");

        Assert.All(rows, row => Assert.Contains(row.Replace(" /", " /api/", StringComparison.Ordinal), described));
    }

    /// <summary>What the old client relies on: its fields are there, and instants are in UTC.</summary>
    private static void Fields(string[] fields, JsonNode body)
    {
        Assert.All(fields, field => Assert.True(body.AsObject().ContainsKey(field), $"{field} is missing: {body}"));
        foreach (var instant in new[] { "start", "end", "made_on" }.Where(fields.Contains))
        {
            Assert.Matches(Utc(), (string?)body[instant]);
        }
    }

    private static Answer Has(string name, Answer answer) => Has(Objects[name], answer);

    private static Answer Has(string[] fields, Answer answer)
    {
        Fields(fields, answer.Body);
        return answer;
    }

    private static Answer HasAll(string name, Answer answer)
    {
        Assert.NotEmpty(answer.Body.AsArray());
        Assert.All(answer.Body.AsArray(), item => Fields(Objects[name], item!));
        return answer;
    }

    private static Answer Typed(string type, Answer answer)
    {
        Assert.Equal(type, answer.Response.Content.Headers.ContentType?.MediaType);
        return answer;
    }

    private static Answer Coded(string code, Answer answer)
    {
        Assert.Equal(code, answer.Code);
        return answer;
    }

    private static Answer Sends(string to, Answer answer)
    {
        Assert.StartsWith(to, answer.Response.Headers.Location?.OriginalString, StringComparison.Ordinal);
        return answer;
    }

    private static async Task<Answer> Bots(Task<Answer> answer) => Has(["exists"], await answer);

    private static MultipartFormDataContent Picture(string name)
    {
        var file = new ByteArrayContent(Convert.FromBase64String(Png));
        file.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        return new MultipartFormDataContent { { file, name, "me.png" } };
    }

    private static object NewSeat(string name) =>
        new
        {
            name,
            type = "seat",
            x = 1,
            y = -2.5,
            has_water = true,
            has_kitchen = false,
            has_computer = false,
            has_smart_desk = false,
            is_quite = true,
            is_talk_room = false,
        };

    private ApiClient Nobody() => server.Anonymous();

    private ApiClient As(Answer tokens) => server.As(tokens);

    private Task<ApiClient> Member() => server.MemberAsync();

    private Task<ApiClient> Admin() => server.AdminAsync();

    private Task<Guid> Seat() => server.SeatAsync();

    private Task<Answer> Registered() => server.RegisterAsync();

    private Task<Answer> NobodyGets(string path) => Nobody().GetAsync($"/api{path}");

    private async Task<Answer> NobodyPosts(string path, object? body = null, string? answers = null)
    {
        var answer = await Nobody().PostAsync($"/api{path}", body);
        return answers is null ? answer : Has(answers, answer);
    }

    private async Task<Answer> RegisterAdmin()
    {
        var registration = People.Registration(People.NewEmail(), BookItServer.AdminKey);
        var answer = await NobodyPosts("/auth/register", registration, "tokens");
        Assert.Equal("admin", (string?)answer.Body["user"]!["role"]);
        return answer;
    }

    /// <summary>A member with a live reservation, from now on for an hour.</summary>
    private async Task<(ApiClient Member, Guid Seat, Guid Id)> Booked(bool verified = true, TimeSpan startsIn = default)
    {
        var (member, seat, start) = (await server.MemberAsync(verified), await Seat(), now + startsIn);
        return (member, seat, (await member.BookAsync(seat, start, start.AddHours(1))).Id);
    }

    /// <summary>A reservation that nobody came for.</summary>
    private async Task<Guid> Missed() =>
        await server.ReservationAsync(
            (await Member()).UserId,
            await Seat(),
            now.AddHours(-3),
            now.AddHours(-2),
            "did_not_come"
        );

    /// <summary>What the code on a member's screen says.</summary>
    private async Task<string> SignedPass()
    {
        var (member, _, id) = await Booked();
        using var folder = new TemporaryFolder();
        var picture = await member.GetAsync($"/api/reservations/{id}/qr.png?signed=true");
        await File.WriteAllBytesAsync(folder.File("pass.png"), picture.Bytes);
        return (await Tool.RunAsync("zbarimg", "--quiet", "--raw", "--nodbus", folder.File("pass.png"))).Trim();
    }

    private async Task<ApiClient> SignedInLongAgo() =>
        await server.SignedInAsync((await Member()).UserId, signedInAt: now.AddHours(-1));

    /// <summary>A member with a ticket.</summary>
    private async Task<(ApiClient Member, Guid Ticket)> Asking()
    {
        var member = await Member();
        return (member, (await member.PostAsync("/api/ticket", new { theme = "wish", message = "More plants" })).Id);
    }

    private async Task<string> TelegramToken() =>
        (string)(await (await Member()).GetAsync("/api/telegram/get_token")).Body["token"]!;

    private Task<Answer> BotPosts(object body) =>
        Nobody().SendAsync(HttpMethod.Post, "/api/telegram/connect", body, ("X-Bot-Secret", BookItServer.BotSecret));

    /// <summary>A browser's answer, before it goes where it is sent.</summary>
    private async Task<Answer> Follows(string path)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = server.Address,
        };
        return await new ApiClient(http).GetAsync($"/api{path}");
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Utc();
}
