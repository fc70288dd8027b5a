using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Core.Data;
using BookIT.Core.Reservations;
using BookIT.Core.Space;
using BookIT.Core.Tickets;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Core.Notifications;

/// <summary>What to do with news: tell it, keep it until later, or drop it. One of these.</summary>
/// <param name="Story">What is told.</param>
/// <param name="WaitUntil">When to look at it again (UTC).</param>
/// <param name="DropBecause">A word for an administrator.</param>
public sealed record NewsDecision(
    NewsStory? Story = null,
    DateTimeOffset? WaitUntil = null,
    string? DropBecause = null
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
public sealed class NewsReading(
    BookItDbContext db,
    NotificationPreferences preferences,
    BookingOptions options,
    SpaceOptions space
)
{
    /// <summary>How long before a reservation its holder has to know of what happens to it, night or not.</summary>
    private static readonly TimeSpan Notice = TimeSpan.FromHours(1);

    /// <summary>An announcement is of its day.</summary>
    private static readonly TimeSpan AnnouncementLifetime = TimeSpan.FromHours(12);

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    /// <summary>Decides on news in hand.</summary>
    /// <exception cref="JsonException">The payload is not what the kind needs.</exception>
    public async Task<NewsDecision> DecideAsync(News news, DateTimeOffset now, CancellationToken cancellation)
    {
        var settings = await preferences.ReadAsync(news.UserId, cancellation);
        if (!settings.IsOn(news.Kind))
        {
            return new NewsDecision(DropBecause: "muted");
        }

        var rule = NotificationKind.Told.Single(rule => rule.Kind == news.Kind);
        if (rule.ForAdmins && !news.IsAdmin)
        {
            return new NewsDecision(DropBecause: "no administrator");
        }

        var payload = JsonSerializer.Deserialize<Payload>(news.Payload, Json)!;
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
            or NotificationKind.TicketReopened => await OfTicketAsync(news, payload, cancellation),
            _ => await OfReservationAsync(news, payload, now, cancellation),
        };
        if (story is null)
        {
            return new NewsDecision(DropBecause: reason);
        }

        return
            rule.CanWait
            && settings.Quiet?.EndAt(now, space.Zone) is { } end
            && (story.Reservation is not { Interval.Start: var start } || start > end + Notice)
            ? new NewsDecision(WaitUntil: end)
            : new NewsDecision(story);
    }

    private async Task<(NewsStory?, string?)> OfReservationAsync(
        News news,
        Payload payload,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        var id = payload.ReservationId ?? throw new JsonException("There is no reservation.");
        var row = await (
            from r in db.Reservations.AsNoTracking()
            join s in db.Seats on r.SeatId equals s.Id
            where r.Id == id && r.UserId == news.UserId
            select new
            {
                Reservation = r,
                s.Name,
                s.Zone,
            }
        ).SingleOrDefaultAsync(cancellation);
        if (row is null)
        {
            return (null, "gone");
        }

        var reservation = row.Reservation;
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
                    Reservation = reservation.ToView(row.Name, now, options),
                    SeatZone = row.Zone,
                    ByAdmin = payload.ByAdmin,
                    SeatGone = payload.SeatGone,
                    Reason = payload.Reason,
                    Extensions = reminder is { IsOfEnd: true } ? await ExtensionsAsync(reservation, cancellation) : [],
                },
                null
            );
    }

    /// <summary>As far as the seat is free and the rules allow; whoever extends is checked again.</summary>
    private async Task<IReadOnlyList<TimeSpan>> ExtensionsAsync(Reservation reservation, CancellationToken cancellation)
    {
        var next = await db
            .Reservations.Where(r =>
                r.SeatId == reservation.SeatId
                && r.Id != reservation.Id
                && (r.Status == ReservationStatus.Future || r.Status == ReservationStatus.Active)
                && r.StartsAt >= reservation.EndsAt
            )
            .MinAsync(r => (DateTimeOffset?)r.StartsAt, cancellation);
        return
        [
            .. BookingOptions.Extensions.Where(by =>
                !(reservation.EndsAt + by > next) && reservation.Interval.Duration + by <= options.MaxDuration
            ),
        ];
    }

    private async Task<(NewsStory?, string?)> OfTicketAsync(News news, Payload payload, CancellationToken cancellation)
    {
        var id = payload.TicketId ?? throw new JsonException("There is no ticket.");
        var row = await (
            from t in db.Tickets.AsNoTracking()
            join u in db.Users on t.UserId equals u.Id
            join s in db.Seats on t.SeatId equals s.Id into seats
            from s in seats.DefaultIfEmpty()
            where t.Id == id
            select new
            {
                Ticket = t,
                Author = u.FirstName,
                SeatName = (string?)s.Name,
            }
        ).SingleOrDefaultAsync(cancellation);
        if (row is null)
        {
            return (null, "gone");
        }

        if (row.Ticket.UserId != news.UserId && !news.IsAdmin)
        {
            return (null, "no administrator");
        }

        var isClosed = row.Ticket.Status is TicketStatus.Closed;
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

        var text = row.Ticket.Message;
        if (news.Kind is NotificationKind.TicketAnswered)
        {
            var messageId = payload.MessageId ?? throw new JsonException("There is no message.");
            text = await db
                .TicketMessages.Where(m => m.Id == messageId && m.TicketId == id)
                .Select(m => m.Text)
                .SingleOrDefaultAsync(cancellation);
        }

        return text is null
            ? (null, "gone")
            : (
                new NewsStory
                {
                    Ticket = new TicketView(row.Ticket, row.SeatName),
                    Person = row.Author,
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
}
