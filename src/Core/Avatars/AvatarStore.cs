namespace BookIT.Core.Avatars;

/// <summary>
/// Keeps pictures by their ids: in a folder, or in S3. Knows nothing of whose they are. An id is used once, so that a
/// stored picture never changes. Every method but <see cref="TryDeleteAsync"/> throws
/// <see cref="AvatarStoreException"/> where the store does not answer.
/// </summary>
public abstract class AvatarStore
{
    /// <summary>Where that is, for whoever runs the program.</summary>
    public abstract string Place { get; }

    /// <summary>Makes what the store needs, the bucket or the folder, unless it is there.</summary>
    public abstract Task PrepareAsync(CancellationToken cancellation);

    /// <summary>Stores a picture, whole or not at all.</summary>
    /// <param name="id">A new one, of version 7: its time tells the age of the picture.</param>
    /// <param name="picture">Seekable; read from where it stands to its end.</param>
    /// <param name="cancellation">Stops it; what was stored by then is for the sweep.</param>
    public abstract Task PutAsync(Guid id, Stream picture, CancellationToken cancellation);

    /// <summary>A stored picture; null where there is none of that id.</summary>
    public abstract Task<StoredPicture?> OpenAsync(Guid id, CancellationToken cancellation);

    /// <summary>Deletes a picture, and what a crash has left of it. One that is not there is no fault.</summary>
    public abstract Task DeleteAsync(Guid id, CancellationToken cancellation);

    /// <summary>The ids of all pictures, and of those that were being stored when the program was killed.</summary>
    public abstract IAsyncEnumerable<Guid> ListAsync(CancellationToken cancellation);

    /// <summary>Deletes a picture that nothing names any more, if the store answers; else the sweep does it later.</summary>
    public async Task TryDeleteAsync(Guid? id)
    {
        try
        {
            if (id is { } given)
            {
                await DeleteAsync(given, CancellationToken.None);
            }
        }
        catch (AvatarStoreException)
        {
            // The sweep comes by.
        }
    }
}

/// <summary>A picture in the store, open to be read once.</summary>
/// <param name="Content">Reads it from its beginning. Must be disposed of.</param>
/// <param name="Length">In bytes.</param>
public sealed record StoredPicture(Stream Content, long Length);

/// <summary>The store of avatars does not answer, or cannot do what it is asked for.</summary>
public sealed class AvatarStoreException(string message, Exception? inner = null) : Exception(message, inner);
