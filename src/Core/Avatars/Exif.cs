using System.Buffers.Binary;

namespace BookIT.Core.Avatars;

/// <summary>
/// The one thing in EXIF that is needed to see a picture: which way up it is (EXIF 2.3, 4.6.2; the container is TIFF 6.0).
/// </summary>
internal static class Exif
{
    /// <summary>What stands before the TIFF header in a JPEG, and in what some programs write into WebP.</summary>
    public static ReadOnlySpan<byte> Prefix => "Exif\0\0"u8;

    private const int OrientationTag = 0x0112;
    private const int HeaderLength = 8;
    private const int EntryLength = 12;

    /// <summary>From 2 to 8; null where the picture is upright as it is, or EXIF does not say.</summary>
    public static byte? OrientationOf(ReadOnlySpan<byte> exif)
    {
        if (exif.StartsWith(Prefix))
        {
            exif = exif[Prefix.Length..];
        }

        var isLittle = exif.StartsWith("II\x2a\0"u8);
        if (exif.Length < HeaderLength || (!isLittle && !exif.StartsWith("MM\0\x2a"u8)))
        {
            return null;
        }

        var at = UInt32(exif[4..], isLittle);
        if (at > exif.Length - 2)
        {
            return null;
        }

        var entries = exif[(int)at..];
        var count = UInt16(entries, isLittle);
        entries = entries[2..];
        for (var i = 0; i < count && entries.Length >= EntryLength; i++, entries = entries[EntryLength..])
        {
            if (UInt16(entries, isLittle) == OrientationTag)
            {
                return UInt16(entries[8..], isLittle) is >= 2 and <= 8 and var way ? (byte)way : null;
            }
        }

        return null;
    }

    /// <summary>EXIF that says nothing but the way up.</summary>
    public static byte[] Minimal(byte orientation) =>
        [
            .. "MM\0\x2a"u8,
            .. (ReadOnlySpan<byte>)[0, 0, 0, HeaderLength],
            // One entry: the tag, one value of type SHORT.
            .. (ReadOnlySpan<byte>)[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0],
            .. (ReadOnlySpan<byte>)[0, 0, 0, 0],
        ];

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
