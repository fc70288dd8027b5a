using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Reservations;

[Trait("Rerun", "Never")]
public sealed class IdempotencyTests(BookItServer server) : IClassFixture<BookItServer>
{
    private readonly DateTimeOffset start = TimeProvider.System.GetUtcNow().AddHours(2);

    [Fact]
    public async Task The_same_key_and_body_give_the_same_answer_also_after_a_cancellation()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();

        var first = await member.BookAsync(seat, start, start.AddHours(1), "key-1");
        var second = await member.BookAsync(seat, start, start.AddHours(1), "key-1");
        await member.PatchAsync($"/api/reservations/{first.Id}", new { status = "closed" });
        var third = await member.BookAsync(seat, start, start.AddHours(1), "key-1");

        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.Equal((first.Status, first.Body.ToJsonString()), (second.Status, second.Body.ToJsonString()));
        Assert.Equal((first.Status, first.Body.ToJsonString()), (third.Status, third.Body.ToJsonString()));
        Assert.Single((await member.GetAsync("/api/reservations")).Body.AsArray());
    }

    [Fact]
    public async Task A_refusal_is_repeated_too()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        var other = await server.ReservationAsync((await server.MemberAsync()).UserId, seat, start, start.AddHours(1));

        var first = await member.BookAsync(seat, start, start.AddHours(1), "refused");
        await server.ExecuteAsync($"UPDATE reservations SET status = 'closed' WHERE id = '{other}'");
        var second = await member.BookAsync(seat, start, start.AddHours(1), "refused");
        var tooLong = await member.BookAsync(seat, start, start.AddDays(3), "long");
        var tooLongAgain = await member.BookAsync(seat, start, start.AddDays(3), "long");

        Assert.Equal("seat_taken", first.Code);
        Assert.Equal("seat_taken", second.Code);
        Assert.Equal((string?)tooLong.Body["detail"], (string?)tooLongAgain.Body["detail"]);
        Assert.Equal("too_long", tooLongAgain.Code);
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();
        await member.BookAsync(seat, start, start.AddHours(1), "other-body");

        var other = await member.BookAsync(seat, start, start.AddHours(2), "other-body");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.Status);
        Assert.Equal("idempotency_key_reused", other.Code);
    }

    [Fact]
    public async Task Keys_of_different_users_do_not_meet()
    {
        var seat = await server.SeatAsync();
        var first = await (await server.MemberAsync()).BookAsync(seat, start, start.AddHours(1), "mine");
        var second = await (await server.MemberAsync()).BookAsync(seat, start.AddHours(1), start.AddHours(2), "mine");

        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.Equal(HttpStatusCode.Created, second.Status);
        Assert.NotEqual(first.Id, second.Id);
    }

    [Fact]
    public async Task Fifty_at_once_under_one_key_make_one_reservation_and_all_hear_of_it()
    {
        var member = await server.MemberAsync();
        var seat = await server.SeatAsync();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => member.BookAsync(seat, start, start.AddHours(1), "at-once"))
        );

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        Assert.Single(answers.Select(answer => answer.Body.ToJsonString()).Distinct());
        Assert.Single((await member.GetAsync("/api/reservations")).Body.AsArray());
    }

    [Fact]
    public async Task A_key_that_is_too_long_is_refused()
    {
        var member = await server.MemberAsync();

        var answer = await member.BookAsync(await server.SeatAsync(), start, start.AddHours(1), new string('k', 256));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("validation_failed", answer.Code);
    }
}
