using BookIT.Core.Mail;

namespace BookIT.Tests.Unit.Mail;

public sealed class MailOptionsTests
{
    private static MailOptions With(
        string host = "mail.example",
        int port = 587,
        string from = "BookIT <bookit@bookit.example>",
        string frontend = "https://bookit.example",
        string user = "",
        string password = ""
    ) =>
        new()
        {
            Smtp = new SmtpOptions
            {
                Host = host,
                Port = port,
                From = from,
                User = user,
                Password = password,
            },
            Frontend = new MailOptions.FrontendOptions { Url = frontend },
        };

    [Fact]
    public void Without_a_host_mail_is_off_and_nothing_else_matters()
    {
        Assert.False(With(host: "").IsOn);
        Assert.Empty(With(host: "", port: 0, from: "", frontend: "").Mistakes());
        Assert.Empty(new MailOptions().Mistakes());
    }

    [Fact]
    public void With_a_host_it_is_on()
    {
        Assert.True(With().IsOn);
        Assert.Empty(With().Mistakes());
        Assert.Empty(With(from: "bookit@bookit.example", user: "bookit", password: "secret").Mistakes());
    }

    [Fact]
    public void Each_mistake_is_told_in_a_sentence()
    {
        Assert.Contains("Frontend:Url", Assert.Single(With(frontend: "").Mistakes()), StringComparison.Ordinal);
        Assert.Contains("Frontend:Url", Assert.Single(With(frontend: "ftp://x").Mistakes()), StringComparison.Ordinal);
        Assert.Contains(
            "Frontend:Url",
            Assert.Single(With(frontend: "https://a.example,https://b.example").Mistakes()),
            StringComparison.Ordinal
        );
        Assert.Contains("Smtp:Port is 0", Assert.Single(With(port: 0).Mistakes()), StringComparison.Ordinal);
        Assert.Contains("Smtp:Port is 70000", Assert.Single(With(port: 70000).Mistakes()), StringComparison.Ordinal);
        Assert.Contains("STARTTLS", Assert.Single(With(port: 465).Mistakes()), StringComparison.Ordinal);
        Assert.Contains("Smtp:From", Assert.Single(With(from: "").Mistakes()), StringComparison.Ordinal);
        Assert.Contains("Smtp:From", Assert.Single(With(from: "BookIT").Mistakes()), StringComparison.Ordinal);
        var half = Assert.Single(With(password: "secret").Mistakes());
        Assert.Contains("both, or neither", half, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", half, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.8.8", true)]
    [InlineData("::1", true)]
    [InlineData("mail.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData("0.0.0.0", false)]
    public void Only_this_machine_needs_no_encryption(string host, bool isLocal) =>
        Assert.Equal(isLocal, With(host: host).Smtp.IsLocal);

    [Theory]
    [InlineData("https://bookit.example")]
    [InlineData("https://bookit.example/")]
    public void Links_carry_their_secret_in_the_fragment(string frontend)
    {
        var options = With(frontend: frontend);

        Assert.Equal(
            "https://bookit.example/api/auth/confirm_email#secret",
            options.LinkTo(EmailTokenPurpose.Confirm, "secret")
        );
        Assert.Equal(
            "https://bookit.example/api/auth/reset_password#secret",
            options.LinkTo(EmailTokenPurpose.ResetPassword, "secret")
        );
    }
}
