using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Core.Data;
using BookIT.Core.Reservations;
using BookIT.Core.Space;
using BookIT.Core.Tickets;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Notifications;

/// <summary>What to do with news: tell it, keep it until later, or drop it; or it cannot be read. One of these.</summary>
/// <param name="Story">What is told.</param>
/// <param name="WaitUntil">When to look at it again (UTC).</param>
/// <param name="DropBecause">A word for an administrator.</param>
/// <param name="Mistake">A bug, or an odd row.</param>
public sealed record NewsDecision(
    NewsStory? Story = null,
    DateTimeOffset? WaitUntil = null,
    string? DropBecause = null,
    Exception? Mistake = null
);

/// <summary>What a message tells, as things are when it is told. What its kind has nothing to say of is null.</summary>
public sealed record NewsStory
{
    /// <summary>The reservation that it is about.</summary>
    public ReservationView? Reservation { get; init; }

    /// <summary>The part of the floor where its seat stands.</summary>
    public string? SeatZone { get; init; }

    /// <summary>Whether an administrator did it.</summary>
    public bool ByAdmin { get; init; }

    /// <summary>Whether it was because the seat is no more.</summary>
    public bool SeatGone { get; init; }

    /// <summary>Why the administrator did it, in their words.</summary>
    public string? Reason { get; init; }

    /// <summary>By how much the reservation can be extended.</summary>
    public IReadOnlyList<TimeSpan> Extensions { get; init; } = [];

    /// <summary>The ticket that it is about.</summary>
    public TicketView? Ticket { get; init; }

    /// <summary>Who has written: their first name.</summary>
    public string? Person { get; init; }

    /// <summary>What was written, whole.</summary>
    public string? Text { get; init; }

    /// <summary>What the device says of itself.</summary>
    public string? Device { get; init; }

    /// <summary>The device's network address.</summary>
    public string? Address { get; init; }

    /// <summary>When it was (UTC).</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>
/// Finds out what news have to tell, and whether they still do: what has been overtaken, is not wanted, or nobody needs any
/// more is dropped, and what can wait does so until the person's quiet hours are over.
/// </summary>
public sealed class NewsReading(BookItDbContext db, BookingOptions options, SpaceOptions space)
{
    /// <summary>How long before a reservation its holder has to know of what happens to it, night or not.</summary>
    private static readonly TimeSpan Notice = TimeSpan.FromHours(1);

    /// <summary>An announcement is of its day.</summary>
    private static readonly TimeSpan AnnouncementLifetime = TimeSpan.FromHours(12);

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    /// <summary>
    /// Decides on news in hand, on all of them in at most three round trips to the database; one of which cannot be read
    /// keeps none of the others.
    /// </summary>
    /// <returns>A decision on each, in their order.</returns>
    public async Task<IReadOnlyList<NewsDecision>> DecideAsync(
        IReadOnlyList<News> news,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var opened = news.Select(Open).ToList();
        Facts facts;
        try
        {
            facts = await FindAsync([.. opened.Select(row => row.Payload).OfType<Payload>()], cancellation);
        }
        catch (Exception mistake) when (!mistake.IsServerAway() && !cancellation.IsCancellationRequested)
        {
            if (news.Count == 1)
            {
                return [new NewsDecision(Mistake: mistake)];
            }

            var alone = new List<NewsDecision>();
            foreach (var one in news)
            {
                alone.AddRange(await DecideAsync([one], now, cancellation));
            }

            return alone;
        }

        return [.. news.Zip(opened, (one, row) => row.Decision ?? Decide(one, row.Payload!, facts, now))];
    }

    private static NotificationRule RuleOf(News news) => NotificationKind.Told.Single(rule => rule.Kind == news.Kind);

    /// <summary>What is known without asking the database.</summary>
    private static (NewsDecision? Decision, Payload? Payload) Open(News news)
    {
        if (news.Muted.Contains(news.Kind, StringComparer.Ordinal))
        {
            return (new NewsDecision(DropBecause: "muted"), null);
        }

        if (RuleOf(news).ForAdmins && !news.IsAdmin)
        {
            return (new NewsDecision(DropBecause: "no administrator"), null);
        }

        try
        {
            return (null, JsonSerializer.Deserialize<Payload>(news.Payload, Json) ?? throw new JsonException("null"));
        }
        catch (JsonException mistake)
        {
            return (new NewsDecision(Mistake: mistake), null);
        }
    }

