using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Languages;

namespace BookIT.Core.Mail;

/// <summary>A mail that brings a link. It holds nothing that somebody else wrote, or it could carry their advertisements.</summary>
/// <param name="Key">The outbox row's: a mail that is repeated is the same one to whoever receives it.</param>
/// <param name="Email">To whom.</param>
/// <param name="Language">In which language.</param>
/// <param name="Purpose">What the link is good for.</param>
/// <param name="Secret">What makes it good.</param>
internal sealed record LinkMail(
    string Key,
    string Email,
    CultureInfo Language,
    EmailTokenPurpose Purpose,
    string Secret
)
{
    /// <summary>How long the server may take for one mail.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Gives the mail to the server.</summary>
    /// <exception cref="TimeoutException">It took too long, and whether it was sent is unknown.</exception>
    public async Task SendAsync(MailOptions options, TimeProvider time)
    {
        using var message = Compose(options);
        // A client a mail: disposing of it is what ends a conversation that hangs, in whichever state.
        using var client = new SmtpClient(options.Smtp.Host, options.Smtp.Port)
        {
            EnableSsl = !options.Smtp.IsLocal,
            DeliveryFormat = Ascii.IsValid(Email.AsSpan(0, Email.LastIndexOf('@')))
                ? SmtpDeliveryFormat.SevenBit
                : SmtpDeliveryFormat.International,
            Credentials =
                options.Smtp.User.Length > 0 ? new NetworkCredential(options.Smtp.User, options.Smtp.Password) : null,
        };
        await client.SendMailAsync(message, CancellationToken.None).WaitAsync(Patience, time);
    }

    /// <summary>The mail as it goes out: plain text, and the same as HTML.</summary>
    public MailMessage Compose(MailOptions options)
    {
        var name = Purpose is EmailTokenPurpose.Confirm ? "mail_confirm_email" : "mail_reset_password";
        var link = options.LinkTo(Purpose, Secret);
        var subject = Sentences.Of($"{name}_subject", language: Language);
        string[] sentences =
        [
            Sentences.Of($"{name}_text", language: Language),
            Sentences.Of("mail_link_lasts", [(int)EmailToken.LifetimeOf(Purpose).TotalHours], Language),
            Sentences.Of($"{name}_ignore", language: Language),
        ];
        var from = new MailAddress(options.Smtp.From);
        var message = new MailMessage(from, new MailAddress(Email))
        {
            Subject = subject,
            SubjectEncoding = Encoding.UTF8,
            Body = $"{sentences[0]}\n\n{link}\n\n{sentences[1]} {sentences[2]}\n",
            BodyEncoding = Encoding.UTF8,
        };
        var url = WebUtility.HtmlEncode(link);
        message.AlternateViews.Add(
            AlternateView.CreateAlternateViewFromString(
                $"""
                <!doctype html>
                <html lang="{Language.TwoLetterISOLanguageName}"><body>
                <p>{WebUtility.HtmlEncode(sentences[0])}</p>
                <p><a href="{url}">{WebUtility.HtmlEncode(subject)}</a></p>
                <p>{WebUtility.HtmlEncode(sentences[1])} {WebUtility.HtmlEncode(sentences[2])}</p>
                </body></html>
                """,
                Encoding.UTF8,
                MediaTypeNames.Text.Html
            )
        );
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Key)).AsSpan(0, 16));
        message.Headers.Add("Message-ID", $"<{id}@{from.Host}>");
        // No vacation notices in answer, please (RFC 3834).
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }

    /// <summary>
    /// Why it was not sent, for the log. Without the address, and not in the server's own words, which may repeat the link.
    /// </summary>
    public string ReasonOf(Exception exception) =>
        exception switch
        {
            SmtpException { StatusCode: not SmtpStatusCode.GeneralFailure and var status } =>
                $"the server said {(int)status}, {status}",
            TimeoutException => $"the server took longer than {Patience.TotalSeconds} s",
            { InnerException: { } inner } => ReasonOf(inner),
            _ => exception.Message.Replace(Email, "…", StringComparison.OrdinalIgnoreCase),
        };
}
