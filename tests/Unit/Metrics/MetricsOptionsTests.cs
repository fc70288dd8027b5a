using System.Net;
using BookIT.Core.Metrics;

namespace BookIT.Tests.Unit.Metrics;

public sealed class MetricsOptionsTests
{
    private static bool Allows(MetricsOptions options, string address, params string[] headers) =>
        options.Allows(IPAddress.Parse(address), headers.Contains);

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("10.200.3.4", true)]
    [InlineData("172.16.0.1", true)]
    [InlineData("172.32.0.1", false)]
    [InlineData("192.168.1.1", true)]
    [InlineData("fd12::1", true)]
    [InlineData("8.8.8.8", false)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("2001:db8::1", false)]
    public void By_default_only_private_addresses_may_read(string address, bool mayRead) =>
        Assert.Equal(mayRead, Allows(new MetricsOptions(), address));

    [Theory]
    [InlineData("203.0.113.7, 2001:db8::/32", "203.0.113.7", true)]
    [InlineData("203.0.113.7, 2001:db8::/32", "203.0.113.8", false)]
    [InlineData("203.0.113.7, 2001:db8::/32", "2001:db8::1", true)]
    [InlineData("203.0.113.7, 2001:db8::/32", "127.0.0.1", false)]
    [InlineData("", "127.0.0.1", false)]
    public void What_is_set_replaces_that(string allowFrom, string address, bool mayRead) =>
        Assert.Equal(mayRead, Allows(new MetricsOptions { AllowFrom = allowFrom }, address));

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Original-For")]
    [InlineData("X-Real-IP")]
    [InlineData("Forwarded")]
    [InlineData("Via")]
    public void Whatever_a_proxy_passes_on_may_not_read(string header) =>
        Assert.False(Allows(new MetricsOptions(), "127.0.0.1", header));

    [Fact]
    public void Without_an_address_nobody_may_read() =>
        Assert.False(new MetricsOptions().Allows(address: null, _ => false));

    [Theory]
    [InlineData("10.0.0.0/8,localhost")]
    [InlineData("10.0.0.0/33")]
    [InlineData("*")]
    public void What_is_no_address_is_named(string allowFrom) =>
        Assert.Contains("Metrics:AllowFrom", Assert.Single(new MetricsOptions { AllowFrom = allowFrom }.Mistakes()));

    [Fact]
    public void The_default_has_no_mistakes() => Assert.Empty(new MetricsOptions().Mistakes());
}
