using Npgsql;

namespace BookIT.Core.Avatars;

/// <summary>
/// The picture of those who have none of their own. A copy stays in memory, and another in a folder, so that it can still be
/// shown while the store is away, also by a program that starts in the meantime.
/// </summary>
/// <param name="postgres">Knows which picture it is.</param>
/// <param name="store">Has it.</param>
/// <param name="copies">Keeps the copy; null where the store is no farther away.</param>
public sealed class DefaultAvatar(NpgsqlDataSource postgres, AvatarStore store, AvatarStore? copies)
{
    private volatile Copy? copy;

    /// <summary>The id of the default picture as it is now; null where there is none.</summary>
    private async Task<Guid?> FindIdAsync(CancellationToken cancellation)
    {
        await using var command = postgres.CreateCommand("SELECT default_avatar_id FROM space");
        return await command.ExecuteScalarAsync(cancellation) as Guid?;
    }

    /// <summary>
    /// The default picture, from the copy, which is renewed when the picture has changed; the old copy where the store is
    /// away. Null where there is no default picture.
    /// </summary>
    /// <exception cref="AvatarStoreException">The store is away, and there is no copy.</exception>
    public async Task<Avatar?> OpenAsync(CancellationToken cancellation)
    {
        await RefreshAsync(cancellation);
        return copy is { } present
            ? await Avatar.ReadAsync(
                present.Id,
                new StoredPicture(new MemoryStream(present.Bytes, writable: false), present.Bytes.Length),
                cancellation
            )
            : null;
    }

    /// <summary>Renews the copy if the picture is another one by now.</summary>
    /// <exception cref="AvatarStoreException">The store is away, and there is no copy.</exception>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        var id = await FindIdAsync(cancellation);
        var present = copy;
        if (id == present?.Id)
        {
            return;
        }

        try
        {
            copy = id is { } wanted ? await LoadAsync(wanted, cancellation) : null;
            await TryKeepAsync(cancellation);
        }
        catch (AvatarStoreException) when (present is not null)
        {
            // The old one will do until the store is back.
        }
    }

    private async Task<Copy?> LoadAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            return await LoadAsync(store, id, cancellation);
        }
        catch (AvatarStoreException) when (copies is not null)
        {
            var kept = await LoadAsync(copies, id, cancellation);
            if (kept is null)
            {
                throw;
            }

            return kept;
        }
    }

    /// <summary>Keeps the copy that is in memory in the folder, and no other; where that cannot be, memory has to do.</summary>
    private async Task TryKeepAsync(CancellationToken cancellation)
    {
        if (copies is null)
        {
            return;
        }

        try
        {
            await copies.PrepareAsync(cancellation);
            var kept = await copies.ListAsync(cancellation).ToListAsync(cancellation);
            if (copy is { } present && !kept.Remove(present.Id))
            {
                using var bytes = new MemoryStream(present.Bytes, writable: false);
                await copies.PutAsync(present.Id, bytes, cancellation);
            }

            foreach (var old in kept)
            {
                await copies.DeleteAsync(old, cancellation);
            }
        }
        catch (AvatarStoreException)
        {
            // A read-only file system, for instance.
        }
    }

    private static async Task<Copy?> LoadAsync(AvatarStore store, Guid id, CancellationToken cancellation)
    {
        if (
            await store.OpenAsync(id, cancellation) is not { } stored
            || await Avatar.ReadAsync(id, stored, cancellation) is not { } avatar
        )
        {
            return null;
        }

        await using (avatar)
        {
            using var bytes = new MemoryStream((int)Math.Min(avatar.Length, Picture.MaxBytes));
            await avatar.CopyToAsync(bytes, cancellation);
            return new Copy(id, bytes.ToArray());
        }
    }

    private sealed record Copy(Guid Id, byte[] Bytes);
}
