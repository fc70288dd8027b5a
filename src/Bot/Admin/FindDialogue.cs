using BookIT.Bot.Reservations;
using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Data;
using BookIT.Core.Reservations;
using BookIT.Core.Users;
using Account = BookIT.Core.Users.User;

namespace BookIT.Bot.Admin;

/// <summary>Looks for somebody by a part of their name or address, and shows how they stand.</summary>
internal sealed class FindDialogue(Accounts accounts, Visits visits, TimeProvider time) : IDialogue
{
    private const string Show = "show";
    private const string Verify = "verify";
    private const int MaxFound = 8;
    private const int MaxLive = 5;
    private const int MaxWords = 100;
    private const int MaxButton = 60;

    public IReadOnlyList<string> Commands => ["find"];

    public string Topic => "find";

    public Audience Audience => Audience.Admins;

    public Task StartAsync(Conversation with, string command, string argument) =>
        string.IsNullOrWhiteSpace(argument)
            ? with.AskAsync($"{Topic}:", "bot_find_ask")
            : FindAsync(with, Html.Cut(argument.Trim(), MaxWords));

    public async Task ReplyAsync(Conversation with, Message answer, string purpose)
    {
        if (await with.ReadWordsAsync(answer, MaxWords) is { } words)
        {
            await FindAsync(with, words);
            await with.ForgetQuestionsAsync();
        }
    }

    public async Task<string?> PressAsync(Conversation with, Message message, string data)
    {
        if (data.Split(':') is not [Show or Verify, var text] || ButtonData.ReadId(text) is not { } id)
        {
            return null;
        }

        var now = time.Now();
        var result = data.StartsWith(Verify, StringComparison.Ordinal)
            ? await accounts.VerifyAsync(id, with.UserId, now, with.Cancellation)
            : await accounts.GetAsync(id, with.UserId, with.Cancellation);
        if (result.IsRefused(out var refusal))
        {
            return with.Words(refusal);
        }

        var live = await visits.ListLiveAsync(id, now, with.Cancellation);
        await with.EditHtmlAsync(message, CardOf(with, result.Value, live), ButtonsOf(with, result.Value, live));
        return null;
    }

    private async Task FindAsync(Conversation with, string words)
    {
        var found = await accounts.ListAsync(
            new UserFilter(words),
            new PageRequest(MaxFound, Offset: 0),
            with.Cancellation
        );
        if (found.Total == 0)
        {
            await with.SayAsync("bot_find_none", [words]);
            return;
        }

        var text = with.Html("bot_find_found", [words, found.Total]);
        if (found.Total > found.Items.Count)
        {
            text += $"\n{with.Html("bot_find_more", [found.Items.Count])}";
        }

        await with.SayHtmlAsync(
            text,
            new InlineKeyboardMarkup([
                .. found.Items.Select(user =>
                    (IReadOnlyList<InlineKeyboardButton>)
                        [
                            new InlineKeyboardButton(
                                Html.Cut($"{user.FirstName}, {user.Email}", MaxButton),
                                $"{Topic}:{Show}:{ButtonData.Id(user.Id)}"
                            ),
                        ]
                ),
            ])
        );
    }

    private static string CardOf(Conversation with, Account user, IReadOnlyList<Visit> live)
    {
        var lines = new List<string>
        {
            with.Html("bot_visit_holder", [user.FirstName, user.Email]),
            VisitCard.Verification(with, user.Verified),
            with.Html(
                user.TelegramSince is not null ? "bot_find_telegram"
                : user.TelegramId is not null ? "bot_find_telegram_blocked"
                : "bot_find_no_telegram"
            ),
        };
        if (user.Role is UserRole.Admin)
        {
            lines.Add(with.Html("bot_find_admin"));
        }

        if (live.Count == 0)
        {
            lines.Add("\n" + with.Html("bot_find_no_reservations"));
        }

        lines.AddRange(
            live.Take(MaxLive).Select(visit => $"\n{VisitCard.Place(with, visit)}\n{VisitCard.Standing(with, visit)}")
        );
        if (live.Count > MaxLive)
        {
            lines.Add("\n" + with.Html("bot_find_more_reservations", [live.Count - MaxLive]));
        }

        return string.Join('\n', lines);
    }

    private InlineKeyboardMarkup ButtonsOf(Conversation with, Account user, IReadOnlyList<Visit> live)
    {
        var rows = live.Take(MaxLive)
            .Select(visit => VisitCard.Button(with, visit))
            .OfType<InlineKeyboardButton>()
            .Select(button => (IReadOnlyList<InlineKeyboardButton>)[button])
            .ToList();
        if (!user.Verified)
        {
            rows.Add([with.Button("bot_find_verify", $"{Topic}:{Verify}:{ButtonData.Id(user.Id)}")]);
        }

        rows.Add([with.Button("bot_refresh", $"{Topic}:{Show}:{ButtonData.Id(user.Id)}")]);
        return new InlineKeyboardMarkup(rows);
    }
}
