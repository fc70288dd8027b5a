using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using BookIT.Api.Yandex;
using BookIT.Core;
using BookIT.Core.Auth;
using BookIT.Core.Avatars;
using BookIT.Core.Demo;
using BookIT.Core.Mail;
using BookIT.Core.Metrics;
using BookIT.Core.Reservations;
using BookIT.Core.Space;
using BookIT.Core.Telegram;
using BookIT.Core.Traces;

namespace BookIT.Tests.Unit.Architecture;

/// <summary>An operator finds every variable in <c>.env.example</c>.</summary>
public sealed partial class EnvironmentExampleTests
{
    private static readonly (string Section, Type Options)[] Sections =
    [
        ("ConnectionStrings", typeof(ConnectionStrings)),
        ("Redis", typeof(RedisOptions)),
        ("Jwt", typeof(JwtOptions)),
        ("Admin", typeof(AdminOptions)),
        ("Telegram", typeof(TelegramOptions)),
        ("Smtp", typeof(SmtpOptions)),
        ("RateLimits", typeof(RateLimitOptions)),
        ("Demo", typeof(DemoOptions)),
        ("Metrics", typeof(MetricsOptions)),
        ("Otlp", typeof(OtlpOptions)),
        ("Booking", typeof(BookingOptions)),
        ("Space", typeof(SpaceOptions)),
        ("Yandex", typeof(YandexOptions)),
        ("S3", typeof(S3Options)),
        ("Avatars", typeof(AvatarOptions)),
    ];

    [Fact]
    public void Every_option_stands_there()
    {
        var names = Sections
            .SelectMany(section =>
                section
                    .Options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                    .Where(property => property.SetMethod is not null)
                    .Select(property => $"{section.Section}__{property.Name}")
            )
            .Concat(["Logging__File", "Frontend__Url", "Cors__Origins", "ASPNETCORE_URLS", "ASPNETCORE_ENVIRONMENT"])
            .ToList();

        Assert.All(names, name => Assert.Contains(name, Said()));
    }

    [Fact]
    public void Every_variable_reaches_the_containers_and_every_one_of_theirs_stands_there()
    {
        var compose = File.ReadAllText(InProject("docker-compose.yml"));
        var set = SetInCompose().Matches(compose).Select(match => match.Groups["name"].Value).ToHashSet();
        var read = ReadByCompose().Matches(compose).Select(match => match.Groups["name"].Value).ToHashSet();

        // There is no demo space in production, and no private key of backups on the server. Profiles are the engine's own.
        Assert.Empty(
            Said().Except(set).Except(read).Except(["Demo__Enabled", "Backup__IdentityFile", "COMPOSE_PROFILES"])
        );
        Assert.Empty(read.Except(Said()));
    }

    [GeneratedRegex(
        "^ +(?<name>[A-Za-z0-9]+__[A-Za-z0-9]+|(?:ASPNETCORE|ALERT)_[A-Z_]+):",
        RegexOptions.Multiline,
        1000
    )]
    private static partial Regex SetInCompose();

    [GeneratedRegex(@"(?<!\$)\$\{(?<name>[A-Za-z0-9_]+)", RegexOptions.None, 1000)]
    private static partial Regex ReadByCompose();

    private static HashSet<string> Said() =>
        [
            .. File.ReadLines(InProject(".env.example"))
                .Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#'))
                .Select(line => line.Split('=')[0]),
        ];

    private static string InProject(string name, [CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", name);
}
