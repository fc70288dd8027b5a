using System.Buffers;

namespace BookIT.Core.Avatars;

/// <summary>A stored picture that is being read.</summary>
public sealed class Avatar : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Stream content;
    private readonly byte[] head;

    private Avatar(Guid id, PictureFormat format, StoredPicture stored, byte[] head)
    {
        (Id, Format, Length) = (id, format, stored.Length);
        (content, this.head) = (stored.Content, head);
    }

    /// <summary>The same id, the same bytes, for ever.</summary>
    public Guid Id { get; }

    /// <summary>By its own first bytes.</summary>
    public PictureFormat Format { get; }

    /// <summary>In bytes.</summary>
    public long Length { get; }

    /// <summary>Copies the picture, a buffer at a time.</summary>
    /// <exception cref="AvatarStoreException">The store breaks off, or is silent for five seconds.</exception>
    public async Task CopyToAsync(Stream destination, CancellationToken cancellation)
    {
        await destination.WriteAsync(head, cancellation);
        var remaining = Length - head.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            while (remaining > 0)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, remaining));
                var read = await ReadAsync(content, part, cancellation);
                if (read == 0)
                {
                    throw new AvatarStoreException("The store of avatars broke off in a picture.");
                }

                await destination.WriteAsync(part[..read], cancellation);
                remaining -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => content.DisposeAsync();

    /// <summary>Takes over what the store has opened; null where that is no picture.</summary>
    internal static async Task<Avatar?> ReadAsync(Guid id, StoredPicture stored, CancellationToken cancellation)
    {
        var isTaken = false;
        try
        {
            var first = new byte[Math.Min(stored.Length, Picture.HeadLength)];
            for (var filled = 0; filled < first.Length; )
            {
                var read = await ReadAsync(stored.Content, first.AsMemory(filled), cancellation);
                if (read == 0)
                {
                    return null;
                }

                filled += read;
            }

            if (Picture.FormatOf(first) is not { } format)
            {
                return null;
            }

            isTaken = true;
            return new Avatar(id, format, stored, first);
        }
        finally
        {
            if (!isTaken)
            {
                await stored.Content.DisposeAsync();
            }
        }
    }

    private static async ValueTask<int> ReadAsync(Stream content, Memory<byte> part, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            return await content.ReadAsync(part, patience.Token);
        }
        catch (Exception exception)
            when (exception is IOException or HttpRequestException or OperationCanceledException
                && !cancellation.IsCancellationRequested
            )
        {
            throw new AvatarStoreException(
                $"The store of avatars broke off in a picture: {exception.Message}",
                exception
            );
        }
    }
}
