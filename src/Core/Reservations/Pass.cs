using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using BookIT.Core.Auth;
using BookIT.Core.Telegram;
using QRCoder;

namespace BookIT.Core.Reservations;

/// <summary>
/// What a member shows at the door. A pass is either the bare id of the reservation, which old clients draw, or signed,
/// as only this system can: by 128 bits of HMAC-SHA256. Signed it is either a text, <c>bookit:</c>, the id, a dot, and
/// the signature in base64url; or what a link to the Telegram bot may hand it, <c>pass_</c> and base64url of the id's
/// bytes and the signature's, with the link or without. Neither opens anything by itself: an administrator checks in,
/// and sees who it is.
/// </summary>
public sealed class Pass(JwtOptions options)
{
    /// <summary>What a signed text begins with.</summary>
    public const string Prefix = "bookit:";

    /// <summary>What a signed parameter of a link begins with.</summary>
    public const string ParameterPrefix = "pass_";

    private const int IdBytes = 16;
    private const int SignatureBytes = 16;
    private const int MaxSignatureLength = 24;
    private const int MaxLinkLength = 200;

    private readonly byte[] key = options.KeyFor("pass");

    /// <summary>The signed pass of a reservation, as a text.</summary>
    public string Sign(Guid reservationId) =>
        $"{Prefix}{reservationId:D}.{Base64Url.EncodeToString(Signature(reservationId))}";

    /// <summary>
    /// The signed pass of a reservation, as a link to the bot may carry it: 48 characters of A–Z, a–z, 0–9, <c>_</c>
    /// and <c>-</c>, where 64 are allowed (https://core.telegram.org/bots/features#deep-linking).
    /// </summary>
    public string SignParameter(Guid reservationId) =>
        ParameterPrefix
        + Base64Url.EncodeToString([.. reservationId.ToByteArray(bigEndian: true), .. Signature(reservationId)]);

    /// <summary>
    /// What the picture of a signed pass says: a link that opens the bot, for an administrator's camera, or where the bot's
    /// name is not known the signed text.
    /// </summary>
    public string SignForPicture(Guid reservationId, TelegramOptions telegram) =>
        telegram.LinkTo(SignParameter(reservationId)) ?? Sign(reservationId);

    /// <summary>
    /// Reads a pass of any kind; a link may be to any bot, as <c>https://t.me/…</c> or <c>tg://resolve?…</c>. False where
    /// it is none, or where the signature is not ours.
    /// </summary>
    public bool TryRead(string text, out Guid reservationId)
    {
        var pass = ParameterOfLink(text) ?? text;
        return pass.StartsWith(ParameterPrefix, StringComparison.Ordinal) ? TryReadParameter(pass, out reservationId)
            : pass.StartsWith(Prefix, StringComparison.Ordinal) ? TryReadSigned(pass, out reservationId)
            : Guid.TryParseExact(pass, "D", out reservationId);
    }

    private bool TryReadSigned(string pass, out Guid reservationId)
    {
        reservationId = Guid.Empty;
        var signed = pass.AsSpan(Prefix.Length);
        var dot = signed.IndexOf('.');
        if (dot < 0 || !Guid.TryParseExact(signed[..dot], "D", out var id))
        {
            return false;
        }

        Span<byte> given = stackalloc byte[SignatureBytes];
        var encoded = signed[(dot + 1)..];
        if (
            encoded.Length > MaxSignatureLength
            || !Base64Url.IsValid(encoded, out var length)
            || length != SignatureBytes
            || !Base64Url.TryDecodeFromChars(encoded, given, out _)
            || !CryptographicOperations.FixedTimeEquals(given, Signature(id))
        )
        {
            return false;
        }

        reservationId = id;
        return true;
    }

    private bool TryReadParameter(string pass, out Guid reservationId)
    {
        reservationId = Guid.Empty;
        Span<byte> given = stackalloc byte[IdBytes + SignatureBytes];
        var encoded = pass.AsSpan(ParameterPrefix.Length);
        if (
            encoded.Length != Base64Url.GetEncodedLength(given.Length)
            || Base64Url.DecodeFromChars(encoded, given, out _, out var length) is not OperationStatus.Done
            || length != given.Length
        )
        {
            return false;
        }

        var id = new Guid(given[..IdBytes], bigEndian: true);
        if (!CryptographicOperations.FixedTimeEquals(given[IdBytes..], Signature(id)))
        {
            return false;
        }

        reservationId = id;
        return true;
    }

