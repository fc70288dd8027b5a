using System.Security.Cryptography;
using System.Text;

namespace BookIT.Core.Auth;

/// <summary>The key that signs tokens and passes (section <c>Jwt</c>).</summary>
public sealed class JwtOptions
{
    /// <summary>At least 32 bytes of UTF-8, as HS256 asks for (RFC 7518, 3.2).</summary>
    public string Secret { get; init; } = "";

    /// <summary>A key for one purpose only, derived from the secret (HKDF-SHA256, RFC 5869): what leaks there opens nothing here.</summary>
    public byte[] KeyFor(string purpose) =>
        HKDF.DeriveKey(
            HashAlgorithmName.SHA256,
            Encoding.UTF8.GetBytes(Secret),
            outputLength: 32,
            info: Encoding.UTF8.GetBytes(purpose)
        );
}

/// <summary>What makes an administrator at registration (section <c>Admin</c>).</summary>
public sealed class AdminOptions
{
    /// <summary>The key that a person gives to become an administrator.</summary>
    public string Key { get; init; } = "";
}

/// <summary>The check that every secret passes before the program starts.</summary>
public static class Secrets
{
    /// <summary>What the secrets in <c>appsettings.Development.json</c> begin with: anybody can read them.</summary>
    public const string DevelopmentPrefix = "development-only-";

    /// <summary>What is wrong with a secret, a sentence apiece.</summary>
    public static IEnumerable<string> Mistakes(string name, string value, int minimumBytes, bool isProduction)
    {
        var variable = name.Replace(":", "__", StringComparison.Ordinal);
        if (value.Length == 0)
        {
            yield return $"{name} is missing: set the environment variable {variable}.";
        }
        else if (Encoding.UTF8.GetByteCount(value) < minimumBytes)
        {
            yield return $"{name} is too short: {variable} must have at least {minimumBytes} bytes, "
                + "for example from `openssl rand -base64 48`.";
        }
        else if (isProduction && value.StartsWith(DevelopmentPrefix, StringComparison.Ordinal))
        {
            yield return $"{name} is the one from the source code, which everybody can read: set {variable}.";
        }
    }
}
