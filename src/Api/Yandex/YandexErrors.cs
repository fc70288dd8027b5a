using BookIT.Api.Http;
using BookIT.Core;

namespace BookIT.Api.Yandex;

/// <summary>With what a browser may come to the page instead of a sign-in: codes whose sentences the page shows.</summary>
public static class YandexErrors
{
    public const string Denied = "yandex_denied";
    public const string StateInvalid = "yandex_state_invalid";
    public const string Failed = "yandex_failed";
    public const string Unavailable = "yandex_unavailable";

    public static IReadOnlyList<string> All { get; } =
    [
        Denied,
        StateInvalid,
        Failed,
        Unavailable,
        Refusal.CodeOf(typeof(Refusal.YandexEmailMissing)),
        Refusal.CodeOf(typeof(Refusal.YandexPasswordNeeded)),
        Refusal.CodeOf(typeof(Refusal.YandexLinkedElsewhere)),
        ProblemCodes.ServiceUnavailable,
    ];
}
