using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace BookIT.Core.Redis;

/// <summary>
/// Reads RESP2 replies from bytes that arrive in any pieces. It remembers the arrays that are not yet whole, so every
/// element is parsed once; memory grows with what has arrived, never with what a length promises.
/// </summary>
internal sealed class RespReader
{
    /// <summary>Redis' own limit on a string.</summary>
    public const int LongestBulk = 512 * 1024 * 1024;

    private const int LongestLine = 64 * 1024;
    private const int DeepestNesting = 64;

    private static readonly RedisResult Ok = new(ResultType.SimpleString, "OK"u8.ToArray());
    private static readonly RedisResult NullString = new(ResultType.BulkString, RedisValue.Null);
    private static readonly RedisResult NullArray = new(null);
    private static readonly RedisResult EmptyArray = new([]);

    private readonly Stack<PartialArray> unfinished = new();

    /// <summary>Takes the next whole reply from the front of the buffer.</summary>
    /// <param name="buffer">Left at the first byte not consumed: give it again with what arrives next.</param>
    /// <param name="reply">The reply, if there is one.</param>
    /// <returns>False when more bytes are needed.</returns>
    /// <exception cref="InvalidDataException">The bytes are not RESP2.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, [NotNullWhen(true)] out RedisResult? reply)
    {
        var reader = new SequenceReader<byte>(buffer);
        var consumed = reader.Position;
        reply = null;
        while (reply is null && TryReadElement(ref reader, out var element))
        {
            consumed = reader.Position;
            reply = element is null ? null : Attach(element);
        }

        buffer = buffer.Slice(consumed);
        return reply is not null;
    }

    /// <summary>Puts an element where it belongs and returns the reply that it completes, if it does.</summary>
    private RedisResult? Attach(RedisResult element)
    {
        while (unfinished.TryPeek(out var array))
        {
            if (!array.Add(element))
            {
                return null;
            }

            unfinished.Pop();
            element = new RedisResult(array.Items);
        }

        return element;
    }

    /// <summary>Reads one element; the head of an array opens it and gives a null element.</summary>
    private bool TryReadElement(ref SequenceReader<byte> reader, out RedisResult? element)
    {
        element = null;
        if (!reader.TryRead(out var type))
        {
            return false;
        }

        if (!reader.TryReadTo(out ReadOnlySpan<byte> line, "\r\n"u8))
        {
            return reader.Remaining > LongestLine
                ? throw new InvalidDataException("A line of RESP is too long.")
                : false;
        }

        switch (type)
        {
            case (byte)'+':
                element = line.SequenceEqual("OK"u8) ? Ok : new(ResultType.SimpleString, line.ToArray());
                return true;
            case (byte)'-':
                element = new(ResultType.Error, line.ToArray());
                return true;
            case (byte)':':
                element = new(ResultType.Integer, ParseInteger(line));
                return true;
            case (byte)'$':
                return TryReadBulk(ref reader, ParseLength(line, LongestBulk), out element);
            case (byte)'*':
                element = OpenArray(ParseLength(line, int.MaxValue));
                return true;
            default:
                throw new InvalidDataException($"0x{type:x2} does not begin a RESP2 reply.");
        }
    }

    private static bool TryReadBulk(ref SequenceReader<byte> reader, int length, out RedisResult? element)
    {
        element = NullString;
        if (length < 0)
        {
            return true;
        }

        if (reader.Remaining < length + 2L)
        {
            return false;
        }

        var bytes = GC.AllocateUninitializedArray<byte>(length);
        reader.TryCopyTo(bytes);
        reader.Advance(length);
        if (!reader.IsNext("\r\n"u8, advancePast: true))
        {
            throw new InvalidDataException("A RESP string does not end where its length says.");
        }

        element = new(ResultType.BulkString, bytes);
        return true;
    }

    private RedisResult? OpenArray(int length)
    {
        switch (length)
        {
            case < 0:
                return NullArray;
            case 0:
                return EmptyArray;
        }

        if (unfinished.Count == DeepestNesting)
        {
            throw new InvalidDataException($"RESP arrays are nested more than {DeepestNesting} deep.");
        }

        unfinished.Push(new PartialArray(length));
        return null;
    }

    /// <summary>A length from 0 to the longest, or -1 for null.</summary>
    private static int ParseLength(ReadOnlySpan<byte> line, int longest)
    {
        var length = ParseInteger(line);
        return length >= -1 && length <= longest
            ? (int)length
            : throw new InvalidDataException($"{length} is not a length that RESP2 allows.");
    }

    private static long ParseInteger(ReadOnlySpan<byte> line) =>
        Utf8Parser.TryParse(line, out long number, out var used) && used == line.Length
            ? number
            : throw new InvalidDataException("A RESP integer is not one.");

    private sealed class PartialArray(int length)
    {
        private RedisResult[] items = new RedisResult[Math.Min(length, 256)];
        private int count;

        /// <summary>The items; exactly as many as there should be once all are in.</summary>
        public RedisResult[] Items => items;

        /// <summary>Adds the next item and says whether it was the last.</summary>
        public bool Add(RedisResult item)
        {
            if (count == items.Length)
            {
                Array.Resize(ref items, (int)Math.Min(length, 2L * count));
            }

            items[count++] = item;
            return count == length;
        }
    }
}
