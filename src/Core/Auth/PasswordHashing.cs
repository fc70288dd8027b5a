using System.Security.Cryptography;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace BookIT.Core.Auth;

/// <summary>
/// Hashes and checks passwords: PBKDF2 with HMAC-SHA512 through the framework's hasher. That is slow on purpose, so only
/// a part of the processor may be busy with it: a flood of sign-ins waits, and then is turned away, and does not hold up
/// anything else.
/// </summary>
public sealed class PasswordHashing : IDisposable
{
    /// <summary>The current cost (OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA512).</summary>
    public const int Iterations = 210_000;

    /// <summary>How many may wait for their turn.</summary>
    public const int QueueLength = 64;

    /// <summary>How long anyone waits for a turn.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly PasswordHasher<PasswordHashing> hasher = new(
        Options.Create(new PasswordHasherOptions { IterationCount = Iterations })
    );
    private readonly ConcurrencyLimiter turns = new(
        new ConcurrencyLimiterOptions
        {
            PermitLimit = Math.Max(1, Environment.ProcessorCount / 2),
            QueueLimit = QueueLength,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        }
    );
    private readonly TimeProvider time;
    private readonly string dummyHash;

    /// <summary>Makes the hash that stands in for those that are not there, which takes as long as any.</summary>
    public PasswordHashing(TimeProvider time)
    {
        this.time = time;
        dummyHash = hasher.HashPassword(this, Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
    }

    /// <summary>The hash of a password, to be stored.</summary>
    /// <returns>The hash, or <see cref="Refusal.SignInBusy"/>.</returns>
    public Task<Result<string>> HashAsync(string password, CancellationToken cancellation) =>
        InTurnAsync(() => hasher.HashPassword(this, password), cancellation);

    /// <summary>
    /// Whether the password is the one of the hash. Without a hash it is not, which takes as long to say.
    /// <see cref="PasswordVerificationResult.SuccessRehashNeeded"/>: it is, but the hash is of an older, lower cost.
    /// </summary>
    /// <returns>The answer, or <see cref="Refusal.SignInBusy"/>.</returns>
    public Task<Result<PasswordVerificationResult>> VerifyAsync(
        string? hash,
        string password,
        CancellationToken cancellation
    ) =>
        InTurnAsync(
            () =>
            {
                var result = hasher.VerifyHashedPassword(this, hash ?? dummyHash, password);
                return hash is null ? PasswordVerificationResult.Failed : result;
            },
            cancellation
        );

    private async Task<Result<T>> InTurnAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            using var turn = await turns.AcquireAsync(permitCount: 1, either.Token);
            return turn.IsAcquired ? await Task.Run(work, cancellation) : new Refusal.SignInBusy(RetryAfter);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            cancellation.ThrowIfCancellationRequested();
            return new Refusal.SignInBusy(RetryAfter);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turns.Dispose();
}
