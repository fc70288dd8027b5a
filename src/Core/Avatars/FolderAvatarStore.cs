using System.Runtime.CompilerServices;

namespace BookIT.Core.Avatars;

/// <summary>Avatars as files, named by their ids, in one folder.</summary>
internal sealed class FolderAvatarStore(string folder) : AvatarStore
{
    /// <summary>Ends the names of files that are being written.</summary>
    private const string Partial = ".part";

    public override string Place => folder;

    public override Task PrepareAsync(CancellationToken cancellation) =>
        GuardAsync(() =>
        {
            Directory.CreateDirectory(folder);
            return Task.FromResult(true);
        });

    public override Task PutAsync(Guid id, Stream picture, CancellationToken cancellation) =>
        GuardAsync(async () =>
        {
            Directory.CreateDirectory(folder);
            var partial = PathOf(id) + Partial;
            try
            {
                await using (var file = new FileStream(partial, FileMode.CreateNew, FileAccess.Write))
                {
                    await picture.CopyToAsync(file, cancellation);
                    // On the disk before it has its name: a file of that name is whole, also after a power cut.
                    file.Flush(flushToDisk: true);
                }

                File.Move(partial, PathOf(id));
                return true;
            }
            catch
            {
                // A full disk needs the room at once, and not when the sweep comes.
                File.Delete(partial);
                throw;
            }
        });

    public override Task<StoredPicture?> OpenAsync(Guid id, CancellationToken cancellation) =>
        GuardAsync(() =>
        {
            try
            {
                var file = new FileStream(
                    PathOf(id),
                    FileMode.Open,
                    FileAccess.Read,
                    FileShare.Read | FileShare.Delete,
                    bufferSize: 0,
                    FileOptions.Asynchronous
                );
                return Task.FromResult<StoredPicture?>(new StoredPicture(file, file.Length));
            }
            catch (FileNotFoundException)
            {
                return Task.FromResult<StoredPicture?>(null);
            }
        });

    public override Task DeleteAsync(Guid id, CancellationToken cancellation) =>
        GuardAsync(() =>
        {
            File.Delete(PathOf(id));
            File.Delete(PathOf(id) + Partial);
            return Task.FromResult(true);
        });

    public override async IAsyncEnumerable<Guid> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var files = await GuardAsync(() => Task.FromResult(Directory.EnumerateFiles(folder).GetEnumerator()));
        while (await GuardAsync(() => Task.FromResult(files.MoveNext())))
        {
            cancellation.ThrowIfCancellationRequested();
            var name = Path.GetFileName(files.Current);
            name = name.EndsWith(Partial, StringComparison.Ordinal) ? name[..^Partial.Length] : name;
            if (Guid.TryParseExact(name, "D", out var id))
            {
                yield return id;
            }
        }
    }

    private string PathOf(Guid id) => Path.Combine(folder, id.ToString("D"));

    private static async Task<T> GuardAsync<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AvatarStoreException($"The folder of avatars cannot be used: {exception.Message}", exception);
        }
    }
}
