namespace BookIT.Core.Avatars;

/// <summary>The formats that a picture may have: those that every browser draws.</summary>
public enum PictureFormat
{
    /// <summary>PNG, moving or not.</summary>
    Png,

    /// <summary>JPEG, baseline or progressive.</summary>
    Jpeg,

    /// <summary>WebP, moving or not.</summary>
    WebP,

    /// <summary>GIF.</summary>
    Gif,
}

/// <summary>What a picture says of itself.</summary>
/// <param name="Format">What it is.</param>
/// <param name="Width">In pixels, as it is drawn.</param>
/// <param name="Height">In pixels, as it is drawn.</param>
public readonly record struct PictureFacts(PictureFormat Format, int Width, int Height);

/// <summary>
/// Reads a picture's own structure: what it is, how large it is drawn, and where it ends. Nothing is ever decoded, so
/// that no bomb can go off, and nothing is believed that somebody else says of it.
/// </summary>
public static class Picture
{
    /// <summary>The most bytes a picture may have.</summary>
    public const int MaxBytes = MaxMegabytes * 1024 * 1024;

    /// <summary>The most pixels a side.</summary>
    public const int MaxSide = 8000;

    /// <summary>How many bytes of the beginning tell the format.</summary>
    public const int HeadLength = 12;

    internal const int MaxMegabytes = 5;

    /// <summary>The format, told by the first <see cref="HeadLength"/> bytes; null where it is none of ours.</summary>
    public static PictureFormat? FormatOf(ReadOnlySpan<byte> head) =>
        head.StartsWith(Png.Signature) ? PictureFormat.Png
        : head.StartsWith(Jpeg.Signature) ? PictureFormat.Jpeg
        : head.StartsWith("RIFF"u8) && head.Length >= HeadLength && head[8..HeadLength].SequenceEqual("WEBP"u8)
            ? PictureFormat.WebP
        : head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8) ? PictureFormat.Gif
        : null;

    /// <summary>
    /// Copies a picture without what nobody needs to see it: EXIF (but for the way up), XMP, texts, dates, previews,
    /// parts of unknown meaning and whatever follows its end. The pixels are the same bytes as before. Streams in a
    /// buffer of fixed size.
    /// </summary>
    /// <param name="source">Read to its end, or to where the picture is refused.</param>
    /// <param name="destination">Empty and seekable. What a refused picture has left in it is worth nothing.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>
    /// What it is, or why not: <see cref="Refusal.PictureNotSupported"/>, <see cref="Refusal.PictureTooHeavy"/>,
    /// <see cref="Refusal.PictureTooLarge"/>, <see cref="Refusal.PictureDamaged"/>.
    /// </returns>
    public static async Task<Result<PictureFacts>> CopyCleanAsync(
        Stream source,
        Stream destination,
        CancellationToken cancellation
    )
    {
        using var reader = new PictureReader(source, destination, cancellation);
        try
        {
            var head = await reader.PeekAsync(HeadLength);
            var format = FormatOf(head.Span);
            switch (format)
            {
                case PictureFormat.Png:
                    await Png.CopyAsync(reader);
                    break;
                case PictureFormat.Jpeg:
                    await Jpeg.CopyAsync(reader);
                    break;
                case PictureFormat.WebP:
                    await WebP.CopyAsync(reader);
                    break;
                case PictureFormat.Gif:
                    await Gif.CopyAsync(reader);
                    break;
                default:
                    return new Refusal.PictureNotSupported();
            }

            // What follows is not kept, but counts.
            await reader.SkipToEndAsync();
            var (width, height) = reader.Size!.Value;
            return reader.IsTurned
                ? new PictureFacts(format.Value, height, width)
                : new PictureFacts(format.Value, width, height);
        }
        catch (PictureRefusedException exception)
        {
            return exception.Refusal;
        }
    }
}

/// <summary>Ends the reading of a picture from any depth; never leaves <see cref="Picture"/>.</summary>
internal sealed class PictureRefusedException(Refusal refusal) : Exception
{
    public Refusal Refusal => refusal;
}
