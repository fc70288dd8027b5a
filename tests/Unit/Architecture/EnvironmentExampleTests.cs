using System.Reflection;
using System.Runtime.CompilerServices;
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

namespace BookIT.Tests.Unit.Architecture;

/// <summary>An operator finds every variable in <c>.env.example</c>.</summary>
public sealed class EnvironmentExampleTests
{
    private static readonly (string Section, Type Options)[] Sections =
    [
        ("ConnectionStrings", typeof(ConnectionStrings)),
        ("Jwt", typeof(JwtOptions)),
        ("Admin", typeof(AdminOptions)),
        ("Telegram", typeof(TelegramOptions)),
        ("Smtp", typeof(SmtpOptions)),
        ("RateLimits", typeof(RateLimitOptions)),
        ("Demo", typeof(DemoOptions)),
        ("Metrics", typeof(MetricsOptions)),
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
            .Concat(["Frontend__Url", "Cors__Origins", "ASPNETCORE_URLS", "ASPNETCORE_ENVIRONMENT"])
            .ToList();
        var lines = File.ReadLines(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", ".env.example"));
        var said = lines.Where(line => !line.StartsWith('#')).Select(line => line.Split('=')[0]).ToHashSet();

        Assert.All(names, name => Assert.Contains(name, said));
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
