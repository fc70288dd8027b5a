using System.ComponentModel;
using System.Globalization;
using BookIT.Core.Data;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Http;

/// <summary>Which part of a list is wanted; the total comes back in <c>X-Total-Count</c>.</summary>
public readonly record struct PageQuery(
    [property: FromQuery(Name = "limit")]
    [property: Description("At most this many, 1 to 500; 100 by default.")]
    [property: NumberBetween(1, PageRequest.MaxLimit)]
        int? Limit,
    [property: FromQuery(Name = "offset")]
    [property: Description("After this many.")]
    [property: NumberBetween(0, 10_000_000)]
        int? Offset
)
{
    public PageRequest ToRequest() => new(Limit ?? PageRequest.DefaultLimit, Offset ?? 0);
}

internal static class PageHeaders
{
    public const string TotalCount = "X-Total-Count";

    public static void SetTotalCount(this HttpResponse response, int total) =>
        response.Headers[TotalCount] = total.ToString(CultureInfo.InvariantCulture);
}
