using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Avatars;
using Microsoft.Net.Http.Headers;

namespace BookIT.Api.Avatars;

/// <summary>
/// A picture as an answer: as what its own bytes say that it is, under its id as the entity tag, since the same id always
/// is the same picture.
/// </summary>
internal sealed partial class PictureResult(ShownAvatar shown, string name, string cacheControl) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.Headers.ETag = ETagOf(shown.Id);
        response.Headers.CacheControl = cacheControl;
        if (shown.Picture is not { } picture)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await using (picture)
        {
            var (mediaType, extension) = picture.Format switch
            {
                PictureFormat.Png => ("image/png", "png"),
                PictureFormat.Jpeg => ("image/jpeg", "jpg"),
                PictureFormat.WebP => ("image/webp", "webp"),
                _ => ("image/gif", "gif"),
            };
            response.ContentType = mediaType;
            response.ContentLength = picture.Length;
            response.Headers.ContentDisposition = $"inline; filename=\"{name}.{extension}\"";
            try
            {
                await picture.CopyToAsync(response.Body, httpContext.RequestAborted);
            }
            catch (AvatarStoreException exception) when (response.HasStarted)
            {
                // Too late to say so: the client notices that less came than was told.
                LogBrokenOff(
                    httpContext.RequestServices.GetRequiredService<ILogger<PictureResult>>(),
                    exception.Message
                );
                httpContext.Abort();
            }
        }
    }

    public static string ETagOf(Guid id) => $"\"{id:D}\"";

    [LoggerMessage(LogLevel.Warning, "A picture broke off on its way out: {Reason}")]
    private static partial void LogBrokenOff(ILogger logger, string reason);
}

internal static class PictureResults
{
    /// <summary>Whether the client says that it has this picture.</summary>
    public static bool HasPicture(this HttpRequest request, Guid id) =>
        request.Headers.IfNoneMatch is { Count: > 0 } known
        && EntityTagHeaderValue.TryParseList(known, out var tags)
        && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Tag == PictureResult.ETagOf(id));

    /// <summary>Says in the API's description that the answer is a picture.</summary>
    public static RouteHandlerBuilder ShowsPicture(this RouteHandlerBuilder route) =>
        route
            .Produces<byte[]>(StatusCodes.Status200OK, "image/png", "image/jpeg", "image/webp", "image/gif")
            .Produces(StatusCodes.Status304NotModified)
            .Refuses<Refusal.PictureNotFound>();
}