    /// <summary>What the database knows of what the news are about.</summary>
    private async Task<Facts> FindAsync(IReadOnlyList<Payload> payloads, CancellationToken cancellation)
    {
        Guid[] Ids(Func<Payload, Guid?> id) => [.. payloads.Select(id).OfType<Guid>().Distinct()];
        var (reservations, tickets, messages) = (
            Ids(payload => payload.ReservationId),
            Ids(payload => payload.TicketId),
            Ids(payload => payload.MessageId)
        );
        return new Facts(
            reservations.Length == 0
                ? []
                : await (
                    from r in db.Reservations.AsNoTracking()
                    join s in db.Seats on r.SeatId equals s.Id
                    where reservations.Contains(r.Id)
                    select new ReservationFacts(
                        r,
                        s.Name,
                        s.Zone,
                        db.Reservations.Where(next =>
                                next.SeatId == r.SeatId
                                && next.Id != r.Id
                                && (next.Status == ReservationStatus.Future || next.Status == ReservationStatus.Active)
                                && next.StartsAt >= r.EndsAt
                            )
                            .Min(next => (DateTimeOffset?)next.StartsAt)
                    )
                ).ToDictionaryAsync(found => found.Reservation.Id, cancellation),
            tickets.Length == 0
                ? []
                : await (
                    from t in db.Tickets.AsNoTracking()
                    join u in db.Users on t.UserId equals u.Id
                    join s in db.Seats on t.SeatId equals s.Id into seats
                    from s in seats.DefaultIfEmpty()
                    where tickets.Contains(t.Id)
                    select new TicketFacts(t, u.FirstName, (string?)s.Name)
                ).ToDictionaryAsync(found => found.Ticket.Id, cancellation),
            messages.Length == 0
                ? []
                : await db
                    .TicketMessages.Where(m => messages.Contains(m.Id))
                    .Select(m => new
                    {
                        m.Id,
                        m.TicketId,
                        m.Text,
                    })
                    .ToDictionaryAsync(m => (m.TicketId, m.Id), m => m.Text, cancellation)
        );
    }

    private NewsDecision Decide(News news, Payload payload, Facts facts, DateTimeOffset now)
    {
        try
        {
            var (story, reason) = news.Kind switch
            {
                NotificationKind.UserVerified => news.IsVerified ? (new NewsStory(), null) : (null, "overtaken"),
                NotificationKind.NewSignIn => (
                    new NewsStory
                    {
                        Device = payload.Device ?? "",
                        Address = Needed(payload.Address),
                        At = payload.At ?? throw new JsonException("There is no time."),
                    },
                    null
                ),
                NotificationKind.Announcement => now < news.MadeAt + AnnouncementLifetime
                    ? (new NewsStory { Text = Needed(payload.Text) }, null)
                    : (null, "late"),
                NotificationKind.TicketOpened
                or NotificationKind.TicketAnswered
                or NotificationKind.TicketClosed
                or NotificationKind.TicketReopened => OfTicket(news, payload, facts),
                _ => OfReservation(news, payload, facts, now),
            };
            if (story is null)
            {
                return new NewsDecision(DropBecause: reason);
            }

            return
                RuleOf(news).CanWait
                && news.Quiet?.EndAt(now, space.Zone) is { } end
                && (story.Reservation is not { Interval.Start: var start } || start > end + Notice)
                ? new NewsDecision(WaitUntil: end)
                : new NewsDecision(story);
        }
        catch (Exception mistake)
        {
            return new NewsDecision(Mistake: mistake);
        }
    }

