using System.Globalization;
using BookIT.Bot.Telegram;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Notifications;
using BookIT.Core.Space;
using BookIT.Core.Telegram;
using BookIT.Core.Traces;

namespace BookIT.Bot.Notifications;

/// <summary>
/// Tells people the news of the outbox, in batches of different people that are sent side by side, the next one while one
/// is on its way: so a crash repeats at most those two. An outage of Telegram's is waited for; what fails while Telegram
/// is well is tried again a few times and then set aside. docs/decisions/notification-delivery.md.
/// </summary>
internal sealed partial class NotificationDelivery(
    IServiceScopeFactory scopes,
    Outbox outbox,
    TelegramBotClient client,
    Reminders reminders,
    SpaceOptions space,
    TimeProvider time,
    ILogger<NotificationDelivery> logger
) : IDisposable
{
    /// <summary>What Telegram takes in a second.</summary>
    internal const int BatchSize = 30;

    /// <summary>After so many rows that are suspected of their own failure, all begin with a clean slate.</summary>
    private const int MaxSuspects = 10_000;

    /// <summary>How often the outbox is looked at while it is empty.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(0.5);

    /// <summary>How often reminders are written, and what nobody can be told is dropped.</summary>
    private static readonly TimeSpan PlanPeriod = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PerChat = TimeSpan.FromSeconds(1);

    /// <summary>How long a batch waits for a call that hangs: by the limits two batches take two seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>How long a row whose call hangs is left alone: longer than the call can.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>Over what follows: two batches are on their way at once.</summary>
    private readonly Lock guard = new();

    /// <summary>Rows that could not be sent: how many messages had arrived before, and how often it was.</summary>
    private readonly Dictionary<long, (long Arrived, int Times)> suspects = [];

    /// <summary>Rows that were sent without an answer.</summary>
    private readonly HashSet<long> unsure = [];

    /// <summary>Rows that have arrived, or never will, and PostgreSQL does not know it yet.</summary>
    private readonly Dictionary<long, NewsFate> unsettled = [];

    /// <summary>Whom something was sent to within the last second, and since when.</summary>
    private readonly Dictionary<long, long> busy = [];

    private long arrived;
    private TimeSpan lastPause;
    private TimeSpan pause;

    /// <summary>Cancelled when something goes wrong with Telegram: what has not gone off stays until that is understood.</summary>
    private CancellationTokenSource trouble = new();

    /// <summary>Waits for calls that hang.</summary>
    private Task late = Task.CompletedTask;

    /// <summary>Tells news until told to end; messages that are on their way are seen through.</summary>
    public async Task RunAsync(CancellationToken lost)
    {
        long? planned = null;
        Task? batch = null;
        try
        {
            while (!lost.IsCancellationRequested)
            {
                var wait = Period;
                try
                {
                    if (planned is not { } last || time.GetElapsedTime(last) >= PlanPeriod)
                    {
                        await PlanAsync(lost);
                        planned = time.GetTimestamp();
                    }

                    var next = batch is null || !IsOutage ? await BeginAsync(lost) : null;
                    if (batch is not null || next is not null)
                    {
                        var first = batch;
                        batch = next;
                        wait = first is null ? TimeSpan.Zero : await EndAsync(first, next);
                    }
                }
                catch (Exception exception) when (exception.IsServerAway() && !lost.IsCancellationRequested)
                {
                    wait = Backoff();
                    LogServerAway(wait, exception.Message);
                }
                // Not even then must people hear nothing any more.
                catch (Exception exception) when (!lost.IsCancellationRequested)
                {
                    wait = Backoff();
                    LogBug(exception, wait);
                }

                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, time, lost);
                }
            }
        }
        finally
        {
            await Task.WhenAll(batch ?? Task.CompletedTask, late)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Writes the reminders of the next minute, and drops what nobody can be told.</summary>
    internal async Task PlanAsync(CancellationToken cancellation)
    {
        await reminders.PlanAsync(time.Now(), cancellation);
        await outbox.DropUntellableAsync(time.Now(), cancellation);
    }

    /// <summary>Settles what has been due longest.</summary>
    /// <returns>How long to wait before the next; null where nothing is due.</returns>
    internal async Task<TimeSpan?> DeliverNextAsync(CancellationToken cancellation) =>
        await BeginAsync(cancellation) is { } batch ? await EndAsync(batch, next: null) : null;

    /// <summary>Claims a batch, and begins to tell it; null where nothing is due.</summary>
    private async Task<Task?> BeginAsync(CancellationToken lost) =>
        // In an outage one is enough to find out whether it is over.
        await outbox.ClaimAsync(IsOutage ? 1 : BatchSize, time.Now(), BusyChats(), lost) is { } hand
            ? TellAsync(hand, lost)
            : null;

    /// <summary>Sees a batch through and, if there was trouble, also the one that was begun meanwhile.</summary>
    /// <returns>How long to wait before the next.</returns>
    private async Task<TimeSpan> EndAsync(Task batch, Task? next)
    {
        await batch;
        if (trouble.IsCancellationRequested)
        {
            await (next ?? Task.CompletedTask);
            trouble = new CancellationTokenSource();
        }

        lock (guard)
        {
            (var wait, pause) = (pause, TimeSpan.Zero);
            return wait;
        }
    }

    private async Task TellAsync(NewsInHand hand, CancellationToken lost)
    {
        await using (hand)
        {
            using var halt = CancellationTokenSource.CreateLinkedTokenSource(lost, trouble.Token);
            var (fates, letters) = await WriteAsync(hand.News, lost);
            lost.ThrowIfCancellationRequested();
            var before = Volatile.Read(ref arrived);
            var sends = letters.ConvertAll(letter => (letter.News, Call: SendAsync(letter, before, halt.Token)));
            Task all = Task.WhenAll(sends.Select(send => send.Call));
            do
            {
                await all.WaitAsync(Patience, time, default).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            // While nothing arrives at all, it may be an outage: that is to be known first.
            while (!all.IsCompleted && Volatile.Read(ref arrived) == before);

            await halt.CancelAsync();
            var ended = sends.ToLookup(send => send.Call.IsCompleted);
            if (ended.Contains(false))
            {
                var again = time.Now() + Lease;
                fates.AddRange(ended[false].Select(send => NewsFate.Retried(send.News, "no answer yet", again)));
                lock (guard)
                {
                    late = Task.WhenAll(late, SettleLateAsync([.. ended[false].Select(send => send.Call)]));
                }
            }

            await SettleAsync(hand.SettleAsync, fates, await Task.WhenAll(ended[true].Select(send => send.Call)));
        }
    }

    /// <summary>Finds out what is to be said, and what is not.</summary>
    private async Task<(List<NewsFate> Fates, List<Letter> Letters)> WriteAsync(
        IReadOnlyList<News> all,
        CancellationToken cancellation
    )
    {
        List<NewsFate> fates;
        lock (guard)
        {
            fates = [.. all.Select(news => unsettled.GetValueOrDefault(news.Id)).OfType<NewsFate>()];
        }

        List<News> rest = [.. all.ExceptBy(fates.Select(fate => fate.News.Id), news => news.Id)];
        await using var scope = scopes.CreateAsyncScope();
        var reading = scope.ServiceProvider.GetRequiredService<NewsReading>();
        var letters = new List<Letter>();
        foreach (var (news, decision) in rest.Zip(await reading.DecideAsync(rest, time.Now(), cancellation)))
        {
            var mistake = decision.Mistake;
            if (decision.WaitUntil is { } due)
            {
                fates.Add(NewsFate.Postponed(news, due));
            }
            else if (decision.DropBecause is { } reason)
            {
                fates.Add(NewsFate.Dropped(news, reason, time.Now()));
            }
            else if (decision.Story is { } story)
            {
                try
                {
                    letters.Add(new Letter(news, NewsMessages.Write(news, story, LanguageOf(news), space.Zone)));
                }
                catch (Exception exception)
                {
                    mistake = exception;
                }
            }

            // A bug, or an odd row: others must not wait for it.
            if (mistake is not null)
            {
                fates.Add(Poisoned(news, mistake));
            }
        }

        return (fates, letters);
    }

    private async Task<Outcome> SendAsync(Letter letter, long before, CancellationToken halt)
    {
        var (news, message) = letter;
        using var activity = Tracing.Continue("deliver news", news.TraceParent);
        activity?.SetTag("news.kind", news.Kind);
        var begun = time.Now();
        var outcome = new Outcome(letter, begun, before);
        try
        {
            // A message that has arrived must be known to have.
            var sent = await client.SendMessage(
                news.TelegramId,
                message.Html,
                message.Buttons,
                maxAttempts: 1,
                isInLine: true,
                halt
            );
            outcome = outcome with { Sent = sent };
        }
        catch (OperationCanceledException) when (halt.IsCancellationRequested)
        {
            return outcome;
        }
        catch (Exception exception)
        {
            return outcome with { Mistake = exception };
        }

        lock (guard)
        {
            busy[news.TelegramId] = time.GetTimestamp();
            if (outcome.Sent is { IsDone: true })
            {
                lastPause = TimeSpan.Zero;
                arrived++;
            }
        }

        if (outcome.IsTrouble)
        {
            await trouble.CancelAsync();
        }

        return outcome;
    }

    /// <summary>Calls that were not waited for have ended after all.</summary>
    private async Task SettleLateAsync(IReadOnlyList<Task<Outcome>> hanging)
    {
        try
        {
            var outcomes = await Task.WhenAll(hanging);
            var unsent = outcomes.Where(outcome => outcome is { Sent: null, Mistake: null });
            List<NewsFate> fates = [.. unsent.Select(o => NewsFate.Retried(o.News, "not sent", time.Now()))];
            await SettleAsync(outbox.SettleAsync, fates, outcomes);
        }
        catch (Exception exception) when (exception.IsServerAway())
        {
            LogServerAway(Lease, exception.Message);
        }
        catch (Exception exception)
        {
            LogBug(exception, Lease);
        }
    }

    /// <summary>Writes down what became of rows, and lets go of them; then whose fault it was is found out of the others.</summary>
    private async Task SettleAsync(
        Func<IReadOnlyCollection<NewsFate>, Task> settle,
        List<NewsFate> fates,
        IReadOnlyList<Outcome> outcomes
    )
    {
        var known = outcomes.Select(FateOf).OfType<NewsFate>().ToList();
        try
        {
            await settle([.. fates, .. known]);
        }
        catch
        {
            // What was sent is not sent again, as long as we live.
            lock (guard)
            {
                known.ForEach(fate => unsettled[fate.News.Id] = fate);
            }

            throw;
        }

        lock (guard)
        {
            fates.ForEach(fate => unsettled.Remove(fate.News.Id));
        }

        foreach (var outcome in outcomes.Where(outcome => outcome.Sent is { State: CallState.Blocked }))
        {
            // After the rows, and by itself: whoever deletes the account holds the person and wants the row.
            await using var scope = scopes.CreateAsyncScope();
            var links = scope.ServiceProvider.GetRequiredService<TelegramLinks>();
            await links.LostAsync(outcome.News.TelegramId, outcome.Begun, default);
        }

        var settled = known.Select(fate => fate.News.Id).ToHashSet();
        var open = outcomes.Where(outcome => outcome.IsTrouble && !settled.Contains(outcome.News.Id)).ToList();
        // Telegram's wish for patience says whose it is.
        open.RemoveAll(outcome => outcome.Sent is { RetryAfter: not null });
        if (open.Count > 0)
        {
            await JudgeAsync(open);
        }
    }

    /// <summary>What is certain at once; null where it is not, or where it has not been sent.</summary>
    private NewsFate? FateOf(Outcome outcome)
    {
        var (news, now) = (outcome.News, time.Now());
        lock (guard)
        {
            switch (outcome.Sent)
            {
                case null:
                    return outcome.Mistake is { } mistake ? Poisoned(news, mistake) : null;
                case { IsDone: true } sent:
                    Forget(news);
                    return NewsFate.Delivered(news, sent.Value!.MessageId, outcome.Letter.Message.Purpose, now);
                case { State: CallState.Unsure } sent when !unsure.Add(news.Id):
                    // Twice is enough: it has most likely arrived, and a third copy would help nobody.
                    Forget(news);
                    return NewsFate.Delivered(news, messageId: null, purpose: null, now, doubt: sent.Description);
                case { State: CallState.Blocked }:
                    Forget(news);
                    return NewsFate.Dropped(news, "blocked", now);
                case { State: CallState.Refused, ErrorCode: StatusCodes.Status400BadRequest }:
                    Forget(news);
                    return NewsFate.Failed(news, outcome.Reason, isHopeless: true, now);
                case { RetryAfter: { } patience }:
                    // Claimed again after that: nothing is the row's fault.
                    Wait(patience < TelegramBotClient.MaxRetryAfter ? patience : TelegramBotClient.MaxRetryAfter);
                    return null;
                default:
                    return null;
            }
        }
    }

    /// <summary>Decides whose fault it is that rows could not be told: Telegram's, their own, or nobody knows.</summary>
    private async Task JudgeAsync(List<Outcome> open)
    {
        if (!(await client.GetMe(maxAttempts: 1, default)).IsDone)
        {
            var wait = Backoff();
            Wait(wait);
            LogTelegramAway(wait);
            return;
        }

        var fates = new List<NewsFate>();
        foreach (var outcome in open)
        {
            if (SuspectFor(outcome) is { } again)
            {
                // It may be an outage of sending alone: the row is spared, and others have their turn.
                fates.Add(NewsFate.Retried(outcome.News, outcome.Reason, time.Now() + again));
                Wait(FirstPause);
                LogTelegramAway(FirstPause);
            }
            else
            {
                fates.Add(NewsFate.Failed(outcome.News, outcome.Reason, isHopeless: false, time.Now()));
            }
        }

        await outbox.SettleAsync(fates);
    }

    /// <summary>When to try a row again; null if something else has arrived since it was sent before: it is its own fault.</summary>
    private TimeSpan? SuspectFor(Outcome outcome)
    {
        lock (guard)
        {
            if (suspects.Count >= MaxSuspects)
            {
                suspects.Clear();
            }

            var isKnown = suspects.TryGetValue(outcome.News.Id, out var last);
            suspects[outcome.News.Id] = (outcome.Before, last.Times + 1);
            return isKnown && arrived > last.Arrived ? null : PauseAfter(last.Times + 1);
        }
    }

    private NewsFate Poisoned(News news, Exception mistake)
    {
        if (news.Attempts == 0)
        {
            LogPoisoned(mistake, news.Id, news.Kind);
        }

        return NewsFate.Failed(news, $"{mistake.GetType().Name}: {mistake.Message}", isHopeless: false, time.Now());
    }

    private void Forget(News news)
    {
        suspects.Remove(news.Id);
        unsure.Remove(news.Id);
    }

    private static TimeSpan PauseAfter(int times)
    {
        var next = FirstPause * Math.Pow(2, Math.Min(times, 10) - 1);
        return next < MaxPause ? next : MaxPause;
    }

    private long[] BusyChats()
    {
        lock (guard)
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
    }

    private bool IsOutage
    {
        get
        {
            lock (guard)
            {
                return lastPause > TimeSpan.Zero;
            }
        }
    }

    private TimeSpan Backoff()
    {
        lock (guard)
        {
            var next = lastPause == TimeSpan.Zero ? FirstPause : 2 * lastPause;
            return lastPause = next < MaxPause ? next : MaxPause;
        }
    }

    /// <summary>Nothing is sent for so long.</summary>
    private void Wait(TimeSpan atLeast)
    {
        lock (guard)
        {
            pause = pause > atLeast ? pause : atLeast;
        }
    }

    public void Dispose() => trouble.Dispose();

    private static CultureInfo LanguageOf(News news) => Sentences.Language(news.Language) ?? Sentences.Languages[0];

    private sealed record Letter(News News, NewsMessage Message);

    /// <param name="Letter">What was to be sent.</param>
    /// <param name="Begun">When (UTC).</param>
    /// <param name="Before">How many had arrived by then.</param>
    private sealed record Outcome(Letter Letter, DateTimeOffset Begun, long Before)
    {
        public News News => Letter.News;

        /// <summary>What became of it; null where it has not gone off.</summary>
        public CallResult<Message>? Sent { get; init; }

        public Exception? Mistake { get; init; }

        /// <summary>It may be Telegram's fault, or its wish.</summary>
        public bool IsTrouble =>
            Sent
                is { State: not CallState.Done and not CallState.Blocked }
                    and not { State: CallState.Refused, ErrorCode: StatusCodes.Status400BadRequest };

        /// <summary>Why not, for an administrator.</summary>
        public string Reason =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Sent?.ErrorCode} {TelegramBotClient.WithoutQuotes(Sent?.Description)}"
            );
    }

    [LoggerMessage(LogLevel.Warning, "News wait for a server, {Pause}: {Reason}")]
    private partial void LogServerAway(TimeSpan pause, string reason);

    [LoggerMessage(LogLevel.Warning, "News wait for Telegram, {Pause}")]
    private partial void LogTelegramAway(TimeSpan pause);

    [LoggerMessage(LogLevel.Error, "Telling news failed; again in {Pause}")]
    private partial void LogBug(Exception exception, TimeSpan pause);

    [LoggerMessage(LogLevel.Error, "News {Id} ({Kind}) cannot be told, and are tried again and then set aside")]
    private partial void LogPoisoned(Exception exception, long id, string kind);
}
