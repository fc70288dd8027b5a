using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>What the menu of a chat shows to administrators, and no longer to those who were.</summary>
public sealed class AdminMenuTests(ServerWithBot server) : IClassFixture<ServerWithBot>
{
    /// <summary>What was asked for this chat, in order: each with its language, and its commands where they were set.</summary>
    private async Task<List<(string Method, string? Language, JsonArray? Commands)>> MenuAsync(Dialogue chat) =>
        [
            .. (await server.Telegram.GetAsync("/front/calls"))
                .Where(call => (long?)call["body"]!["scope"]?["chat_id"] == chat.Id)
                .Select(call =>
                    (
                        (string)call["method"]!,
                        (string?)call["body"]!["language_code"],
                        call["body"]!["commands"]?.AsArray()
                    )
                ),
        ];

    private Task MenusAsync(Dialogue chat, int count) =>
        Eventually.TrueAsync(async () => (await MenuAsync(chat)).Count == count);

    [Fact]
    public async Task Administrators_see_their_commands_as_long_as_they_are_some()
    {
        var account = await server.AdminAsync();
        var chat = server.Telegram.Somebody("ru");
        await chat.Send(await ServerWithBot.LinkTokenAsync(account));
        await chat.Expect("Готово");
        await MenusAsync(chat, 2);

        var (russian, english) = ((await MenuAsync(chat))[0], (await MenuAsync(chat))[1]);
        Assert.Equal(("setMyCommands", null), (russian.Method, russian.Language));
        Assert.Equal(("setMyCommands", "en"), (english.Method, english.Language));
        foreach (var menu in new[] { russian, english })
        {
            Assert.Equal(
                ["today", "find", "announce", "book", "my", "pass", "free", "ticket", "settings", "unlink", "help"],
                menu.Commands!.Select(entry => (string?)entry!["command"])
            );
        }

        Assert.StartsWith("Сегодня", (string?)russian.Commands![0]!["description"], StringComparison.Ordinal);
        Assert.StartsWith("Today", (string?)english.Commands![0]!["description"], StringComparison.Ordinal);

        await chat.Send("/help");
        await chat.Expect("/announce — Написать всем");
        await MenusAsync(chat, 4);
        await chat.Send("/start");
        await chat.Expect("Здравствуйте");
        await MenusAsync(chat, 6);

        await server.ExecuteAsync($"UPDATE users SET role = 'user' WHERE id = '{account.UserId}'");
        await chat.Send("/help");
        Assert.DoesNotContain("/announce", await chat.Hear(), StringComparison.Ordinal);
        await MenusAsync(chat, 8);
        Assert.All(
            (await MenuAsync(chat)).Skip(6),
            call => Assert.Equal(("deleteMyCommands", true), (call.Method, call.Commands is null))
        );

        foreach (var command in new[] { "/today", "/find Anna", "/announce" })
        {
            await chat.Send(command);
            await chat.Expect("Здравствуйте! Ваш аккаунт BookIT привязан");
        }
    }

    [Fact]
    public async Task Who_unlinks_loses_the_menu_of_administrators()
    {
        var chat = await server.ChatOfAsync(await server.AdminAsync());

        await chat.Send("/unlink");
        await chat.Expect("Telegram is unlinked");

        await MenusAsync(chat, 2);
        Assert.All(await MenuAsync(chat), call => Assert.Equal("deleteMyCommands", call.Method));
    }
}
