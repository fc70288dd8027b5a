using System.Runtime.InteropServices;

namespace BookIT.Bot.Telegram;

/// <summary>
/// When the next message may go: 30 a second over all and one a second to a chat
/// (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this). A second has 30 places, and a
/// message takes the first free one that its chat allows: in the order in which they ask, and a chat that has many
/// waiting does not hold up the others. What is kept is one number for each message that waits and each chat of the last
/// second. Times are told since any moment, by a clock that never goes back.
/// </summary>
internal sealed class SendLimits
{
    private const int Sweep = 1_000;

    private static readonly TimeSpan Place = TimeSpan.FromTicks(TimeSpan.TicksPerSecond / 30 + 1);
    private static readonly TimeSpan PerChat = TimeSpan.FromSeconds(1);

    private readonly Lock guard = new();
    private readonly HashSet<long> taken = [];
    private readonly Dictionary<long, TimeSpan> chats = [];
    private int sweepAt = Sweep;

    /// <summary>How many numbers are kept.</summary>
    internal int Kept
    {
        get
        {
            lock (guard)
            {
                return taken.Count + chats.Count;
            }
        }
    }

    /// <summary>Takes a place, for a message to a chat, or for a change of one, which only counts over all.</summary>
    /// <returns>How long to wait for it.</returns>
    public TimeSpan Reserve(long? chatId, TimeSpan now)
    {
        lock (guard)
        {
            SweepOld(now);
            var earliest = chatId is { } id && chats.TryGetValue(id, out var free) && free > now ? free : now;
            var place = (long)Math.Ceiling(earliest / Place);
            while (!taken.Add(place))
            {
                place++;
            }

            var at = place * Place;
            if (chatId is { } chat)
            {
                chats[chat] = at + PerChat;
            }

            return at > now ? at - now : TimeSpan.Zero;
        }
    }

    /// <summary>Telegram wants no message to this chat for a while.</summary>
    public void Hold(long chatId, TimeSpan pause, TimeSpan now)
    {
        lock (guard)
        {
            ref var free = ref CollectionsMarshal.GetValueRefOrAddDefault(chats, chatId, out _);
            free = free > now + pause ? free : now + pause;
        }
    }

    private void SweepOld(TimeSpan now)
    {
        if (taken.Count + chats.Count < sweepAt)
        {
            return;
        }

        taken.RemoveWhere(place => place * Place < now);
        foreach (var (chat, free) in chats)
        {
            if (free <= now)
            {
                chats.Remove(chat);
            }
        }

        // What is left is needed: the next sweep is worth its while only when there is twice as much.
        sweepAt = Math.Max(Sweep, 2 * (taken.Count + chats.Count));
    }
}
