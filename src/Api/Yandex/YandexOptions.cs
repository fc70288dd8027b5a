namespace BookIT.Api.Yandex;

/// <summary>BookIT as Yandex OAuth knows it (section <c>Yandex</c>); off without a client id.</summary>
public sealed class YandexOptions
{
    /// <summary>The id that Yandex has given the application.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>What the application proves itself with to Yandex.</summary>
    public string ClientSecret { get; init; } = "";

    /// <summary>The page where people agree.</summary>
    public string AuthorizationEndpoint { get; init; } = "https://oauth.yandex.ru/authorize";

    /// <summary>Where a code is exchanged for a token.</summary>
    public string TokenEndpoint { get; init; } = "https://oauth.yandex.ru/token";

    /// <summary>Where a token is exchanged for who it is.</summary>
    public string UserInformationEndpoint { get; init; } = "https://login.yandex.ru/info?format=json";

    /// <summary>Whether people can sign in by Yandex.</summary>
    public bool IsOn => ClientId.Length > 0;

    /// <summary>The mistakes in these options, a sentence each.</summary>
    public IEnumerable<string> Mistakes()
    {
        if (IsOn && ClientSecret.Length == 0)
        {
            yield return "Yandex:ClientSecret is missing: set Yandex__ClientSecret, or no Yandex__ClientId either.";
        }

        if (!IsOn && ClientSecret.Length > 0)
        {
            yield return "Yandex:ClientId is missing: set Yandex__ClientId, or no Yandex__ClientSecret either.";
        }

        foreach (
            var (name, url) in new[]
            {
                (nameof(AuthorizationEndpoint), AuthorizationEndpoint),
                (nameof(TokenEndpoint), TokenEndpoint),
                (nameof(UserInformationEndpoint), UserInformationEndpoint),
            }
        )
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                yield return $"Yandex:{name}: '{url}' is no http or https URL.";
            }
        }
    }
}
