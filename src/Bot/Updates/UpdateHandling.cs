using BookIT.Bot.Telegram;
using BookIT.Core;

namespace BookIT.Bot.Updates;

/// <summary>
/// Handles updates, those of a chat one after another, those of different chats at the same time, up to a number. At
/// least once: what was handled when the process died comes again. A bug in one is logged, and the next one's turn comes.
/// While PostgreSQL is away they wait.
/// </summary>
internal sealed partial class UpdateHandling(
    IServiceScopeFactory scopes,
    Health health,
    TimeProvider time,
    ILogger<UpdateHandling> logger
) : IDisposable
{
    private const int AtOnce = 16;

    /// <summary>More than anybody writes by hand; less than what Telegram hands over at once, so that others get through.</summary>
    private const int MaxWaitingPerChat = 50;

    private const int MaxAttempts = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim places = new(AtOnce);
    private readonly Lock guard = new();
    private readonly Dictionary<long, Turn> inHand = [];
    private readonly Dictionary<long, Line> lines = [];

    /// <summary>Handles an update in its turn; one that is being handled already is not handled again.</summary>
    /// <param name="update">Comes after all of its chat that came before.</param>
    /// <param name="giveUp">From then on what has not begun does not begin; what has is finished.</param>
    /// <returns>Whether it was handled, for better or worse; not where it was given up.</returns>
    public Task<bool> HandleAsync(Update update, CancellationToken giveUp)
    {
        lock (guard)
        {
            if (inHand.TryGetValue(update.UpdateId, out var already))
            {
                // Who asks now wants it done, whatever became of whoever asked first.
                already.GiveUp = giveUp;
                return already.Handling;
            }

            var chat = ChatOf(update);
            var line = lines.GetValueOrDefault(chat, new Line(Task.CompletedTask, 0));
            if (line.Length == MaxWaitingPerChat)
            {
                LogTooMany(update.UpdateId);
                return Task.FromResult(true);
            }

            var turn = new Turn { GiveUp = giveUp };
            turn.Handling = Task.Run(() => HandleAfterAsync(line.Last, update, chat, turn), CancellationToken.None);
            inHand.Add(update.UpdateId, turn);
            lines[chat] = new Line(turn.Handling, line.Length + 1);
            return turn.Handling;
        }
    }

    public void Dispose() => places.Dispose();

    private async Task<bool> HandleAfterAsync(Task before, Update update, long chat, Turn turn)
    {
        var giveUp = CancellationToken.None;
        try
        {
            await before;
            lock (guard)
            {
                giveUp = turn.GiveUp;
            }

            await places.WaitAsync(giveUp);
            try
            {
                return await HandleNowAsync(update, giveUp);
            }
            finally
            {
                places.Release();
            }
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            return false;
        }
        // Not even then must the others wait for ever.
        catch (Exception exception)
        {
            LogBug(exception, update.UpdateId);
            return true;
        }
        finally
        {
            lock (guard)
            {
                inHand.Remove(update.UpdateId);
                var line = lines[chat];
                if (line.Length == 1)
                {
                    lines.Remove(chat);
                }
                else
                {
                    lines[chat] = line with { Length = line.Length - 1 };
                }
            }
        }
    }

    private async Task<bool> HandleNowAsync(Update update, CancellationToken giveUp)
    {
        for (var attempt = 1; ; )
        {
            giveUp.ThrowIfCancellationRequested();
            await using var scope = scopes.CreateAsyncScope();
            var router = scope.ServiceProvider.GetRequiredService<UpdateRouter>();
            try
            {
                await router.RouteAsync(update);
                return true;
            }
            catch (Exception exception) when (exception.IsServerAway())
            {
                LogServerAway(update.UpdateId, exception.Message);
                if (health.Current.Servers["postgres"].Ok && attempt++ == MaxAttempts)
                {
                    await router.ApologiseAsync(update, "service_unavailable");
                    return true;
                }

                await Task.Delay(Pause, time, giveUp);
            }
            catch (Exception exception)
            {
                LogBug(exception, update.UpdateId);
                await router.ApologiseAsync(update, "internal_error");
                return true;
            }
        }
    }

    private static long ChatOf(Update update) =>
        (update.Message?.Chat ?? update.CallbackQuery?.Message?.Chat ?? update.MyChatMember?.Chat)?.Id
        ?? update.CallbackQuery?.From.Id
        ?? 0;

    [LoggerMessage(LogLevel.Warning, "Update {Id} waits, or is answered with an apology: {Reason}")]
    private partial void LogServerAway(long id, string reason);

    [LoggerMessage(LogLevel.Error, "Update {Id} failed and is skipped")]
    private partial void LogBug(Exception exception, long id);

    [LoggerMessage(LogLevel.Warning, "Update {Id} is dropped: too many of its chat are waiting already")]
    private partial void LogTooMany(long id);

    /// <summary>An update in hand.</summary>
    private sealed class Turn
    {
        public Task<bool> Handling { get; set; } = null!;

        public CancellationToken GiveUp { get; set; }
    }

    /// <summary>The updates of a chat that are not done.</summary>
    private readonly record struct Line(Task Last, int Length);
}
