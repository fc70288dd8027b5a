using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Tickets;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BookIT.Api.Tickets;

internal static class TicketEndpoints
{
    public static RouteGroupBuilder MapTickets(this RouteGroupBuilder api)
    {
        var tickets = api.MapGroup("/ticket").WithTags("Support").RequireAccount();
        tickets
            .MapPost("/", Open)
            .WithName("createTicket")
            .WithSummary("Ask for help; the ticket is tied to the live reservation and its seat where there is one")
            .Refuses<Refusal.TooManyTickets, Refusal.TooManyTicketsToday>();
        tickets.MapGet("/my", ListOwn).WithName("listTickets").WithSummary("One's own tickets, newest first");
        tickets
            .MapGet("/{id}", Get)
            .WithName("getTicket")
            .WithSummary("A ticket and its conversation, for its author or an administrator")
            .Refuses<Refusal.TicketNotFound, Refusal.NotYourTicket>();
        tickets
            .MapPost("/{id}/messages", Answer)
            .WithName("createTicketMessage")
            .WithSummary("Say something on a ticket; the other side is told")
            .Refuses(
                typeof(Refusal.TicketNotFound),
                typeof(Refusal.NotYourTicket),
                typeof(Refusal.TicketClosed),
                typeof(Refusal.TicketFull)
            );
        tickets
            .MapPatch("/{id}/status", SetStatus)
            .WithName("updateTicketStatus")
            .WithSummary("Close one's own ticket, or open it again within seven days")
            .Refuses(
                typeof(Refusal.TicketNotFound),
                typeof(Refusal.NotYourTicket),
                typeof(Refusal.TicketReopenTooLate),
                typeof(Refusal.TooManyTickets)
            );
        return api;
    }

    private static async Task<Results<Ok<TicketResponse>, Refused>> Open(
        TicketRequest body,
        ClaimsPrincipal user,
        SupportTickets tickets,
        TimeProvider time,
        CancellationToken cancellation
    ) =>
        Ok(
            await tickets.OpenAsync(
                user.UserId(),
                TicketNames.Theme(body.Theme!),
                body.Message!,
                time.Now(),
                cancellation
            )
        );

    private static async Task<Ok<TicketResponse[]>> ListOwn(
        [AsParameters] PageQuery page,
        ClaimsPrincipal user,
        SupportTickets tickets,
        HttpResponse response,
        CancellationToken cancellation
    )
    {
        var found = await tickets.ListOwnAsync(user.UserId(), page.ToRequest(), cancellation);
        response.SetTotalCount(found.Total);
        return TypedResults.Ok(found.Items.Select(TicketResponse.Of).ToArray());
    }

    private static async Task<Results<Ok<ConversationResponse>, Refused>> Get(
        Guid id,
        ClaimsPrincipal user,
        SupportTickets tickets,
        CancellationToken cancellation
    )
    {
        var result = await tickets.GetAsync(id, user.UserId(), cancellation);
        return result.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Ok(ConversationResponse.Of(result.Value));
    }

    private static async Task<Results<Created<TicketMessageResponse>, Refused>> Answer(
        Guid id,
        TicketMessageRequest body,
        ClaimsPrincipal user,
        SupportTickets tickets,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        var result = await tickets.AnswerAsync(id, body.Message!, user.UserId(), time.Now(), cancellation);
        return result.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Created($"/api/ticket/{id}", TicketMessageResponse.Of(result.Value));
    }

    /// <summary>For the author here, and for administrators under <c>/admin</c>: who is which is the domain's to know.</summary>
    public static async Task<Results<Ok<TicketResponse>, Refused>> SetStatus(
        Guid id,
        TicketStatusRequest body,
        ClaimsPrincipal user,
        SupportTickets tickets,
        TimeProvider time,
        CancellationToken cancellation
    ) =>
        Ok(await tickets.SetStatusAsync(id, TicketNames.Status(body.Status!), user.UserId(), time.Now(), cancellation));

    private static Results<Ok<TicketResponse>, Refused> Ok(Result<TicketView> result) =>
        result.IsRefused(out var refusal) ? refusal.ToResult() : TypedResults.Ok(TicketResponse.Of(result.Value));
}
