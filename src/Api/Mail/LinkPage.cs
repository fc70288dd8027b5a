using System.Globalization;
using System.Net;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Languages;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BookIT.Api.Mail;

/// <summary>
/// The page behind a link in a mail, whole in itself. It reads the token from the address's fragment and sends it only
/// when its button is pressed: programs that open links to look for viruses do not use them up.
/// </summary>
internal sealed class LinkPage
{
    private const string PasswordMark = "<!-- password -->";

    private static readonly string Template = Read();

    private static readonly string Policy =
        $"default-src 'none'; script-src '{HashOf("script")}'; style-src '{HashOf("style")}'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly string name;
    private readonly bool hasPassword;

    private LinkPage(string name, bool hasPassword) => (this.name, this.hasPassword) = (name, hasPassword);

    public static LinkPage ConfirmEmail { get; } = new("page_confirm_email", hasPassword: false);

    public static LinkPage ResetPassword { get; } = new("page_reset_password", hasPassword: true);

    /// <summary>In the language of the request, under a policy that lets nothing run but its own script.</summary>
    public ContentHttpResult ToResult(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = Policy;
        var parts = Template.Split(PasswordMark);
        var page = new StringBuilder(hasPassword ? Template : parts[0] + parts[^1]).Replace(PasswordMark, "");
        foreach (var (hole, sentence) in Holes())
        {
            page.Replace($"{{{{{hole}}}}}", WebUtility.HtmlEncode(Sentences.Of(sentence)));
        }

        page.Replace("{{language}}", CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);
        return TypedResults.Content(page.ToString(), MediaTypeNames.Text.Html, Encoding.UTF8);
    }

    private IEnumerable<(string Hole, string Sentence)> Holes() =>
        [
            ("title", $"{name}_title"),
            ("text", $"{name}_text"),
            ("button", $"{name}_button"),
            ("password", "page_new_password"),
            ("needs_script", "page_needs_script"),
            ("link_invalid", "link_invalid"),
            ("service_unavailable", "service_unavailable"),
        ];

    /// <summary>The hash of an element's content, as a policy names it (CSP Level 3, 2.3.1).</summary>
    private static string HashOf(string element)
    {
        var start = Template.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var content = Template[start..Template.IndexOf($"</{element}>", StringComparison.Ordinal)];
        return $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}";
    }

    private static string Read()
    {
        using var stream = typeof(LinkPage).Assembly.GetManifestResourceStream(typeof(LinkPage), "LinkPage.html")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
