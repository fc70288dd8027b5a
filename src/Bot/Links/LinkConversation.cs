using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Telegram;

namespace BookIT.Bot.Links;

/// <summary>Links the Telegram account that speaks to us with an account of ours, and unlinks it.</summary>
internal sealed class LinkConversation(TelegramLinks links, TelegramBotClient client)
{
    /// <summary>What the button says that takes the Telegram account away from another account, before the token.</summary>
    public const string Replace = "link:";

    /// <summary>What the button says that leaves everything as it is.</summary>
    public const string Keep = "keep";

    /// <summary>The longest that a button can say.</summary>
    private const int MaxCallbackData = 64;

    public async Task LinkAsync(Conversation with, string token)
    {
        var result = await links.ConnectAsync(token, with.TelegramId, replace: false, with.Cancellation);
        if (!result.IsRefused(out var refusal))
        {
            await with.SayAsync("bot_linked", [result.Value.FirstName]);
        }
        else if (refusal is Refusal.TelegramLinkedElsewhere && Replace.Length + token.Length <= MaxCallbackData)
        {
            await with.SayAsync(
                "bot_link_question",
                arguments: null,
                new InlineKeyboardMarkup([
                    [with.Button("bot_link_replace", Replace + token)],
                    [with.Button("bot_link_keep", Keep)],
                ])
            );
        }
        else
        {
            await with.SayAsync(refusal.Code, refusal.Arguments);
        }
    }

    /// <summary>The person wants it: the account that has the Telegram account loses it.</summary>
    /// <returns>What to tell the person who has pressed, if it is not in the message.</returns>
    public async Task<string?> ReplaceAsync(Conversation with, Message message, string token)
    {
        var result = await links.ConnectAsync(token, with.TelegramId, replace: true, with.Cancellation);
        if (result.IsRefused(out var refusal))
        {
            // Also the second of two quick taps: what the first has made of the message stays.
            await client.EditMessageReplyMarkup(message.Chat.Id, message.MessageId, cancellation: with.Cancellation);
            return Sentences.Of(refusal, with.Language);
        }

        await with.EditAsync(message, "bot_linked", [result.Value.FirstName]);
        return null;
    }

    /// <summary>The person does not want it.</summary>
    /// <returns>Nothing more to tell.</returns>
    public async Task<string?> KeepAsync(Conversation with, Message message)
    {
        await with.EditAsync(message, "bot_link_kept");
        return null;
    }

    public async Task UnlinkAsync(Conversation with)
    {
        if (with.UserId is not { } userId)
        {
            await with.SayAsync("bot_not_linked");
            return;
        }

        // An account that is gone meanwhile is not linked either.
        await links.DisconnectAsync(userId, with.Cancellation);
        await with.SayAsync("bot_unlinked");
    }
}
