using System.Globalization;
using System.Net.Mail;
using System.Net.Sockets;
using BookIT.Core.Mail;

namespace BookIT.Tests.Unit.Mail;

public sealed class LinkMailTests
{
    [Fact]
    public void The_reason_of_a_failure_tells_neither_the_address_nor_the_link()
    {
        Exception[] failures =
        [
            new SmtpFailedRecipientException(
                SmtpStatusCode.MailboxUnavailable,
                "<member@example.com>",
                "member@example.com is unknown"
            ),
            new SmtpException(SmtpStatusCode.TransactionFailed, "spam: https://bookit.example/#secret"),
            new SmtpException("Failure sending mail.", new SocketException((int)SocketError.ConnectionRefused)),
            new SmtpException("Only ASCII is understood: Member@example.com."),
            new TimeoutException(),
        ];
        var mail = new LinkMail(
            "key",
            "member@example.com",
            CultureInfo.InvariantCulture,
            EmailTokenPurpose.Confirm,
            "secret"
        );

        Assert.Equal(
            [
                "the server said 550, MailboxUnavailable",
                "the server said 554, TransactionFailed",
                new SocketException((int)SocketError.ConnectionRefused).Message,
                "Only ASCII is understood: ….",
                "the server took longer than 10 s",
            ],
            failures.Select(mail.ReasonOf)
        );
    }

    [Fact]
    public void Secrets_are_256_random_bits_in_base64url()
    {
        var secrets = Enumerable.Range(0, 100).Select(_ => EmailToken.NewSecret()).ToList();

        Assert.All(secrets, secret => Assert.Matches("^[A-Za-z0-9_-]{43}$", secret));
        Assert.Equal(100, secrets.Distinct(StringComparer.Ordinal).Count());
    }
}