    /// <summary>What a link hands the bot that it opens; null where the text is no such link.</summary>
    private static string? ParameterOfLink(string text)
    {
        if (
            text.Length > MaxLinkLength
            || !Uri.TryCreate(text, UriKind.Absolute, out var link)
            || !(
                (link.Scheme is "https" && link.Host is "t.me" && link.IsDefaultPort)
                || (link.Scheme is "tg" && link.Host is "resolve")
            )
        )
        {
            return null;
        }

        const string start = "start=";
        return link
            .Query.TrimStart('?')
            .Split('&')
            .FirstOrDefault(pair => pair.StartsWith(start + ParameterPrefix, StringComparison.Ordinal))
            ?[start.Length..];
    }

    private byte[] Signature(Guid reservationId) =>
        HMACSHA256.HashData(key, reservationId.ToByteArray(bigEndian: true))[..SignatureBytes];
}

/// <summary>A text as a QR code (ISO/IEC 18004), error correction M, with the quiet zone that scanners need.</summary>
public static class QrPicture
{
    /// <summary>As a PNG, 10 pixels a module.</summary>
    public static byte[] Png(string text)
    {
        using var data = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        using var code = new PngByteQRCode(data);
        return code.GetGraphic(pixelsPerModule: 10);
    }

    /// <summary>As an SVG that scales to whatever holds it, with lines of text beneath the code.</summary>
    /// <param name="text">What the code says.</param>
    /// <param name="title">What the picture shows, in words: for those who have it read to them.</param>
    /// <param name="caption">The lines beneath, any text.</param>
    public static string Svg(string text, string title, params IReadOnlyList<string> caption)
    {
        // Units of our own: the code scales to them.
        const int side = 400;
        const int lineHeight = 30;
        const int margin = 16;
        XNamespace svg = "http://www.w3.org/2000/svg";
        var height = side + caption.Count * lineHeight + margin;
        var code = XElement.Parse(Code(text));
        code.SetAttributeValue("width", side);
        code.SetAttributeValue("height", side);
        return new XElement(
            svg + "svg",
            new XAttribute("viewBox", $"0 0 {side} {height}"),
            new XAttribute("role", "img"),
            new XElement(svg + "title", Printable(title)),
            new XElement(svg + "rect", new XAttribute("width", side), new XAttribute("height", height), White),
            code,
            caption.Select(
                (line, i) =>
                    new XElement(
                        svg + "text",
                        new XAttribute("x", side / 2),
                        new XAttribute("y", side + i * lineHeight + margin / 2),
                        new XAttribute("text-anchor", "middle"),
                        new XAttribute("font-family", "sans-serif"),
                        new XAttribute("font-size", Math.Min(22, FontSizeToFit(line, side - 2 * margin))),
                        Printable(line)
                    )
            )
        ).ToString(SaveOptions.DisableFormatting);
    }

    /// <summary>Without what XML 1.0 has no way to write, which a seat's name may hold.</summary>
    private static string Printable(string text) =>
        string.Concat(
            text.EnumerateRunes().Where(rune => !Rune.IsControl(rune) && rune.Value is not (0xFFFE or 0xFFFF))
        );

    private static XAttribute White => new("fill", "#ffffff");

    /// <summary>Letters of sans-serif faces are about 0.6 as wide as they are high.</summary>
    private static int FontSizeToFit(string line, int width) => Math.Max(4, (int)(width / (0.6 * line.Length)));

    private static string Code(string text)
    {
        using var data = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        using var code = new SvgQRCode(data);
        return code.GetGraphic(
            pixelsPerModule: 10,
            darkColorHex: "#000000",
            lightColorHex: "#ffffff",
            drawQuietZones: true,
            SvgQRCode.SizingMode.ViewBoxAttribute
        );
    }
}
