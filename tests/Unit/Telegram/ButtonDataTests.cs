using BookIT.Bot.Updates;
using BookIT.Core;

namespace BookIT.Tests.Unit.Telegram;

/// <summary>What buttons say, which anybody can forge.</summary>
public sealed class ButtonDataTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_written_reads_the_same()
    {
        var id = Guid.CreateVersion7(Noon);
        var span = new Interval(Noon, Noon.AddDays(7));

        Assert.Equal(id, ButtonData.ReadId(ButtonData.Id(id)));
        Assert.Equal(22, ButtonData.Id(id).Length);
        Assert.Equal(Noon, ButtonData.ReadMinute(ButtonData.Minute(Noon.AddSeconds(59))));
        Assert.Equal(Noon, Noon.AddSeconds(59).ToMinutes());
        Assert.Equal(span, ButtonData.ReadSpan(ButtonData.Span(span)));
        Assert.Equal(12, ButtonData.Span(span).Length);
        Assert.Equal(new DateOnly(2026, 11, 21), ButtonData.ReadDay(ButtonData.Day(new DateOnly(2026, 11, 21))));
        Assert.Equal(7, ButtonData.ReadNumber(ButtonData.Number(7)));
        Assert.Equal(6, ButtonData.Name("Тихая зона").Length);
        Assert.NotEqual(ButtonData.Name("A"), ButtonData.Name("B"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("zz")]
    [InlineData("1.")]
    [InlineData(".1")]
    [InlineData("1.1.1")]
    [InlineData("99999999999")]
    [InlineData("ffffffff")]
    [InlineData("7fffffff.7fffffff")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("AAAAAAAAAAA AAAAAAAAAAA")]
    [InlineData("яяяяяяяяяяяяяяяяяяяяяя")]
    public void Nonsense_reads_as_nothing(string text)
    {
        Assert.Null(ButtonData.ReadId(text));
        Assert.Null(ButtonData.ReadSpan(text));
        Assert.Null(ButtonData.ReadMinute(text));
        Assert.Null(ButtonData.ReadDay(text));
        Assert.Null(ButtonData.ReadNumber(text));
    }

    [Fact]
    public void The_greatest_values_are_still_dates()
    {
        Assert.NotNull(ButtonData.ReadMinute("fffffff"));
        Assert.Null(ButtonData.ReadMinute("10000000"));
        Assert.NotNull(ButtonData.ReadSpan("fffffff.fffffff"));
        Assert.Null(ButtonData.ReadSpan("0.10000000"));
        Assert.Null(ButtonData.ReadDay("7fffffff"));
    }
}
