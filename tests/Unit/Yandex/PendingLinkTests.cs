using BookIT.Api.Yandex;
using BookIT.Core.Yandex;
using Microsoft.AspNetCore.DataProtection;

namespace BookIT.Tests.Unit.Yandex;

public sealed class PendingLinkTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly YandexPerson Person = new("1000034426", "anna@yandex.ru", FirstName: null);

    private readonly PendingLink links = new(new EphemeralDataProtectionProvider());

    [Fact]
    public void It_lasts_ten_minutes()
    {
        var cookie = links.Protect(Person, Now);

        Assert.Equal(Person, links.Find(cookie, Now.AddMinutes(10).AddTicks(-1)));
        Assert.Null(links.Find(cookie, Now.AddMinutes(10)));
    }

    [Fact]
    public void Nobody_can_read_it() =>
        Assert.DoesNotContain("anna", links.Protect(Person, Now), StringComparison.Ordinal);

    [Fact]
    public void What_was_made_elsewhere_or_changed_is_nothing()
    {
        var cookie = links.Protect(Person, Now);
        var changed = cookie[^3] == 'A' ? 'B' : 'A';

        Assert.Null(links.Find(new PendingLink(new EphemeralDataProtectionProvider()).Protect(Person, Now), Now));
        Assert.Null(links.Find($"{cookie[..^3]}{changed}{cookie[^2..]}", Now));
        Assert.All(["", "x", "Привет", new string('A', 10_000)], text => Assert.Null(links.Find(text, Now)));
        Assert.Null(links.Find(cookie: null, Now));
    }
}
