using System.Buffers.Binary;
using static BookIT.Core.Avatars.PictureReader;

namespace BookIT.Core.Avatars;

/// <summary>GIF (87a and 89a): a screen, then blocks up to the trailer.</summary>
internal static class Gif
{
    private const byte Image = 0x2C;
    private const byte Extension = 0x21;
    private const byte Trailer = 0x3B;
    private const byte GraphicControl = 0xF9;
    private const byte Application = 0xFF;
    private const int ScreenLength = 13;

    public static async Task CopyAsync(PictureReader reader)
    {
        var screen = (await reader.TakeAsync(ScreenLength)).ToArray();
        RequireSize(
            BinaryPrimitives.ReadUInt16LittleEndian(screen.AsSpan(6)),
            BinaryPrimitives.ReadUInt16LittleEndian(screen.AsSpan(8))
        );
        reader.NoteSize(
            BinaryPrimitives.ReadUInt16LittleEndian(screen.AsSpan(6)),
            BinaryPrimitives.ReadUInt16LittleEndian(screen.AsSpan(8))
        );
        await reader.WriteAsync(screen);
        await reader.PassAsync(TableLength(screen[10]), keep: true);
        var hasImage = false;
        while (true)
        {
            switch (await reader.TakeByteAsync())
            {
                case Image:
                    await CopyImageAsync(reader);
                    hasImage = true;
                    break;
                case Extension:
                    await CopyExtensionAsync(reader);
                    break;
                case Trailer:
                    Require(hasImage);
                    await reader.WriteAsync(new[] { Trailer });
                    return;
                default:
                    throw Damaged();
            }
        }
    }

    private static async Task CopyImageAsync(PictureReader reader)
    {
        var frame = (await reader.TakeAsync(9)).ToArray();
        int Number(int at) => BinaryPrimitives.ReadUInt16LittleEndian(frame.AsSpan(at));
        Require(Number(4) > 0 && Number(6) > 0);
        // Some programs draw beyond the screen, and browsers make it larger.
        RequireSize(Number(0) + Number(4), Number(2) + Number(6));
        await reader.WriteAsync((byte[])[Image, .. frame]);
        await reader.PassAsync(TableLength(frame[8]), keep: true);
        var codeSize = await reader.TakeByteAsync();
        Require(codeSize is >= 1 and <= 11);
        await reader.WriteAsync(new[] { codeSize });
        await PassBlocksAsync(reader, keep: true);
    }

    private static async Task CopyExtensionAsync(PictureReader reader)
    {
        var label = await reader.TakeByteAsync();
        if (label == GraphicControl)
        {
            var control = (await reader.TakeAsync(6)).ToArray();
            Require(control is [4, _, _, _, _, 0]);
            await reader.WriteAsync((byte[])[Extension, GraphicControl, .. control]);
        }
        else if (label == Application && await IsLoopAsync(reader))
        {
            // How often to repeat: the name, then 1 and a number.
            var loop = (await reader.TakeAsync(16)).ToArray();
            await reader.WriteAsync((byte[])[Extension, Application, .. loop, 0]);
            await PassBlocksAsync(reader, keep: false);
        }
        else
        {
            // Comments, texts, XMP, and what only some programs know.
            await PassBlocksAsync(reader, keep: false);
        }
    }

    private static async ValueTask<bool> IsLoopAsync(PictureReader reader)
    {
        var start = (await reader.PeekAsync(14)).Span;
        return start is [11, .. var name, 3, 1]
            && (name.SequenceEqual("NETSCAPE2.0"u8) || name.SequenceEqual("ANIMEXTS1.0"u8));
    }

    /// <summary>Blocks of up to 255 bytes, and an empty one at the end.</summary>
    private static async Task PassBlocksAsync(PictureReader reader, bool keep)
    {
        byte length;
        do
        {
            var next = await reader.PeekAsync(1);
            Require(next.Length == 1);
            length = next.Span[0];
            await reader.PassAsync(1 + length, keep);
        } while (length > 0);
    }

    private static int TableLength(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 0x07) + 1);
}
