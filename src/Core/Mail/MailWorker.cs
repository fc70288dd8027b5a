using System.Globalization;
using System.Net.Mail;
using BookIT.Core.Data;
using BookIT.Core.Notifications;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BookIT.Core.Mail;

/// <summary>
/// Sends the mails of the outbox, in as many replicas as there are: a row is claimed for a while by moving the time when
/// it is due, so nothing is locked while a server is slow, and what a killed replica had claimed comes back. At least
/// once; after a crash at most one mail of each sender is repeated, with a link of its own.
/// </summary>
public sealed partial class MailWorker(
    NpgsqlDataSource postgres,
    MailOutbox outbox,
    MailOptions options,
    TimeProvider time,
    ILogger<MailWorker> logger
) : BackgroundService
{
    /// <summary>How many mails are sent at the same time.</summary>
    private const int Senders = 4;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    /// <summary>Longer than a mail may take, with <see cref="LinkMail.Patience"/> and the clocks of the replicas.</summary>
    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(30);

    // Whatever goes wrong from here on, the secret's hash is there before the mail is, and with the address that the mail
    // goes to.
    private const string ClaimSql = $"""
        WITH due AS (
            SELECT id FROM notifications
            WHERE {NotificationKind.Mailed} AND delivered_at IS NULL AND failed_at IS NULL AND due_at <= $1
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED),
        claimed AS (
            UPDATE notifications n SET due_at = $2, attempts = n.attempts + 1
            FROM due WHERE n.id = due.id
            RETURNING n.id, n.user_id, n.kind, n.key, n.payload, n.attempts, n.made_at),
        mail AS (
            SELECT c.id, c.key, c.attempts, c.made_at, u.id AS user_id, u.email,
                coalesce(u.language, c.payload ->> 'language', 'ru') AS language,
                c.kind = '{NotificationKind.EmailConfirmation}' AS is_confirmation
            FROM claimed c JOIN users u ON u.id = c.user_id),
        token AS (
            INSERT INTO email_tokens (hash, user_id, purpose, email, expires_at)
            SELECT $3, user_id, CASE WHEN is_confirmation THEN 'confirm' ELSE 'reset_password' END, email,
                CASE WHEN is_confirmation THEN $4 ELSE $5 END
            FROM mail)
        SELECT id, key, attempts, made_at, email, language, is_confirmation FROM mail
        """;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        options.IsOn
            ? Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => SendAllAsync(stoppingToken)))
            : Task.CompletedTask;

    private async Task SendAllAsync(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                while (await SendNextAsync(stopping))
                {
                    // The next one.
                }
            }
            catch (NpgsqlException exception) when (exception.IsTransient)
            {
                LogDatabaseAway(exception.Message);
            }
            // A bug in one mail must not keep the others.
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                LogBug(exception);
            }

            await outbox.WaitAsync(Period, stopping);
        }
    }

    /// <summary>Sends the mail that has waited longest.</summary>
    /// <returns>Whether to go on: there was one, and the server took it or refused it for its own sake.</returns>
    private async Task<bool> SendNextAsync(CancellationToken stopping)
    {
        var secret = EmailToken.NewSecret();
        if (await Postgres.RetryDeadlocksAsync(() => ClaimAsync(secret, stopping)) is not { } claimed)
        {
            return false;
        }

        var (row, mail) = claimed;
        try
        {
            // Not given up halfway when the program stops: whether it has arrived would be unknown.
            await mail.SendAsync(options, time);
        }
        // Whatever is wrong with this one, others may arrive.
        catch (Exception exception)
        {
            return await FailAsync(row, mail, exception);
        }

        await ExecuteAsync(
            "UPDATE notifications SET delivered_at = $2, error = NULL WHERE id = $1",
            new NpgsqlParameter<long> { TypedValue = row.Id },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = time.Now() }
        );
        return true;
    }

    private async Task<(Row, LinkMail)?> ClaimAsync(string secret, CancellationToken cancellation)
    {
        var now = time.Now();
        await using var command = postgres.CreateCommand(ClaimSql);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now + Claim });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = EmailToken.HashOf(secret) });
        foreach (var purpose in new[] { EmailTokenPurpose.Confirm, EmailTokenPurpose.ResetPassword })
        {
            command.Parameters.Add(
                new NpgsqlParameter<DateTimeOffset> { TypedValue = now + EmailToken.LifetimeOf(purpose) }
            );
        }

        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
        {
            return null;
        }

        return (
            new Row(reader.GetInt64(0), reader.GetInt32(2), reader.GetFieldValue<DateTimeOffset>(3)),
            new LinkMail(
                reader.GetString(1),
                reader.GetString(4),
                CultureInfo.GetCultureInfo(reader.GetString(5)),
                reader.GetBoolean(6) ? EmailTokenPurpose.Confirm : EmailTokenPurpose.ResetPassword,
                secret
            )
        );
    }

    /// <summary>Tries again later, unless the address does not exist or the mail has waited as long as its link would last.</summary>
    private async Task<bool> FailAsync(Row row, LinkMail mail, Exception exception)
    {
        var now = time.Now();
        var reason = mail.ReasonOf(exception);
        var isRefused = exception is SmtpFailedRecipientException { StatusCode: >= (SmtpStatusCode)500 };
        var pause = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(row.Attempts, 16)));
        pause = pause < MaxPause ? pause : MaxPause;
        var isGivenUp = isRefused || now + pause > row.MadeAt + EmailToken.LifetimeOf(mail.Purpose);
        // Not where another replica has claimed it meanwhile.
        await ExecuteAsync(
            """
            UPDATE notifications SET error = $3, due_at = $4, failed_at = CASE WHEN $5 THEN $6 END
            WHERE id = $1 AND attempts = $2 AND delivered_at IS NULL
            """,
            new NpgsqlParameter<long> { TypedValue = row.Id },
            new NpgsqlParameter<int> { TypedValue = row.Attempts },
            new NpgsqlParameter<string> { TypedValue = reason },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = now + pause },
            new NpgsqlParameter<bool> { TypedValue = isGivenUp },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = now }
        );
        if (isGivenUp)
        {
            LogGivenUp(row.Id, row.Attempts, reason);
        }
        else
        {
            LogFailed(row.Id, row.Attempts, pause, reason);
        }

        return isRefused;
    }

    private async Task ExecuteAsync(string sql, params NpgsqlParameter[] parameters)
    {
        await using var command = postgres.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    [LoggerMessage(LogLevel.Warning, "Mails wait for the database: {Reason}")]
    private partial void LogDatabaseAway(string reason);

    [LoggerMessage(LogLevel.Error, "Sending mails failed")]
    private partial void LogBug(Exception exception);

    [LoggerMessage(LogLevel.Warning, "Mail {Id} was not sent, attempt {Attempt}; again in {Pause}: {Reason}")]
    private partial void LogFailed(long id, int attempt, TimeSpan pause, string reason);

    [LoggerMessage(LogLevel.Warning, "Mail {Id} is given up after attempt {Attempt}: {Reason}")]
    private partial void LogGivenUp(long id, int attempt, string reason);

    private sealed record Row(long Id, int Attempts, DateTimeOffset MadeAt);
}
