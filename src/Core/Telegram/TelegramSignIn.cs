using BookIT.Core.Auth;
using BookIT.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Telegram;

/// <summary>
/// Signs in those who open the Mini App, into the account that is linked to their Telegram account, and into no other.
/// docs/decisions/telegram-mini-app.md tells why its data is good more than once.
/// </summary>
public sealed class TelegramSignIn(
    BookItDbContext db,
    SignIn signIn,
    SignInDevices devices,
    TelegramLinks links,
    TelegramOptions telegram
)
{
    /// <summary>Signs in by what Telegram tells the Mini App.</summary>
    /// <param name="initData">As the page got it: see <see cref="WebAppData"/>.</param>
    /// <param name="client">From where.</param>
    /// <param name="now">The present (UTC).</param>
    /// <param name="cancellation">Ends the wait for the database.</param>
    /// <returns>
    /// Or why not: <see cref="Refusal.TelegramOff"/>, <see cref="Refusal.TelegramDataInvalid"/>,
    /// <see cref="Refusal.TelegramNotLinked"/>: go on with <see cref="TelegramLinks.LinkAsync"/>.
    /// </returns>
    public async Task<Result<SignedIn>> SignInAsync(
        string initData,
        Client client,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        if (string.IsNullOrEmpty(telegram.Token))
        {
            return new Refusal.TelegramOff();
        }

        var read = WebAppData.Read(initData, telegram.Token, now);
        if (read.IsRefused(out var refusal))
        {
            return refusal;
        }

        var person = read.Value;
        // The account stays as it is until its sign-in has begun: a deletion or an unlinking comes before or after.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var users = await db
            .Users.FromSql($"SELECT * FROM users WHERE telegram_id = {person.TelegramId} FOR SHARE")
            .AsNoTracking()
            .OrderBy(row => row.Id)
            .ToListAsync(cancellation);
        if (users is not [var user])
        {
            return new Refusal.TelegramNotLinked(person.FirstName, await links.IssueProofAsync(person.TelegramId));
        }

        var signedIn = await signIn.StartAsync(user, client, now);
        await transaction.CommitAsync(cancellation);
        await devices.NoteAsync(user.Id, client, now);
        return signedIn;
    }
}
