using System.Globalization;
using BookIT.Bot.Telegram;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Notifications;
using BookIT.Core.Space;
using BookIT.Core.Telegram;

namespace BookIT.Bot.Notifications;

/// <summary>
/// Tells people the news of the outbox, one after another: so Telegram's limits hold, and at most one message is repeated
/// after a crash. An outage of Telegram's is waited for; what fails while Telegram is well is tried again a few times and
/// then set aside. docs/decisions/notification-delivery.md.
/// </summary>
internal sealed partial class NotificationDelivery(
    IServiceScopeFactory scopes,
    TelegramBotClient client,
    Reminders reminders,
    SpaceOptions space,
    TimeProvider time,
    ILogger<NotificationDelivery> logger
)
{
    /// <summary>How often the outbox is looked at while it is empty.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(0.5);

    /// <summary>How often reminders are written, and what nobody can be told is dropped.</summary>
    private static readonly TimeSpan PlanPeriod = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PerChat = TimeSpan.FromSeconds(1);

    /// <summary>After so many rows that are suspected of their own failure, all begin with a clean slate.</summary>
    private const int MaxSuspects = 10_000;

    /// <summary>Rows that could not be sent: how many messages had arrived by then, and how often it was.</summary>
    private readonly Dictionary<long, (long Arrived, int Times)> suspects = [];

    /// <summary>Rows that were sent without an answer.</summary>
    private readonly HashSet<long> unsure = [];

    private long arrived;

    /// <summary>Whom something was sent to within the last second, and since when.</summary>
    private readonly Dictionary<long, long> busy = [];

    private TimeSpan lastPause;

    /// <summary>Tells news until told to end; a message that is on its way is seen through.</summary>
    public async Task RunAsync(CancellationToken lost)
    {
        long? planned = null;
        while (!lost.IsCancellationRequested)
        {
            var pause = Period;
            try
            {
                if (planned is not { } last || time.GetElapsedTime(last) >= PlanPeriod)
                {
                    await PlanAsync(lost);
                    planned = time.GetTimestamp();
                }

                pause = await DeliverNextAsync(lost) ?? Period;
            }
            catch (Exception exception) when (exception.IsServerAway() && !lost.IsCancellationRequested)
            {
                pause = Backoff();
                LogServerAway(pause, exception.Message);
            }
            // Not even then must people hear nothing any more.
            catch (Exception exception) when (!lost.IsCancellationRequested)
            {
                pause = Backoff();
                LogBug(exception, pause);
            }

            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, time, lost);
            }
        }
    }

    /// <summary>Writes the reminders of the next minute, and drops what nobody can be told.</summary>
    internal async Task PlanAsync(CancellationToken cancellation)
    {
        await reminders.PlanAsync(time.Now(), cancellation);
        await using var scope = scopes.CreateAsyncScope();
        var outbox = scope.ServiceProvider.GetRequiredService<Outbox>();
        await outbox.DropUntellableAsync(time.Now(), cancellation);
    }

    /// <summary>Settles what has been due longest.</summary>
    /// <returns>How long to wait before the next; null where nothing is due.</returns>
    internal async Task<TimeSpan?> DeliverNextAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var outbox = services.GetRequiredService<Outbox>();
        if (await outbox.ClaimAsync(time.Now(), BusyChats(), cancellation) is not { } news)
        {
            return null;
        }

        NewsMessage message;
        try
        {
            var reading = services.GetRequiredService<NewsReading>();
            var decision = await reading.DecideAsync(news, time.Now(), cancellation);
            if (decision.WaitUntil is { } due)
            {
                await outbox.PostponeAsync(news, due);
                return TimeSpan.Zero;
            }

            if (decision.Story is not { } story)
            {
                await outbox.DropAsync(news, decision.DropBecause!, time.Now());
                return TimeSpan.Zero;
            }

            message = NewsMessages.Write(news, story, LanguageOf(news), space.Zone);
        }
        // A bug, or an odd row: others must not wait for it.
        catch (Exception exception) when (!exception.IsServerAway() && !cancellation.IsCancellationRequested)
        {
            if (news.Attempts == 0)
            {
                LogPoisoned(exception, news.Id, news.Kind);
            }

            await outbox.FailAsync(
                news,
                $"{exception.GetType().Name}: {exception.Message}",
                isHopeless: false,
                time.Now()
            );
            return TimeSpan.Zero;
        }

        // From here on to the end: a message that has arrived must be known to have.
        cancellation.ThrowIfCancellationRequested();
        busy[news.TelegramId] = time.GetTimestamp();
        var begun = time.Now();
        var sent = await client.SendMessage(
            news.TelegramId,
            message.Html,
            message.Buttons,
            maxAttempts: 1,
            cancellation: CancellationToken.None
        );
        return await SettleAsync(services, outbox, news, message, sent, begun);
    }

    private async Task<TimeSpan> SettleAsync(
        IServiceProvider services,
        Outbox outbox,
        News news,
        NewsMessage message,
        CallResult<Message> sent,
        DateTimeOffset begun
    )
    {
        switch (sent)
        {
            case { IsDone: true }:
                lastPause = TimeSpan.Zero;
                arrived++;
                Forget(news);
                await outbox.DeliveredAsync(news, sent.Value!.MessageId, message.Purpose, time.Now());
                return TimeSpan.Zero;
            case { State: CallState.Unsure } when !unsure.Add(news.Id):
                // Twice is enough: it has most likely arrived, and a third copy would help nobody.
                Forget(news);
                await outbox.DeliveredAsync(news, messageId: null, purpose: null, time.Now(), doubt: sent.Description);
                return TimeSpan.Zero;
            case { State: CallState.Blocked }:
                // The row first, and by itself: whoever deletes the account holds the person and wants the row.
                Forget(news);
                await outbox.DropAsync(news, "blocked", time.Now());
                await services.GetRequiredService<TelegramLinks>().LostAsync(news.TelegramId, begun, default);
                return TimeSpan.Zero;
            case { RetryAfter: { } patience }:
                // Claimed again after that: nothing is the row's fault.
                return patience < TelegramBotClient.MaxRetryAfter ? patience : TelegramBotClient.MaxRetryAfter;
        }

        // Nobody needs to wait for what is found out now.
        await outbox.ReleaseAsync();
        var isRefused = sent is { State: CallState.Refused, ErrorCode: StatusCodes.Status400BadRequest };
        if (!isRefused && !(await client.GetMe(maxAttempts: 1, default)).IsDone)
        {
            var pause = Backoff();
            LogTelegramAway(pause);
            return pause;
        }

        var reason = string.Create(
            CultureInfo.InvariantCulture,
            $"{sent.ErrorCode} {TelegramBotClient.WithoutQuotes(sent.Description)}"
        );
        if (isRefused || IsItsOwnFault(news))
        {
            await outbox.FailAsync(news, reason, isRefused, time.Now());
            return TimeSpan.Zero;
        }

        // It may be an outage of sending alone: the row is spared, and others have their turn.
        await outbox.RetryAsync(news, reason, time.Now() + PauseAfter(suspects[news.Id].Times));
        LogTelegramAway(FirstPause);
        return FirstPause;
    }

    /// <summary>Whether something has arrived since this row failed the last time; from now on it is suspected.</summary>
    private bool IsItsOwnFault(News news)
    {
        if (suspects.Count >= MaxSuspects)
        {
            suspects.Clear();
        }

        var isKnown = suspects.TryGetValue(news.Id, out var last);
        suspects[news.Id] = (arrived, last.Times + 1);
        return isKnown && arrived > last.Arrived;
    }

    private void Forget(News news)
    {
        suspects.Remove(news.Id);
        unsure.Remove(news.Id);
    }

    private static TimeSpan PauseAfter(int times)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(times, 10) - 1);
        return pause < MaxPause ? pause : MaxPause;
    }

    private long[] BusyChats()
    {
        foreach (var (chat, since) in busy)
        {
            if (time.GetElapsedTime(since) >= PerChat)
            {
                busy.Remove(chat);
            }
        }

        return [.. busy.Keys];
    }

    private TimeSpan Backoff()
    {
        var next = lastPause == TimeSpan.Zero ? FirstPause : 2 * lastPause;
        return lastPause = next < MaxPause ? next : MaxPause;
    }

    private static CultureInfo LanguageOf(News news) => Sentences.Language(news.Language) ?? Sentences.Languages[0];

    [LoggerMessage(LogLevel.Warning, "News wait for a server, {Pause}: {Reason}")]
    private partial void LogServerAway(TimeSpan pause, string reason);

    [LoggerMessage(LogLevel.Warning, "News wait for Telegram, {Pause}")]
    private partial void LogTelegramAway(TimeSpan pause);

    [LoggerMessage(LogLevel.Error, "Telling news failed; again in {Pause}")]
    private partial void LogBug(Exception exception, TimeSpan pause);

    [LoggerMessage(LogLevel.Error, "News {Id} ({Kind}) cannot be told, and are tried again and then set aside")]
    private partial void LogPoisoned(Exception exception, long id, string kind);
}
