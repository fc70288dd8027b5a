using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Core.Yandex;
using Microsoft.AspNetCore.DataProtection;

namespace BookIT.Api.Yandex;

/// <summary>
/// Who Yandex says somebody is, while they look for the password of their account here: in a cookie that nobody else can
/// read or make. It opens nothing by itself, so nothing of it is kept on the server.
/// </summary>
public sealed partial class PendingLink(IDataProtectionProvider protection)
{
    public const string Cookie = "yandex_link";

    /// <summary>How long they may look.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly IDataProtector protector = protection.CreateProtector(Cookie);

    /// <summary>The cookie's value.</summary>
    public string Protect(YandexPerson person, DateTimeOffset now) =>
        protector.Protect(JsonSerializer.Serialize(new Link(person, now + Lifetime), LinkJson.Default.Link));

    /// <summary>Who it was; null where the cookie is missing, not ours, or too old.</summary>
    public YandexPerson? Find(string? cookie, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(cookie))
        {
            return null;
        }

        try
        {
            var link = JsonSerializer.Deserialize(protector.Unprotect(cookie), LinkJson.Default.Link);
            return link is not null && now < link.ExpiresAt ? link.Person : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private sealed record Link(YandexPerson Person, DateTimeOffset ExpiresAt);

    [JsonSerializable(typeof(Link))]
    private sealed partial class LinkJson : JsonSerializerContext;
}
