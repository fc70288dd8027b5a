using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BookIT.Core;

namespace BookIT.Bot.Updates;

/// <summary>
/// Values as buttons say them, short: 64 bytes are all there is. Buttons can be forged: whatever is none of these values
/// reads as null.
/// </summary>
internal static class ButtonData
{
    /// <summary>As much as 7 hexadecimal digits hold.</summary>
    private const int MaxMinute = 0xFFFFFFF;

    /// <summary>22 characters: base64url of the id's bytes, big-endian.</summary>
    public static string Id(Guid id) => Base64Url.EncodeToString(id.ToByteArray(bigEndian: true));

    public static Guid? ReadId(string text)
    {
        Span<byte> bytes = stackalloc byte[16];
        return
            text.Length == Base64Url.GetEncodedLength(bytes.Length)
            && Base64Url.IsValid(text)
            && Base64Url.TryDecodeFromChars(text, bytes, out var length)
            && length == bytes.Length
            ? new Guid(bytes, bigEndian: true)
            : null;
    }

    /// <summary>7 characters until the year 2480: the minutes since 1970 in hexadecimal, without the seconds.</summary>
    public static string Minute(DateTimeOffset instant) =>
        MinutesOf(instant).ToString("x", CultureInfo.InvariantCulture);

    public static DateTimeOffset? ReadMinute(string text) =>
        ReadNumber(text, NumberStyles.AllowHexSpecifier) is { } minutes && minutes <= MaxMinute
            ? DateTimeOffset.UnixEpoch.AddMinutes(minutes)
            : null;

    /// <summary>At most 12 characters: the minute of the start, and the minutes that it lasts.</summary>
    public static string Span(Interval span) =>
        $"{Minute(span.Start)}.{(MinutesOf(span.End) - MinutesOf(span.Start)).ToString("x", CultureInfo.InvariantCulture)}";

    public static Interval? ReadSpan(string text) =>
        text.Split('.') is [var start, var length]
        && ReadMinute(start) is { } from
        && ReadNumber(length, NumberStyles.AllowHexSpecifier) is { } minutes
        && minutes <= MaxMinute
            ? new Interval(from, from.AddMinutes(minutes))
            : null;

    /// <summary>At most 6 characters: the day's number.</summary>
    public static string Day(DateOnly day) => day.DayNumber.ToString("x", CultureInfo.InvariantCulture);

    public static DateOnly? ReadDay(string text) =>
        ReadNumber(text, NumberStyles.AllowHexSpecifier) is { } number && number < DateOnly.MaxValue.DayNumber
            ? DateOnly.FromDayNumber(number)
            : null;

    public static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    public static int? ReadNumber(string text) => ReadNumber(text, NumberStyles.None);

    /// <summary>6 characters that stand for a name of any length. Those of others differ, unless somebody takes pains.</summary>
    public static string Name(string name) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(..4));

    /// <summary>In whole minutes.</summary>
    public static DateTimeOffset ToMinutes(this DateTimeOffset instant) =>
        DateTimeOffset.UnixEpoch.AddMinutes(MinutesOf(instant));

    private static long MinutesOf(DateTimeOffset instant) => instant.ToUnixTimeSeconds() / 60;

    private static int? ReadNumber(string text, NumberStyles style) =>
        int.TryParse(text, style, CultureInfo.InvariantCulture, out var number) && number >= 0 ? number : null;
}
