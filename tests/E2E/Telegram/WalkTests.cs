using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>A visit, as docs/telegram.md tells it: everything by the bot, news included.</summary>
public sealed class WalkTests(ServerForMembers server) : IClassFixture<ServerForMembers>
{
    private static string Named(Dialogue chat, string beginning) =>
        chat.Buttons().First(button => button.StartsWith(beginning, StringComparison.Ordinal));

    [Fact]
    public async Task A_visit_from_the_link_to_the_seat_given_back()
    {
        await server.FourSeatsAsync();
        var (member, admin) = (await server.MemberAsync(verified: false), await server.AdminAsync());
        var (chat, desk) = (server.Telegram.Somebody(), server.Telegram.Somebody());
        await desk.Send(await ServerWithBot.LinkTokenAsync(admin));
        await desk.Expect("Done, Person");

        await chat.Send($"/start {await ServerWithBot.LinkTokenAsync(member)}");
        await chat.Expect("Done, Person");

        await chat.Send("/book");
        await chat.ExpectText("When do you need a seat?");
        await chat.Press("Now");
        await chat.ExpectText("For how long?");
        await chat.Press(Named(chat, "1 hour"));
        await chat.ExpectText("In which zone?");
        await chat.Press("Quiet zone — 3 seats");
        await chat.ExpectText("Which seat?");
        await chat.Press("A-1 ☕");
        await chat.ExpectEdit("the seat is yours", "Pass", "My reservations");

        await chat.Press("Pass");
        var picture = await chat.ExpectPhoto("Pass: <b>A-1, Quiet zone</b>", "My reservations");
        using var folder = new TemporaryFolder();
        var file = folder.File("pass.png");
        await File.WriteAllBytesAsync(file, picture, TestContext.Current.CancellationToken);
        var link = (await Tool.RunAsync("zbarimg", "--quiet", "--raw", file)).Trim();

        await desk.Send($"/start {link.Split("?start=")[1]}");
        await desk.Expect("<b>Person", "Verify and check in");
        await desk.Press("Verify and check in");
        await desk.ExpectEdit("Checked in on");
        await chat.Expect("An administrator has verified your account");
        await chat.Expect("Welcome!");

        await chat.Send("/my");
        await chat.ExpectText("You are checked in.");
        await chat.Press(Named(chat, "+30 min"));
        await chat.ExpectText("Extended:");

        await chat.Send("/ticket");
        await chat.ExpectText("What would you like to write about?");
        await chat.Press("Something is broken");
        await chat.Expect("What is broken?");
        await chat.Send("The lamp flickers");
        await chat.Expect("has gone to support", "Whole conversation");
        await desk.Expect("A new ticket", "Answer");
        // What was told is written down when it has arrived: a person is not so quick to reply.
        await Eventually.TrueAsync(async () =>
            await server.QueryAsync<long>(
                $"SELECT count(*) FROM telegram_prompts WHERE chat_id = {desk.Id} AND message_id = {desk.NewestId}"
            ) == 1
        );
        await desk.Reply("On my way");
        await desk.Expect("Your message was sent", "Whole conversation");
        await chat.Expect("Support has answered", "Answer");

        await chat.Send("/my");
        await chat.ExpectText("You are checked in.");
        await chat.Press("Give the seat back");
        await chat.Expect("Give the seat back right now?", "Yes, give it back", "No, keep it");
        await chat.Press("Yes, give it back");
        await chat.ExpectText("the seat is given back");

        await Eventually.TrueAsync(async () =>
            await server.QueryAsync<long>(
                $"SELECT count(delivered_at) FROM notifications WHERE user_id = '{member.UserId}' AND kind = 'ticket_answered'"
            ) == 1
        );
        // Whatever they did themselves in the chat is not told once more.
        Assert.Equal(
            ["checked_in", "ticket_answered", "user_verified"],
            (
                await server.QueryAsync<string>(
                    $"""
                    SELECT string_agg(kind, ' ' ORDER BY kind) FROM notifications
                    WHERE user_id = '{member.UserId}' AND delivered_at >= due_at
                    """
                )
            ).Split(' ')
        );
        await chat.ExpectSilence();
    }
}
