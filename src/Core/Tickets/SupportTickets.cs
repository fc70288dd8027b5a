using BookIT.Core.Audit;
using BookIT.Core.Data;
using BookIT.Core.Notifications;
using BookIT.Core.Reservations;
using BookIT.Core.Traces;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace BookIT.Core.Tickets;

/// <summary>A ticket as it is shown: with the name of its seat, also of one that was removed since.</summary>
public sealed record TicketView(Ticket Ticket, string? SeatName);

/// <summary>A message as it is shown: with the first name of its author; null once that account is gone.</summary>
public sealed record TicketMessageView(TicketMessage Message, string? AuthorName);

/// <summary>A ticket and all that was said after its first message, oldest first.</summary>
public sealed record Conversation(TicketView Ticket, IReadOnlyList<TicketMessageView> Messages);

/// <summary>Which tickets to list; null does not narrow.</summary>
/// <param name="Status">Open or closed.</param>
/// <param name="Theme">About this.</param>
/// <param name="UserId">By this author.</param>
/// <param name="SeatId">About this seat.</param>
/// <param name="Text">Part of any of its messages, in any case.</param>
/// <param name="OpenSince">Open at this instant (UTC) or at any time since.</param>
public sealed record TicketFilter(
    TicketStatus? Status = null,
    TicketTheme? Theme = null,
    Guid? UserId = null,
    Guid? SeatId = null,
    string? Text = null,
    DateTimeOffset? OpenSince = null
);

/// <summary>
/// What members ask of those who look after the space, and the answers. Each event is told to the other side, by rows of
/// the outbox in the same transaction: what a member does to all administrators, what an administrator does to the author.
/// </summary>
public sealed class SupportTickets(BookItDbContext db, ReservationQueries reservations)
{
    /// <summary>Opens a ticket, tied to the author's live reservation and its seat where there is one.</summary>
    /// <param name="userId">The author.</param>
    /// <param name="theme">What it is about.</param>
    /// <param name="message">Up to <see cref="Ticket.MaxMessageLength"/>, not blank.</param>
    /// <param name="now">UTC.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="id">
    /// Its id, from whoever may have to ask twice: the second time the ticket that is there is answered. A version 7 UUID.
    /// </param>
    /// <returns>
    /// The ticket, or why not: <see cref="Refusal.TooManyTickets"/>, <see cref="Refusal.TooManyTicketsToday"/>,
    /// <see cref="Refusal.NotSignedIn"/>.
    /// </returns>
    public async Task<Result<TicketView>> OpenAsync(
        Guid userId,
        TicketTheme theme,
        string message,
        DateTimeOffset now,
        CancellationToken cancellation,
        Guid? id = null
    )
    {
        var live = await reservations.FindActiveAsync(userId, now, cancellation);
        if (live.Refusal is Refusal.NotSignedIn)
        {
            return live.Refusal;
        }

        var reservation = live.Refusal is null ? live.Value : null;
        return await ChangeAsync<TicketView>(
            async transaction =>
            {
                if (await LockUserAsync(userId, cancellation) is null)
                {
                    return new Refusal.NotSignedIn();
                }

                var opened = await Views(db.Tickets.Where(t => t.Id == id && t.UserId == userId))
                    .SingleOrDefaultAsync(cancellation);
                if (opened is not null)
                {
                    return opened;
                }

                if (await IsFullAsync(userId, cancellation))
                {
                    return new Refusal.TooManyTickets(Ticket.MaxActivePerUser);
                }

                if (await OpenedSinceAsync(userId, now.AddDays(-1), cancellation) >= Ticket.MaxPerDay)
                {
                    return new Refusal.TooManyTicketsToday(Ticket.MaxPerDay);
                }

                var ticket = Ticket.Open(
                    userId,
                    theme,
                    message,
                    reservation is null ? null : (reservation.Id, reservation.SeatId),
                    now,
                    id
                );
                db.Tickets.Add(ticket);
                await SaveAsync(ticket, NotificationKind.TicketOpened, userId, now, cancellation);
                await transaction.CommitAsync(cancellation);
                return new TicketView(ticket, reservation?.SeatName);
            },
            cancellation
        );
    }

