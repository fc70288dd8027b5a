using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Data;
using BookIT.Core.Telegram;
using BookIT.Core.Tickets;
using BookIT.Core.Users;
using Conversation = BookIT.Bot.Updates.Conversation;

namespace BookIT.Bot.Tickets;

/// <summary>
/// Members ask for help, and read and answer on what they asked; administrators answer and close. What is replied to a
/// message that is remembered for <c>ticket:</c> and a ticket's id becomes a message on that ticket.
/// </summary>
internal sealed class TicketDialogue(SupportTickets tickets, Accounts accounts, ReplyPrompts prompts, TimeProvider time)
    : IDialogue
{
    private const string Name = "ticket";
    private const string New = "new";
    private const string List = "list";
    private const string See = "see";
    private const string Answer = "answer";
    private const string Close = "close";
    private const string Reopen = "reopen";

    private const int PageSize = 8;
    private const int MaxButton = 50;
    private const int MaxQuoted = 100;

    /// <summary>Of a message of 4,096, with room for what stands around what people wrote.</summary>
    private const int MaxSaid = 3300;

    /// <summary>Of one of several, so that a long one leaves room for others.</summary>
    private const int MaxOneSaid = 1200;

    private static readonly TicketTheme[] Themes = [TicketTheme.Failure, TicketTheme.Wish, TicketTheme.Other];

    public IReadOnlyList<string> Commands => ["ticket"];

    public string Topic => Name;

    public Audience Audience => Audience.Members;

    /// <summary>What a message is remembered for that is answered on a ticket.</summary>
    public static string PurposeOf(Guid ticketId) => $"{Name}:{ButtonData.Id(ticketId)}";

    /// <summary>What a button says that asks for an answer on a ticket.</summary>
    public static string AnswerTo(Guid ticketId) => $"{Name}:{Answer}:{ButtonData.Id(ticketId)}";

    public async Task StartAsync(Conversation with, string command, string argument)
    {
        var (text, buttons) = await MenuAsync(with, page: 0);
        await with.SayHtmlAsync(text, buttons);
    }

    public Task<string?> PressAsync(Conversation with, Message message, string data) =>
        data.Split(':') switch
        {
            [New, var name] => AskAsync(with, name),
            [List, var number] when int.TryParse(number, out var page) => ListAsync(with, message, page),
            [See, var text] when ButtonData.ReadId(text) is { } id => ShowAsync(with, message, id),
            [Answer, var text] when ButtonData.ReadId(text) is { } id => AskAnswerAsync(with, id),
            [Close, var text] when ButtonData.ReadId(text) is { } id => SetStatusAsync(
                with,
                message,
                id,
                TicketStatus.Closed
            ),
            [Reopen, var text] when ButtonData.ReadId(text) is { } id => SetStatusAsync(
                with,
                message,
                id,
                TicketStatus.Active
            ),
            _ => Task.FromResult<string?>(null),
        };

    public async Task ReplyAsync(Conversation with, Message answer, string purpose)
    {
        if (await with.ReadWordsAsync(answer, Ticket.MaxMessageLength) is not { } words)
        {
            return;
        }

        if (purpose.Split(':') is [New, var name])
        {
            await OpenAsync(with, answer, TicketNames.Theme(name), words);
        }
        else if (ButtonData.ReadId(purpose) is { } id)
        {
            await AnswerAsync(with, answer, id, words);
        }
    }

    private async Task<string?> AskAsync(Conversation with, string name)
    {
        var theme = TicketNames.Theme(name);
        await with.AskAsync($"{Topic}:{New}:{theme.Name()}", $"bot_ticket_ask_{theme.Name()}");
        return null;
    }

    private async Task OpenAsync(Conversation with, Message answer, TicketTheme theme, string words)
    {
        var result = await tickets.OpenAsync(
            with.UserId,
            theme,
            words,
            time.Now(),
            with.Cancellation,
            with.IdFor(answer)
        );
        if (result.IsRefused(out var refusal))
        {
            await RefuseAsync(with, refusal);
        }
        else
        {
            var (ticket, seat) = result.Value;
            await SayOnAsync(
                with,
                ticket.Id,
                seat is null ? with.Html("bot_ticket_opened") : with.Html("bot_ticket_opened_at", [seat])
            );
        }

        await with.ForgetQuestionsAsync();
    }

    private async Task AnswerAsync(Conversation with, Message answer, Guid id, string words)
    {
        var result = await tickets.AnswerAsync(
            id,
            words,
            with.UserId,
            time.Now(),
            with.Cancellation,
            with.IdFor(answer)
        );
        if (!result.IsRefused(out var refusal))
        {
            await SayOnAsync(with, id, with.Html("bot_ticket_answered"));
        }
        else if (refusal is Refusal.TicketClosed)
        {
            // Opened again, it is answered by sending the words again.
            await RefuseAsync(with, refusal, [ReopenButton(with, id)]);
            return;
        }
        else
        {
            await RefuseAsync(with, refusal);
        }

        await with.ForgetQuestionsAsync();
    }

    /// <summary>Says what may be replied to, for the ticket.</summary>
    private async Task SayOnAsync(Conversation with, Guid id, string html)
    {
        var said = await with.SayHtmlAsync(
            html,
            new InlineKeyboardMarkup([
                [with.Button("bot_ticket_see", $"{Topic}:{See}:{ButtonData.Id(id)}")],
            ])
        );
        if (said.Value is { } message)
        {
            await RememberAsync(with, message, id);
        }
    }

    private static async Task RefuseAsync(
        Conversation with,
        Refusal refusal,
        IReadOnlyList<InlineKeyboardButton>? buttons = null
    ) =>
        await with.SayHtmlAsync(
            $"{with.Html("bot_ticket_not_sent")} {with.Html(refusal.Code, refusal.Arguments)}",
            buttons is null ? null : new InlineKeyboardMarkup([buttons])
        );

    private async Task<string?> ListAsync(Conversation with, Message message, int page)
    {
        var (text, buttons) = await MenuAsync(with, page);
        await with.EditHtmlAsync(message, text, buttons);
        return null;
    }

    /// <summary>What to write about, and the tickets that can still be written on.</summary>
    private async Task<(string Text, InlineKeyboardMarkup Buttons)> MenuAsync(Conversation with, int page)
    {
        var shown = Math.Clamp(page, 0, Ticket.MaxPerDay);
        var own = await tickets.ListAsync(
            new TicketFilter(UserId: with.UserId, OpenSince: time.Now() - Ticket.ReopenWithin),
            new PageRequest(PageSize, shown * PageSize),
            with.Cancellation
        );
        var rows = Themes
            .Select(theme =>
                (IReadOnlyList<InlineKeyboardButton>)
                    [with.Button($"bot_ticket_{theme.Name()}", $"{Topic}:{New}:{theme.Name()}")]
            )
            .Concat(
                own.Items.Select(view =>
                    (IReadOnlyList<InlineKeyboardButton>)
                        [
                            new InlineKeyboardButton(
                                Html.Cut($"{Mark(view.Ticket)} {OneLine(view.Ticket.Message)}", MaxButton),
                                $"{Topic}:{See}:{ButtonData.Id(view.Ticket.Id)}"
                            ),
                        ]
                )
            )
            .ToList();
        var turns = Pages.Row(shown, (shown + 1) * PageSize < own.Total, number => $"{Topic}:{List}:{number}");
        if (turns.Count > 0)
        {
            rows.Add(turns);
        }

        var text = with.Html("bot_ticket_menu");
        return (own.Total > 0 ? $"{text}\n\n{with.Html("bot_ticket_menu_own")}" : text, new InlineKeyboardMarkup(rows));
    }

    private static string Mark(Ticket ticket) => ticket.Status is TicketStatus.Closed ? "✓" : "•";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private async Task<string?> ShowAsync(Conversation with, Message message, Guid id)
    {
        var found = await tickets.GetAsync(id, with.UserId, with.Cancellation);
        if (found.IsRefused(out var refusal))
        {
            await with.RemoveButtonsAsync(message);
            return with.Words(refusal);
        }

        var (view, messages) = found.Value;
        await with.EditHtmlAsync(message, await TextAsync(with, view, messages), Buttons(with, view.Ticket));
        await RememberAsync(with, message, id);
        return null;
    }

    private async Task<string> TextAsync(Conversation with, TicketView view, IReadOnlyList<TicketMessageView> messages)
    {
        var ticket = view.Ticket;
        var status = ticket.Status is TicketStatus.Active ? "bot_ticket_open" : "bot_ticket_closed";
        var head = $"<b>{with.Html($"bot_ticket_{ticket.Theme.Name()}")}</b>. {with.Html(status)}";
        if (view.SeatName is { } seat)
        {
            head += $"\n{with.Html("bot_ticket_seat", [seat])}";
        }

        string? author = null;
        if (ticket.UserId != with.UserId)
        {
            var found = await accounts.GetAsync(ticket.UserId, with.UserId, with.Cancellation);
            author = found.Refusal is null ? found.Value.FirstName : with.Words("bot_account_gone");
            head += found.Refusal is null ? $"\n{Html.Escape(found.Value.Email)}" : "";
        }

        var first = Said(with, author, ticket.MadeAt, ticket.Message, messages.Count == 0 ? MaxSaid : MaxOneSaid);
        var room = MaxSaid - first.Length;
        var newest = new List<string>();
        foreach (var (message, name) in messages.Reverse())
        {
            var said = Said(with, NameOf(with, message, name), message.MadeAt, message.Text, MaxOneSaid);
            room -= said.Length;
            if (room < 0)
            {
                break;
            }

            newest.Insert(0, said.Html);
        }

        var omitted = messages.Count - newest.Count;
        if (omitted > 0)
        {
            newest.Insert(0, with.Html("bot_ticket_omitted", [omitted]));
        }

        return string.Join("\n\n", [head, first.Html, .. newest]);
    }

    /// <returns>Null for the person themselves.</returns>
    private static string? NameOf(Conversation with, TicketMessage message, string? name) =>
        message.AuthorId == with.UserId ? null
        : message.FromSupport ? with.Words("bot_ticket_support", name ?? with.Words("bot_account_gone"))
        : name ?? with.Words("bot_account_gone");

    private static (string Html, int Length) Said(
        Conversation with,
        string? name,
        DateTimeOffset at,
        string text,
        int longest
    )
    {
        var head = name is null ? with.Html("bot_ticket_you", [at]) : with.Html("bot_ticket_author", [name, at]);
        var said = Html.Cut(text, longest);
        return ($"{head}\n{Html.Escape(said)}", head.Length + said.Length);
    }

    private InlineKeyboardMarkup Buttons(Conversation with, Ticket ticket)
    {
        var id = ButtonData.Id(ticket.Id);
        var isOwn = ticket.UserId == with.UserId;
        var rows = new List<IReadOnlyList<InlineKeyboardButton>>();
        if (ticket.Status is TicketStatus.Active)
        {
            rows.Add([
                with.Button("bot_ticket_answer", AnswerTo(ticket.Id)),
                with.Button("bot_ticket_close", $"{Topic}:{Close}:{id}"),
            ]);
        }
        else if (!isOwn || time.Now() < ticket.ClosedAt + Ticket.ReopenWithin)
        {
            rows.Add([ReopenButton(with, ticket.Id)]);
        }

        if (isOwn)
        {
            rows.Add([with.Button("bot_ticket_list", $"{Topic}:{List}:0")]);
        }

        return new InlineKeyboardMarkup(rows);
    }

    private InlineKeyboardButton ReopenButton(Conversation with, Guid id) =>
        with.Button("bot_ticket_reopen", $"{Topic}:{Reopen}:{ButtonData.Id(id)}");

    private async Task<string?> AskAnswerAsync(Conversation with, Guid id)
    {
        var found = await tickets.GetAsync(id, with.UserId, with.Cancellation);
        if (found.IsRefused(out var refusal))
        {
            return with.Words(refusal);
        }

        var ticket = found.Value.Ticket.Ticket;
        if (ticket.Status is TicketStatus.Closed)
        {
            return with.Words(new Refusal.TicketClosed());
        }

        await with.AskAsync(PurposeOf(id), "bot_ticket_ask_answer", [Html.Cut(OneLine(ticket.Message), MaxQuoted)]);
        return null;
    }

    private async Task<string?> SetStatusAsync(Conversation with, Message message, Guid id, TicketStatus status)
    {
        var result = await tickets.SetStatusAsync(id, status, with.UserId, time.Now(), with.Cancellation);
        var notice = result.IsRefused(out var refusal) ? with.Words(refusal) : null;
        return await ShowAsync(with, message, id) ?? notice;
    }

    /// <summary>What is replied to the message is said on the ticket.</summary>
    private Task RememberAsync(Conversation with, Message message, Guid id) =>
        prompts.RememberAsync(with.TelegramId, message.MessageId, PurposeOf(id), isQuestion: false, with.Cancellation);
}
