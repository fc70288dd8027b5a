using BookIT.Core.Auth;
using BookIT.Core.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BookIT.Core.Demo;

/// <summary>
/// Keeps a program in production off a database with demo accounts that anybody can sign in to, some of them as
/// administrators: one that was filled for a try and then put into use.
/// </summary>
public sealed partial class DemoGuard(
    NpgsqlDataSource postgres,
    PasswordHashing passwords,
    DemoOptions options,
    IHostEnvironment environment,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<DemoGuard> logger
) : BackgroundService
{
    /// <summary>On a busy machine the first connection and the first password take seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private bool isKnown = !environment.IsProduction();

    /// <summary>
    /// Whether the program may start. While the database cannot say, it may, and ends as soon as the database says that it
    /// must not.
    /// </summary>
    public async Task<bool> AllowsStartAsync()
    {
        if (isKnown || !await HasOpenAccountsAsync(CancellationToken.None))
        {
            return true;
        }

        if (options.Enabled)
        {
            LogOpen();
            return true;
        }

        await Console.Error.WriteLineAsync(Refusal);
        return false;
    }

    private const string Refusal =
        "The database holds demo accounts, administrators among them, with the password that everybody can read. Take an empty "
        + "database, or take the passwords away: UPDATE users SET password_hash = NULL WHERE email LIKE "
        + "'demo\\_%@example.com'. To show the demo to everybody all the same set Demo__Enabled to true.";

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (!isKnown && await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!await HasOpenAccountsAsync(stoppingToken))
            {
                continue;
            }

            if (options.Enabled)
            {
                LogOpen();
                return;
            }

            LogRefused(Refusal);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    private async Task<bool> HasOpenAccountsAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            var isOpen = await AskAsync(patience.Token);
            isKnown = true;
            return isOpen;
        }
        // Away, or without a schema yet.
        catch (Exception exception)
            when (exception is NpgsqlException or OperationCanceledException or TimeoutException
                && !cancellation.IsCancellationRequested
            )
        {
            return false;
        }
    }

    private async Task<bool> AskAsync(CancellationToken cancellation)
    {
        var hashes = new List<string>();
        await using (
            var command = postgres.CreateCommand(
                "SELECT DISTINCT password_hash FROM users WHERE email = ANY ($1) AND password_hash IS NOT NULL"
            )
        )
        {
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. DemoSpace.Emails] });
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                hashes.Add(reader.GetString(0));
            }
        }

        foreach (var hash in hashes)
        {
            var result = await passwords.VerifyAsync(hash, DemoSpace.Password, cancellation);
            if (!result.IsRefused(out _) && result.Value is not PasswordVerificationResult.Failed)
            {
                return true;
            }
        }

        return false;
    }

    [LoggerMessage(
        LogLevel.Warning,
        "Demo:Enabled: anybody can sign in to the demo accounts, also as an administrator, with the password from the source code"
    )]
    private partial void LogOpen();

    [LoggerMessage(LogLevel.Critical, "{Reason}")]
    private partial void LogRefused(string reason);
}
