namespace BookIT.Core.Tickets;

/// <summary>What a ticket is about.</summary>
public enum TicketTheme
{
    /// <summary>Something does not work.</summary>
    Failure,

    /// <summary>Something could be better.</summary>
    Wish,

    /// <summary>Something else.</summary>
    Other,
}

/// <summary>Whether anybody still waits for something.</summary>
public enum TicketStatus
{
    /// <summary>Open.</summary>
    Active,

    /// <summary>Done with; its author may open it again for a while.</summary>
    Closed,
}

/// <summary>What a member asks of those who look after the space: a first message, and the conversation that follows.</summary>
public sealed class Ticket
{
    /// <summary>The longest message, in UTF-16 code units.</summary>
    public const int MaxMessageLength = 4000;

    /// <summary>How many tickets one member may have open at a time.</summary>
    public const int MaxActivePerUser = 20;

    /// <summary>How many tickets one member may open within 24 hours.</summary>
    public const int MaxPerDay = 50;

    /// <summary>How many messages may follow the first.</summary>
    public const int MaxMessages = 500;

    /// <summary>How long after it was closed its author may open a ticket again.</summary>
    public static readonly TimeSpan ReopenWithin = TimeSpan.FromDays(7);

    private Ticket() { }

    /// <summary>Time-ordered (UUID version 7, RFC 9562).</summary>
    public Guid Id { get; private set; }

    /// <summary>Its author. The ticket goes with the account.</summary>
    public Guid UserId { get; private set; }

    /// <summary>The reservation that was live when the ticket was opened.</summary>
    public Guid? ReservationId { get; private set; }

    /// <summary>That reservation's seat at that time, also when it was removed since.</summary>
    public Guid? SeatId { get; private set; }

    /// <summary>What it is about.</summary>
    public TicketTheme Theme { get; private set; }

    /// <summary>The first message.</summary>
    public string Message { get; private set; } = "";

    /// <summary>Open or closed.</summary>
    public TicketStatus Status { get; private set; }

    /// <summary>When it was opened first (UTC).</summary>
    public DateTimeOffset MadeAt { get; private set; }

    /// <summary>When it was closed (UTC); null while it is open.</summary>
    public DateTimeOffset? ClosedAt { get; private set; }

    /// <summary>A new ticket.</summary>
    /// <param name="userId">Its author.</param>
    /// <param name="theme">What it is about.</param>
    /// <param name="message">Up to <see cref="MaxMessageLength"/>, not blank.</param>
    /// <param name="reservation">The author's live reservation and its seat, where there is one.</param>
    /// <param name="now">UTC.</param>
    /// <param name="id">Its id; a new one unless told.</param>
    public static Ticket Open(
        Guid userId,
        TicketTheme theme,
        string message,
        (Guid Id, Guid SeatId)? reservation,
        DateTimeOffset now,
        Guid? id = null
    ) =>
        new()
        {
            Id = id ?? Guid.CreateVersion7(now),
            UserId = userId,
            Theme = theme,
            Message = message.Trim(),
            ReservationId = reservation?.Id,
            SeatId = reservation?.SeatId,
            MadeAt = now,
        };

    /// <summary>Closes it. Doing it twice changes nothing.</summary>
    public void Close(DateTimeOffset now)
    {
        if (Status is TicketStatus.Active)
        {
            Status = TicketStatus.Closed;
            ClosedAt = now;
        }
    }

    /// <summary>Opens it again. Doing it twice changes nothing.</summary>
    /// <param name="byAdmin">Administrators may whenever they like, its author within <see cref="ReopenWithin"/>.</param>
    /// <param name="now">UTC.</param>
    /// <returns>Null, or <see cref="Refusal.TicketReopenTooLate"/>.</returns>
    public Refusal? Reopen(bool byAdmin, DateTimeOffset now)
    {
        if (!byAdmin && now >= ClosedAt + ReopenWithin)
        {
            return new Refusal.TicketReopenTooLate(ReopenWithin);
        }

        Status = TicketStatus.Active;
        ClosedAt = null;
        return null;
    }
}

/// <summary>What was said on a ticket after its first message.</summary>
public sealed class TicketMessage
{
    private TicketMessage() { }

    /// <summary>Time-ordered (UUID version 7, RFC 9562).</summary>
    public Guid Id { get; private set; }

    /// <summary>On which ticket.</summary>
    public Guid TicketId { get; private set; }

    /// <summary>By whom; null once that account is gone.</summary>
    public Guid? AuthorId { get; private set; }

    /// <summary>Whether it was said for the space, by an administrator, and not by the ticket's author.</summary>
    public bool FromSupport { get; private set; }

    /// <summary>The text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>When (UTC).</summary>
    public DateTimeOffset MadeAt { get; private set; }

    /// <summary>A new message. <paramref name="text"/> is not blank, and no longer than <see cref="Ticket.MaxMessageLength"/>.</summary>
    public static TicketMessage Of(Ticket ticket, Guid authorId, string text, DateTimeOffset now, Guid? id = null) =>
        new()
        {
            Id = id ?? Guid.CreateVersion7(now),
            TicketId = ticket.Id,
            AuthorId = authorId,
            FromSupport = authorId != ticket.UserId,
            Text = text.Trim(),
            MadeAt = now,
        };
}
