using System.Globalization;
using System.Security.Claims;
using System.Threading.RateLimiting;
using BookIT.Api.Auth;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace BookIT.Api.Http;

/// <summary>
/// How much one client may ask for, so that nobody crowds out the others: a bucket a user, or an address for those who
/// are not signed in, in each replica's memory. Attempts to sign in are counted apart, across replicas.
/// </summary>
internal static class RateLimits
{
    /// <summary>What a signed-in client may save up: enough for an administrator who moves every seat at once.</summary>
    private const int Burst = 300;
    private const int PerSecond = 50;

    /// <summary>Behind one address there may be a whole office.</summary>
    private const int AddressBurst = 1000;
    private const int AddressPerSecond = 200;

    /// <summary>The policy of what takes long: one at a time for each user, and a few that wait.</summary>
    public const string OneAtATime = "one at a time";
    private const int Waiting = 4;

    /// <summary>The policy of what stays open for long: so many at once for each user, or each address.</summary>
    public const string Streams = "streams";
    private const int StreamsOfUser = 20;
    private const int StreamsOfAddress = 100;

    public static IServiceCollection AddRateLimits(this IServiceCollection services) =>
        services.AddRateLimiter(options =>
        {
            options.AddPolicy(
                OneAtATime,
                context =>
                    RateLimitPartition.GetConcurrencyLimiter(
                        context.User.FindFirstValue(AccessTokenClaims.Subject) ?? "",
                        _ => new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = Waiting }
                    )
            );
            options.AddPolicy(
                Streams,
                context =>
                {
                    var client = ClientOf(context);
                    return RateLimitPartition.GetConcurrencyLimiter(
                        client,
                        _ => new ConcurrencyLimiterOptions
                        {
                            PermitLimit = client.IsUser ? StreamsOfUser : StreamsOfAddress,
                        }
                    );
                }
            );
            options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, (bool, string)>(Partition);
            options.OnRejected = async (rejected, cancellation) =>
            {
                var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter)
                    ? retryAfter
                    : TimeSpan.FromSeconds(1);
                var context = rejected.HttpContext;
                context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                context.Response.Headers.RetryAfter = Math.Ceiling(Math.Max(1, wait.TotalSeconds))
                    .ToString(CultureInfo.InvariantCulture);
                await context
                    .RequestServices.GetRequiredService<IProblemDetailsService>()
                    .WriteAsync(
                        new ProblemDetailsContext { HttpContext = context, ProblemDetails = new ProblemDetails() }
                    );
            };
        });

    private static RateLimitPartition<(bool, string)> Partition(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
        {
            return RateLimitPartition.GetNoLimiter((false, ""));
        }

        var client = ClientOf(context);
        return client.IsUser ? Bucket(client, Burst, PerSecond) : Bucket(client, AddressBurst, AddressPerSecond);
    }

    private static (bool IsUser, string Id) ClientOf(HttpContext context) =>
        context.User.FindFirstValue(AccessTokenClaims.Subject) is { } user
            ? (true, user)
            : (false, context.Connection.RemoteIpAddress?.ToString() ?? "");

    private static RateLimitPartition<(bool, string)> Bucket((bool, string) key, int burst, int perSecond) =>
        RateLimitPartition.GetTokenBucketLimiter(
            key,
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = burst,
                TokensPerPeriod = perSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                AutoReplenishment = true,
                QueueLimit = 0,
            }
        );
}
