using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Avatars;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Data;

/// <summary>A walk through what people and administrators do, each step of which locks or writes rows of another kind.</summary>
internal static class Tour
{
    /// <summary>Walks between two Apis of one space: what is done at one is carried on at the other.</summary>
    public static async Task WalkAsync(BookItServer server, Uri one, Uri other)
    {
        var now = TimeProvider.System.GetUtcNow();
        var picture = await Pictures.ReadAsync("palette.png");

        // Accounts and sign-ins.
        var email = People.NewEmail();
        var account = new { email, password = BookItServer.Password };
        var registered = await DoneAsync(
            server.Anonymous(one).PostAsync("/api/auth/register", People.Registration(email))
        );
        await DoneAsync(server.Anonymous(other).PostAsync("/api/auth/login", account));
        var refreshed = await DoneAsync(server.RefreshAsync(registered.RefreshToken(), other));
        await DoneAsync(server.RefreshAsync(refreshed.RefreshToken(), one));
        var leaver = server.WithToken(refreshed.AccessToken(), other);
        await DoneAsync(leaver.PatchAsync("/api/user", new { first_name = "Renamed" }));
        await DoneAsync(leaver.GetAsync("/api/user/sessions"));

        var (member, rival, admin) = (
            await server.MemberAsync(address: one),
            await server.MemberAsync(address: other),
            await server.AdminAsync(one)
        );
        var there = server.At(other, member);
        var adminThere = server.At(other, admin);

        // Pictures.
        await DoneAsync(member.UploadAsync(picture));
        Assert.Equal(
            (await DoneAsync(member.GetAsync("/api/avatar"))).Bytes,
            (await DoneAsync(there.GetAsync("/api/avatar"))).Bytes
        );
        await DoneAsync(there.UploadAsync(picture));
        await DoneAsync(admin.SetDefaultAsync(picture));

        // Seats.
        var name = $"Tour {Guid.CreateVersion7():N}";
        var added = await DoneAsync(admin.PostAsync("/api/seat", new { name }));
        var seat = added.Id;
        var next = (await DoneAsync(adminThere.PostAsync("/api/seat", new { name = $"{name} 2" }))).Id;
        await DoneAsync(adminThere.PatchAsync($"/api/seat/{seat}", new { x = 1.5 }));
        await DoneAsync(admin.PatchAsync($"/api/seat/{seat}", new { y = 2.5 }));

        // Reservations: who is told that a seat is theirs has it at both.
        var booked = await DoneAsync(member.BookAsync(seat, now.AddMinutes(5), now.AddHours(1)));
        Assert.Equal("seat_taken", (await rival.BookAsync(seat, now.AddMinutes(30), now.AddHours(2))).Code);
        await DoneAsync(there.PatchAsync($"/api/reservations/{booked.Id}", new { end = now.AddHours(2) }));
        await DoneAsync(member.PatchAsync($"/api/reservations/{booked.Id}", new { seat_id = next }));
        var taken = await DoneAsync(rival.BookAsync(seat, now.AddMinutes(30), now.AddHours(2)));
        Assert.Equal(
            "seat_taken",
            (await there.PatchAsync($"/api/reservations/{booked.Id}", new { seat_id = seat })).Code
        );
        await DoneAsync(adminThere.PostAsync($"/api/admin/check_qr/{booked.Id}"));
        await DoneAsync(member.PatchAsync($"/api/reservations/{booked.Id}", new { status = "closed" }));
        await DoneAsync(there.GetAsync("/api/reservations"));
        await DoneAsync(admin.DeleteAsync($"/api/admin/reservation/{taken.Id}"));
        var last = await DoneAsync(rival.BookAsync(seat, now.AddHours(3), now.AddHours(4)));

        // Tickets.
        var ticket = await DoneAsync(
            member.PostAsync("/api/ticket", new { theme = "failure", message = "It is dark." })
        );
        await DoneAsync(adminThere.PostAsync($"/api/ticket/{ticket.Id}/messages", new { message = "We come." }));
        await DoneAsync(admin.PatchAsync($"/api/admin/ticket/{ticket.Id}/status", new { status = "closed" }));
        await DoneAsync(there.GetAsync($"/api/ticket/{ticket.Id}"));

        // The floor as one change, which ends what was booked there. The version before the one that brought it has none.
        var hasFloor = (await there.GetAsync("/api/floor")).Status == HttpStatusCode.OK;
        var editor = hasFloor ? adminThere : admin;

        var planned = await DoneAsync(
            editor.SendAsync(HttpMethod.Put, "/api/admin/floor/plan", Pictures.Form(("image", "plan.png", picture)))
        );
        await DoneAsync(
            editor.SendAsync(
                HttpMethod.Put,
                "/api/admin/floor",
                new
                {
                    version = (long)planned.Body["version"]!,
                    seats = new[] { new { id = next, x = 7.0 } },
                    removed = new[] { seat },
                    plan = new
                    {
                        x = 0,
                        y = 0,
                        width = 10,
                        height = 10,
                    },
                    force = true,
                }
            )
        );
        Assert.Equal("closed", (string?)(await rival.GetAsync($"/api/reservations/{last.Id}")).Body["status"]);
        await DoneAsync(adminThere.DeleteAsync($"/api/seat/{next}"));
        foreach (var list in (string[])["reservations", "users", "tickets", "audit", "notifications", "today"])
        {
            await DoneAsync(admin.GetAsync($"/api/admin/{list}"));
            await DoneAsync(adminThere.GetAsync($"/api/admin/{list}"));
        }

        await DoneAsync(there.GetAsync("/api/seat"));
        await DoneAsync(leaver.DeleteAsync("/api/user", new { account.password }));
        await DoneAsync(rival.DeleteAsync("/api/user"));
    }

    private static async Task<Answer> DoneAsync(Task<Answer> asked)
    {
        var answer = await asked;
        Assert.True(
            answer.Response.IsSuccessStatusCode,
            $"{answer.Response.RequestMessage!.Method} {answer.Response.RequestMessage.RequestUri}: {answer}"
        );
        return answer;
    }
}
