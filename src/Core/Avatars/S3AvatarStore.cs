using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace BookIT.Core.Avatars;

/// <summary>Pictures as objects in a bucket of any S3 store, each kind below a name of its own.</summary>
internal sealed class S3AvatarStore : AvatarStore, IDisposable
{
    /// <summary>Somebody looks at a page meanwhile, and there is a default picture to show.</summary>
    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PutPatience = TimeSpan.FromSeconds(10);

    private readonly AmazonS3Client client;
    private readonly string bucket;
    private readonly string prefix;

    public S3AvatarStore(S3Options options, string kind)
    {
        bucket = options.Bucket;
        prefix = $"{kind}/";
        client = new AmazonS3Client(
            new BasicAWSCredentials(options.AccessKey, options.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = options.Endpoint,
                // The bucket in the path: a host name for each bucket is more than most stores have.
                ForcePathStyle = true,
                // The checksums of newer clients are not known to every store, and the signature covers the content.
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
                MaxErrorRetry = 1,
                ConnectTimeout = TimeSpan.FromSeconds(2),
                Timeout = PutPatience,
            }
        );
    }

    public override string Place => $"{client.Config.ServiceURL}{bucket}";

    public override Task PrepareAsync(CancellationToken cancellation) =>
        GuardAsync(
            async patience =>
            {
                try
                {
                    await client.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket }, patience);
                }
                catch (AmazonS3Exception exception) when (exception.StatusCode is HttpStatusCode.NotFound)
                {
                    await MakeBucketAsync(patience);
                }
                catch (AmazonS3Exception exception) when (exception.StatusCode is HttpStatusCode.Forbidden)
                {
                    // The key may be for objects only: these will tell.
                }

                return true;
            },
            Patience,
            cancellation
        );

    public override Task PutAsync(Guid id, Stream picture, CancellationToken cancellation) =>
        GuardAsync(
            patience =>
                client.PutObjectAsync(
                    new PutObjectRequest
                    {
                        BucketName = bucket,
                        Key = KeyOf(id),
                        InputStream = picture,
                        AutoCloseStream = false,
                        ContentType = "application/octet-stream",
                        UseChunkEncoding = false,
                    },
                    patience
                ),
            PutPatience,
            cancellation
        );

    public override Task<StoredPicture?> OpenAsync(Guid id, CancellationToken cancellation) =>
        GuardAsync(
            async patience =>
            {
                try
                {
                    var found = await client.GetObjectAsync(
                        new GetObjectRequest { BucketName = bucket, Key = KeyOf(id) },
                        patience
                    );
                    return new StoredPicture(found.ResponseStream, found.ContentLength);
                }
                catch (AmazonS3Exception exception) when (exception.ErrorCode is "NoSuchKey")
                {
                    return null;
                }
            },
            OpenPatience,
            cancellation
        );

    public override Task DeleteAsync(Guid id, CancellationToken cancellation) =>
        GuardAsync(
            patience =>
                client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket, Key = KeyOf(id) }, patience),
            Patience,
            cancellation
        );

    public override async IAsyncEnumerable<Guid> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        string? next = null;
        do
        {
            var page = await GuardAsync(
                patience =>
                    client.ListObjectsV2Async(
                        new ListObjectsV2Request
                        {
                            BucketName = bucket,
                            Prefix = prefix,
                            ContinuationToken = next,
                        },
                        patience
                    ),
                Patience,
                cancellation
            );
            foreach (var one in page.S3Objects ?? [])
            {
                if (Guid.TryParseExact(one.Key[prefix.Length..], "D", out var id))
                {
                    yield return id;
                }
            }

            next = page.IsTruncated is true ? page.NextContinuationToken : null;
        } while (next is not null);
    }

    public void Dispose() => client.Dispose();

    private string KeyOf(Guid id) => $"{prefix}{id:D}";

    private async Task MakeBucketAsync(CancellationToken patience)
    {
        try
        {
            await client.PutBucketAsync(new PutBucketRequest { BucketName = bucket }, patience);
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode is HttpStatusCode.Conflict)
        {
            // Another replica was faster.
        }
    }

    /// <summary>Whatever goes wrong between us and the store is that the store is away, and that within a few seconds.</summary>
    private static async Task<T> GuardAsync<T>(
        Func<CancellationToken, Task<T>> act,
        TimeSpan within,
        CancellationToken cancellation
    )
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(within);
        try
        {
            return await act(patience.Token);
        }
        // An address that answers with something else than S3 fails in ways of its own.
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            throw new AvatarStoreException($"S3 does not answer: {exception.Message}", exception);
        }
    }
}
