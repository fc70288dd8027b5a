using System.Buffers.Binary;
using System.Text;
using static BookIT.Core.Avatars.PictureReader;

namespace BookIT.Core.Avatars;

/// <summary>WebP (RFC 9649): a RIFF file of chunks, in its simple forms and in the extended one.</summary>
internal static class WebP
{
    private const int RiffLength = 12;
    private const int ChunkHeaderLength = 8;
    private const int FrameHeaderLength = 16;
    private const int ExtendedLength = 10;
    private const int FlagsPosition = RiffLength + ChunkHeaderLength;
    private const byte HasAnimation = 0x02;
    private const byte HasXmp = 0x04;
    private const byte HasExif = 0x08;

    public static async Task CopyAsync(PictureReader reader)
    {
        var riff = (await reader.TakeAsync(RiffLength)).ToArray();
        var remaining = (long)BinaryPrimitives.ReadUInt32LittleEndian(riff.AsSpan(4)) - 4;
        await reader.WriteAsync(riff);
        var chunk = await TakeChunkAsync(reader, remaining);
        if (chunk.Type == "VP8X")
        {
            await CopyExtendedAsync(reader, chunk, remaining - chunk.Total);
        }
        else
        {
            await CopyBitstreamAsync(reader, chunk, canvas: null);
        }

        await WriteLengthAsync(reader, start: 0);
    }

    private static async Task CopyExtendedAsync(PictureReader reader, Chunk extended, long remaining)
    {
        Require(extended.Length == ExtendedLength);
        var data = (await reader.TakeAsync(ExtendedLength)).ToArray();
        var canvas = (Width: UInt24(data.AsSpan(4)) + 1, Height: UInt24(data.AsSpan(7)) + 1);
        RequireSize(canvas.Width, canvas.Height);
        reader.NoteSize(canvas.Width, canvas.Height);
        var isMoving = (data[0] & HasAnimation) != 0;
        data[0] = (byte)(data[0] & ~(HasExif | HasXmp));
        await WriteHeaderAsync(reader, extended);
        await reader.WriteAsync(data);

        var (hasImage, isOriented) = (false, false);
        while (remaining > 0)
        {
            var chunk = await TakeChunkAsync(reader, remaining);
            remaining -= chunk.Total;
            switch (chunk.Type)
            {
                case "VP8 " or "VP8L" when !isMoving:
                    Require(!hasImage);
                    await CopyBitstreamAsync(reader, chunk, canvas);
                    hasImage = true;
                    break;
                case "ANMF" when isMoving:
                    await CopyFrameAsync(reader, chunk, canvas);
                    hasImage = true;
                    break;
                case "ICCP" or "ANIM" or "ALPH":
                    await CopyChunkAsync(reader, chunk);
                    break;
                case "EXIF" when !isOriented && await OrientationAsync(reader, chunk) is { } orientation:
                    var exif = Exif.Minimal(orientation);
                    await WriteHeaderAsync(reader, new Chunk("EXIF", (uint)exif.Length, HasPadding: false));
                    await reader.WriteAsync(exif);
                    await reader.OverwriteAsync(FlagsPosition, new[] { (byte)(data[0] | HasExif) });
                    reader.NoteOrientation(orientation);
                    isOriented = true;
                    await reader.PassAsync(chunk.Total - ChunkHeaderLength, keep: false);
                    break;
                default:
                    await reader.PassAsync(chunk.Total - ChunkHeaderLength, keep: false);
                    break;
            }
        }

        Require(hasImage);
    }

    private static async Task CopyFrameAsync(PictureReader reader, Chunk frame, (int Width, int Height) canvas)
    {
        Require(frame.Length >= FrameHeaderLength);
        var start = reader.Written;
        var header = (await reader.TakeAsync(FrameHeaderLength)).ToArray();
        var (x, y) = (2 * UInt24(header), 2 * UInt24(header.AsSpan(3)));
        var size = (Width: UInt24(header.AsSpan(6)) + 1, Height: UInt24(header.AsSpan(9)) + 1);
        Require(x + size.Width <= canvas.Width && y + size.Height <= canvas.Height);
        await WriteHeaderAsync(reader, frame);
        await reader.WriteAsync(header);

        var remaining = (long)frame.Length - FrameHeaderLength;
        var hasImage = false;
        while (remaining > 0)
        {
            var chunk = await TakeChunkAsync(reader, remaining);
            remaining -= chunk.Total;
            switch (chunk.Type)
            {
                case "VP8 " or "VP8L":
                    Require(!hasImage);
                    await CopyBitstreamAsync(reader, chunk, size);
                    hasImage = true;
                    break;
                case "ALPH":
                    await CopyChunkAsync(reader, chunk);
                    break;
                default:
                    await reader.PassAsync(chunk.Total - ChunkHeaderLength, keep: false);
                    break;
            }
        }

        Require(hasImage);
        await reader.PassAsync(frame.HasPadding ? 1 : 0, keep: false);
        await WriteLengthAsync(reader, start);
    }

