using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;
using Npgsql;

namespace BookIT.Tests.E2E.Users;

public sealed class AccountTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Name_and_address_are_changed_and_what_is_absent_or_null_stays()
    {
        var member = server.As(await server.RegisterAsync());
        var email = People.NewEmail();

        var renamed = await member.PatchAsync("/api/user", new { first_name = " Анна ", email = (string?)null });
        var moved = await member.PatchAsync("/api/user", new { email = $" {email.ToUpperInvariant()} " });
        var nothing = await member.PatchAsync("/api/user", new { });

        Assert.Equal((HttpStatusCode.OK, "Анна"), (renamed.Status, (string?)renamed.Body["first_name"]));
        Assert.Equal((HttpStatusCode.OK, email), (moved.Status, (string?)moved.Body["email"]));
        Assert.Equal(moved.Body.ToJsonString(), nothing.Body.ToJsonString());
        Assert.Equal(nothing.Body.ToJsonString(), (await member.GetAsync("/api/user/me")).Body.ToJsonString());
        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(email)).Status);
    }

    [Fact]
    public async Task What_is_not_ones_own_to_change_is_ignored()
    {
        var member = await server.MemberAsync(verified: false);

        var answer = await member.PatchAsync(
            "/api/user",
            new
            {
                id = Guid.CreateVersion7(),
                role = "admin",
                verified = true,
                telegram_id = "1",
                first_name = "Changed",
            }
        );

        Assert.Equal(member.UserId, answer.Id);
        Assert.Equal(("Changed", "user"), ((string?)answer.Body["first_name"], (string?)answer.Body["role"]));
        Assert.False((bool)answer.Body["verified"]!);
        Assert.Null(answer.Body["telegram_id"]);
    }

    [Theory]
    [InlineData("first_name", "")]
    [InlineData("first_name", "   ")]
    [InlineData("first_name", "\u200b\u200b")]
    [InlineData("first_name", "A\r\nB")]
    [InlineData("first_name", "A\u0007")]
    [InlineData("first_name", "\u202eAnna")]
    [InlineData("email", "")]
    [InlineData("email", "nobody")]
    [InlineData("password", "seven77")]
    [InlineData("password", "")]
    public async Task A_change_that_does_not_fit_names_its_field(string field, string value)
    {
        var member = await server.MemberAsync();

        var answer = await member.PatchAsync("/api/user", new Dictionary<string, string> { [field] = value });

        Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (answer.Status, answer.Code));
        Assert.NotNull(answer.Body["errors"]![field]);
    }

    [Fact]
    public async Task Nobody_takes_an_address_that_is_taken()
    {
        var (one, other) = (await server.MemberAsync(), await server.MemberAsync());
        var taken = (string?)(await other.GetAsync("/api/user/me")).Body["email"];

        var answer = await one.PatchAsync(
            "/api/user",
            new { email = taken!.ToUpperInvariant(), first_name = "Changed" }
        );

        Assert.Equal((HttpStatusCode.BadRequest, "email_taken"), (answer.Status, answer.Code));
        Assert.NotEqual("Changed", (string?)(await one.GetAsync("/api/user/me")).Body["first_name"]);
    }

    [Fact]
    public async Task Of_twenty_who_move_to_one_address_at_once_one_has_it()
    {
        var members = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.MemberAsync()));
        var email = People.NewEmail();

        var answers = await Task.WhenAll(members.Select(member => member.PatchAsync("/api/user", new { email })));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(19, answers.Count(answer => answer.Code == "email_taken"));
    }

    [Fact]
    public async Task A_new_password_needs_the_current_one_and_ends_all_other_sign_ins()
    {
        var registered = await server.RegisterAsync();
        var others = new[] { await server.LoginAsync(registered.Email()), await server.LoginAsync(registered.Email()) };
        var member = server.As(registered);
        Task<Answer> ChangeAsync(string? current) =>
            member.PatchAsync("/api/user", new { password = "battery staple", current_password = current });

        Assert.Equal("wrong_password", (await ChangeAsync(null)).Code);
        Assert.Equal("wrong_password", (await ChangeAsync("")).Code);
        Assert.Equal("wrong_password", (await ChangeAsync("battery staple")).Code);
        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(registered.Email())).Status);
        var changed = await ChangeAsync(BookItServer.Password);

        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Equal("wrong_credentials", (await server.LoginAsync(registered.Email())).Code);
        Assert.All(
            await Task.WhenAll(others.Select(answer => server.RefreshAsync(answer.RefreshToken()))),
            answer => Assert.Equal("refresh_token_invalid", answer.Code)
        );
        Assert.Equal(HttpStatusCode.OK, (await server.RefreshAsync(registered.RefreshToken())).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(registered.Email(), "battery staple")).Status);
    }

    [Fact]
    public async Task No_sign_in_by_the_old_password_outlives_a_change_that_is_under_way()
    {
        var registered = await server.RegisterAsync();
        await server.As(registered).PostAsync("/api/auth/logout");
        // The change holds the account, and has ended the sign-ins that it found.
        await using var change = await server.Postgres.OpenConnectionAsync();
        await using var transaction = await change.BeginTransactionAsync();
        var another = Convert.ToBase64String(new byte[49]);
        await ExecuteAsync(
            change,
            $"UPDATE users SET password_hash = '{another}' WHERE email = '{registered.Email()}'"
        );

        var login = server.LoginAsync(registered.Email());
        await WaitForLockAsync();
        await transaction.CommitAsync();

        Assert.Equal("wrong_credentials", (await login).Code);
        var again = await server.SignedInAsync(server.As(registered).UserId);
        Assert.True((bool)Assert.Single((await again.GetAsync("/api/user/sessions")).Body.AsArray())!["current"]!);
    }

    [Fact]
    public async Task Of_two_changes_of_the_password_at_once_one_is_made()
    {
        var registered = await server.RegisterAsync();
        var member = server.As(registered);
        string[] passwords = ["battery staple", "staple battery"];

        var answers = await Task.WhenAll(
            passwords.Select(password =>
                member.PatchAsync("/api/user", new { password, current_password = BookItServer.Password })
            )
        );

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Single(answers, answer => answer.Code == "wrong_password");
        var winner = passwords[Array.FindIndex(answers, answer => answer.Status == HttpStatusCode.OK)];
        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(registered.Email(), winner)).Status);
    }

    [Fact]
    public async Task An_account_is_seen_by_itself_and_by_administrators()
    {
        var (member, stranger, admin) = (
            await server.MemberAsync(),
            await server.MemberAsync(),
            await server.AdminAsync()
        );
        var path = $"/api/user/{member.UserId}";

        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync(path)).Status);
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync(path)).Status);
        var refused = await stranger.GetAsync(path);
        Assert.Equal((HttpStatusCode.Forbidden, "not_your_account"), (refused.Status, refused.Code));
        Assert.Equal("not_signed_in", (await server.Anonymous().GetAsync(path)).Code);
        var unknown = await admin.GetAsync($"/api/user/{Guid.CreateVersion7()}");
        Assert.Equal((HttpStatusCode.NotFound, "user_not_found"), (unknown.Status, unknown.Code));
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync("/api/user/1")).Status);
    }

    [Fact]
    public async Task Deleting_ones_account_frees_its_seats_and_forgets_the_person()
    {
        var admin = await server.AdminAsync();
        var registered = await server.RegisterAsync();
        var (email, member) = (registered.Email(), server.As(registered));
        await admin.PatchAsync($"/api/admin/user/{member.UserId}", new { first_name = "Renamed by admin" });
        var seat = await server.SeatAsync();
        var booked = await member.BookAsync(seat, now.AddHours(1), now.AddHours(2), idempotencyKey: "once");
        var past = await server.ReservationAsync(
            member.UserId,
            seat,
            now.AddDays(-2),
            now.AddDays(-2).AddHours(1),
            "closed"
        );
        var missed = await server.ReservationAsync(
            member.UserId,
            await server.SeatAsync(),
            now.AddHours(-2),
            now.AddHours(-1),
            "future",
            slot: 2
        );

        var ticket = await member.PostAsync("/api/ticket", new { theme = "wish", message = "My secret wish" });
        await admin.PostAsync($"/api/ticket/{ticket.Id}/messages", new { message = "What about my secret?" });
        await admin.PatchAsync($"/api/admin/ticket/{ticket.Id}/status", new { status = "closed" });

        var deleted = await member.DeleteAsync("/api/user");

        Assert.Equal((HttpStatusCode.NoContent, 0), (deleted.Status, deleted.Bytes.Length));
        Assert.All(deleted.Cookies(), cookie => Assert.Contains("=; expires=Thu, 01 Jan 1970", cookie));
        Assert.Equal("not_signed_in", (await member.GetAsync("/api/user/me")).Code);
        Assert.Equal("not_signed_in", (await member.DeleteAsync("/api/user")).Code);
        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(registered.RefreshToken())).Code);
        Assert.Equal("wrong_credentials", (await server.LoginAsync(email)).Code);
        Assert.Equal("user_not_found", (await admin.GetAsync($"/api/user/{member.UserId}")).Code);

        var left = await server.QueryAsync<string>(
            $"""
            SELECT string_agg(status || ' ' || coalesce(user_id::text, 'nobody') || ' ' || (closed_at IS NOT NULL), ', ' ORDER BY starts_at)
            FROM reservations WHERE id IN ('{booked.Id}', '{past}', '{missed}')
            """
        );
        Assert.Equal("closed nobody false, did_not_come nobody true, closed nobody true", left);
        foreach (
            var table in new[]
            {
                "users",
                "notifications",
                "idempotency_keys",
                "reservations",
                "audit",
                "tickets",
                "ticket_messages",
            }
        )
        {
            var traces = await server.QueryAsync<long>(
                $"SELECT count(*) FROM {table} t WHERE t::text ILIKE '%{email}%' OR t::text ILIKE '%Renamed by admin%' OR t::text ILIKE '%my secret%'"
            );
            Assert.True(traces == 0, $"{table} still knows who it was");
        }

        var next = await (await server.MemberAsync()).BookAsync(seat, now.AddHours(1), now.AddHours(2));
        Assert.Equal(HttpStatusCode.Created, next.Status);
        Assert.Equal(HttpStatusCode.Created, (await server.RegisterAsync(email)).Status);
    }

    [Fact]
    public async Task The_seat_of_a_deleted_account_shows_as_free_at_once()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        await member.BookAsync(seat, now.AddHours(1), now.AddHours(2));
        var window = $"/api/seat?start={now.AddMinutes(90):yyyy-MM-ddTHH:mm:ssZ}";
        async Task<bool> IsFreeAsync() =>
            (bool)
                (await server.Anonymous().GetAsync(window)).Body.AsArray().Single(s => (string?)s!["id"] == $"{seat}")![
                    "is_available"
                ]!;

        Assert.False(await IsFreeAsync());
        await member.DeleteAsync("/api/user");

        Assert.True(await IsFreeAsync());
    }

    [Fact]
    public async Task Nobody_books_for_an_account_that_is_being_deleted()
    {
        var (admin, member) = (await server.AdminAsync(), await server.MemberAsync());
        await admin.PatchAsync($"/api/admin/user/{member.UserId}", new { first_name = "Audited" });
        // Stops the deletion between closing the reservations and removing the account.
        await using var audit = await server.Postgres.OpenConnectionAsync();
        await using var transaction = await audit.BeginTransactionAsync();
        await ExecuteAsync(audit, $"SELECT FROM audit WHERE target_id = '{member.UserId}' FOR UPDATE");

        var deletion = member.DeleteAsync("/api/user");
        await WaitForLockAsync();
        var booking = member.BookAsync(await server.SeatAsync(), now.AddHours(1), now.AddHours(2));
        await WaitForLockAsync(waiting: 2);
        await transaction.CommitAsync();

        Assert.Equal(HttpStatusCode.NoContent, (await deletion).Status);
        Assert.Equal("not_signed_in", (await booking).Code);
    }

    [Fact]
    public async Task Booking_while_the_account_is_deleted_leaves_no_live_reservation()
    {
        for (var round = 0; round < 10; round++)
        {
            var member = await server.MemberAsync();
            var seat = await server.SeatAsync();
            var booking = Enumerable
                .Range(1, 5)
                .Select(hour => member.BookAsync(seat, now.AddHours(hour), now.AddHours(hour + 1)))
                .ToList();
            var deletion = member.DeleteAsync("/api/user");

            Assert.Equal(HttpStatusCode.NoContent, (await deletion).Status);
            Assert.All(
                await Task.WhenAll(booking),
                answer =>
                    Assert.True(
                        answer.Status == HttpStatusCode.Created
                            || answer.Code is "not_signed_in" or "active_reservation_exists",
                        answer.ToString()
                    )
            );
            var live = await server.QueryAsync<long>(
                $"SELECT count(*) FROM reservations WHERE seat_id = '{seat}' AND status IN ('future', 'active')"
            );
            Assert.Equal(0, live);
        }
    }

    [Fact]
    public async Task Cancelling_while_the_account_is_deleted_fails_nobody()
    {
        for (var round = 0; round < 10; round++)
        {
            var member = await server.MemberAsync();
            var booked = await member.BookAsync(await server.SeatAsync(), now.AddHours(1), now.AddHours(2));

            var cancel = member.PatchAsync($"/api/reservations/{booked.Id}", new { status = "closed" });
            var delete = member.DeleteAsync("/api/user");

            Assert.Equal(HttpStatusCode.NoContent, (await delete).Status);
            Assert.True((int)(await cancel).Status < 500, (await cancel).ToString());
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until statements wait for a lock in this database, which no other test holds for long.</summary>
    private Task WaitForLockAsync(int waiting = 1) =>
        Eventually.TrueAsync(async () =>
            await server.QueryAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ) >= waiting
        );
}
