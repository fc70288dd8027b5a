using BookIT.Bot.Notifications;
using BookIT.Bot.Telegram;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Metrics;
using BookIT.Core.Telegram;

namespace BookIT.Bot.Updates;

/// <summary>How this replica gets its updates.</summary>
internal enum BotState
{
    /// <summary>It does not: there is no token.</summary>
    Idle,

    /// <summary>Telegram has not answered yet.</summary>
    Starting,

    /// <summary>It asks for them.</summary>
    Polling,

    /// <summary>Another replica asks for them; this one takes over when that one dies.</summary>
    Standby,

    /// <summary>Telegram brings them.</summary>
    Webhook,
}

/// <summary>How the bot does.</summary>
/// <param name="State">The name of a <see cref="BotState"/>, in lower case.</param>
internal sealed record BotStatus(string State);

/// <summary>
/// Gets updates from Telegram: asks for them, one replica at a time, or has them brought to all. The replica that leads also
/// tells news. An update is confirmed
/// when it was handled, and all before it, so none is lost whatever dies. docs/decisions/telegram-updates.md.
/// </summary>
internal sealed partial class BotWorker(
    TelegramBotClient client,
    UpdateHandling handling,
    NotificationDelivery delivery,
    CommandMenu menu,
    BotLeader leader,
    TelegramOptions options,
    JwtOptions jwt,
    BookItMetrics metrics,
    TimeProvider time,
    ILogger<BotWorker> logger
) : BackgroundService
{
    /// <summary>As many as Telegram hands over at once.</summary>
    private const int Window = 100;

    /// <summary>How many deliveries Telegram makes at the same time, to all replicas.</summary>
    private const int MaxDeliveries = 40;

    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(10);

    private volatile BotState state;

    public BotState State => state;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (string.IsNullOrEmpty(options.Token))
        {
            LogIdle();
            return;
        }

        state = BotState.Starting;
        var me = await InsistAsync(client.GetMe, stoppingToken);
        LogStarted(me.Username ?? "");
        if (string.IsNullOrEmpty(options.WebhookUrl))
        {
            state = BotState.Standby;
            await leader.RunAsync(LeadAsync, stoppingToken);
        }
        else
        {
            var secret = WebhookEndpoint.SecretToken(jwt);
            await InsistAsync(
                cancellation => client.SetWebhook(options.WebhookUrl, secret, MaxDeliveries, cancellation),
                stoppingToken
            );
            state = BotState.Webhook;
            LogWebhook();
            await menu.ShowToAllAsync(stoppingToken);
            await leader.RunAsync(delivery.RunAsync, stoppingToken);
        }
    }

    /// <summary>Polls and tells news, until told to end; if one of the two breaks, both begin anew.</summary>
    private async Task LeadAsync(CancellationToken lost)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(lost);
        Task[] works = [PollAsync(either.Token), delivery.RunAsync(either.Token)];
        await Task.WhenAny(works);
        await either.CancelAsync();
        await Task.WhenAll(works);
    }

    private async Task PollAsync(CancellationToken lost)
    {
        state = BotState.Polling;
        var window = new SortedDictionary<long, Task<bool>>();
        long? offset = null;
        try
        {
            await InsistAsync(client.DeleteWebhook, lost);
            await menu.ShowToAllAsync(lost);
            while (true)
            {
                var isIdle = window.Count == 0;
                var result = await client.GetUpdates(offset, Window, isIdle ? LongPoll : TimeSpan.Zero, lost);
                metrics.TelegramPolled(TelegramBotClient.NameOf(result.State), result.IsDone ? time.Now() : null);
                if (result.Value is { } updates)
                {
                    if (isIdle && updates.Count == 0)
                    {
                        // All is confirmed. After a week without updates their numbers begin anywhere, also lower.
                        offset = null;
                    }

                    foreach (var update in updates)
                    {
                        // One that was given up, with whoever polled before, is begun anew.
                        if (
                            !window.TryGetValue(update.UpdateId, out var handled)
                            || handled is { IsCompletedSuccessfully: true, Result: false }
                        )
                        {
                            window[update.UpdateId] = handling.HandleAsync(update, lost);
                        }
                    }

                    await Task.WhenAny(Task.WhenAll(window.Values), Task.Delay(Glance, time, lost));
                }
                else
                {
                    await RecoverAsync(result, lost);
                }

                lost.ThrowIfCancellationRequested();
                offset = Confirmable(window) ?? offset;
            }
        }
        finally
        {
            state = BotState.Standby;
            await LeaveAsync(window, offset);
        }
    }

    /// <summary>
    /// Lets what has begun end, and confirms it: whoever polls next shall not do it again. So it does with what was done
    /// before, because the poll that was to confirm that may have been cut off.
    /// </summary>
    private async Task LeaveAsync(SortedDictionary<long, Task<bool>> window, long? confirmable)
    {
        await Task.WhenAny(Task.WhenAll(window.Values), Task.Delay(LastWords, time));
        if ((Confirmable(window) ?? confirmable) is { } offset)
        {
            using var patience = new CancellationTokenSource(LastWords, time);
            try
            {
                await client.GetUpdates(offset, limit: 1, TimeSpan.Zero, patience.Token);
            }
            catch (OperationCanceledException)
            {
                // They are handled twice then.
            }
        }
    }

    /// <summary>Takes from the window what was handled, with all before it.</summary>
    /// <returns>The number of the update after them; null where there are none.</returns>
    private static long? Confirmable(SortedDictionary<long, Task<bool>> window)
    {
        long? offset = null;
        while (window.Count > 0)
        {
            var (id, handled) = window.First();
            if (!handled.IsCompletedSuccessfully || !handled.Result)
            {
                break;
            }

            window.Remove(id);
            offset = id + 1;
        }

        return offset;
    }

    private async Task RecoverAsync(CallResult<IReadOnlyList<Update>> result, CancellationToken lost)
    {
        if (result.ErrorCode == StatusCodes.Status409Conflict)
        {
            // Somebody else polls, or a webhook was set behind our back.
            LogConflict(Pause);
            await client.DeleteWebhook(lost);
        }

        await Task.Delay(PauseAfter(result), time, lost);
    }

    /// <summary>Until it is done: without it there is nothing else to do.</summary>
    private async Task<T> InsistAsync<T>(
        Func<CancellationToken, Task<CallResult<T>>> call,
        CancellationToken cancellation
    )
    {
        while (true)
        {
            var result = await call(cancellation);
            if (result.IsDone)
            {
                return result.Value!;
            }

            await Task.Delay(PauseAfter(result), time, cancellation);
        }
    }

    private TimeSpan PauseAfter<T>(CallResult<T> result)
    {
        if (result.ErrorCode is StatusCodes.Status401Unauthorized or StatusCodes.Status404NotFound)
        {
            LogWrongToken(LongPause);
            return LongPause;
        }

        return result.RetryAfter
            ?? (
                result is { State: CallState.Refused, ErrorCode: not StatusCodes.Status409Conflict } ? LongPause : Pause
            );
    }

    [LoggerMessage(LogLevel.Information, "Telegram:Token is not set: the bot idles.")]
    private partial void LogIdle();

    [LoggerMessage(LogLevel.Information, "The bot is @{Name}")]
    private partial void LogStarted(string name);

    [LoggerMessage(LogLevel.Information, "Telegram brings updates to the webhook")]
    private partial void LogWebhook();

    [LoggerMessage(
        LogLevel.Warning,
        "Another program asks for this bot's updates, or has set a webhook, which is removed. Again in {Pause}"
    )]
    private partial void LogConflict(TimeSpan pause);

    [LoggerMessage(
        LogLevel.Error,
        "Telegram does not know the bot: Telegram:Token is wrong or revoked. Again in {Pause}"
    )]
    private partial void LogWrongToken(TimeSpan pause);
}
