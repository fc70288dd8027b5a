using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Telegram;
using BookIT.Core.Users;
using Account = BookIT.Core.Users.User;

namespace BookIT.Bot.Links;

/// <summary>Links the Telegram account that speaks to us with an account of ours, and unlinks it.</summary>
internal sealed class LinkDialogue(TelegramLinks links, CommandMenu menu) : IDialogue
{
    /// <summary>What the button says that leaves everything as it is; the other one says the token.</summary>
    private const string Keep = "keep";

    /// <summary>The longest that a button can say.</summary>
    private const int MaxCallbackData = 64;

    public IReadOnlyList<string> Commands => ["unlink"];

    public string Topic => "link";

    public Audience Audience => Audience.Anybody;

    public async Task StartAsync(Conversation with, string command, string argument)
    {
        if (with.Account is null)
        {
            await with.SayAsync("bot_not_linked");
            return;
        }

        // An account that is gone meanwhile is not linked either.
        await links.DisconnectAsync(with.UserId, with.Cancellation);
        await with.SayAsync("bot_unlinked");
        await menu.ShowAsync(with.TelegramId, isAdmin: false, with.Cancellation);
    }

    /// <summary>The person has brought a token, as a link of the web page hands it over or by hand.</summary>
    public async Task LinkAsync(Conversation with, string token)
    {
        var replace = $"{Topic}:{token}";
        if (replace.Length <= MaxCallbackData && await links.HasAnotherAsync(token, with.TelegramId, with.Cancellation))
        {
            var question = with.Html("bot_link_question_telegram");
            // Where this Telegram account is somebody's, it is another account's.
            await AskAsync(
                with,
                with.Account is null ? question : $"{with.Html("bot_link_question")}\n\n{question}",
                replace
            );
            return;
        }

        var result = await links.ConnectAsync(token, with.TelegramId, replace: false, with.Cancellation);
        if (
            result.Refusal is Refusal.TelegramTokenInvalid
            && with.Account is { } account
            && TelegramLinks.IsFor(token, account.UserId)
        )
        {
            // The token of this very account: spent a moment ago, by an update that is handled again.
            await with.SayAsync("bot_linked", [account.FirstName]);
        }
        else if (!result.IsRefused(out var refusal))
        {
            await with.SayAsync("bot_linked", [result.Value.FirstName]);
            await LinkedAsync(with, result.Value);
        }
        else if (refusal is Refusal.TelegramLinkedElsewhere && replace.Length <= MaxCallbackData)
        {
            await AskAsync(with, with.Html("bot_link_question"), replace);
        }
        else
        {
            await with.SayAsync(refusal);
        }
    }

    public async Task<string?> PressAsync(Conversation with, Message message, string data)
    {
        if (data == Keep)
        {
            await with.EditAsync(message, "bot_link_kept");
            return null;
        }

        // The person wants it: whoever else is linked to one of the two loses it.
        var result = await links.ConnectAsync(data, with.TelegramId, replace: true, with.Cancellation);
        if (result.IsRefused(out var refusal))
        {
            // Also the second of two quick taps: what the first has made of the message stays.
            await with.RemoveButtonsAsync(message);
            return with.Words(refusal);
        }

        await with.EditAsync(message, "bot_linked", [result.Value.FirstName]);
        await LinkedAsync(with, result.Value);
        return null;
    }

    private async Task AskAsync(Conversation with, string question, string replace) =>
        await with.SayHtmlAsync(
            question,
            new InlineKeyboardMarkup([
                [with.Button("bot_link_replace", replace)],
                [with.Button("bot_link_keep", $"{Topic}:{Keep}")],
            ])
        );

    private async Task LinkedAsync(Conversation with, Account account)
    {
        await links.MetAsync(with.TelegramId, with.AppLanguage?.TwoLetterISOLanguageName, with.Cancellation);
        await menu.ShowAsync(with.TelegramId, account.Role is UserRole.Admin, with.Cancellation);
    }
}
