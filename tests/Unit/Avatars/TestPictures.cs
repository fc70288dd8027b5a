using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using BookIT.Core;
using BookIT.Core.Avatars;

namespace BookIT.Tests.Unit.Avatars;

/// <summary>
/// Pictures of 12 × 8 pixels by an encoder of other people (<c>node tests/E2E/node/pictures.mjs make FOLDER 12 8</c>), and
/// parts to make stranger ones from.
/// </summary>
internal static class TestPictures
{
    public static IEnumerable<string> Names =>
        Directory.EnumerateFiles(Folder()).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Folder(), name));

    public static async Task<(Result<PictureFacts> Result, byte[] Bytes)> CleanAsync(byte[] picture)
    {
        using var source = new MemoryStream(picture);
        using var destination = new MemoryStream();
        var result = await Picture.CopyCleanAsync(source, destination, CancellationToken.None);
        return (result, destination.ToArray());
    }

    /// <summary>The bytes of a picture that must be accepted.</summary>
    public static async Task<byte[]> CleanedAsync(byte[] picture)
    {
        var (result, bytes) = await CleanAsync(picture);
        Assert.Null(result.Refusal);
        return bytes;
    }

    public static async Task<Refusal?> RefusalAsync(byte[] picture) => (await CleanAsync(picture)).Result.Refusal;

    /// <summary>A grey PNG of any size that it says it has, with more chunks before its pixels.</summary>
    public static byte[] Png(int width, int height, params byte[][] chunks)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        using var pixels = new MemoryStream();
        using (var deflate = new ZLibStream(pixels, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(new byte[Math.Min((long)height * (width + 1), 2_000_000)]);
        }

        return
        [
            0x89,
            .. "PNG\r\n\u001a\n"u8,
            .. Chunk("IHDR", header),
            .. chunks.SelectMany(chunk => chunk),
            .. Chunk("IDAT", pixels.ToArray()),
            .. Chunk("IEND", []),
        ];
    }

    /// <summary>A chunk of a PNG.</summary>
    public static byte[] Chunk(string type, byte[] data)
    {
        var chunk = new byte[data.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        data.CopyTo(chunk, 8);
        var crc = new Crc32();
        crc.Add(chunk.AsSpan(4..^4));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(^4..), crc.Value);
        return chunk;
    }

    /// <summary>The picture with more bytes at a place of it.</summary>
    public static byte[] With(this byte[] picture, int at, params byte[] more) =>
        [.. picture[..at], .. more, .. picture[at..]];

    /// <summary>The picture with other bytes at a place of it.</summary>
    public static byte[] Changed(this byte[] picture, int at, params byte[] bytes) =>
        [.. picture[..at], .. bytes, .. picture[(at + bytes.Length)..]];

    public static bool Says(this byte[] picture, string text) =>
        picture.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;

    private static string Folder([CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "Pictures");
}
