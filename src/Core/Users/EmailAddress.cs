using System.Diagnostics.CodeAnalysis;
using System.Net.Mail;
using System.Text;

namespace BookIT.Core.Users;

/// <summary>The one spelling under which an e-mail address is stored and looked up.</summary>
public static class EmailAddress
{
    /// <summary>The longest address that mail can carry, in octets (RFC 5321, 4.5.3.1.3, less the angle brackets).</summary>
    public const int MaxLength = 254;

    /// <summary>
    /// Trims the address, brings it to Unicode form C and to lower case, so that an address in any case and with spaces
    /// around it is one account. False where it is no address: no local part or domain, a display name, white space or
    /// control characters inside, longer than <see cref="MaxLength"/>.
    /// </summary>
    public static bool TryNormalize(string? text, [NotNullWhen(true)] out string? email)
    {
        email = null;
        // The bound comes first: normalising costs time by length.
        if (text is null || text.Length > MaxLength * 2)
        {
            return false;
        }

        var trimmed = text.Trim();
        if (!MailAddress.TryCreate(trimmed, out var address))
        {
            return false;
        }

        // What is parsed is in form C; it must be all there was.
        trimmed = trimmed.Normalize(NormalizationForm.FormC);
        if (address.Address != trimmed)
        {
            return false;
        }

        var lower = trimmed.ToLowerInvariant();
        if (
            Encoding.UTF8.GetByteCount(lower) > MaxLength
            || lower.Any(letter => char.IsControl(letter) || char.IsWhiteSpace(letter) || letter is '<' or '>' or '"')
            || !address.Host.Contains('.', StringComparison.Ordinal)
            // An address of a machine: mail goes to names, or whoever registers could send it into the network.
            || address.Host.StartsWith('[')
        )
        {
            return false;
        }

        email = lower;
        return true;
    }

    /// <summary>The normalised address, of a text that is known to be one.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static string Normalize(string text) =>
        TryNormalize(text, out var email) ? email : throw new FormatException("This is no e-mail address.");
}
