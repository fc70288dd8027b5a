using BookIT.Core.Users;
using Microsoft.Extensions.Logging;

namespace BookIT.Core.Avatars;

/// <summary>A picture to show.</summary>
/// <param name="Id">Which one.</param>
/// <param name="Picture">Null where the reader has it already. Must be disposed of.</param>
public sealed record ShownAvatar(Guid Id, Avatar? Picture);

/// <summary>Shows avatars: one's own, anybody's to administrators, and the default one in place of those that are missing.</summary>
public sealed partial class AvatarReading(
    Accounts accounts,
    AvatarStore store,
    DefaultAvatar defaults,
    ILogger<AvatarReading> logger
)
{
    /// <summary>One's own avatar, or the default one.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="isKnown">Whether the reader has the picture of this id.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>Or why not: <see cref="Refusal.NotSignedIn"/>, <see cref="Refusal.PictureNotFound"/>.</returns>
    /// <exception cref="AvatarStoreException">The store is away, and there is no copy of a default picture.</exception>
    public Task<Result<ShownAvatar>> OpenOwnAsync(
        Guid userId,
        Predicate<Guid> isKnown,
        CancellationToken cancellation
    ) => OpenAsync(() => accounts.GetOwnAsync(userId, cancellation), isKnown, cancellation);

    /// <summary>Somebody's avatar, or the default one; others than administrators see their own only.</summary>
    /// <returns>
    /// Or why not: <see cref="Refusal.NotSignedIn"/>, <see cref="Refusal.NotYourAccount"/>,
    /// <see cref="Refusal.UserNotFound"/>, <see cref="Refusal.PictureNotFound"/>.
    /// </returns>
    /// <inheritdoc cref="OpenOwnAsync" path="/param|/exception"/>
    public Task<Result<ShownAvatar>> OpenAnyAsync(
        Guid userId,
        Guid callerId,
        Predicate<Guid> isKnown,
        CancellationToken cancellation
    ) => OpenAsync(() => accounts.GetAsync(userId, callerId, cancellation), isKnown, cancellation);

    /// <summary>The default picture.</summary>
    /// <returns>Or <see cref="Refusal.PictureNotFound"/>.</returns>
    /// <inheritdoc cref="OpenOwnAsync" path="/param|/exception"/>
    public async Task<Result<ShownAvatar>> OpenDefaultAsync(Predicate<Guid> isKnown, CancellationToken cancellation) =>
        await defaults.OpenAsync(cancellation) is not { } avatar ? new Refusal.PictureNotFound()
        : isKnown(avatar.Id) ? new ShownAvatar(avatar.Id, Picture: null)
        : new ShownAvatar(avatar.Id, avatar);

    private async Task<Result<ShownAvatar>> OpenAsync(
        Func<Task<Result<User>>> find,
        Predicate<Guid> isKnown,
        CancellationToken cancellation
    )
    {
        Guid? missing = null;
        while (true)
        {
            var found = await find();
            if (found.IsRefused(out var refusal))
            {
                return refusal;
            }

            if (found.Value.AvatarId is not { } id || id == missing)
            {
                return await OpenDefaultAsync(isKnown, cancellation);
            }

            if (isKnown(id))
            {
                return new ShownAvatar(id, Picture: null);
            }

            try
            {
                if (
                    await store.OpenAsync(id, cancellation) is { } stored
                    && await Avatar.ReadAsync(id, stored, cancellation) is { } avatar
                )
                {
                    return new ShownAvatar(id, avatar);
                }
            }
            catch (AvatarStoreException exception)
            {
                var instead = await OpenDefaultAsync(isKnown, cancellation);
                if (instead.Refusal is not null)
                {
                    throw;
                }

                LogStoreAway(exception.Message);
                return instead;
            }

            // Deleted because there is a newer one by now: look again.
            missing = id;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The default avatar is shown in place of somebody's own: {Reason}")]
    private partial void LogStoreAway(string reason);
}
