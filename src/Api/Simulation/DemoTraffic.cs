using BookIT.Core;
using BookIT.Core.Demo;
using BookIT.Core.Redis;
using BookIT.Core.Reservations;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Npgsql;

namespace BookIT.Api.Simulation;

/// <summary>
/// Drives demo traffic, as visitors of the API at this process's own address: they sign in, book free seats for the
/// shortest time there is, are checked in, and leave again. docs/decisions/demo-traffic.md tells what keeps it small.
/// </summary>
internal sealed partial class DemoTraffic(
    IServer server,
    IServiceScopeFactory scopes,
    TrafficLease lease,
    BookingOptions booking,
    TimeProvider time,
    ILogger<DemoTraffic> logger
) : IHostedLifecycleService, IDisposable
{
    public const double MinRate = 0.1;
    public const double MaxRate = 50;
    public const double DefaultRate = 1;

    private static readonly TimeSpan RenewalPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TidyPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ActionPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LeavingPatience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim control = new(1, 1);
    private readonly CancellationTokenSource shutdown = new();
    private CancellationTokenSource? stop;
    private Task driving = Task.CompletedTask;

    /// <summary>Starts the traffic, unless it runs somewhere: then it only gets the rate.</summary>
    /// <returns>Its state, or <see cref="Refusal.SignInBusy"/>.</returns>
    public async Task<Result<Traffic?>> StartAsync(double rate, CancellationToken cancellation)
    {
        await control.WaitAsync(cancellation);
        try
        {
            while (true)
            {
                var driver = Guid.CreateVersion7(time.Now());
                if (await lease.TryTakeAsync(driver, rate, time.Now()))
                {
                    // One that was stopped may still be on its way out, by the same accounts.
                    await driving;
                    var crew = await PrepareAsync(driver);
                    if (crew.IsRefused(out var refusal))
                    {
                        return refusal;
                    }

                    stop?.Dispose();
                    stop = CancellationTokenSource.CreateLinkedTokenSource(shutdown.Token);
                    driving = DriveSafelyAsync(driver, rate, crew.Value, stop);
                    return await lease.FindAsync();
                }

                // Another's lease that ends at this very moment leaves it to us.
                if (await lease.FindAsync() is { } running)
                {
                    return running;
                }
            }
        }
        finally
        {
            control.Release();
        }
    }

    /// <summary>Stops the traffic, whichever replica drives it: here at once, elsewhere within a second.</summary>
    /// <returns>Its last state; null where it did not run.</returns>
    public async Task<Traffic?> StopAsync()
    {
        var last = await lease.FindAsync();
        await lease.RevokeAsync();
        await control.WaitAsync();
        try
        {
            await StopHereAsync();
            return last;
        }
        finally
        {
            control.Release();
        }
    }

    /// <summary>While requests are still answered: visitors leave before the lights go out.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await shutdown.CancelAsync();
        await StopHereAsync();
    }

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        control.Dispose();
        shutdown.Dispose();
        stop?.Dispose();
    }

    private async Task StopHereAsync()
    {
        if (stop is not null)
        {
            await stop.CancelAsync();
        }

        await driving;
    }

    private async Task<Result<DemoCrew>> PrepareAsync(Guid driver)
    {
        var isReady = false;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var visitors = scope.ServiceProvider.GetRequiredService<DemoVisitors>();
            var crew = await visitors.PrepareAsync(time.Now(), shutdown.Token);
            isReady = crew.Refusal is null;
            return crew;
        }
        finally
        {
            if (!isReady)
            {
                await lease.GiveBackAsync(driver);
            }
        }
    }

    private async Task DriveSafelyAsync(Guid driver, double rate, DemoCrew crew, CancellationTokenSource stopping)
    {
        // Not in the request that started it.
        await Task.Yield();
        try
        {
            await DriveAsync(driver, rate, crew, stopping);
        }
        catch (Exception exception)
        {
            // The lease ends by itself, and the next start begins anew.
            LogBroken(exception);
        }
    }

    private async Task DriveAsync(Guid driver, double rate, DemoCrew crew, CancellationTokenSource stopping)
    {
        LogStarted(rate);
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false })
        {
            BaseAddress = OwnAddress(),
            Timeout = ActionPatience,
        };
        http.DefaultRequestHeaders.UserAgent.ParseAdd("BookIT-demo-traffic");
        var counts = new DemoCounters();
        var stay = booking.MinDuration;
        var usher = new DemoVisitor(crew.Usher, crew.Password, http, counts, stay, time, usher: null);
        var visitors = crew
            .Visitors.Select(email => new DemoVisitor(email, crew.Password, http, counts, stay, time, usher))
            .ToArray();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / rate), time);
        await Task.WhenAll(
            RenewAsync(driver, counts, timer, stopping),
            ActAsync(visitors, timer, stopping.Token),
            TidyAsync(stopping.Token)
        );

        using var patience = new CancellationTokenSource(LeavingPatience);
        await Task.WhenAll(visitors.Append(usher).Select(visitor => visitor.LeaveAsync(patience.Token)));
        LogStopped(counts.Now);
    }

    private async Task ActAsync(DemoVisitor[] visitors, PeriodicTimer timer, CancellationToken stopping)
    {
        var next = 0;
        var underWay = new List<Task>();
        try
        {
            do
            {
                underWay.RemoveAll(action => action.IsCompleted);
                // Who is still at the last action is passed over; when all are, the space has enough to do.
                for (var i = 0; i < visitors.Length; i++)
                {
                    var visitor = visitors[next++ % visitors.Length];
                    if (!visitor.IsBusy)
                    {
                        underWay.Add(visitor.ActAsync());
                        break;
                    }
                }
            } while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }

        await Task.WhenAll(underWay);
    }

    private async Task RenewAsync(
        Guid driver,
        DemoCounters counts,
        PeriodicTimer actions,
        CancellationTokenSource stopping
    )
    {
        using var timer = new PeriodicTimer(RenewalPeriod, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                try
                {
                    if (await lease.RenewAsync(driver, counts.Now) is not { } rate)
                    {
                        await stopping.CancelAsync();
                        return;
                    }

                    var period = TimeSpan.FromSeconds(1 / rate);
                    if (period != actions.Period)
                    {
                        actions.Period = period;
                    }
                }
                catch (RedisException)
                {
                    // Without Redis nobody signs in and nobody else can start; the lease may be gone when it is back.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }

        try
        {
            await lease.GiveBackAsync(driver);
        }
        catch (RedisException)
        {
            // It ends by itself.
        }
    }

    private async Task TidyAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(TidyPeriod, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                try
                {
                    await using var scope = scopes.CreateAsyncScope();
                    await scope.ServiceProvider.GetRequiredService<DemoVisitors>().TidyAsync(stopping);
                }
                catch (NpgsqlException exception)
                {
                    LogNotTidied(exception.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    /// <summary>Where this process listens, as it can be reached from here.</summary>
    private Uri OwnAddress()
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()!.Addresses;
        var address = BindingAddress.Parse(
            addresses.FirstOrDefault(a => a.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
                ?? addresses.First()
        );
        var isAny = address.Host is "+" or "*" or "0.0.0.0" or "[::]";
        return new UriBuilder(address.Scheme, isAny ? "localhost" : address.Host, address.Port).Uri;
    }

    [LoggerMessage(LogLevel.Information, "Demo traffic has started: {Rate} actions a second")]
    private partial void LogStarted(double rate);

    [LoggerMessage(LogLevel.Information, "Demo traffic has stopped: {Counts}")]
    private partial void LogStopped(TrafficCounts counts);

    [LoggerMessage(LogLevel.Error, "Demo traffic has broken off")]
    private partial void LogBroken(Exception exception);

    [LoggerMessage(LogLevel.Warning, "What demo traffic left behind was not tidied: {Reason}")]
    private partial void LogNotTidied(string reason);
}
