using BookIT.Bot.Telegram;

namespace BookIT.Bot.Updates;

/// <summary>
/// Something that people and the bot talk about. It is begun by a command, goes on by the buttons below the bot's
/// messages, and by words where the bot has asked for them. What its buttons say, and the purposes of its questions,
/// begin with its <see cref="Topic"/> and a colon. Updates may be handled twice, and buttons pressed at any time and as
/// often as somebody likes: nothing may be done twice, and nothing may be done that the person no longer sees.
/// </summary>
internal interface IDialogue
{
    /// <summary>The commands that begin it, in lower case, each with a sentence <c>bot_command_…</c> for the menu.</summary>
    IReadOnlyList<string> Commands { get; }

    /// <summary>The parameter of a link that begins it begins so: <c>https://t.me/bot?start=…</c>; null where none does.</summary>
    string? LinkPrefix => null;

    /// <summary>A word of few letters: buttons say 64 bytes at most.</summary>
    string Topic { get; }

    /// <summary>Who may talk about it.</summary>
    Audience Audience { get; }

    /// <summary>Whether words that answer nothing begin it, such as a link that somebody has pasted.</summary>
    bool IsBegunBy(string text) => false;

    /// <summary>
    /// The person has sent one of <see cref="Commands"/>, and perhaps something after it, or has come by a link, or has sent
    /// what <see cref="IsBegunBy"/> has said yes to.
    /// </summary>
    Task StartAsync(Conversation with, string command, string argument);

    /// <summary>The person has pressed a button below a message of the bot.</summary>
    /// <param name="with">The person.</param>
    /// <param name="message">The message with the button.</param>
    /// <param name="data">What the button says, without the topic.</param>
    /// <returns>A short notice for the screen, at most 200 characters; null for none.</returns>
    Task<string?> PressAsync(Conversation with, Message message, string data) => Task.FromResult<string?>(null);

    /// <summary>The person has answered a message of the bot in words.</summary>
    /// <param name="with">The person.</param>
    /// <param name="answer">What they wrote.</param>
    /// <param name="purpose">What the message was remembered for, without the topic.</param>
    Task ReplyAsync(Conversation with, Message answer, string purpose) => Task.CompletedTask;
}

/// <summary>Who may talk about something. To others it is as if it did not exist.</summary>
internal enum Audience
{
    /// <summary>Everybody who writes.</summary>
    Anybody,

    /// <summary>Those with an account.</summary>
    Members,

    /// <summary>Administrators, as the database says at that moment.</summary>
    Admins,
}
