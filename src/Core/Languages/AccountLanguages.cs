using System.Globalization;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace BookIT.Core.Languages;

/// <summary>
/// Which language an account has chosen, asked for with every request of somebody signed in, and therefore kept in memory
/// for a while: another replica speaks the old language for up to <see cref="MaxAge"/> more.
/// </summary>
public sealed class AccountLanguages(NpgsqlDataSource postgres) : IDisposable
{
    /// <summary>How old what is kept may be.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(10);

    private const int MaxAccounts = 10_000;

    private readonly MemoryCache kept = new(new MemoryCacheOptions { SizeLimit = MaxAccounts });

    /// <summary>The language of an account; null where it has chosen none, and where the database is away.</summary>
    public async ValueTask<CultureInfo?> FindAsync(Guid userId, CancellationToken cancellation)
    {
        if (kept.TryGetValue(userId, out CultureInfo? language))
        {
            return language;
        }

        try
        {
            await using var command = postgres.CreateCommand("SELECT language FROM users WHERE id = $1");
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
            language = Sentences.Language(await command.ExecuteScalarAsync(cancellation) as string);
        }
        catch (NpgsqlException)
        {
            // The request may not need the database at all; whoever does not know the language can still answer.
        }

        Keep(userId, language);
        return language;
    }

    /// <summary>Takes note of what another statement has read of an account: <c>ru</c>, <c>en</c> or null.</summary>
    internal void Keep(Guid userId, string? language) => Keep(userId, Sentences.Language(language));

    /// <summary>Takes note of a choice that was just made here.</summary>
    public void Keep(Guid userId, CultureInfo? language) =>
        kept.Set(userId, language, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = MaxAge, Size = 1 });

    /// <summary>The account chooses a language, which it is spoken to in from now on.</summary>
    public async Task ChooseAsync(Guid userId, CultureInfo language, CancellationToken cancellation)
    {
        await using var command = postgres.CreateCommand("UPDATE users SET language = $2 WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = language.TwoLetterISOLanguageName });
        await command.ExecuteNonQueryAsync(cancellation);
        Keep(userId, language);
    }

    /// <inheritdoc/>
    public void Dispose() => kept.Dispose();
}
