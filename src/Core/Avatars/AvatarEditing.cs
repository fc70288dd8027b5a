using BookIT.Core.Audit;
using BookIT.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Avatars;

/// <summary>A picture as it came in, clean, in a temporary file that nobody else sees and that no crash leaves behind.</summary>
public sealed class ReceivedPicture : IAsyncDisposable
{
    private ReceivedPicture(Stream content, PictureFacts facts) => (Content, Facts) = (content, facts);

    internal Stream Content { get; }

    internal PictureFacts Facts { get; }

    /// <summary>Reads a picture to its end, and keeps what <see cref="Picture.CopyCleanAsync"/> leaves of it.</summary>
    /// <returns>
    /// Or why not: <see cref="Refusal.PictureNotSupported"/>, <see cref="Refusal.PictureTooHeavy"/>,
    /// <see cref="Refusal.PictureTooLarge"/>, <see cref="Refusal.PictureDamaged"/>.
    /// </returns>
    /// <exception cref="AvatarStoreException">There is no room for it.</exception>
    public static async Task<Result<ReceivedPicture>> ReceiveAsync(Stream source, CancellationToken cancellation)
    {
        Stream? file = null;
        try
        {
            file = MakeFile();
            var copied = await Picture.CopyCleanAsync(source, file, cancellation);
            if (copied.IsRefused(out var refusal))
            {
                return refusal;
            }

            await file.FlushAsync(cancellation);
            file.Position = 0;
            var received = new ReceivedPicture(file, copied.Value);
            file = null;
            return received;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AvatarStoreException($"The picture could not be put aside: {exception.Message}", exception);
        }
        finally
        {
            if (file is not null)
            {
                await DiscardAsync(file);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Content.DisposeAsync();

    private static async Task DiscardAsync(Stream file)
    {
        try
        {
            await file.DisposeAsync();
        }
        catch (IOException)
        {
            // There is no room for the rest of its buffer either, which nobody needs any more.
        }
    }

    private static FileStream MakeFile()
    {
        var path = Path.Combine(Path.GetTempPath(), $"bookit-{Path.GetRandomFileName()}");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
            BufferSize = 64 * 1024,
        };
        if (OperatingSystem.IsWindows())
        {
            return new FileStream(path, options);
        }

        options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        // An open file needs no name, and without one it goes when the process does.
        File.Delete(path);
        return file;
    }
}

/// <summary>
/// Changes avatars. The new picture is stored first, then the row names it, then the old picture is deleted: whatever is
/// named is there, and what a crash leaves unnamed <see cref="AvatarUpkeep"/> sweeps away.
/// </summary>
public sealed class AvatarEditing(BookItDbContext db, AvatarStore store)
{
    /// <summary>Gives an account a new avatar.</summary>
    /// <returns>The picture's id, or <see cref="Refusal.NotSignedIn"/> where the account is gone.</returns>
    /// <exception cref="AvatarStoreException">The store is away; the avatar is the one it was.</exception>
    public async Task<Result<Guid>> SetOwnAsync(
        Guid userId,
        ReceivedPicture picture,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var id = Guid.CreateVersion7(now);
        await store.PutAsync(id, picture.Content, cancellation);
        var replaced = await ReplaceOwnAsync(userId, id, cancellation);
        if (replaced.IsRefused(out var refusal))
        {
            await store.TryDeleteAsync(id);
            return refusal;
        }

        return id;
    }

    /// <summary>Takes an account's avatar away. Doing it twice changes nothing.</summary>
    /// <returns>Done, or <see cref="Refusal.NotSignedIn"/> where the account is gone.</returns>
    public Task<Result<Done>> RemoveOwnAsync(Guid userId, CancellationToken cancellation) =>
        ReplaceOwnAsync(userId, avatarId: null, cancellation);

    /// <summary>Sets the picture of those who have none of their own, as an administrator.</summary>
    /// <returns>The picture's id.</returns>
    /// <exception cref="AvatarStoreException">The store is away; the default picture is the one it was.</exception>
    public async Task<Guid> SetDefaultAsync(
        ReceivedPicture picture,
        Guid adminId,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var id = Guid.CreateVersion7(now);
        await store.PutAsync(id, picture.Content, cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var space = await db.Space.FromSql($"SELECT * FROM space FOR UPDATE").SingleAsync(cancellation);
        var old = space.DefaultAvatarId;
        space.SetDefaultAvatar(id);
        db.Audit.Add(AuditEntry.Of(db.Entry(space), id, adminId, "default_avatar.update", now));
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        await store.TryDeleteAsync(old);
        return id;
    }

    private async Task<Result<Done>> ReplaceOwnAsync(Guid userId, Guid? avatarId, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // Of two at once, the second one finds the picture of the first, and deletes it.
        var user = await db
            .Users.FromSql($"SELECT * FROM users WHERE id = {userId} FOR NO KEY UPDATE")
            .SingleOrDefaultAsync(cancellation);
        if (user is null)
        {
            return new Refusal.NotSignedIn();
        }

        var old = user.AvatarId;
        user.SetAvatar(avatarId);
        await db.SaveChangesAsync(cancellation);
        // A commit whose outcome is unknown throws: then both pictures stay, and the sweep knows which one is named.
        await transaction.CommitAsync(cancellation);
        await store.TryDeleteAsync(old);
        return Done.Ok;
    }
}
