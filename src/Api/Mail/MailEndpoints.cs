using System.Net.Mime;
using System.Security.Claims;
using BookIT.Api.Auth;
using BookIT.Api.Http;
using BookIT.Core;
using BookIT.Core.Languages;
using BookIT.Core.Mail;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BookIT.Api.Mail;

internal static class MailEndpoints
{
    public static RouteGroupBuilder MapMail(this RouteGroupBuilder api)
    {
        var mail = api.MapGroup("").AddEndpointFilter(OnlyWithMail).Refuses(typeof(Refusal.MailOff));
        var auth = mail.MapGroup("/auth").WithTags("Sign-in");
        auth.MapGet("/confirm_email", GetConfirmationPage)
            .WithName("confirmEmailPage")
            .WithSummary("The page that the link in a mail leads to")
            .Produces<string>(StatusCodes.Status200OK, MediaTypeNames.Text.Html);
        auth.MapPost("/confirm_email", Confirm)
            .WithName("confirmEmail")
            .WithSummary("Confirm an e-mail address by the token of a link")
            .Refuses<Refusal.LinkInvalid>();
        auth.MapPost("/forgot_password", ForgotPassword)
            .WithName("forgotPassword")
            .WithSummary("Have a link mailed that sets a new password; whether there is such an account is not told")
            .Refuses<Refusal.TooManyAttempts>();
        auth.MapGet("/reset_password", GetResetPage)
            .WithName("resetPasswordPage")
            .WithSummary("The page that the link in a mail leads to")
            .Produces<string>(StatusCodes.Status200OK, MediaTypeNames.Text.Html);
        auth.MapPost("/reset_password", ResetPassword)
            .WithName("resetPassword")
            .WithSummary("Set a new password by the token of a link, and end all sign-ins of the account")
            .Refuses<Refusal.LinkInvalid, Refusal.SignInBusy>();
        mail.MapPost("/user/confirm_email", SendAgain)
            .RequireAuthorization()
            .WithTags("Account")
            .WithName("sendConfirmation")
            .WithSummary("Have the link that confirms one's own e-mail address mailed again; at most once a minute")
            .Refuses<Refusal.EmailAlreadyConfirmed>();
        return api;
    }

    private static ContentHttpResult GetConfirmationPage(HttpResponse response) =>
        LinkPage.ConfirmEmail.ToResult(response);

    private static ContentHttpResult GetResetPage(HttpResponse response) => LinkPage.ResetPassword.ToResult(response);

    private static async Task<Results<Ok<DetailResponse>, Refused>> Confirm(
        ConfirmEmailRequest body,
        EmailLinks links,
        CancellationToken cancellation
    ) => Ok(await links.ConfirmAsync(body.Token!, cancellation), "email_confirmed");

    private static async Task<Results<Accepted<DetailResponse>, Refused>> ForgotPassword(
        ForgotPasswordRequest body,
        EmailLinks links,
        HttpContext context,
        CancellationToken cancellation
    ) => Accepted(await links.AskToResetAsync(body.Email!, context.Client(), cancellation), "reset_mail_asked");

    private static async Task<Results<Ok<DetailResponse>, Refused>> ResetPassword(
        ResetPasswordRequest body,
        EmailLinks links,
        HttpContext context,
        CancellationToken cancellation
    ) =>
        Ok(
            await links.ResetPasswordAsync(body.Token!, body.Password!, context.Client(), cancellation),
            "password_reset"
        );

    private static async Task<Results<Accepted<DetailResponse>, Refused>> SendAgain(
        ClaimsPrincipal user,
        EmailLinks links,
        HttpContext context,
        CancellationToken cancellation
    )
    {
        context.Speak(await context.FindLanguageAsync());
        return Accepted(await links.AskToConfirmAsync(user.UserId(), cancellation), "confirmation_mail_asked");
    }

    private static Results<Ok<DetailResponse>, Refused> Ok(Result<Done> result, string sentence) =>
        result.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Ok(new DetailResponse(Sentences.Of(sentence)));

    private static Results<Accepted<DetailResponse>, Refused> Accepted(Result<Done> result, string sentence) =>
        result.IsRefused(out var refusal)
            ? refusal.ToResult()
            : TypedResults.Accepted((string?)null, new DetailResponse(Sentences.Of(sentence)));

    private static ValueTask<object?> OnlyWithMail(
        EndpointFilterInvocationContext context,
        EndpointFilterDelegate next
    ) =>
        context.HttpContext.RequestServices.GetRequiredService<MailOptions>().IsOn
            ? next(context)
            : ValueTask.FromResult<object?>(new Refusal.MailOff().ToResult());
}
