namespace BookIT.Core.Data;

/// <summary>Patterns for <c>ILIKE</c> from what people type.</summary>
internal static class Like
{
    public const string Escape = "\\";

    /// <summary>Matches what contains the text; its own wildcards stand for themselves.</summary>
    public static string Containing(string text) =>
        "%"
        + text.Trim()
            .Replace(Escape, Escape + Escape, StringComparison.Ordinal)
            .Replace("%", Escape + "%", StringComparison.Ordinal)
            .Replace("_", Escape + "_", StringComparison.Ordinal)
        + "%";
}
