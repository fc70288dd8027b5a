using System.Text.Json;
using BookIT.Api.Http;

namespace BookIT.Tests.Unit.Http;

public sealed class InstantTests
{
    [Theory]
    [InlineData("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z")]
    [InlineData("2026-11-21T10:00:00", "2026-11-21T10:00:00Z")]
    [InlineData("2026-11-21T10:00", "2026-11-21T10:00:00Z")]
    [InlineData("2026-11-21 10:00:00", "2026-11-21T10:00:00Z")]
    [InlineData("2026-11-21", "2026-11-21T00:00:00Z")]
    [InlineData("2026-11-21T13:00:00+03:00", "2026-11-21T10:00:00Z")]
    [InlineData("2026-11-21T13:00:00 03:00", "2026-11-21T10:00:00Z")]
    [InlineData("2026-11-20T23:00:00-11:00", "2026-11-21T10:00:00Z")]
    [InlineData("2026-11-21T10:00:00.123Z", "2026-11-21T10:00:00.123Z")]
    [InlineData("2026-11-21T10:00:00.1234567Z", "2026-11-21T10:00:00.123456Z")]
    public void Whatever_the_offset_it_is_utc_with_a_z(string text, string printed)
    {
        Assert.True(Instant.TryParse(text, provider: null, out var instant));
        Assert.Equal(printed, instant.ToString());
        var json = JsonSerializer.Serialize(text);
        Assert.Equal(instant, JsonSerializer.Deserialize<Instant>(json));
        Assert.Equal($"\"{printed}\"", JsonSerializer.Serialize(instant));
    }

    [Theory]
    [InlineData("")]
    [InlineData("now")]
    [InlineData("12:00")]
    [InlineData("1795240739")]
    [InlineData("21.11.2026")]
    [InlineData("2026-13-01")]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("2026-11-21T25:00:00Z")]
    [InlineData("2026-11-21T10:00:00+15:00")]
    [InlineData("1999-12-31T23:59:59Z")]
    [InlineData("2100-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00")]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("2026-11-21T10:00:00Z; DROP TABLE reservations")]
    public void What_is_no_instant_of_this_century_is_none(string text)
    {
        Assert.False(Instant.TryParse(text, provider: null, out _));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Instant>(JsonSerializer.Serialize(text)));
    }

    [Fact]
    public void It_does_not_depend_on_the_machines_zone()
    {
        // What a plain DateTimeOffset in a JSON body gets wrong: no offset means UTC, also where the machine is elsewhere.
        var instant = JsonSerializer.Deserialize<Instant>("\"2026-11-21T10:00:00\"");

        Assert.Equal(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero), instant.Value);
        Assert.Equal(TimeSpan.Zero, instant.Value.Offset);
    }
}
