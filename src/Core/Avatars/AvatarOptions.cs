using System.Text.RegularExpressions;

namespace BookIT.Core.Avatars;

/// <summary>Where avatars are kept while there is no S3 (section <c>Avatars</c>).</summary>
public sealed class AvatarOptions
{
    /// <summary>A folder of their own; a relative path begins where the program lies.</summary>
    public string Folder { get; init; } = "avatars";
}

/// <summary>The S3 store that keeps avatars, MinIO or any other (section <c>S3</c>).</summary>
public sealed partial class S3Options
{
    /// <summary>Its http(s):// address; without one avatars are kept in a folder.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>The name of the key to sign requests with.</summary>
    public string AccessKey { get; init; } = "";

    /// <summary>The key itself.</summary>
    public string SecretKey { get; init; } = "";

    /// <summary>The bucket, which is made if it is missing. Avatars lie below <c>avatars/</c> in it.</summary>
    public string Bucket { get; init; } = "bookit";

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (Endpoint.Length == 0)
        {
            yield break;
        }

        if (
            !Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.PathAndQuery != "/"
            || uri.UserInfo.Length > 0
        )
        {
            yield return "S3:Endpoint cannot be read: set S3__Endpoint to an address such as https://s3.example.com, "
                + "without a path and without keys.";
        }

        if (AccessKey.Length == 0)
        {
            yield return "S3:AccessKey is missing: set S3__AccessKey.";
        }

        if (SecretKey.Length == 0)
        {
            yield return "S3:SecretKey is missing: set S3__SecretKey.";
        }

        if (!BucketName().IsMatch(Bucket))
        {
            yield return "S3:Bucket is no name for a bucket: S3__Bucket is 3 to 63 small letters, digits, dots and hyphens.";
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BucketName();
}
