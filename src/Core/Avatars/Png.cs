using System.Buffers.Binary;
using System.Text;
using static BookIT.Core.Avatars.PictureReader;

namespace BookIT.Core.Avatars;

/// <summary>PNG and APNG (PNG specification, third edition): a signature, then chunks with checksums up to <c>IEND</c>.</summary>
internal static class Png
{
    private const int HeaderLength = 13;
    private const int FrameLength = 26;
    private const int BytesAroundData = 12;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static async Task CopyAsync(PictureReader reader)
    {
        await reader.PassAsync(Signature.Length, keep: true);
        var (hasPalette, hasData, isOriented) = (false, false, false);
        var before = "";
        var canvas = default(Header);
        while (true)
        {
            var start = (await reader.TakeAsync(8)).ToArray();
            var length = BinaryPrimitives.ReadUInt32BigEndian(start);
            Require(length <= int.MaxValue);
            var type = Encoding.Latin1.GetString(start, 4, 4);
            Require(before.Length > 0 || type == "IHDR");
            var crc = new Crc32();
            crc.Add(start.AsSpan(4));
            var keep = true;
            switch (type)
            {
                case "IHDR":
                    Require(before.Length == 0 && length == HeaderLength);
                    canvas = Header.Read((await reader.PeekAsync(HeaderLength)).Span);
                    reader.NoteSize(canvas.Width, canvas.Height);
                    break;
                case "PLTE":
                    Require(!hasPalette && !hasData && length is > 0 and <= 3 * 256 && length % 3 == 0);
                    hasPalette = true;
                    break;
                case "IDAT":
                    Require((!hasData || before == "IDAT") && (hasPalette || !canvas.NeedsPalette));
                    hasData = true;
                    break;
                case "IEND":
                    Require(hasData && length == 0);
                    break;
                case "fcTL":
                    Require(length == FrameLength);
                    canvas.RequireWithin((await reader.PeekAsync(FrameLength)).Span);
                    break;
                case "eXIf":
                    if (!isOriented && await OrientationAsync(reader, length) is { } orientation)
                    {
                        await WriteChunkAsync(reader, "eXIf"u8.ToArray(), Exif.Minimal(orientation));
                        reader.NoteOrientation(orientation);
                        isOriented = true;
                    }

                    keep = false;
                    break;
                // How colours, the background and a pixel's shape are meant; more frames.
                case "tRNS" or "gAMA" or "cHRM" or "sRGB" or "iCCP" or "cICP" or "sBIT" or "bKGD" or "pHYs":
                case "mDCV" or "cLLI" or "acTL" or "fdAT":
                    break;
                default:
                    // A capital letter: cannot be drawn without knowing it. The others say something about the picture.
                    Require(!char.IsAsciiLetterUpper(type[0]) && type.All(char.IsAsciiLetter));
                    keep = false;
                    break;
            }

            if (keep)
            {
                await reader.WriteAsync(start);
            }

            await reader.PassAsync(length, keep, crc);
            var sum = await reader.TakeAsync(4);
            Require(BinaryPrimitives.ReadUInt32BigEndian(sum.Span) == crc.Value);
            if (keep)
            {
                await reader.WriteAsync(sum);
            }

            if (type == "IEND")
            {
                return;
            }

            before = type;
        }
    }

    private static async ValueTask<byte?> OrientationAsync(PictureReader reader, uint length) =>
        Exif.OrientationOf((await reader.PeekAsync((int)Math.Min(length, MaxTake))).Span);

    private static async Task WriteChunkAsync(PictureReader reader, byte[] type, byte[] data)
    {
        var chunk = new byte[data.Length + BytesAroundData];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk, 4);
        data.CopyTo(chunk, 8);
        var crc = new Crc32();
        crc.Add(chunk.AsSpan(4..^4));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(^4..), crc.Value);
        await reader.WriteAsync(chunk);
    }

    /// <summary>The size of the canvas, and whether its colours are those of a palette.</summary>
    private readonly record struct Header(uint Width, uint Height, bool NeedsPalette)
    {
        public static Header Read(ReadOnlySpan<byte> data)
        {
            Require(data.Length == HeaderLength);
            var (width, height) = ReadSize(data);
            RequireSize(width, height);
            var (depth, colours) = (data[8], data[9]);
            var isPossible = colours switch
            {
                0 => depth is 1 or 2 or 4 or 8 or 16,
                3 => depth is 1 or 2 or 4 or 8,
                2 or 4 or 6 => depth is 8 or 16,
                _ => false,
            };
            Require(isPossible && data[10] == 0 && data[11] == 0 && data[12] <= 1);
            return new Header(width, height, NeedsPalette: colours == 3);
        }

        /// <summary>Refuses a frame that reaches beyond the canvas.</summary>
        public void RequireWithin(ReadOnlySpan<byte> frame)
        {
            Require(frame.Length == FrameLength);
            var (width, height) = ReadSize(frame[4..]);
            var (x, y) = ReadSize(frame[12..]);
            RequireSize(width, height);
            Require((ulong)x + width <= Width && (ulong)y + height <= Height);
        }

        private static (uint Width, uint Height) ReadSize(ReadOnlySpan<byte> data) =>
            (BinaryPrimitives.ReadUInt32BigEndian(data), BinaryPrimitives.ReadUInt32BigEndian(data[4..]));
    }
}
