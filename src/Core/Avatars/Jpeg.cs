using System.Buffers.Binary;
using static BookIT.Core.Avatars.PictureReader;

namespace BookIT.Core.Avatars;

/// <summary>
/// JPEG as browsers draw it, baseline and progressive (ITU-T T.81, annex B): segments up to <c>EOI</c>, some of them
/// followed by compressed data.
/// </summary>
internal static class Jpeg
{
    private const byte StartOfImage = 0xD8;
    private const byte EndOfImage = 0xD9;
    private const byte StartOfScan = 0xDA;
    private const byte QuantizationTables = 0xDB;
    private const byte HuffmanTables = 0xC4;
    private const byte RestartInterval = 0xDD;
    private const byte Application0 = 0xE0;
    private const byte Application1 = 0xE1;
    private const byte Application2 = 0xE2;
    private const byte Application14 = 0xEE;
    private const byte Application15 = 0xEF;
    private const byte Comment = 0xFE;
    private const int JfifLength = 14;
    private const int AdobeLength = 12;

    public static ReadOnlySpan<byte> Signature => [0xFF, StartOfImage, 0xFF];

    public static async Task CopyAsync(PictureReader reader)
    {
        await reader.PassAsync(2, keep: true);
        var (hasFrame, hasScan, isOriented) = (false, false, false);
        while (true)
        {
            var marker = await TakeMarkerAsync(reader);
            if (marker == EndOfImage)
            {
                Require(hasScan);
                await reader.WriteAsync(new byte[] { 0xFF, EndOfImage });
                return;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian((await reader.TakeAsync(2)).Span);
            Require(length >= 2);
            var data = await reader.TakeAsync(length - 2);
            switch (marker)
            {
                // The lossless, the differential and the arithmetic kinds are not drawn by browsers.
                case 0xC0 or 0xC1 or 0xC2:
                    Require(!hasFrame);
                    ReadFrame(reader, data.Span);
                    hasFrame = true;
                    await WriteAsync(reader, marker, data);
                    break;
                case QuantizationTables or HuffmanTables or RestartInterval:
                    await WriteAsync(reader, marker, data);
                    break;
                case StartOfScan:
                    Require(hasFrame && data.Length >= 6);
                    hasScan = true;
                    await WriteAsync(reader, marker, data);
                    await reader.PassUntilAsync(FindMarker);
                    break;
                case Application0 when data.Span.StartsWith("JFIF\0"u8) && data.Length >= JfifLength:
                    // Without the small picture that may be in it.
                    await WriteAsync(reader, marker, (byte[])[.. data.Span[..(JfifLength - 2)], 0, 0]);
                    break;
                case Application1 when data.Span.StartsWith(Exif.Prefix):
                    if (!isOriented && Exif.OrientationOf(data.Span) is { } orientation)
                    {
                        await WriteAsync(reader, marker, (byte[])[.. Exif.Prefix, .. Exif.Minimal(orientation)]);
                        reader.NoteOrientation(orientation);
                        isOriented = true;
                    }

                    break;
                case Application2 when data.Span.StartsWith("ICC_PROFILE\0"u8):
                    await WriteAsync(reader, marker, data);
                    break;
                case Application14 when data.Span.StartsWith("Adobe"u8) && data.Length >= AdobeLength:
                    // How its colours are meant.
                    await WriteAsync(reader, marker, data[..AdobeLength]);
                    break;
                case (>= Application0 and <= Application15) or Comment:
                    break;
                default:
                    throw Damaged();
            }
        }
    }

    private static async ValueTask<byte> TakeMarkerAsync(PictureReader reader)
    {
        Require(await reader.TakeByteAsync() == 0xFF);
        byte marker;
        do
        {
            marker = await reader.TakeByteAsync();
        } while (marker == 0xFF); // which may be repeated
        return marker;
    }

    private static async Task WriteAsync(PictureReader reader, byte marker, ReadOnlyMemory<byte> data)
    {
        var start = new byte[] { 0xFF, marker, 0, 0 };
        BinaryPrimitives.WriteUInt16BigEndian(start.AsSpan(2), (ushort)(data.Length + 2));
        await reader.WriteAsync(start);
        await reader.WriteAsync(data);
    }

    private static void ReadFrame(PictureReader reader, ReadOnlySpan<byte> data)
    {
        Require(data.Length >= 6);
        // A height of 0 would be told after the first scan: nobody does that, and it would not be known in time.
        var (height, width) = (
            BinaryPrimitives.ReadUInt16BigEndian(data[1..]),
            BinaryPrimitives.ReadUInt16BigEndian(data[3..])
        );
        RequireSize(width, height);
        reader.NoteSize(width, height);
        var (precision, components) = (data[0], data[5]);
        Require(precision == 8 && components is 1 or 3 or 4 && data.Length == 6 + 3 * components);
    }

    /// <summary>The end of a scan: the first marker that is neither a restart nor a 0xFF of the data itself.</summary>
    private static (int Past, bool IsEnd) FindMarker(ReadOnlyMemory<byte> data)
    {
        var bytes = data.Span;
        var past = 0;
        while (true)
        {
            var at = bytes[past..].IndexOf((byte)0xFF);
            if (at < 0)
            {
                return (bytes.Length, IsEnd: false);
            }

            past += at;
            if (past + 1 == bytes.Length)
            {
                return (past, IsEnd: false);
            }

            switch (bytes[past + 1])
            {
                case 0 or (>= 0xD0 and <= 0xD7):
                    past += 2;
                    break;
                case 0xFF:
                    past++;
                    break;
                default:
                    return (past, IsEnd: true);
            }
        }
    }
}
