using System.Buffers;

namespace BookIT.Core.Avatars;

/// <summary>
/// Goes through a picture once, front to back: takes bytes to look at, passes bytes on, or leaves them out. A picture that
/// ends too early, or is too heavy, is refused wherever that comes out.
/// </summary>
internal sealed class PictureReader(Stream source, Stream destination, CancellationToken cancellation) : IDisposable
{
    /// <summary>The most that can be taken at once: a whole segment of a JPEG.</summary>
    public const int MaxTake = 64 * 1024;

    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxTake);
    private int start;
    private int end;
    private long received;

    /// <summary>The picture's width and height in pixels, as its header says; set once.</summary>
    public (int Width, int Height)? Size { get; private set; }

    /// <summary>Whether it is drawn turned by a quarter, so that its width is its height.</summary>
    public bool IsTurned { get; private set; }

    /// <summary>How much was written.</summary>
    public long Written => destination.Position;

    /// <summary>It is not what its format says.</summary>
    public static PictureRefusedException Damaged() => new(new Refusal.PictureDamaged());

    /// <summary>Refuses what is not so.</summary>
    public static void Require(bool isSo)
    {
        if (!isSo)
        {
            throw Damaged();
        }
    }

    /// <summary>Refuses a canvas, a frame or a bitstream that is empty or larger than allowed.</summary>
    public static void RequireSize(long width, long height)
    {
        Require(width > 0 && height > 0);
        if (width > Picture.MaxSide || height > Picture.MaxSide)
        {
            throw new PictureRefusedException(new Refusal.PictureTooLarge(Picture.MaxSide));
        }
    }

    /// <summary>Takes note of the size, unless it is known: that of the canvas comes before those of its frames.</summary>
    public void NoteSize(long width, long height) => Size ??= ((int)width, (int)height);

    /// <summary>Takes note of the way up (EXIF 2.32, 4.6.4: 5 to 8 lie on their side).</summary>
    public void NoteOrientation(byte orientation) => IsTurned = orientation >= 5;

    /// <summary>The next bytes, which stay where they are; fewer where the source ends. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int count)
    {
        if (end - start < count)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            while (end < count && await FillAsync()) { }
        }

        return buffer.AsMemory(start, Math.Min(count, end - start));
    }

    /// <summary>The next bytes, at most <see cref="MaxTake"/>. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync(int count)
    {
        var bytes = await PeekAsync(count);
        Require(bytes.Length == count);
        start += count;
        return bytes;
    }

    public async ValueTask<byte> TakeByteAsync() => (await TakeAsync(1)).Span[0];

    /// <summary>Passes bytes on, or leaves them out; <paramref name="crc"/> counts them either way.</summary>
    public async ValueTask PassAsync(long count, bool keep, Crc32? crc = null)
    {
        while (count > 0)
        {
            var bytes = await PeekAsync(1);
            Require(bytes.Length > 0);
            var length = (int)Math.Min(count, end - start);
            crc?.Add(buffer.AsSpan(start, length));
            if (keep)
            {
                await destination.WriteAsync(buffer.AsMemory(start, length), cancellation);
            }

            start += length;
            count -= length;
        }
    }

    /// <summary>
    /// Passes bytes on until <paramref name="find"/> knows where to stop: it is shown what is there, and says how many of
    /// these bytes are past, and whether the end is reached.
    /// </summary>
    public async ValueTask PassUntilAsync(Func<ReadOnlyMemory<byte>, (int Past, bool IsEnd)> find)
    {
        var needed = 1;
        while (true)
        {
            var bytes = await PeekAsync(needed);
            Require(bytes.Length == needed);
            bytes = buffer.AsMemory(start, end - start);
            var (past, isEnd) = find(bytes);
            await destination.WriteAsync(bytes[..past], cancellation);
            start += past;
            if (isEnd)
            {
                return;
            }

            // Too little was there to tell: look again with one more.
            needed = past > 0 ? 1 : bytes.Length + 1;
        }
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => destination.WriteAsync(bytes, cancellation);

    /// <summary>Corrects what was written before its value was known.</summary>
    public async ValueTask OverwriteAsync(long position, ReadOnlyMemory<byte> bytes)
    {
        var here = destination.Position;
        destination.Position = position;
        await destination.WriteAsync(bytes, cancellation);
        destination.Position = here;
    }

    public async ValueTask SkipToEndAsync()
    {
        do
        {
            (start, end) = (0, 0);
        } while (await FillAsync());
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    private async ValueTask<bool> FillAsync()
    {
        int read;
        try
        {
            read = await source.ReadAsync(buffer.AsMemory(end), cancellation);
        }
        catch (IOException)
        {
            // Whoever sends it has broken off.
            throw Damaged();
        }

        end += read;
        received += read;
        if (received > Picture.MaxBytes)
        {
            throw new PictureRefusedException(new Refusal.PictureTooHeavy(Picture.MaxMegabytes));
        }

        return read > 0;
    }
}

/// <summary>The checksum of PNG's chunks (ISO 3309; PNG specification, annex D).</summary>
internal sealed class Crc32
{
    private static readonly uint[] Table = MakeTable();
    private uint state = uint.MaxValue;

    public uint Value => ~state;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
        {
            state = Table[(byte)(state ^ one)] ^ (state >> 8);
        }
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 0 ? value >> 1 : 0xEDB88320 ^ (value >> 1);
            }

            table[i] = value;
        }

        return table;
    }
}
