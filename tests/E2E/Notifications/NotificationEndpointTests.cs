using System.Net;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;

namespace BookIT.Tests.E2E.Notifications;

/// <summary>What administrators see of the outbox, and the reasons that they give.</summary>
public sealed class NotificationEndpointTests(ServerWithoutBot server) : IClassFixture<ServerWithoutBot>
{
    private async Task<long> RowAsync(ApiClient member, string kind, string state) =>
        await server.QueryAsync<long>(
            $"""
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at, attempts, error, {state}_at)
            VALUES ('{member.UserId}', '{kind}', gen_random_uuid()::text, '{"{}"}', '2032-01-01', '2032-01-01', 5, 'why',
                now())
            RETURNING id
            """
        );

    [Fact]
    public async Task Administrators_see_what_failed_and_can_have_it_tried_again()
    {
        var admin = await server.AdminAsync();
        var member = await server.MemberAsync();
        var failed = await RowAsync(member, "user_verified", "failed");
        var mail = await RowAsync(member, "password_reset", "failed");
        var dropped = await RowAsync(member, "no_show", "dropped");
        var delivered = await RowAsync(member, "checked_in", "delivered");

        var list = await admin.GetAsync("/api/admin/notifications?limit=2");
        Assert.Equal(HttpStatusCode.OK, list.Status);
        Assert.Equal([mail, failed], list.Body.AsArray().Select(row => (long)row!["id"]!));
        Assert.Equal(["2"], list.Response.Headers.GetValues("X-Total-Count"));
        var row = list.Body[1]!;
        Assert.Equal(member.UserId, (Guid)row["user_id"]!);
        Assert.StartsWith("Person ", (string)row["first_name"]!, StringComparison.Ordinal);
        Assert.EndsWith("@example.com", (string)row["email"]!, StringComparison.Ordinal);
        Assert.Equal(
            ("user_verified", "failed", "2032-01-01T00:00:00Z", 5, "why"),
            (
                (string)row["kind"]!,
                (string)row["state"]!,
                (string)row["due_at"]!,
                (int)row["attempts"]!,
                (string)row["error"]!
            )
        );
        Assert.Null(row["payload"]);
        foreach (var (state, id) in new[] { ("dropped", dropped), ("delivered", delivered) })
        {
            var others = await admin.GetAsync($"/api/admin/notifications?state={state}&limit=500");
            Assert.Contains(id, others.Body.AsArray().Select(other => (long)other!["id"]!));
        }

        foreach (var id in new[] { failed, mail })
        {
            var retried = await admin.PostAsync($"/api/admin/notifications/{id}/retry");
            Assert.Equal(HttpStatusCode.OK, retried.Status);
            Assert.Equal(("pending", 0), ((string)retried.Body["state"]!, (int)retried.Body["attempts"]!));
            Assert.True((DateTimeOffset)retried.Body["due_at"]! > TimeProvider.System.GetUtcNow().AddMinutes(-5));
            Assert.Equal(
                "notification_not_failed",
                (await admin.PostAsync($"/api/admin/notifications/{id}/retry")).Code
            );
        }

        var pending = await admin.GetAsync("/api/admin/notifications?state=pending&limit=500");
        Assert.Contains(failed, pending.Body.AsArray().Select(other => (long)other!["id"]!));
        var audit = await admin.GetAsync($"/api/admin/audit?action=notification.retry&target_id={member.UserId}");
        Assert.Equal([mail, failed], audit.Body.AsArray().Select(entry => (long)entry!["after"]!["notification_id"]!));
    }

    [Fact]
    public async Task Nobody_else_does_and_what_there_is_not_or_has_not_failed_is_refused()
    {
        var admin = await server.AdminAsync();
        var member = await server.MemberAsync();
        var delivered = await RowAsync(member, "checked_in", "delivered");

        Assert.Equal("admin_only", (await member.GetAsync("/api/admin/notifications")).Code);
        Assert.Equal("admin_only", (await member.PostAsync($"/api/admin/notifications/{delivered}/retry")).Code);
        Assert.Equal("not_signed_in", (await server.Anonymous().GetAsync("/api/admin/notifications")).Code);
        Assert.Equal(
            (HttpStatusCode.Conflict, "notification_not_failed"),
            Problem(await admin.PostAsync($"/api/admin/notifications/{delivered}/retry"))
        );
        Assert.Equal(
            (HttpStatusCode.NotFound, "notification_not_found"),
            Problem(await admin.PostAsync($"/api/admin/notifications/{long.MaxValue}/retry"))
        );
        Assert.Equal("validation_failed", (await admin.GetAsync("/api/admin/notifications?state=lost")).Code);
    }

    [Fact]
    public async Task An_administrator_can_say_why_a_reservation_is_cancelled()
    {
        var admin = await server.AdminAsync();
        var now = TimeProvider.System.GetUtcNow();
        foreach (var (cancel, reason) in Cancellations(admin))
        {
            var member = await server.MemberAsync();
            var id = await server.ReservationAsync(
                member.UserId,
                await server.SeatAsync(),
                now.AddHours(1),
                now.AddHours(2)
            );
            Assert.InRange((int)(await cancel(id)).Status, 200, 204);
            Assert.Equal(
                reason,
                await server.QueryAsync<string>(
                    $"SELECT coalesce(payload ->> 'reason', '') FROM notifications WHERE user_id = '{member.UserId}'"
                )
            );
            Assert.Equal(
                reason,
                await server.QueryAsync<string>(
                    $"SELECT coalesce(after ->> 'reason', '') FROM audit WHERE target_id = '{id}'"
                )
            );
        }

        var another = await server.ReservationAsync(
            (await server.MemberAsync()).UserId,
            await server.SeatAsync(),
            now.AddHours(1),
            now.AddHours(2)
        );
        foreach (var wrong in new[] { new string('x', 301), "two\nlines" })
        {
            Assert.Equal(
                "validation_failed",
                (await admin.DeleteAsync($"/api/admin/reservation/{another}", new { reason = wrong })).Code
            );
            Assert.Equal(
                "validation_failed",
                (
                    await admin.PatchAsync(
                        $"/api/admin/reservation/{another}",
                        new { status = "closed", reason = wrong }
                    )
                ).Code
            );
        }
    }

    [Fact]
    public async Task Whoever_loses_their_seat_is_told_so()
    {
        var admin = await server.AdminAsync();
        var member = await server.MemberAsync();
        var now = TimeProvider.System.GetUtcNow();
        var seat = await server.SeatAsync();
        await server.ReservationAsync(member.UserId, seat, now.AddHours(1), now.AddHours(2));

        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/seat/{seat}?force=true")).Status);

        Assert.True(
            await server.QueryAsync<bool>(
                $"SELECT (payload -> 'seat_gone')::bool FROM notifications WHERE user_id = '{member.UserId}'"
            )
        );
    }

    private static IEnumerable<(Func<Guid, Task<Answer>> Cancel, string Reason)> Cancellations(ApiClient admin)
    {
        yield return (id => admin.DeleteAsync($"/api/admin/reservation/{id}"), "");
        yield return (id => admin.DeleteAsync($"/api/admin/reservation/{id}", new { reason = "  " }), "");
        yield return (id => admin.DeleteAsync($"/api/admin/reservation/{id}", new { reason = " Paint " }), "Paint");
        yield return (
            id => admin.PatchAsync($"/api/admin/reservation/{id}", new { status = "closed", reason = "Ремонт" }),
            "Ремонт"
        );
    }

    private static (HttpStatusCode, string?) Problem(Answer answer) => (answer.Status, answer.Code);
}
