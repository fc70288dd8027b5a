using System.Buffers;
using System.Buffers.Text;

namespace BookIT.Core.Redis;

/// <summary>Writes commands as RESP2: an array of strings, the name first.</summary>
internal static class RespWriter
{
    // A length line or the end of a string: a sign, 10 digits, \r\n.
    private const int LongestHeader = 16;

    // Up to here a string is written in one go with its length; beyond, in pieces.
    private const int Short = 1024;

    /// <summary>Appends a command and returns its length in bytes. A null argument is sent as the empty string, for the protocol has no other.</summary>
    public static long Write(IBufferWriter<byte> output, string command, ReadOnlySpan<RedisValue> arguments)
    {
        var head = output.GetSpan(LongestHeader);
        var header = WriteHeader(head, (byte)'*', 1 + arguments.Length);
        output.Advance(header);
        var written = header + WriteString(output, command);
        foreach (ref readonly var argument in arguments)
        {
            written += WriteString(output, argument);
        }

        return written;
    }

    private static long WriteString(IBufferWriter<byte> output, in RedisValue value)
    {
        var length = value.ByteCount;
        if (length <= Short)
        {
            var span = output.GetSpan(length + LongestHeader + 2);
            var start = WriteHeader(span, (byte)'$', length);
            value.CopyTo(span[start..]);
            "\r\n"u8.CopyTo(span[(start + length)..]);
            output.Advance(start + length + 2);
            return start + length + 2;
        }

        var header = WriteHeader(output.GetSpan(LongestHeader), (byte)'$', length);
        output.Advance(header);
        value.WriteTo(output);
        output.Write("\r\n"u8);
        return header + length + 2L;
    }

    private static int WriteHeader(Span<byte> span, byte type, int number)
    {
        span[0] = type;
        Utf8Formatter.TryFormat(number, span[1..], out var digits);
        "\r\n"u8.CopyTo(span[(1 + digits)..]);
        return digits + 3;
    }
}
