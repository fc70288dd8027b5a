using System.Diagnostics.Metrics;
using BookIT.Core.Data;
using BookIT.Core.Metrics;
using BookIT.Core.Redis;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace BookIT.Core;

/// <summary>Whether a server answers.</summary>
/// <param name="Ok">It answered the last time it was asked.</param>
/// <param name="MissingSince">Since when it does not (UTC); null while it does.</param>
/// <param name="MissingForSeconds">The same as a length of time.</param>
/// <param name="Reason">What is wrong, in a sentence for an operator.</param>
public sealed record ServerState(bool Ok, DateTimeOffset? MissingSince, double? MissingForSeconds, string? Reason);

/// <summary>What the servers' states add up to.</summary>
/// <param name="Ready">Every server answers.</param>
/// <param name="Servers">By name: <c>postgres</c>, <c>redis</c>.</param>
public sealed record Readiness(bool Ready, IReadOnlyDictionary<string, ServerState> Servers);

/// <summary>Asks PostgreSQL and Redis once a second whether they are there, so that a probe costs nothing and knows since when.</summary>
public sealed class Health(
    NpgsqlDataSource postgres,
    ConnectionMultiplexer redis,
    IServiceScopeFactory scopes,
    IMeterFactory meters,
    TimeProvider time
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Server postgresState = new("not asked yet");
    private readonly Server redisState = new("not asked yet");
    private bool schemaIsCurrent;

    /// <summary>The states as of the last second.</summary>
    public Readiness Current
    {
        get
        {
            var now = time.Now();
            var servers = new Dictionary<string, ServerState>
            {
                ["postgres"] = postgresState.At(now),
                ["redis"] = redisState.At(now),
            };
            return new Readiness(servers.Values.All(server => server.Ok), servers);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        meters
            .Create(BookItMetrics.MeterName)
            .CreateObservableGauge(
                "server_up",
                () =>
                    Current.Servers.Select(server => new Measurement<int>(
                        server.Value.Ok ? 1 : 0,
                        new KeyValuePair<string, object?>("server", server.Key)
                    )),
                description: "Whether this process reaches PostgreSQL and Redis, as its readiness says: 1 or 0."
            );
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await Task.WhenAll(
                AskAsync(postgresState, AskPostgresAsync, stoppingToken),
                AskAsync(redisState, _ => redis.GetDatabase().PingAsync(), stoppingToken)
            );
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task AskAsync(Server server, Func<CancellationToken, Task> ask, CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(Patience);
        try
        {
            await ask(patience.Token);
            server.Reason = null;
            server.MissingSince = null;
        }
        // Whatever is wrong with a server, the loop goes on asking.
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            server.MissingSince ??= time.Now();
            // The probe may be public: no addresses, no names of users.
            server.Reason = exception is SchemaOutdatedException ? exception.Message : "does not answer";
        }
    }

    private async Task AskPostgresAsync(CancellationToken cancellation)
    {
        await using var command = postgres.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(cancellation);
        if (schemaIsCurrent)
        {
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BookItDbContext>();
        schemaIsCurrent = !(await db.Database.GetPendingMigrationsAsync(cancellation)).Any();
        if (!schemaIsCurrent)
        {
            throw new SchemaOutdatedException();
        }
    }

    private sealed class SchemaOutdatedException()
        : Exception("The database's schema is older than this program: run `BookIT.Api migrate`.");

    private sealed class Server(string reason)
    {
        public volatile string? Reason = reason;
        public DateTimeOffset? MissingSince;

        public ServerState At(DateTimeOffset now) =>
            Reason is null
                ? new ServerState(Ok: true, MissingSince: null, MissingForSeconds: null, Reason: null)
                : new ServerState(
                    Ok: false,
                    MissingSince,
                    MissingSince is { } since ? Math.Round((now - since).TotalSeconds, 1) : null,
                    Reason
                );
    }
}