    /// <summary>Adds a message, as the ticket's author or an administrator.</summary>
    /// <param name="id">The ticket.</param>
    /// <param name="text">Up to <see cref="Ticket.MaxMessageLength"/>, not blank.</param>
    /// <param name="callerId">Who says it.</param>
    /// <param name="now">UTC.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="messageId">
    /// The message's id, from whoever may have to say it twice: the second time the message that is there is answered. A
    /// version 7 UUID.
    /// </param>
    /// <returns>
    /// The message, or why not: <see cref="Refusal.TicketNotFound"/>, <see cref="Refusal.NotYourTicket"/>,
    /// <see cref="Refusal.TicketClosed"/>, <see cref="Refusal.TicketFull"/>.
    /// </returns>
    public Task<Result<TicketMessageView>> AnswerAsync(
        Guid id,
        string text,
        Guid callerId,
        DateTimeOffset now,
        CancellationToken cancellation,
        Guid? messageId = null
    ) =>
        ChangeAsync<TicketMessageView>(
            async transaction =>
            {
                var found = await LockAsync(id, callerId, cancellation);
                if (found.IsRefused(out var refusal))
                {
                    return refusal;
                }

                var (ticket, caller) = found.Value;
                var said = await Views(db.TicketMessages.Where(m => m.Id == messageId && m.TicketId == id))
                    .SingleOrDefaultAsync(cancellation);
                if (said is not null)
                {
                    return said;
                }

                if (ticket.Status is TicketStatus.Closed)
                {
                    return new Refusal.TicketClosed();
                }

                if (await db.TicketMessages.CountAsync(m => m.TicketId == id, cancellation) >= Ticket.MaxMessages)
                {
                    return new Refusal.TicketFull(Ticket.MaxMessages);
                }

                var message = TicketMessage.Of(ticket, callerId, text, now, messageId);
                db.TicketMessages.Add(message);
                if (message.FromSupport)
                {
                    // Not the text: it goes when the ticket does, and the audit trail stays.
                    db.Audit.Add(AuditEntry.Made(new { MessageId = message.Id }, id, callerId, "ticket.answer", now));
                }

                await SaveAsync(ticket, NotificationKind.TicketAnswered, callerId, now, cancellation, message.Id);
                await transaction.CommitAsync(cancellation);
                return new TicketMessageView(message, caller.FirstName);
            },
            cancellation
        );

    /// <summary>
    /// Closes a ticket or opens it again: its author within <see cref="Ticket.ReopenWithin"/>, an administrator whenever.
    /// Doing it twice changes nothing.
    /// </summary>
    /// <returns>
    /// The ticket, or why not: <see cref="Refusal.TicketNotFound"/>, <see cref="Refusal.NotYourTicket"/>,
    /// <see cref="Refusal.TicketReopenTooLate"/>, <see cref="Refusal.TooManyTickets"/>.
    /// </returns>
    public Task<Result<TicketView>> SetStatusAsync(
        Guid id,
        TicketStatus status,
        Guid callerId,
        DateTimeOffset now,
        CancellationToken cancellation
    ) =>
        ChangeAsync<TicketView>(
            async transaction =>
            {
                var found = await LockAsync(id, callerId, cancellation);
                if (found.IsRefused(out var refusal))
                {
                    return refusal;
                }

                var (ticket, caller) = found.Value;
                if (ticket.Status != status)
                {
                    var change =
                        status is TicketStatus.Closed
                            ? Close(ticket, now)
                            : await ReopenAsync(ticket, caller, now, cancellation);
                    if (change.IsRefused(out refusal))
                    {
                        return refusal;
                    }

                    if (caller.Id != ticket.UserId)
                    {
                        var action = status is TicketStatus.Closed ? "ticket.close" : "ticket.reopen";
                        db.Audit.Add(AuditEntry.Of(db.Entry(ticket), id, callerId, action, now));
                    }

                    await SaveAsync(ticket, change.Value, callerId, now, cancellation);
                }

                // Before the commit: after it the ticket may go with its author.
                var view = await Views(db.Tickets.Where(t => t.Id == id)).SingleAsync(cancellation);
                await transaction.CommitAsync(cancellation);
                return view;
            },
            cancellation
        );

