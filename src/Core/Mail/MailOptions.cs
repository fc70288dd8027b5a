using System.Net;
using System.Net.Mail;

namespace BookIT.Core.Mail;

/// <summary>Whether mails are sent, how, and where their links lead (sections <c>Smtp</c> and <c>Frontend</c>).</summary>
public sealed class MailOptions
{
    /// <summary>How.</summary>
    public SmtpOptions Smtp { get; init; } = new();

    /// <summary>Where to.</summary>
    public FrontendOptions Frontend { get; init; } = new();

    /// <summary>Without a server e-mail addresses are not confirmed, and forgotten passwords not reset.</summary>
    public bool IsOn => Smtp.Host.Length > 0;

    /// <summary>
    /// The link that a mail brings. The secret is in the fragment, which browsers keep to themselves: no server and no proxy
    /// can log it. Never made from a request, whose <c>Host</c> is whatever the client says.
    /// </summary>
    public string LinkTo(EmailTokenPurpose purpose, string secret)
    {
        var page = purpose is EmailTokenPurpose.Confirm ? "confirm_email" : "reset_password";
        return $"{Frontend.Url.TrimEnd('/')}/api/auth/{page}#{secret}";
    }

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (!IsOn)
        {
            yield break;
        }

        if (!Uri.TryCreate(Frontend.Url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            yield return "Smtp:Host is set, and the links in mails begin with Frontend:Url: set Frontend__Url to one http "
                + "or https URL, such as https://bookit.example.";
        }

        foreach (var mistake in Smtp.Mistakes())
        {
            yield return mistake;
        }
    }

    /// <summary>Where people reach BookIT with a browser (section <c>Frontend</c>).</summary>
    public sealed class FrontendOptions
    {
        /// <summary>An http or https URL.</summary>
        public string Url { get; init; } = "";
    }
}

/// <summary>The server that takes our mails (section <c>Smtp</c>).</summary>
public sealed class SmtpOptions
{
    private const int ImplicitTlsPort = 465;

    /// <summary>Its name or address; empty turns mail off.</summary>
    public string Host { get; init; } = "";

    /// <summary>Where it listens; 587 is the port for submission (RFC 6409).</summary>
    public int Port { get; init; } = 587;

    /// <summary>Whom we sign in as; empty where it does not ask.</summary>
    public string User { get; init; } = "";

    /// <summary>The user's password.</summary>
    public string Password { get; init; } = "";

    /// <summary>The sender: <c>bookit@bookit.example</c> or <c>BookIT &lt;bookit@bookit.example&gt;</c>.</summary>
    public string From { get; init; } = "";

    /// <summary>
    /// Whether it is on this machine. To any other, mails and the password go by STARTTLS under a certificate that is
    /// valid for the host, or not at all.
    /// </summary>
    public bool IsLocal =>
        Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    internal IEnumerable<string> Mistakes()
    {
        if (Port is < IPEndPoint.MinPort + 1 or > IPEndPoint.MaxPort)
        {
            yield return $"Smtp:Port is {Port}, which is no port: 587 is usual.";
        }
        else if (Port is ImplicitTlsPort)
        {
            yield return "Smtp:Port is 465, where TLS begins before SMTP, which is not supported: take the port for "
                + "STARTTLS, usually 587.";
        }

        if (!MailAddress.TryCreate(From, out _))
        {
            yield return "Smtp:From is no e-mail address: set Smtp__From to the sender of the mails, such as "
                + "BookIT <bookit@bookit.example>.";
        }

        if (User.Length == 0 != (Password.Length == 0))
        {
            yield return "Smtp:User and Smtp:Password belong together: set both, or neither.";
        }
    }
}
