using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Core.Users;

namespace BookIT.Core.Auth;

/// <summary>What an access token says.</summary>
/// <param name="UserId">Who is signed in (<c>sub</c>).</param>
/// <param name="SessionId">By which sign-in (<c>sid</c>).</param>
/// <param name="Role">The role when it was issued: for display. What an administrator may do is the database's to say.</param>
public readonly record struct AccessToken(Guid UserId, Guid SessionId, UserRole Role);

/// <summary>
/// Issues access tokens and reads them back: JWTs (RFC 7519) signed with HMAC-SHA256 (HS256, RFC 7518). Only what is
/// issued here is accepted, so the header is one constant, and tricks with <c>alg</c>, <c>kid</c> or <c>crit</c> have
/// nothing to work on. Runs on every request.
/// </summary>
public sealed partial class AccessTokens
{
    /// <summary>How long a token is valid.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private const string Issuer = "bookit";

    // Ours are about 300 characters long.
    private const int MaxLength = 1024;

    // 32 bytes in base64url.
    private const int SignatureLength = 43;

    private static readonly byte[] HeaderAndDot =
    [
        .. Encoding.ASCII.GetBytes(Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8)),
        (byte)'.',
    ];

    private readonly byte[] key;

    /// <summary>Signs with the secret as it stands, so that any JWT library can read along.</summary>
    public AccessTokens(JwtOptions options) => key = Encoding.UTF8.GetBytes(options.Secret);

    /// <summary>A token for a sign-in, valid for <see cref="Lifetime"/>.</summary>
    public string Issue(Guid userId, Guid sessionId, UserRole role, DateTimeOffset now)
    {
        var claims = new Claims(
            userId,
            sessionId,
            role is UserRole.Admin ? "admin" : "user",
            now.ToUnixTimeSeconds(),
            (now + Lifetime).ToUnixTimeSeconds(),
            Issuer,
            Issuer,
            // Tokens differ, also those of one sign-in within a second.
            Guid.CreateVersion7(now)
        );
        var payload = JsonSerializer.SerializeToUtf8Bytes(claims, ClaimsJson.Default.Claims);
        Span<byte> token = stackalloc byte[MaxLength];
        HeaderAndDot.CopyTo(token);
        var signed = HeaderAndDot.Length + Base64Url.EncodeToUtf8(payload, token[HeaderAndDot.Length..]);
        token[signed] = (byte)'.';
        Sign(key, token[..signed], token[(signed + 1)..]);
        return Encoding.ASCII.GetString(token[..(signed + 1 + SignatureLength)]);
    }

    /// <summary>Reads a token. False for whatever was not issued here, was changed, or has expired; never throws.</summary>
    public bool TryRead(ReadOnlySpan<char> text, DateTimeOffset now, out AccessToken accessToken)
    {
        accessToken = default;
        Span<byte> buffer = stackalloc byte[MaxLength];
        if (Ascii.FromUtf16(text, buffer, out var length) is not OperationStatus.Done)
        {
            return false;
        }

        var token = buffer[..length];
        var signed = token.LastIndexOf((byte)'.');
        if (signed < HeaderAndDot.Length || !token.StartsWith(HeaderAndDot))
        {
            return false;
        }

        // The text of the signature is compared, not its bytes: two texts can stand for the same bytes.
        Span<byte> signature = stackalloc byte[SignatureLength];
        Sign(key, token[..signed], signature);
        Span<byte> payload = stackalloc byte[MaxLength];
        if (
            !CryptographicOperations.FixedTimeEquals(signature, token[(signed + 1)..])
            || Base64Url.DecodeFromUtf8(token[HeaderAndDot.Length..signed], payload, out _, out var payloadLength)
                is not OperationStatus.Done
            || ReadClaims(payload[..payloadLength]) is not { Iss: Issuer, Aud: Issuer, Role: "admin" or "user" } claims
            || now.ToUnixTimeSeconds() >= claims.Exp
        )
        {
            return false;
        }

        var role = claims.Role == "admin" ? UserRole.Admin : UserRole.User;
        accessToken = new AccessToken(claims.Sub, claims.Sid, role);
        return true;
    }

    /// <summary>The HS256 signature of a text, in base64url: 43 bytes.</summary>
    internal static void Sign(ReadOnlySpan<byte> key, ReadOnlySpan<byte> text, Span<byte> signature)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, text, mac);
        Base64Url.EncodeToUtf8(mac, signature);
    }

    private static Claims? ReadClaims(ReadOnlySpan<byte> payload)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, ClaimsJson.Default.Claims);
        }
        catch (JsonException)
        {
            // Whoever knows the key may still have signed nonsense.
            return null;
        }
    }

    private sealed record Claims(
        Guid Sub,
        Guid Sid,
        string Role,
        long Iat,
        long Exp,
        string Iss,
        string Aud,
        Guid? Jti = null
    );

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false
    )]
    [JsonSerializable(typeof(Claims))]
    private sealed partial class ClaimsJson : JsonSerializerContext;
}