    private (NewsStory?, string?) OfReservation(News news, Payload payload, Facts facts, DateTimeOffset now)
    {
        var id = payload.ReservationId ?? throw new JsonException("There is no reservation.");
        if (!facts.Reservations.TryGetValue(id, out var found) || found.Reservation.UserId != news.UserId)
        {
            return (null, "gone");
        }

        var reservation = found.Reservation;
        var status = reservation.StatusAt(now, options);
        var reminder = Reminders.All.SingleOrDefault(reminder => reminder.Kind == news.Kind);
        var reason = news.Kind switch
        {
            NotificationKind.ReservationMade
                when status is not (ReservationStatus.Future or ReservationStatus.Active) => "overtaken",
            // A later move has news of its own, or was heard of already.
            NotificationKind.ReservationMoved
                when status is not (ReservationStatus.Future or ReservationStatus.Active)
                    || reservation.MovedAt > news.MadeAt => "overtaken",
            NotificationKind.CheckedIn when status is not ReservationStatus.Active => "overtaken",
            // Nobody is told what they did themselves.
            NotificationKind.ReservationClosed when !payload.ByAdmin => "own act",
            _ when reminder is null => null,
            _ when !reminder.Holds(
                    reservation,
                    payload.At ?? throw new JsonException("There is no time."),
                    now,
                    options
                ) => "withdrawn",
            _ when now > news.DueAt + reminder.TooLate || now >= payload.At => "late",
            _ => null,
        };
        return reason is not null
            ? (null, reason)
            : (
                new NewsStory
                {
                    Reservation = reservation.ToView(found.SeatName, now, options),
                    SeatZone = found.SeatZone,
                    ByAdmin = payload.ByAdmin,
                    SeatGone = payload.SeatGone,
                    Reason = payload.Reason,
                    Extensions = reminder is { IsOfEnd: true } ? Extensions(found) : [],
                },
                null
            );
    }

    /// <summary>As far as the seat is free and the rules allow; whoever extends is checked again.</summary>
    private IReadOnlyList<TimeSpan> Extensions(ReservationFacts found) =>
        [
            .. BookingOptions.Extensions.Where(by =>
                !(found.Reservation.EndsAt + by > found.Next)
                && found.Reservation.Interval.Duration + by <= options.MaxDuration
            ),
        ];

    private static (NewsStory?, string?) OfTicket(News news, Payload payload, Facts facts)
    {
        var id = payload.TicketId ?? throw new JsonException("There is no ticket.");
        if (!facts.Tickets.TryGetValue(id, out var found))
        {
            return (null, "gone");
        }

        var ticket = found.Ticket;
        if (ticket.UserId != news.UserId && !news.IsAdmin)
        {
            return (null, "no administrator");
        }

        var isClosed = ticket.Status is TicketStatus.Closed;
        if (
            news.Kind switch
            {
                NotificationKind.TicketAnswered => false,
                NotificationKind.TicketClosed => !isClosed,
                _ => isClosed,
            }
        )
        {
            return (null, "overtaken");
        }

        var text = ticket.Message;
        if (news.Kind is NotificationKind.TicketAnswered)
        {
            var messageId = payload.MessageId ?? throw new JsonException("There is no message.");
            text = facts.Messages.GetValueOrDefault((id, messageId));
        }

        return text is null
            ? (null, "gone")
            : (
                new NewsStory
                {
                    Ticket = new TicketView(ticket, found.SeatName),
                    Person = found.Author,
                    ByAdmin = payload.ByAdmin,
                    Text = text,
                },
                null
            );
    }

    private static string Needed(string? text) => text ?? throw new JsonException("There is no text.");

    private sealed record Payload(
        Guid? ReservationId,
        Guid? TicketId,
        Guid? MessageId,
        bool ByAdmin,
        bool SeatGone,
        string? Reason,
        string? Text,
        string? Device,
        string? Address,
        DateTimeOffset? At
    );

    /// <param name="Reservation">As it is.</param>
    /// <param name="SeatName">Its seat.</param>
    /// <param name="SeatZone">Where that stands.</param>
    /// <param name="Next">When somebody has the seat after it.</param>
    private sealed record ReservationFacts(
        Reservation Reservation,
        string SeatName,
        string? SeatZone,
        DateTimeOffset? Next
    );

    private sealed record TicketFacts(Ticket Ticket, string Author, string? SeatName);

    private sealed record Facts(
        Dictionary<Guid, ReservationFacts> Reservations,
        Dictionary<Guid, TicketFacts> Tickets,
        Dictionary<(Guid Ticket, Guid Message), string> Messages
    );
}
