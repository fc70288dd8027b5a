using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Reservations;

/// <summary>Two Apis on one database and one Redis: whoever asks for the races asks both.</summary>
public sealed class TwoApis(TestServers servers) : BookItServer(servers)
{
    public Uri SecondAddress { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        (_, SecondAddress) = await StartApiAsync();
    }

    /// <summary>The one or the other, in turn.</summary>
    public Uri Replica(int number) => number % 2 == 0 ? Address : SecondAddress;
}

public sealed class RaceTests(TwoApis server) : IClassFixture<TwoApis>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private DateTimeOffset At(double hours) => now.AddHours(hours);

    private async Task<List<ApiClient>> MembersAsync(int count)
    {
        var members = new List<ApiClient>();
        for (var i = 0; i < count; i++)
        {
            members.Add(await server.MemberAsync(address: server.Replica(i)));
        }

        return members;
    }

    [Fact]
    [Trait("Rerun", "Never")]
    public async Task Two_hundred_at_one_seat_and_time_make_one_reservation()
    {
        var members = await MembersAsync(200);
        for (var round = 0; round < 3; round++)
        {
            var seat = await server.SeatAsync();

            var answers = await Task.WhenAll(members.Select(member => member.BookAsync(seat, At(1), At(2))));

            var winner = Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
            Assert.All(
                answers.Where(answer => answer != winner),
                answer => Assert.Equal((HttpStatusCode.BadRequest, "seat_taken"), (answer.Status, answer.Code))
            );
            await server.ExecuteAsync("UPDATE reservations SET status = 'closed'");
        }
    }

    [Fact]
    [Trait("Rerun", "Never")]
    public async Task Two_hundred_by_one_user_of_different_seats_make_one_reservation()
    {
        for (var round = 0; round < 3; round++)
        {
            var member = await server.MemberAsync();
            var other = server.At(server.SecondAddress, member);
            var seats = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => server.SeatAsync()));

            var answers = await Task.WhenAll(
                seats.Select((seat, i) => (i % 2 == 0 ? member : other).BookAsync(seat, At(1), At(2)))
            );

            var winner = Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
            Assert.All(
                answers.Where(answer => answer != winner),
                answer => Assert.Equal("active_reservation_exists", answer.Code)
            );
        }
    }

    [Fact]
    [Trait("Rerun", "Never")]
    public async Task Overlapping_and_touching_times_at_once_leave_no_overlap()
    {
        var seat = await server.SeatAsync();
        var members = await MembersAsync(100);

        var answers = await Task.WhenAll(
            members.Select((member, i) => member.BookAsync(seat, At(1 + i % 10 * 0.5), At(2 + i % 10 * 0.5)))
        );

        Assert.Equal(0, await server.OverlapsAsync());
        Assert.All(
            answers,
            answer => Assert.True(answer.Status == HttpStatusCode.Created || answer.Code == "seat_taken", $"{answer}")
        );
        // Ten half-hour steps of one-hour bookings: at least every third start has found room.
        Assert.InRange(answers.Count(answer => answer.Status == HttpStatusCode.Created), 3, 6);
    }

    [Fact]
    [Trait("Rerun", "Never")]
    public async Task Moving_against_booking_gives_the_seat_to_one_of_them()
    {
        await RaceAsync(
            async (mover, booker, elsewhere, wanted) =>
            {
                var id = await server.ReservationAsync(mover.UserId, elsewhere, At(1), At(2));
                return
                [
                    () => mover.PatchAsync($"/api/reservations/{id}", new { seat_id = wanted }),
                    () => booker.BookAsync(wanted, At(1.5), At(2.5)),
                ];
            }
        );
    }

    [Fact]
    [Trait("Rerun", "Never")]
    public async Task Extending_against_booking_gives_the_time_to_one_of_them()
    {
        await RaceAsync(
            async (owner, booker, _, seat) =>
            {
                var id = await server.ReservationAsync(owner.UserId, seat, At(1), At(2));
                return
                [
                    () => owner.PatchAsync($"/api/reservations/{id}", new { end = At(3) }),
                    () => booker.BookAsync(seat, At(2), At(4)),
                ];
            }
        );
    }

    [Fact]
    public async Task Two_that_swap_seats_at_once_do_not_wait_for_ever()
    {
        await RaceAsync(
            async (one, other, first, second) =>
            {
                var firstId = await server.ReservationAsync(one.UserId, first, At(1), At(2));
                var secondId = await server.ReservationAsync(other.UserId, second, At(3), At(4));
                return
                [
                    () =>
                        one.PatchAsync(
                            $"/api/reservations/{firstId}",
                            new
                            {
                                seat_id = second,
                                start = At(3.5),
                                end = At(4.5),
                            }
                        ),
                    () =>
                        other.PatchAsync(
                            $"/api/reservations/{secondId}",
                            new
                            {
                                seat_id = first,
                                start = At(1.5),
                                end = At(2.5),
                            }
                        ),
                ];
            },
            exactlyOne: false
        );
    }

    [Fact]
    [Trait("Rerun", "Never")]
    public async Task Cancelling_against_checking_in_ends_in_one_of_the_two_orders()
    {
        var admin = await server.AdminAsync(server.SecondAddress);
        for (var round = 0; round < 20; round++)
        {
            var member = await server.MemberAsync();
            var id = await server.ReservationAsync(member.UserId, await server.SeatAsync(), At(0), At(1));

            var cancelling = member.PatchAsync($"/api/reservations/{id}", new { status = "closed" });
            var checkingIn = admin.PostAsync($"/api/admin/check_qr/{id}");
            var (cancelled, checkedIn) = (await cancelling, await checkingIn);

            // Cancelling works before and after a check-in, so it always ends closed; a check-in that came too late says so.
            Assert.Equal(HttpStatusCode.OK, cancelled.Status);
            Assert.True(
                checkedIn.Status == HttpStatusCode.OK || checkedIn.Code == "reservation_closed",
                checkedIn.ToString()
            );
            var stored = await server.QueryAsync<string>($"SELECT status FROM reservations WHERE id = '{id}'");
            Assert.Equal("closed", stored);
            var checkIns = await server.QueryAsync<long>(
                $"SELECT count(*) FROM audit WHERE target_id = '{id}' AND action = 'reservation.check_in'"
            );
            Assert.Equal(checkedIn.Status == HttpStatusCode.OK ? 1 : 0, checkIns);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rerun", "Never")]
    public async Task Removing_a_seat_against_booking_it_never_leaves_a_booking_on_a_removed_seat(bool force)
    {
        var admin = await server.AdminAsync(server.SecondAddress);
        for (var round = 0; round < 20; round++)
        {
            var seat = await server.SeatAsync();
            var members = await MembersAsync(4);

            var booking = Task.WhenAll(members.Select((m, i) => m.BookAsync(seat, At(1 + i), At(2 + i))));
            var removing = admin.DeleteAsync($"/api/seat/{seat}" + (force ? "?force=true" : ""));
            var (booked, removed) = (await booking, await removing);

            Assert.All(
                booked,
                answer =>
                    Assert.True(answer.Status == HttpStatusCode.Created || answer.Code == "seat_not_found", $"{answer}")
            );
            Assert.True(
                removed.Status == HttpStatusCode.NoContent || (!force && removed.Code == "seat_has_reservations"),
                removed.ToString()
            );
            var stranded = await server.QueryAsync<long>(
                """
                SELECT count(*) FROM reservations r JOIN seats s ON s.id = r.seat_id
                WHERE r.status IN ('future', 'active') AND s.deleted_at IS NOT NULL
                """
            );
            Assert.Equal(0, stranded);
        }
    }

    [Fact]
    public async Task A_booking_through_one_shows_in_the_others_list_within_a_second()
    {
        var seat = await server.SeatAsync();
        var window = $"/api/seat?start={At(1):yyyy-MM-ddTHH:mm:ssZ}&end={At(2):yyyy-MM-ddTHH:mm:ssZ}";
        var (one, other) = (server.Anonymous(), server.Anonymous(server.SecondAddress));
        async Task<bool> IsFree(ApiClient client) =>
            (bool)
                (await client.GetAsync(window)).Body.AsArray().Single(s => (string?)s!["id"] == $"{seat}")![
                    "is_available"
                ]!;
        await Eventually.TrueAsync(async () => await IsFree(one) && await IsFree(other));
        // By when it was asked for: how long the answer takes is the machine's.
        async Task ShowsWithinASecondAsync(bool isFree)
        {
            var told = TimeProvider.System.GetTimestamp();
            for (var asked = told; await IsFree(other) != isFree; asked = TimeProvider.System.GetTimestamp())
            {
                var age = TimeProvider.System.GetElapsedTime(told, asked);
                Assert.True(age < TimeSpan.FromSeconds(1), $"It was not shown to whoever asked {age} later");
            }
        }

        for (var round = 0; round < 10; round++)
        {
            var member = await server.MemberAsync();
            var booked = await member.BookAsync(seat, At(1), At(2));
            Assert.Equal(HttpStatusCode.Created, booked.Status);
            Assert.False(await IsFree(one));
            await ShowsWithinASecondAsync(isFree: false);

            await member.PatchAsync($"/api/reservations/{booked.Id}", new { status = "closed" });
            Assert.True(await IsFree(one));
            await ShowsWithinASecondAsync(isFree: true);
        }
    }

    [Fact]
    public async Task A_change_that_nobody_was_told_of_shows_within_about_a_second_all_the_same()
    {
        // As when the writer is killed between its commit and its message.
        var seat = await server.SeatAsync();
        var window = $"/api/seat?start={At(1):yyyy-MM-ddTHH:mm:ssZ}&end={At(2):yyyy-MM-ddTHH:mm:ssZ}";
        async Task<bool> IsFree(Uri address) =>
            (bool)
                (await server.Anonymous(address).GetAsync(window))
                    .Body.AsArray()
                    .Single(s => (string?)s!["id"] == $"{seat}")!["is_available"]!;
        for (var round = 0; round < 3; round++)
        {
            await Eventually.TrueAsync(() => IsFree(server.Address));
            var member = await server.MemberAsync();
            var id = await server.ReservationAsync(member.UserId, seat, At(1), At(2));
            var written = TimeProvider.System.GetTimestamp();
            // One replica may have it from Redis, where the other has put it in the last moment of its own.
            await Task.WhenAll(
                new[] { server.Address, server.SecondAddress }.Select(async address =>
                {
                    for (var asked = written; await IsFree(address); asked = TimeProvider.System.GetTimestamp())
                    {
                        var age = TimeProvider.System.GetElapsedTime(written, asked);
                        Assert.True(age < TimeSpan.FromSeconds(1.7), $"It was shown to whoever asked {age} later");
                    }
                })
            );
            await server.ExecuteAsync($"UPDATE reservations SET status = 'closed' WHERE id = '{id}'");
        }
    }

    /// <summary>
    /// Lets two at one seat again and again, through different replicas: at most one may win, and nothing may overlap,
    /// hang or fail.
    /// </summary>
    private async Task RaceAsync(
        Func<ApiClient, ApiClient, Guid, Guid, Task<Func<Task<Answer>>[]>> contest,
        bool exactlyOne = true
    )
    {
        for (var round = 0; round < 25; round++)
        {
            var one = await server.MemberAsync();
            var other = await server.MemberAsync(address: server.SecondAddress);
            var starters = await contest(one, other, await server.SeatAsync(), await server.SeatAsync());

            var answers = await Task.WhenAll(starters.Select(start => start()));

            Assert.All(
                answers,
                answer => Assert.True((int)answer.Status < 300 || answer.Code == "seat_taken", answer.ToString())
            );
            if (exactlyOne)
            {
                Assert.Single(answers, answer => (int)answer.Status < 300);
            }
        }

        Assert.Equal(0, await server.OverlapsAsync());
    }
}
