using System.Net;
using BookIT.Core.Data;
using BookIT.Tests.E2E.Servers;
using Npgsql;

namespace BookIT.Tests.E2E.Reservations;

public sealed class ChangeTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private DateTimeOffset At(double hours) => now.AddHours(hours);

    private static Task<Answer> Patch(ApiClient client, Guid id, object change) =>
        client.PatchAsync($"/api/reservations/{id}", change);

    [Fact]
    public async Task Cancelling_as_the_old_client_does_closes_also_what_has_begun()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        var id = await server.ReservationAsync(member.UserId, seat, At(-1), At(1));
        var before = await member.GetAsync($"/api/reservations/{id}");

        var closed = await Patch(
            member,
            id,
            new
            {
                start = (string?)before.Body["start"],
                end = (string?)before.Body["end"],
                status = "closed",
            }
        );
        var again = await Patch(member, id, new { status = "closed" });

        Assert.Equal(HttpStatusCode.OK, closed.Status);
        Assert.Equal("closed", (string?)closed.Body["status"]);
        Assert.Equal(HttpStatusCode.OK, again.Status);
        var next = await (await server.MemberAsync()).BookAsync(seat, now, At(1));
        Assert.Equal(HttpStatusCode.Created, next.Status);
    }

    [Fact]
    public async Task Extending_moving_and_changing_the_seat_are_one_change()
    {
        var member = await server.MemberAsync();
        var (first, second) = (await server.SeatAsync("First"), await server.SeatAsync("Second"));
        var id = await server.ReservationAsync(member.UserId, first, At(1), At(2));

        var extended = await Patch(member, id, new { end = At(3) });
        var moved = await Patch(
            member,
            id,
            new
            {
                start = At(5),
                end = At(6),
                seat_id = second,
            }
        );

        Assert.Equal(HttpStatusCode.OK, extended.Status);
        Assert.Equal(
            At(3).ToUnixTimeSeconds(),
            DateTimeOffset.Parse((string)extended.Body["end"]!).ToUnixTimeSeconds()
        );
        Assert.Equal("Second", (string?)moved.Body["seat_name"]);
        Assert.Equal(
            HttpStatusCode.Created,
            (await (await server.MemberAsync()).BookAsync(first, At(1), At(3))).Status
        );
        Assert.Equal("seat_taken", (await (await server.MemberAsync()).BookAsync(second, At(5), At(6))).Code);
    }

    [Fact]
    public async Task A_move_onto_somebody_is_refused_and_changes_nothing()
    {
        var seat = await server.SeatAsync();
        var member = await server.MemberAsync();
        var id = await server.ReservationAsync(member.UserId, seat, At(1), At(2));
        await server.ReservationAsync((await server.MemberAsync()).UserId, seat, At(2), At(3));
        var before = await member.GetAsync($"/api/reservations/{id}");

        var refused = await Patch(member, id, new { end = At(2.5) });

        Assert.Equal((HttpStatusCode.BadRequest, "seat_taken"), (refused.Status, refused.Code));
        Assert.Equal(
            before.Body.ToJsonString(),
            (await member.GetAsync($"/api/reservations/{id}")).Body.ToJsonString()
        );
    }

    [Fact]
    public async Task A_move_onto_one_that_is_over_but_not_yet_marked_so_succeeds()
    {
        var seat = await server.SeatAsync();
        var member = await server.MemberAsync();
        var id = await server.ReservationAsync(member.UserId, await server.SeatAsync(), At(-0.5), At(2), "active");
        await server.ReservationAsync((await server.MemberAsync()).UserId, seat, At(-2), now.AddSeconds(-1), "active");

        var moved = await Patch(member, id, new { seat_id = seat });

        Assert.Equal(HttpStatusCode.OK, moved.Status);
    }

    [Fact]
    public async Task A_move_onto_one_that_the_clock_ends_at_that_very_moment_succeeds()
    {
        var seat = await server.SeatAsync();
        var member = await server.MemberAsync();
        var id = await server.ReservationAsync(member.UserId, await server.SeatAsync(), At(-0.5), At(2), "active");
        var holder = (await server.MemberAsync()).UserId;
        await using var connection = await server.Postgres.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // The clock is played here: the Api's own might end it before, or be taken for the one who waits.
        await using var end = new NpgsqlCommand(
            $"SELECT pg_advisory_xact_lock({AdvisoryLock.ReservationClock.Key})",
            connection
        );
        await end.ExecuteNonQueryAsync();
        var over = await server.ReservationAsync(holder, seat, At(-2), now.AddSeconds(-1), "active");
        end.CommandText = $"SELECT 1 FROM reservations WHERE id = '{over}' FOR UPDATE";
        await end.ExecuteNonQueryAsync();

        var moving = Patch(member, id, new { seat_id = seat });
        // It has met the other one, and wants to mark that as over.
        await Eventually.TrueAsync(async () =>
            await server.QueryAsync<long>(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'WITH due AS%'
                """
            ) > 0
        );
        end.CommandText = $"UPDATE reservations SET status = 'closed', closed_at = now() WHERE id = '{over}'";
        await end.ExecuteNonQueryAsync();
        await transaction.CommitAsync();

        Assert.Equal(HttpStatusCode.OK, (await moving).Status);
    }

    [Fact]
    public async Task What_an_owner_may_not_do_is_refused_by_name()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        var id = await server.ReservationAsync(member.UserId, seat, At(1), At(2));
        var active = await server.MemberAsync();
        var activeId = await server.ReservationAsync(active.UserId, await server.SeatAsync(), At(-1), At(2), "active");

        async Task Refused(ApiClient client, Guid reservation, object change, HttpStatusCode status, string code)
        {
            var answer = await Patch(client, reservation, change);
            Assert.Equal((status, code), (answer.Status, answer.Code));
        }

        await Refused(member, id, new { status = "active" }, HttpStatusCode.BadRequest, "status_not_allowed");
        await Refused(member, id, new { status = "did_not_come" }, HttpStatusCode.BadRequest, "status_not_allowed");
        await Refused(member, id, new { status = "lost" }, HttpStatusCode.BadRequest, "validation_failed");
        await Refused(member, id, new { start = At(-2) }, HttpStatusCode.BadRequest, "start_in_past");
        await Refused(member, id, new { end = At(0.5) }, HttpStatusCode.BadRequest, "end_not_after_start");
        await Refused(member, id, new { end = At(26) }, HttpStatusCode.BadRequest, "too_long");
        await Refused(member, id, new { seat_id = Guid.CreateVersion7() }, HttpStatusCode.NotFound, "seat_not_found");
        await Refused(active, id, new { status = "closed" }, HttpStatusCode.Forbidden, "not_your_reservation");
        await Refused(active, activeId, new { start = At(1) }, HttpStatusCode.Conflict, "start_fixed");
        await Refused(active, activeId, new { end = At(-0.5) }, HttpStatusCode.BadRequest, "end_in_past");
        await Refused(
            member,
            Guid.CreateVersion7(),
            new { status = "closed" },
            HttpStatusCode.NotFound,
            "reservation_not_found"
        );
    }

    [Theory]
    [InlineData("closed", "reservation_closed")]
    [InlineData("did_not_come", "reservation_missed")]
    public async Task What_is_over_does_not_move(string status, string code)
    {
        var member = await server.MemberAsync();
        var id = await server.ReservationAsync(member.UserId, await server.SeatAsync(), At(1), At(2), status);

        var answer = await Patch(member, id, new { end = At(3) });

        Assert.Equal((HttpStatusCode.Conflict, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task An_admin_moves_and_closes_anybodys_reservation_and_the_owner_is_told()
    {
        var admin = await server.AdminAsync();
        var member = await server.MemberAsync();
        var id = await server.ReservationAsync(member.UserId, await server.SeatAsync(), At(1), At(2));

        var moved = await admin.PatchAsync($"/api/admin/reservation/{id}", new { end = At(3) });
        var deleted = await admin.DeleteAsync($"/api/admin/reservation/{id}");

        Assert.Equal(HttpStatusCode.OK, moved.Status);
        Assert.Equal(HttpStatusCode.NoContent, deleted.Status);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/admin/reservation/{id}")).Status);
        var kinds = await server.QueryAsync<string>(
            $"SELECT string_agg(kind, ',' ORDER BY id) FROM notifications WHERE user_id = '{member.UserId}'"
        );
        Assert.Equal("reservation_moved,reservation_closed", kinds);
        var audit = await admin.GetAsync($"/api/admin/audit?target_id={id}");
        Assert.Equal(
            ["reservation.close", "reservation.update"],
            audit.Body.AsArray().Select(entry => (string?)entry!["action"])
        );
        Assert.Equal("future", (string?)audit.Body[0]!["before"]!["status"]);
        Assert.Equal("closed", (string?)audit.Body[0]!["after"]!["status"]);
        Assert.Equal(admin.UserId.ToString(), (string?)audit.Body[0]!["actor_id"]);
    }

    [Fact]
    public async Task An_admin_sets_statuses_along_the_allowed_ways_only()
    {
        var admin = await server.AdminAsync();
        async Task<string> Set(string from, string to)
        {
            var member = await server.MemberAsync();
            var id = await server.ReservationAsync(member.UserId, await server.SeatAsync(), At(-0.1), At(2), from);
            var answer = await admin.PatchAsync($"/api/admin/reservation/{id}", new { status = to });
            return answer.Code ?? (string)answer.Body["status"]!;
        }

        Assert.Equal("active", await Set("future", "active"));
        Assert.Equal("closed", await Set("future", "closed"));
        Assert.Equal("did_not_come", await Set("future", "did_not_come"));
        Assert.Equal("closed", await Set("active", "closed"));
        Assert.Equal("status_not_allowed", await Set("active", "future"));
        Assert.Equal("status_not_allowed", await Set("active", "did_not_come"));
        Assert.Equal("reservation_closed", await Set("closed", "active"));
        Assert.Equal("reservation_missed", await Set("did_not_come", "active"));
        Assert.Equal("reservation_missed", await Set("did_not_come", "closed"));
    }

    [Fact]
    public async Task An_admin_books_for_a_member()
    {
        var admin = await server.AdminAsync();
        var member = await server.MemberAsync();
        var body = new
        {
            user_id = member.UserId,
            seat_id = await server.SeatAsync(),
            start = At(1),
            end = At(2),
        };

        var booked = await admin.PostAsync("/api/admin/reservation/create", body);
        var again = await admin.PostAsync("/api/admin/reservation/create", body);
        var nobody = await admin.PostAsync(
            "/api/admin/reservation/create",
            new
            {
                user_id = Guid.CreateVersion7(),
                seat_id = await server.SeatAsync(),
                start = At(1),
                end = At(2),
            }
        );

        Assert.Equal(HttpStatusCode.Created, booked.Status);
        Assert.Equal(member.UserId.ToString(), (string?)booked.Body["user_id"]);
        Assert.Equal("active_reservation_exists", again.Code);
        Assert.Equal((HttpStatusCode.NotFound, "user_not_found"), (nobody.Status, nobody.Code));
        Assert.Equal(booked.Id, (await member.GetAsync("/api/reservations/active")).Id);
        var audit = await admin.GetAsync($"/api/admin/audit?action=reservation.create&target_id={booked.Id}");
        Assert.Equal(admin.UserId.ToString(), (string?)audit.Body.AsArray().Single()!["actor_id"]);
    }
}
