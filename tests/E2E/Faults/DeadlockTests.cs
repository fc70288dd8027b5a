using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Faults;

/// <summary>
/// Deleting an account locks a user's reservations and the user; removing a seat and the clock lock reservations and tell
/// their users. Played against each other they must neither fail nor leave anything half-done.
/// </summary>
[Trait("Rerun", "Never")]
public sealed class DeadlockTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Removing_a_seat_against_the_departure_of_those_who_booked_it()
    {
        var admin = await server.AdminAsync();
        for (var round = 0; round < 15; round++)
        {
            var seat = await server.SeatAsync();
            var members = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => server.MemberAsync()));
            for (var i = 0; i < members.Length; i++)
            {
                await server.ReservationAsync(members[i].UserId, seat, now.AddHours(i + 1), now.AddHours(i + 2));
            }

            var leaving = Task.WhenAll(members.Select(member => member.DeleteAsync("/api/user")));
            var removed = await admin.DeleteAsync($"/api/seat/{seat}?force=true");

            Assert.Equal(HttpStatusCode.NoContent, removed.Status);
            Assert.All(await leaving, left => Assert.Equal(HttpStatusCode.NoContent, left.Status));
            Assert.Equal(
                0,
                await server.QueryAsync<long>(
                    $"SELECT count(*) FROM reservations WHERE seat_id = '{seat}' AND status IN ('future', 'active')"
                )
            );
        }
    }

    [Fact]
    public async Task The_clock_against_the_departure_of_those_it_comes_for()
    {
        var admin = await server.AdminAsync();
        for (var round = 0; round < 15; round++)
        {
            var seat = await server.SeatAsync();
            var members = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.MemberAsync()));
            for (var i = 0; i < members.Length; i++)
            {
                await server.ReservationAsync(members[i].UserId, seat, now.AddHours(-i - 2), now.AddHours(-i - 1));
            }

            var leaving = Task.WhenAll(members.Select(member => member.DeleteAsync("/api/user")));
            var lists = await Task.WhenAll(
                Enumerable.Range(0, 4).Select(_ => admin.GetAsync($"/api/admin/reservations?seat_id={seat}"))
            );

            Assert.All(lists, list => Assert.Equal(HttpStatusCode.OK, list.Status));
            Assert.All(await leaving, left => Assert.Equal(HttpStatusCode.NoContent, left.Status));
        }
    }

    [Fact]
    public async Task Asking_again_under_a_key_while_the_account_goes_is_a_booking_or_no_sign_in()
    {
        for (var round = 0; round < 25; round++)
        {
            var member = await server.MemberAsync();
            var seat = await server.SeatAsync();
            await member.BookAsync(seat, now.AddHours(1), now.AddHours(2), "key");

            var replays = Enumerable
                .Range(0, 8)
                .Select(_ => member.BookAsync(seat, now.AddHours(1), now.AddHours(2), "key"))
                .ToList();
            var left = await member.DeleteAsync("/api/user");

            Assert.Equal(HttpStatusCode.NoContent, left.Status);
            Assert.All(
                await Task.WhenAll(replays),
                answer =>
                    Assert.True(
                        answer.Status is HttpStatusCode.Created or HttpStatusCode.Unauthorized,
                        answer.ToString()
                    )
            );
        }
    }
}
