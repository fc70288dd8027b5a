using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Notifications;

namespace BookIT.Bot.Admin;

/// <summary>Tells something to everybody with a booking today: asks what, shows it, and sends it when told to.</summary>
internal sealed class AnnouncementDialogue(Announcements announcements, TimeProvider time) : IDialogue
{
    private const string Send = "send";
    private const string Keep = "keep";

    public IReadOnlyList<string> Commands => ["announce"];

    public string Topic => "announce";

    public Audience Audience => Audience.Admins;

    public Task StartAsync(Conversation with, string command, string argument) =>
        with.AskAsync($"{Topic}:", "bot_announce_ask", [Announcement.MaxTextLength]);

    public async Task ReplyAsync(Conversation with, Message answer, string purpose)
    {
        if (await with.ReadWordsAsync(answer, Announcement.MaxTextLength) is not { } text)
        {
            return;
        }

        var id = with.IdFor(answer);
        var reach = await announcements.WriteAsync(id, text, with.UserId, time.Now(), with.Cancellation);
        var preview = string.Join(
            "\n\n",
            with.Html("bot_announce_preview", [text]),
            with.Html("bot_announce_reach", [reach.Reachable, reach.Unreachable])
        );
        InlineKeyboardButton keep = with.Button("bot_announce_keep", $"{Topic}:{Keep}:{ButtonData.Id(id)}");
        InlineKeyboardButton send = with.Button("bot_announce_send", $"{Topic}:{Send}:{ButtonData.Id(id)}");
        await with.SayHtmlAsync(
            preview,
            new InlineKeyboardMarkup(
                reach.Reachable > 0
                    ?
                    [
                        [send],
                        [keep],
                    ]
                    :
                    [
                        [keep],
                    ]
            )
        );
        await with.ForgetQuestionsAsync();
    }

    public async Task<string?> PressAsync(Conversation with, Message message, string data)
    {
        if (data.Split(':') is not [Send or Keep, var text] || ButtonData.ReadId(text) is not { } id)
        {
            return null;
        }

        if (data.StartsWith(Keep, StringComparison.Ordinal))
        {
            var withdrawn = await announcements.WithdrawAsync(id, with.UserId, with.Cancellation);
            return withdrawn.IsRefused(out var gone)
                ? await RefuseAsync(with, message, gone)
                : await KeptAsync(with, message);
        }

        var sent = await announcements.SendAsync(id, with.UserId, time.Now(), with.Cancellation);
        if (sent.IsRefused(out var refusal))
        {
            return await RefuseAsync(with, message, refusal);
        }

        await with.EditAsync(message, "bot_announce_sent", [sent.Value.Recipients ?? 0, sent.Value.Text]);
        return null;
    }

    private static async Task<string?> KeptAsync(Conversation with, Message message)
    {
        await with.EditAsync(message, "bot_announce_kept");
        return null;
    }

    private static async Task<string?> RefuseAsync(Conversation with, Message message, Refusal refusal)
    {
        await with.RemoveButtonsAsync(message);
        return with.Words(refusal);
    }
}
