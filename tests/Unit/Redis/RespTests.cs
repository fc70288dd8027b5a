using System.Buffers;
using System.Text;
using BookIT.Core.Redis;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BookIT.Tests.Unit.Redis;

public sealed class RespTests
{
    [Theory]
    [InlineData("+OK\r\n", "+OK")]
    [InlineData("+\r\n", "+")]
    [InlineData("-ERR no such thing\r\n", "-ERR no such thing")]
    [InlineData(":-9223372036854775808\r\n", ":-9223372036854775808")]
    [InlineData("$5\r\na\r\nb!\r\n", "$a\r\nb!")]
    [InlineData("$0\r\n\r\n", "$")]
    [InlineData("$-1\r\n", "$null")]
    [InlineData("*-1\r\n", "*null")]
    [InlineData("*0\r\n", "[]")]
    [InlineData("*3\r\n*0\r\n*2\r\n:1\r\n$-1\r\n-no\r\n", "[[],[:1,$null],-no]")]
    public void A_reply_is_read(string wire, string expected) =>
        Assert.Equal([expected], Read([Encoding.UTF8.GetBytes(wire)]));

    [Theory]
    [InlineData("?\r\n")]
    [InlineData(":\r\n")]
    [InlineData(":1x\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$536870913\r\n")]
    [InlineData("*99999999999\r\n")]
    [InlineData("$1\r\nabc\r\n")]
    public void What_is_not_RESP_is_refused(string wire) =>
        Assert.Throws<InvalidDataException>(() => Read([Encoding.UTF8.GetBytes(wire)]));

    [Fact]
    public void A_line_without_end_and_arrays_without_bottom_are_refused()
    {
        Assert.Throws<InvalidDataException>(() => Read([Encoding.UTF8.GetBytes("+" + new string('x', 70_000))]));
        Assert.Throws<InvalidDataException>(() =>
            Read([Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("*1\r\n", 1000)))])
        );
    }

    [Fact]
    public void A_length_that_is_only_promised_takes_no_memory()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Empty(Read(["*2000000000\r\n$536870912\r\nabc"u8.ToArray()]));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void A_long_array_is_read_whole()
    {
        const int Length = 10_000;
        var wire = $"*{Length}\r\n" + string.Concat(Enumerable.Range(0, Length).Select(item => $":{item}\r\n"));
        var expected = $"[{string.Join(',', Enumerable.Range(0, Length).Select(item => $":{item}"))}]";
        Assert.Equal([expected], Read(Encoding.UTF8.GetBytes(wire).Chunk(1000)));
    }

    [Fact]
    public void Replies_split_anywhere_read_the_same()
    {
        var cases =
            from replies in Replies(3).NonEmptyListOf()
            from cuts in Gen.Choose(1, 7).NonEmptyListOf()
            select (replies, cuts);
        Prop.ForAll(
                cases.ToArbitrary(),
                example =>
                {
                    var wire = Encoding.UTF8.GetBytes(string.Concat(example.replies.Select(reply => reply.Wire)));
                    var expected = example.replies.Select(reply => reply.Text).ToArray();
                    Assert.Equal(expected, Read([wire]));
                    Assert.Equal(expected, Read(Cut(wire, [.. example.cuts])));
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_command_is_written_as_an_array_of_strings()
    {
        var output = new ArrayBufferWriter<byte>();
        RedisValue[] arguments = ["ключ", new byte[] { 0, 13, 10 }, -42L, RedisValue.Null, true];
        var length = RespWriter.Write(output, "SET", arguments);
        Assert.Equal(
            "*6\r\n$3\r\nSET\r\n$8\r\nключ\r\n$3\r\n\0\r\n\r\n$3\r\n-42\r\n$0\r\n\r\n$1\r\n1\r\n",
            Encoding.UTF8.GetString(output.WrittenSpan)
        );
        Assert.Equal(output.WrittenCount, length);
    }

    [Theory]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(300_000)]
    public void Long_arguments_are_written_whole(int length)
    {
        var text = new string('x', length);
        foreach (var value in (RedisValue[])[text, Encoding.UTF8.GetBytes(text)])
        {
            var output = new ArrayBufferWriter<byte>();
            var written = RespWriter.Write(output, "ECHO", [value]);
            Assert.Equal($"*2\r\n$4\r\nECHO\r\n${length}\r\n{text}\r\n", Encoding.UTF8.GetString(output.WrittenSpan));
            Assert.Equal(output.WrittenCount, written);
        }
    }

    /// <summary>Replies as they are on the wire, and as <see cref="Describe"/> words them.</summary>
    private static Gen<(string Wire, string Text)> Replies(int depth)
    {
        var bulks =
            from text in Gen.Elements("", "a", "\r\n", "$5\r\nhello\r\n", "ж", new string('x', 100))
            select ($"${Encoding.UTF8.GetByteCount(text)}\r\n{text}\r\n", $"${text}");
        var integers = from number in Gen.Choose(-1000, 1000) select ($":{number}\r\n", $":{number}");
        var others = Gen.Elements(
            ("+OK\r\n", "+OK"),
            ("-ERR no\r\n", "-ERR no"),
            ("$-1\r\n", "$null"),
            ("*-1\r\n", "*null")
        );
        if (depth == 0)
        {
            return Gen.OneOf(bulks, integers, others);
        }

        var arrays =
            from items in Replies(depth - 1).ListOf()
            select (
                $"*{items.Count}\r\n{string.Concat(items.Select(item => item.Wire))}",
                $"[{string.Join(',', items.Select(item => item.Text))}]"
            );
        return Gen.OneOf(bulks, integers, others, arrays);
    }

    private static IEnumerable<byte[]> Cut(byte[] wire, int[] sizes)
    {
        for (int start = 0, cut = 0; start < wire.Length; cut++)
        {
            var end = Math.Min(wire.Length, start + sizes[cut % sizes.Length]);
            yield return wire[start..end];
            start = end;
        }
    }

    /// <summary>Gives the reader one piece after another, as a connection would, and words the replies.</summary>
    private static List<string> Read(IEnumerable<byte[]> pieces)
    {
        var reader = new RespReader();
        var replies = new List<string>();
        Segment? first = null;
        Segment? last = null;
        var start = 0;
        foreach (var piece in pieces)
        {
            last = new Segment(piece, last);
            first ??= last;
            var buffer = new ReadOnlySequence<byte>(first, start, last, piece.Length);
            while (reader.TryRead(ref buffer, out var reply))
            {
                replies.Add(Describe(reply));
            }

            first = (Segment)buffer.Start.GetObject()!;
            start = buffer.Start.GetInteger();
        }

        return replies;
    }

    private static string Describe(RedisResult reply) =>
        reply.Resp2Type switch
        {
            ResultType.Array when reply.IsNull => "*null",
            ResultType.Array => $"[{string.Join(',', ((RedisResult[]?)reply)!.Select(Describe))}]",
            ResultType.BulkString => reply.IsNull ? "$null" : $"${reply}",
            ResultType.Integer => $":{reply}",
            ResultType.Error => $"-{reply}",
            _ => $"+{reply}",
        };

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] piece, Segment? previous)
        {
            Memory = piece;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
