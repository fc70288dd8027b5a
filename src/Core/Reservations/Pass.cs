using System.Buffers.Text;
using System.Security.Cryptography;
using BookIT.Core.Auth;
using QRCoder;

namespace BookIT.Core.Reservations;

/// <summary>
/// What a member shows at the door. A pass is either the bare id of the reservation, which old clients draw, or a
/// signed text that only this system can make: <c>bookit:</c>, the id, a dot, and 128 bits of HMAC-SHA256 in base64url.
/// Neither opens anything by itself: an administrator checks in, and sees who it is.
/// </summary>
public sealed class Pass(JwtOptions options)
{
    /// <summary>What a signed pass begins with.</summary>
    public const string Prefix = "bookit:";

    private const int SignatureBytes = 16;
    private const int MaxSignatureLength = 24;

    private readonly byte[] key = options.KeyFor("pass");

    /// <summary>The signed pass of a reservation.</summary>
    public string Sign(Guid reservationId) =>
        $"{Prefix}{reservationId:D}.{Base64Url.EncodeToString(Signature(reservationId))}";

    /// <summary>Reads a pass of either kind. False where it is neither, or where the signature is not ours.</summary>
    public bool TryRead(string text, out Guid reservationId)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return Guid.TryParseExact(text, "D", out reservationId);
        }

        reservationId = Guid.Empty;
        var signed = text.AsSpan(Prefix.Length);
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

    /// <summary>As an SVG that scales to whatever holds it.</summary>
    public static string Svg(string text)
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
