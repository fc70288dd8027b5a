namespace BookIT.Bot.Telegram;

/// <summary>What became of a call to the Bot API, as far as the caller has something to decide.</summary>
internal enum CallState
{
    /// <summary>Telegram has done it.</summary>
    Done,

    /// <summary>The person cannot be written to: they have blocked the bot, or their account or the chat is gone.</summary>
    Blocked,

    /// <summary>Telegram will not do it, however often it is asked. It was logged.</summary>
    Refused,

    /// <summary>Telegram did not do it: it was not reached, or it was busy or broken for as long as we tried.</summary>
    Unreachable,

    /// <summary>It was sent, and no answer came: the message may have arrived. Sending it again may repeat it.</summary>
    Unsure,
}

/// <summary>What became of a call.</summary>
/// <param name="State">Tells whether there is a value.</param>
/// <param name="Value">What Telegram answered, where it is done.</param>
/// <param name="ErrorCode">Telegram's own, an HTTP status; 0 where it has not answered.</param>
/// <param name="Description">Why, for an operator: without the token, without what a person wrote.</param>
/// <param name="RetryAfter">How long Telegram wants to be left alone, where it said so.</param>
internal readonly record struct CallResult<T>(
    CallState State,
    T? Value = default,
    int ErrorCode = 0,
    string? Description = null,
    TimeSpan? RetryAfter = null
)
{
    public bool IsDone => State is CallState.Done;
}
