using BookIT.Core;
using BookIT.Core.Auth;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace BookIT.Tests.Unit.Auth;

public sealed class PasswordHashingTests : IDisposable
{
    private readonly PasswordHashing passwords = new(TimeProvider.System);

    [Fact]
    public async Task A_password_is_that_of_its_hash_and_no_other_is()
    {
        var hash = (await passwords.HashAsync("пароль 🔑", default)).Value;

        Assert.Equal(
            PasswordVerificationResult.Success,
            (await passwords.VerifyAsync(hash, "пароль 🔑", default)).Value
        );
        Assert.Equal(
            PasswordVerificationResult.Failed,
            (await passwords.VerifyAsync(hash, "пароль 🔒", default)).Value
        );
        Assert.NotEqual(hash, (await passwords.HashAsync("пароль 🔑", default)).Value);
    }

    [Fact]
    public async Task The_cost_is_stored_with_the_hash()
    {
        var hash = Convert.FromBase64String((await passwords.HashAsync("password", default)).Value);

        // Version 3 of the format: the pseudo-random function (2: HMAC-SHA512), then the iterations, big-endian.
        Assert.Equal(1, hash[0]);
        Assert.Equal(2, hash[4]);
        Assert.Equal(210_000, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(5)));
    }

    [Fact]
    public async Task An_older_hash_is_to_be_replaced()
    {
        var cheaper = new PasswordHasher<string>(
            Options.Create(new PasswordHasherOptions { IterationCount = 100_000 })
        ).HashPassword("", "password");

        Assert.Equal(
            PasswordVerificationResult.SuccessRehashNeeded,
            (await passwords.VerifyAsync(cheaper, "password", default)).Value
        );
    }

    [Fact]
    public async Task Without_a_hash_no_password_is_right() =>
        Assert.Equal(PasswordVerificationResult.Failed, (await passwords.VerifyAsync(null, "password", default)).Value);

    [Fact]
    public async Task A_flood_is_turned_away_and_the_others_get_their_turn()
    {
        const int flood = 300;
        var room = PasswordHashing.QueueLength + Math.Max(1, Environment.ProcessorCount / 2);

        // Looked at one by one as they come: what ends at once is refused, and what ends a moment later may be a hash.
        var refusedAtOnce = 0;
        var hashing = new List<Task<Result<string>>>();
        for (var i = 0; i < flood; i++)
        {
            hashing.Add(passwords.HashAsync("password", default));
            refusedAtOnce += hashing[i].IsCompleted ? 1 : 0;
        }

        var results = await Task.WhenAll(hashing);

        // Some may finish while the last ones still come.
        Assert.InRange(refusedAtOnce, flood - room - 20, flood - room);
        var busy = results.Count(result => result.Refusal is Refusal.SignInBusy { RetryAfter.TotalSeconds: > 0 });
        Assert.InRange(busy, refusedAtOnce, flood - 1);
        Assert.All(results, result => Assert.True(result.Refusal is null or Refusal.SignInBusy));

        Assert.Null((await passwords.HashAsync("password", default)).Refusal);
    }

    [Fact]
    public async Task Whoever_goes_away_is_no_longer_waited_for()
    {
        using var gone = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 20).Select(_ => passwords.HashAsync("password", gone.Token)).ToList();

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
        Assert.Null((await passwords.HashAsync("password", default)).Refusal);
    }

    public void Dispose() => passwords.Dispose();
}
