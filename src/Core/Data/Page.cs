using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Data;

/// <summary>Which part of a list is wanted.</summary>
/// <param name="Limit">At most this many, 1 to <see cref="MaxLimit"/>.</param>
/// <param name="Offset">After this many.</param>
public readonly record struct PageRequest(int Limit, int Offset)
{
    /// <summary>The largest page.</summary>
    public const int MaxLimit = 500;

    /// <summary>The page of someone who does not ask for one.</summary>
    public const int DefaultLimit = 100;
}

/// <summary>A part of a list, and how long the whole is.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, int Total);

internal static class Paging
{
    public static Task<Page<T>> ToPageAsync<T>(
        this IQueryable<T> query,
        PageRequest page,
        CancellationToken cancellation
    ) => query.ToPageAsync(query, page, cancellation);

    /// <param name="query">What is shown.</param>
    /// <param name="counted">As many as in <paramref name="query"/>, without what is only joined for show.</param>
    /// <param name="page">Which part.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async Task<Page<T>> ToPageAsync<T, TCounted>(
        this IQueryable<T> query,
        IQueryable<TCounted> counted,
        PageRequest page,
        CancellationToken cancellation
    )
    {
        var items = await query.Skip(page.Offset).Take(page.Limit).ToListAsync(cancellation);
        // A page that is not full shows the end of the list: no need to count.
        var isLast = items.Count < page.Limit && (items.Count > 0 || page.Offset == 0);
        return new Page<T>(items, isLast ? page.Offset + items.Count : await counted.CountAsync(cancellation));
    }
}
