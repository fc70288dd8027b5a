using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Avatars;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace BookIT.Api.Avatars;

/// <summary>Says in the API's description that the body is a form with a file of this name.</summary>
public sealed record FileField(string Name);

/// <summary>
/// A picture in a form (RFC 7578). The form is read as it comes in and never held: the file goes through
/// <see cref="ReceivedPicture"/>, other fields are passed over.
/// </summary>
internal static class PictureUpload
{
    /// <summary>
    /// Far more than a picture may have, because what is not read ends the connection before the browser has read why.
    /// Beyond the picture's own limit nothing is kept.
    /// </summary>
    private const long MaxBodyBytes = 3 * Picture.MaxBytes;

    /// <summary>RFC 2046, 5.1.1.</summary>
    private const int MaxBoundaryLength = 70;

    public static RouteHandlerBuilder TakesPicture(this RouteHandlerBuilder route, string field) =>
        route
            .WithMetadata(new FileField(field), new RequestSizeLimitAttribute(MaxBodyBytes))
            .RequireRateLimiting(RateLimits.OneAtATime)
            .Refuses(
                typeof(Refusal.PictureMissing),
                typeof(Refusal.OnePictureOnly),
                typeof(Refusal.PictureNotSupported),
                typeof(Refusal.PictureTooHeavy),
                typeof(Refusal.PictureTooLarge),
                typeof(Refusal.PictureDamaged)
            );

    /// <summary>Receives the one file of that name.</summary>
    /// <exception cref="BadHttpRequestException">It is no form, or a broken one.</exception>
    public static async Task<Result<ReceivedPicture>> ReceivePictureAsync(
        this HttpRequest request,
        string field,
        CancellationToken cancellation
    )
    {
        if (request.ContentType is null)
        {
            return new Refusal.PictureMissing();
        }

        if (BoundaryOf(request) is not { } boundary)
        {
            throw new BadHttpRequestException("No form.", StatusCodes.Status415UnsupportedMediaType);
        }

        try
        {
            return await ReceivePictureAsync(new MultipartReader(boundary, request.Body), field, cancellation);
        }
        catch (Exception exception)
            when (exception is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw new BadHttpRequestException("A broken form.", StatusCodes.Status400BadRequest, exception);
        }
    }

    private static async Task<Result<ReceivedPicture>> ReceivePictureAsync(
        MultipartReader form,
        string field,
        CancellationToken cancellation
    )
    {
        ReceivedPicture? picture = null;
        try
        {
            while (await form.ReadNextSectionAsync(cancellation) is { } section)
            {
                var disposition = section.GetContentDispositionHeader();
                var isField = HeaderUtilities.RemoveQuotes(disposition?.Name ?? default) == field;
                if (picture is not null && (isField || disposition?.IsFileDisposition() is true))
                {
                    return new Refusal.OnePictureOnly();
                }

                // What a browser sends where nothing was chosen.
                var isNothing =
                    disposition is { FileName.HasValue: true }
                    && HeaderUtilities.RemoveQuotes(disposition.FileName).Length == 0;
                if (isField && !isNothing)
                {
                    var received = await ReceivedPicture.ReceiveAsync(section.Body, cancellation);
                    if (received.IsRefused(out var refusal))
                    {
                        return refusal;
                    }

                    picture = received.Value;
                }
            }

            if (picture is not { } whole)
            {
                return new Refusal.PictureMissing();
            }

            picture = null;
            return whole;
        }
        finally
        {
            if (picture is not null)
            {
                await picture.DisposeAsync();
            }
        }
    }

    private static string? BoundaryOf(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
        && HeaderUtilities.RemoveQuotes(type.Boundary) is { Length: > 0 and <= MaxBoundaryLength } boundary
            ? boundary.ToString()
            : null;
}
