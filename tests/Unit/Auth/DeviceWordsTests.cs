using BookIT.Core.Auth;

namespace BookIT.Tests.Unit.Auth;

public sealed class DeviceWordsTests
{
    [Theory]
    [InlineData(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
        "Chrome, Windows"
    )]
    [InlineData(
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0",
        "Microsoft Edge, Windows"
    )]
    [InlineData("Mozilla/5.0 (Windows NT 10.0) Chrome/124.0 YaBrowser/24.6 Safari/537.36", "Яндекс Браузер, Windows")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone")]
    [InlineData(
        "Mozilla/5.0 (Linux; Android 14; SM-S921B) SamsungBrowser/25.0 Chrome/121.0",
        "Samsung Internet, Android"
    )]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1", "Safari, macOS")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux")]
    [InlineData("curl/8.5.0", "curl/8.5.0")]
    [InlineData("", "")]
    public void Browsers_and_systems_are_known_by_name(string device, string words) =>
        Assert.Equal(words, DeviceWords.Of(device));

    [Fact]
    public void What_is_no_browser_is_cut() =>
        Assert.Equal(new string('x', 60) + "…", DeviceWords.Of(new string('x', 200)));
}
