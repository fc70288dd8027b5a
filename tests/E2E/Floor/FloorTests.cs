using System.Net;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Floor;

public sealed class FloorTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private async Task<long> VersionAsync() => (long)(await server.Anonymous().GetAsync("/api/floor")).Body["version"]!;

    private static Task<Answer> SaveAsync(ApiClient admin, object change) =>
        admin.SendAsync(HttpMethod.Put, "/api/admin/floor", change);

    private static JsonNode? Seat(Answer answer, Guid id) =>
        answer.Body["seats"]!.AsArray().SingleOrDefault(seat => (string?)seat!["id"] == $"{id}");

    /// <summary>Others change seats meanwhile, so that a version may be old before it is sent.</summary>
    private async Task<Answer> SaveOnceAsync(ApiClient admin, Func<long, object> change)
    {
        while (true)
        {
            var answer = await SaveAsync(admin, change(await VersionAsync()));
            if (answer.Code != "floor_changed")
            {
                return answer;
            }
        }
    }

    [Fact]
    public async Task Seats_are_changed_added_and_removed_as_one_change()
    {
        var admin = await server.AdminAsync();
        var (kept, gone) = (await server.SeatAsync("Kept"), await server.SeatAsync("Gone"));
        var before = await VersionAsync();

        var saved = await SaveOnceAsync(
            admin,
            version => new
            {
                version,
                seats = new object[]
                {
                    new
                    {
                        id = kept,
                        name = "Moved",
                        x = 12.5,
                        zone = "Quiet",
                        is_quite = true,
                    },
                    new
                    {
                        name = "First new",
                        type = "room",
                        x = 1,
                        y = 2,
                    },
                    new { name = "Second new" },
                },
                removed = new[] { gone },
            }
        );

        Assert.Equal(HttpStatusCode.OK, saved.Status);
        var moved = Seat(saved, kept)!;
        Assert.Equal(
            ("Moved", 12.5, "Quiet", true, true),
            (
                (string)moved["name"]!,
                (double)moved["x"]!,
                (string)moved["zone"]!,
                (bool)moved["is_quite"]!,
                (bool)moved["is_available"]!
            )
        );
        Assert.Null(Seat(saved, gone));
        // Newest first: the second one is newer.
        Assert.Equal(
            ["Second new", "First new"],
            saved.Body["seats"]!
                .AsArray()
                .Select(seat => (string)seat!["name"]!)
                .Where(name => name.EndsWith(" new", StringComparison.Ordinal))
        );
        Assert.Null(saved.Body["plan"]);
        Assert.True((long)saved.Body["version"]! > before);
        Assert.Equal(HttpStatusCode.NotFound, (await admin.GetAsync($"/api/seat/{gone}")).Status);

        var audit = (await admin.GetAsync($"/api/admin/audit?actor_id={admin.UserId}")).Body.AsArray();
        var entry = Assert.Single(audit)!;
        Assert.Equal("floor.update", (string?)entry["action"]);
        Assert.Equal("Kept", (string?)entry["before"]![$"{kept}"]!["name"]);
        Assert.Equal("Moved", (string?)entry["after"]![$"{kept}"]!["name"]);
        Assert.Null(entry["after"]![$"{kept}"]!["type"]);
        Assert.Equal("Gone", (string?)entry["before"]![$"{gone}"]!["name"]);
        Assert.Null(entry["after"]![$"{gone}"]);
        Assert.Equal(3, entry["after"]!.AsObject().Count);
    }

    [Fact]
    public async Task Of_two_administrators_who_save_at_once_one_wins_and_nothing_of_the_other_is_there()
    {
        var admins = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.AdminAsync()));
        var seats = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => server.SeatAsync()));
        while (true)
        {
            var version = await VersionAsync();

            var answers = await Task.WhenAll(
                admins.Select(
                    (admin, i) =>
                        SaveAsync(
                            admin,
                            new { version, seats = seats.Select(id => new { id, name = $"Admin {i}" }).ToArray() }
                        )
                )
            );

            Assert.All(
                answers.Where(answer => answer.Status != HttpStatusCode.OK),
                answer => Assert.Equal((HttpStatusCode.Conflict, "floor_changed"), (answer.Status, answer.Code))
            );
            var won = answers.Count(answer => answer.Status == HttpStatusCode.OK);
            if (won == 0 && await VersionAsync() != version)
            {
                // Another test was faster than all of them.
                continue;
            }

            Assert.Equal(1, won);
            var winner = Array.FindIndex(answers, answer => answer.Status == HttpStatusCode.OK);
            var names = (await server.Anonymous().GetAsync("/api/seat"))
                .Body.AsArray()
                .Where(seat => seats.Contains(Guid.Parse((string)seat!["id"]!)))
                .Select(seat => (string)seat!["name"]!);
            Assert.Equal(Enumerable.Repeat($"Admin {winner}", 5), names);
            return;
        }
    }

    [Fact]
    public async Task A_floor_saved_while_others_change_single_seats_ends_in_no_deadlock()
    {
        var admin = await server.AdminAsync();
        var seats = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.SeatAsync()));

        var changes = seats.Select((seat, i) => admin.PatchAsync($"/api/seat/{seat}", new { x = i }));
        var saves = Enumerable
            .Range(0, 6)
            .Select(async i =>
                await SaveAsync(
                    await server.AdminAsync(),
                    new { version = await VersionAsync(), seats = seats.Reverse().Select(id => new { id, y = i }) }
                )
            );
        var answers = await Task.WhenAll([.. changes, .. saves]);

        Assert.All(answers, answer => Assert.True((int)answer.Status is 200 or 409, answer.ToString()));
        Assert.All(answers[..20], answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
    }

    [Fact]
    public async Task Seats_with_live_reservations_are_named_and_go_by_force_only()
    {
        var (admin, member) = (await server.AdminAsync(), await server.MemberAsync());
        var (taken, free, other) = (
            await server.SeatAsync("Taken desk"),
            await server.SeatAsync("Free desk"),
            await server.SeatAsync("Other")
        );
        var reservation = await server.ReservationAsync(member.UserId, taken, now.AddHours(1), now.AddHours(2));
        object Change(long version, bool force) =>
            new
            {
                version,
                seats = new[] { new { id = other, name = "Renamed" } },
                removed = new[] { taken, free },
                force,
            };

        var refused = await SaveOnceAsync(admin, version => Change(version, force: false));
        var untouched = await admin.GetAsync($"/api/seat/{other}");
        var forced = await SaveOnceAsync(admin, version => Change(version, force: true));

        Assert.Equal((HttpStatusCode.Conflict, "seats_have_reservations"), (refused.Status, refused.Code));
        Assert.Contains("Taken desk", (string)refused.Body["detail"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("Free desk", (string)refused.Body["detail"]!, StringComparison.Ordinal);
        Assert.Equal([$"{taken}"], refused.Body["seat_ids"]!.AsArray().Select(id => (string?)id));
        Assert.Equal("Other", (string?)untouched.Body["name"]);
        Assert.Equal(HttpStatusCode.OK, forced.Status);
        Assert.Equal("closed", (string?)(await member.GetAsync($"/api/reservations/{reservation}")).Body["status"]);
        Assert.Equal(
            1,
            await server.QueryAsync<long>(
                $"SELECT count(*) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'reservation_closed'"
            )
        );
    }

    [Fact]
    public async Task Nobody_books_a_seat_that_is_going()
    {
        var admin = await server.AdminAsync();
        var seats = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => server.SeatAsync()));
        var members = await Task.WhenAll(seats.Select(_ => server.MemberAsync()));

        var save = SaveOnceAsync(
            admin,
            version => new
            {
                version,
                removed = seats,
                force = true,
            }
        );
        var booked = await Task.WhenAll(
            members.Select((member, i) => member.BookAsync(seats[i], now.AddHours(1), now.AddHours(2)))
        );

        Assert.Equal(HttpStatusCode.OK, (await save).Status);
        Assert.All(booked, answer => Assert.True((int)answer.Status is 201 or 404, answer.ToString()));
        Assert.Equal(
            0,
            await server.QueryAsync<long>(
                $"""
                SELECT count(*) FROM reservations
                WHERE status IN ('future', 'active') AND seat_id IN ({string.Join(',', seats.Select(s => $"'{s}'"))})
                """
            )
        );
    }

    [Fact]
    public async Task What_is_wrong_is_named_by_its_place_and_nothing_is_saved()
    {
        var admin = await server.AdminAsync();
        var seat = await server.SeatAsync("As it was");
        async Task<JsonObject> ErrorsAsync(string seats, string rest = "")
        {
            var body = $$"""{"version": {{await VersionAsync()}}, "seats": {{seats}}{{rest}}}""";
            var answer = await SaveAsync(admin, new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
            Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (answer.Status, answer.Code));
            return answer.Body["errors"]!.AsObject();
        }

        var changed = $$"""{"id": "{{seat}}", "name": "Changed"}""";
        var tooLong = await ErrorsAsync($$"""[{{changed}}, {}, {"name": "{{new string('x', 101)}}", "x": 1e10}]""");
        Assert.Equal(["seats[2].name", "seats[2].x"], tooLong.Select(error => error.Key).Order());
        Assert.NotEmpty((string)tooLong["seats[2].name"]![0]!);
        Assert.Equal(["seats[1]"], (await ErrorsAsync($"[{changed}, null]")).Select(error => error.Key));
        Assert.Equal(["seats[1].id"], (await ErrorsAsync($"[{changed}, {changed}]")).Select(error => error.Key));
        Assert.Equal(
            ["removed[0]"],
            (await ErrorsAsync($"[{changed}]", $$""", "removed": ["{{seat}}"]""")).Select(error => error.Key)
        );
        Assert.Equal(
            ["plan.width"],
            (await ErrorsAsync("[]", """, "plan": {"x": 0, "y": 0, "width": 0, "height": 1}""")).Select(e => e.Key)
        );
        var many = string.Join(',', Enumerable.Repeat("{}", 2001));
        Assert.Equal(["seats"], (await ErrorsAsync($"[{many}]")).Select(error => error.Key));

        var unknown = await SaveOnceAsync(
            admin,
            version => new
            {
                version,
                seats = new object[] { new { id = seat, name = "Changed" }, new { id = Guid.CreateVersion7() } },
            }
        );
        var noPicture = await SaveOnceAsync(
            admin,
            version => new
            {
                version,
                seats = new object[] { new { id = seat, name = "Changed" } },
                plan = new
                {
                    x = 0,
                    y = 0,
                    width = 1,
                    height = 1,
                },
            }
        );
        Assert.Equal((HttpStatusCode.NotFound, "seat_not_found"), (unknown.Status, unknown.Code));
        Assert.Equal((HttpStatusCode.NotFound, "picture_not_found"), (noPicture.Status, noPicture.Code));
        Assert.Equal("As it was", (string?)(await admin.GetAsync($"/api/seat/{seat}")).Body["name"]);
    }

    [Fact]
    public async Task A_floor_of_two_thousand_seats_is_saved_in_one_call()
    {
        var admin = await server.AdminAsync();

        var saved = await SaveOnceAsync(
            admin,
            version => new
            {
                version,
                seats = Enumerable
                    .Range(0, 2000)
                    .Select(i => new
                    {
                        name = $"Large floor {i}",
                        type = "seat",
                        zone = "A zone with a name that is rather long, as names of zones go",
                        x = i * 1.25,
                        y = i * -1.25,
                        has_water = true,
                        has_kitchen = false,
                        has_computer = true,
                        has_smart_desk = false,
                        is_quite = true,
                        is_talk_room = false,
                    }),
            }
        );

        Assert.Equal(HttpStatusCode.OK, saved.Status);
        var added = saved.Body["seats"]!
            .AsArray()
            .Where(seat => ((string)seat!["name"]!).StartsWith("Large floor", StringComparison.Ordinal))
            .Select(seat => (string)seat!["id"]!)
            .ToArray();
        Assert.Equal(2000, added.Length);
        var removed = await SaveOnceAsync(admin, version => new { version, removed = added });
        Assert.Equal(HttpStatusCode.OK, removed.Status);
    }

    [Fact]
    public async Task Only_administrators_save()
    {
        var member = await server.MemberAsync();
        foreach (var (client, status) in new[] { (member, 403), (server.Anonymous(), 401) })
        {
            Assert.Equal(status, (int)(await SaveAsync(client, new { version = 1 })).Status);
            Assert.Equal(status, (int)(await client.SendAsync(HttpMethod.Put, "/api/admin/floor/plan")).Status);
            Assert.Equal(status, (int)(await client.DeleteAsync("/api/admin/floor/plan")).Status);
        }
    }
}