    /// <returns>The kind of news that this is.</returns>
    private static Result<string> Close(Ticket ticket, DateTimeOffset now)
    {
        ticket.Close(now);
        return NotificationKind.TicketClosed;
    }

    /// <inheritdoc cref="Close"/>
    private async Task<Result<string>> ReopenAsync(
        Ticket ticket,
        User caller,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var isAdmin = caller.Role is UserRole.Admin;
        if (!isAdmin && await IsFullAsync(caller.Id, cancellation))
        {
            return new Refusal.TooManyTickets(Ticket.MaxActivePerUser);
        }

        return ticket.Reopen(isAdmin, now) is { } tooLate ? tooLate : NotificationKind.TicketReopened;
    }

    /// <summary>A ticket and its messages, for its author and for administrators.</summary>
    /// <returns>Or why not: <see cref="Refusal.TicketNotFound"/>, <see cref="Refusal.NotYourTicket"/>.</returns>
    public async Task<Result<Conversation>> GetAsync(Guid id, Guid callerId, CancellationToken cancellation)
    {
        var view = await Views(db.Tickets.Where(t => t.Id == id)).SingleOrDefaultAsync(cancellation);
        if (view is null)
        {
            return new Refusal.TicketNotFound();
        }

        if (
            view.Ticket.UserId != callerId
            && !await db.Users.AnyAsync(u => u.Id == callerId && u.Role == UserRole.Admin, cancellation)
        )
        {
            return new Refusal.NotYourTicket();
        }

        var messages = await Views(db.TicketMessages.Where(m => m.TicketId == id)).ToListAsync(cancellation);
        return new Conversation(view, messages);
    }

    /// <summary>All tickets of a member with their messages, newest first.</summary>
    internal async Task<IReadOnlyList<Conversation>> ListConversationsAsync(Guid userId, CancellationToken cancellation)
    {
        var own = db.Tickets.Where(t => t.UserId == userId);
        var views = await Views(own.OrderByDescending(t => t.Id)).ToListAsync(cancellation);
        var said = db.TicketMessages.Where(m => own.Any(t => t.Id == m.TicketId));
        var messages = (await Views(said).ToListAsync(cancellation)).ToLookup(view => view.Message.TicketId);
        return [.. views.Select(view => new Conversation(view, [.. messages[view.Ticket.Id]]))];
    }

    /// <summary>The tickets of a member, newest first.</summary>
    public Task<Page<TicketView>> ListOwnAsync(Guid userId, PageRequest page, CancellationToken cancellation) =>
        ListAsync(new TicketFilter(UserId: userId), page, cancellation);

    /// <summary>The tickets that the filter leaves, newest first.</summary>
    public Task<Page<TicketView>> ListAsync(TicketFilter filter, PageRequest page, CancellationToken cancellation)
    {
        var tickets = db.Tickets.Where(t =>
            (filter.Status == null || t.Status == filter.Status)
            && (filter.Theme == null || t.Theme == filter.Theme)
            && (filter.UserId == null || t.UserId == filter.UserId)
            && (filter.SeatId == null || t.SeatId == filter.SeatId)
            && (filter.OpenSince == null || t.ClosedAt == null || t.ClosedAt > filter.OpenSince)
        );
        if (!string.IsNullOrWhiteSpace(filter.Text))
        {
            var pattern = Like.Containing(filter.Text);
            tickets = tickets.Where(t =>
                EF.Functions.ILike(t.Message, pattern, Like.Escape)
                || db.TicketMessages.Any(m => m.TicketId == t.Id && EF.Functions.ILike(m.Text, pattern, Like.Escape))
            );
        }

        return Views(tickets.OrderByDescending(t => t.Id)).ToPageAsync(tickets, page, cancellation);
    }

