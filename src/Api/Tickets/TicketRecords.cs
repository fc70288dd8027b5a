using System.ComponentModel;
using BookIT.Api.Http;
using BookIT.Core.Tickets;

namespace BookIT.Api.Tickets;

/// <summary>What a member asks of those who look after the space.</summary>
public sealed record TicketResponse(
    Guid Id,
    Guid UserId,
    [property: Description("The reservation that was live when the ticket was opened.")] Guid? ReservationId,
    [property: Description("That reservation's seat.")] Guid? SeatId,
    [property: Description("Its name, also when it was removed since.")] string? SeatName,
    [property: OneOf("failure", "wish", "other")] string Theme,
    [property: Description("The first message.")] string Message,
    [property: OneOf("active", "closed")] string Status,
    Instant MadeOn,
    [property: Description("Null while it is open. Its author may open it again within seven days.")] Instant? ClosedOn
)
{
    public static TicketResponse Of(TicketView view)
    {
        var ticket = view.Ticket;
        return new(
            ticket.Id,
            ticket.UserId,
            ticket.ReservationId,
            ticket.SeatId,
            view.SeatName,
            ticket.Theme.Name(),
            ticket.Message,
            ticket.Status.Name(),
            ticket.MadeAt,
            ticket.ClosedAt
        );
    }
}

/// <summary>Something said on a ticket after its first message.</summary>
public sealed record TicketMessageResponse(
    Guid Id,
    [property: Description("Null once the account is gone.")] Guid? AuthorId,
    [property: Description("First name; null once the account is gone.")] string? AuthorName,
    [property: Description("Whether it was said for the space, and not by the ticket's author.")] bool FromSupport,
    string Message,
    Instant MadeOn
)
{
    public static TicketMessageResponse Of(TicketMessageView view)
    {
        var message = view.Message;
        return new(message.Id, message.AuthorId, view.AuthorName, message.FromSupport, message.Text, message.MadeAt);
    }
}

/// <summary>A ticket and all that was said after its first message, oldest first.</summary>
public sealed record ConversationResponse(TicketResponse Ticket, TicketMessageResponse[] Messages)
{
    public static ConversationResponse Of(Conversation conversation) =>
        new(TicketResponse.Of(conversation.Ticket), [.. conversation.Messages.Select(TicketMessageResponse.Of)]);
}

/// <summary>A new ticket.</summary>
public sealed record TicketRequest(
    [property: Needed] [property: OneOf("failure", "wish", "other")] string? Theme,
    [property: Needed] [property: LengthBetween(1, Ticket.MaxMessageLength)] string? Message
);

/// <summary>Something to say on a ticket.</summary>
public sealed record TicketMessageRequest(
    [property: Needed] [property: LengthBetween(1, Ticket.MaxMessageLength)] string? Message
);

/// <summary>Where a ticket is to stand.</summary>
public sealed record TicketStatusRequest([property: Needed] [property: OneOf("active", "closed")] string? Status);
