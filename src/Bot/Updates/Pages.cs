using BookIT.Bot.Telegram;

namespace BookIT.Bot.Updates;

/// <summary>Lists that are too long for a message come by the page.</summary>
internal static class Pages
{
    /// <summary>A page of a list, and the row of buttons to the others; any number is a page.</summary>
    public static (IReadOnlyList<T> Items, IReadOnlyList<InlineKeyboardButton> Row) Of<T>(
        IReadOnlyList<T> all,
        int page,
        int size,
        Func<int, string> data
    )
    {
        var last = Math.Max(0, (all.Count - 1) / size);
        page = Math.Clamp(page, 0, last);
        return ([.. all.Skip(page * size).Take(size)], Row(page, page < last, data));
    }

    /// <summary>A row of buttons to the pages before and behind one, as far as there are any.</summary>
    public static IReadOnlyList<InlineKeyboardButton> Row(int page, bool hasNext, Func<int, string> data) =>
        [
            .. page > 0 ? [new InlineKeyboardButton("‹", data(page - 1))] : Array.Empty<InlineKeyboardButton>(),
            .. hasNext ? [new InlineKeyboardButton("›", data(page + 1))] : Array.Empty<InlineKeyboardButton>(),
        ];
}