    private IQueryable<TicketView> Views(IQueryable<Ticket> tickets) =>
        from ticket in tickets.AsNoTracking()
        join seat in db.Seats on ticket.SeatId equals seat.Id into seats
        from seat in seats.DefaultIfEmpty()
        select new TicketView(ticket, seat.Name);

    private IQueryable<TicketMessageView> Views(IQueryable<TicketMessage> messages) =>
        from message in messages.AsNoTracking()
        join author in db.Users on message.AuthorId equals author.Id into authors
        from author in authors.DefaultIfEmpty()
        orderby message.Id
        select new TicketMessageView(message, author.FirstName);

    /// <summary>A ticket and who asks for it, both locked.</summary>
    private async Task<Result<(Ticket Ticket, User Caller)>> LockAsync(
        Guid id,
        Guid callerId,
        CancellationToken cancellation
    )
    {
        var caller = await LockUserAsync(callerId, cancellation);
        if (caller is null)
        {
            return new Refusal.NotSignedIn();
        }

        var ticket = await db
            .Tickets.FromSql($"SELECT * FROM tickets WHERE id = {id} FOR UPDATE")
            .SingleOrDefaultAsync(cancellation);
        return ticket is null ? new Refusal.TicketNotFound()
            : ticket.UserId == callerId || caller.Role is UserRole.Admin ? (ticket, caller)
            : new Refusal.NotYourTicket();
    }

    /// <summary>
    /// Locks an account so that it stays, and so that of several changes at once each sees what the others have opened.
    /// </summary>
    private async Task<User?> LockUserAsync(Guid userId, CancellationToken cancellation) =>
        await db
            .Users.FromSql($"SELECT * FROM users WHERE id = {userId} FOR NO KEY UPDATE")
            .AsNoTracking()
            .SingleOrDefaultAsync(cancellation);

    private async Task<bool> IsFullAsync(Guid userId, CancellationToken cancellation) =>
        await db.Tickets.CountAsync(t => t.UserId == userId && t.Status == TicketStatus.Active, cancellation)
        >= Ticket.MaxActivePerUser;

    private Task<int> OpenedSinceAsync(Guid userId, DateTimeOffset since, CancellationToken cancellation) =>
        db.Tickets.CountAsync(t => t.UserId == userId && t.MadeAt > since, cancellation);

    /// <summary>Saves what somebody did together with the news of it for the other side.</summary>
    private async Task SaveAsync(
        Ticket ticket,
        string kind,
        Guid actorId,
        DateTimeOffset now,
        CancellationToken cancellation,
        Guid? messageId = null
    )
    {
        await db.SaveChangesAsync(cancellation);
        // Each message is an event of its own; opening and closing again and again is told once a minute.
        var key = messageId is not null
            ? $"{kind}:{messageId}:"
            : $"{kind}:{ticket.Id}:{now.ToUnixTimeSeconds() / 60}:";
        var byAuthor = actorId == ticket.UserId;
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at, trace_parent)
            SELECT id, {kind}, {key} || id::text,
                jsonb_build_object('ticket_id', {ticket.Id}, 'message_id', {messageId}::uuid, 'by_admin', {!byAuthor}),
                {now}, {now}, {Tracing.Parent}::text
            FROM users
            WHERE id <> {actorId} AND CASE WHEN {byAuthor} THEN role = 'admin' ELSE id = {ticket.UserId} END
            ORDER BY id FOR KEY SHARE
            ON CONFLICT DO NOTHING
            """,
            cancellation
        );
    }

    private Task<Result<T>> ChangeAsync<T>(
        Func<IDbContextTransaction, Task<Result<T>>> change,
        CancellationToken cancellation
    ) =>
        Postgres.RetryDeadlocksAsync(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            return await change(transaction);
        });
}