    /// <summary>Copies compressed pixels, whose own size must be allowed, and the one that was said.</summary>
    private static async Task CopyBitstreamAsync(PictureReader reader, Chunk chunk, (int Width, int Height)? canvas)
    {
        var head = await reader.PeekAsync((int)Math.Min(chunk.Length, 10));
        var size = chunk.Type switch
        {
            "VP8 " => LossySize(head.Span),
            "VP8L" => LosslessSize(head.Span),
            _ => throw Damaged(),
        };
        RequireSize(size.Width, size.Height);
        reader.NoteSize(size.Width, size.Height);
        Require(canvas is null || canvas == size);
        await CopyChunkAsync(reader, chunk);
    }

    /// <summary>Of a key frame (RFC 6386, 9.1).</summary>
    private static (int Width, int Height) LossySize(ReadOnlySpan<byte> head)
    {
        Require(head.Length == 10 && (head[0] & 1) == 0 && head[3..6].SequenceEqual((byte[])[0x9D, 0x01, 0x2A]));
        return (
            BinaryPrimitives.ReadUInt16LittleEndian(head[6..]) & 0x3FFF,
            BinaryPrimitives.ReadUInt16LittleEndian(head[8..]) & 0x3FFF
        );
    }

    /// <summary>Of a lossless picture (RFC 9649, 3.4): two numbers of 14 bits, less one.</summary>
    private static (int Width, int Height) LosslessSize(ReadOnlySpan<byte> head)
    {
        Require(head.Length >= 5 && head[0] == 0x2F);
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(head[1..]);
        Require(bits >> 29 == 0);
        return ((int)(bits & 0x3FFF) + 1, (int)((bits >> 14) & 0x3FFF) + 1);
    }

    private static async Task<Chunk> TakeChunkAsync(PictureReader reader, long remaining)
    {
        var header = await reader.TakeAsync(ChunkHeaderLength);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header.Span[4..]);
        // Some programs leave the last byte of padding out.
        var hasPadding = length % 2 == 1 && remaining > ChunkHeaderLength + length;
        var chunk = new Chunk(Encoding.Latin1.GetString(header.Span[..4]), length, hasPadding);
        Require(chunk.Total <= remaining);
        return chunk;
    }

    private static async ValueTask<byte?> OrientationAsync(PictureReader reader, Chunk chunk) =>
        Exif.OrientationOf((await reader.PeekAsync((int)Math.Min(chunk.Length, MaxTake))).Span);

    private static async Task CopyChunkAsync(PictureReader reader, Chunk chunk)
    {
        await WriteHeaderAsync(reader, chunk);
        await reader.PassAsync(chunk.Length, keep: true);
        await reader.PassAsync(chunk.HasPadding ? 1 : 0, keep: false);
        if (chunk.Length % 2 == 1)
        {
            await reader.WriteAsync(new byte[1]);
        }
    }

    private static async Task WriteHeaderAsync(PictureReader reader, Chunk chunk)
    {
        var header = new byte[ChunkHeaderLength];
        Encoding.Latin1.GetBytes(chunk.Type, header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), chunk.Length);
        await reader.WriteAsync(header);
    }

    /// <summary>Corrects the length of what began at <paramref name="start"/> and ends here.</summary>
    private static async Task WriteLengthAsync(PictureReader reader, long start)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)(reader.Written - start - ChunkHeaderLength));
        await reader.OverwriteAsync(start + 4, length);
    }

    private static int UInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);

    private sealed record Chunk(string Type, uint Length, bool HasPadding)
    {
        /// <summary>With its header and padding.</summary>
        public long Total => ChunkHeaderLength + (long)Length + (HasPadding ? 1 : 0);
    }
}
