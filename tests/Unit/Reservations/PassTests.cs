using BookIT.Core.Auth;
using BookIT.Core.Reservations;
using BookIT.Core.Telegram;

namespace BookIT.Tests.Unit.Reservations;

public sealed class PassTests
{
    private static readonly Guid Id = Guid.Parse("01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0");
    private readonly Pass pass = new(new JwtOptions { Secret = "a-secret-for-tests-that-is-long-enough" });

    [Fact]
    public void A_picture_opens_the_bot_where_its_name_is_known()
    {
        var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

        Assert.Equal(
            $"https://t.me/BookItBot?start={pass.SignParameter(id)}",
            pass.SignForPicture(id, new TelegramOptions { BotName = "BookItBot" })
        );
        Assert.Equal(pass.Sign(id), pass.SignForPicture(id, new TelegramOptions()));
    }

    [Fact]
    public void Both_kinds_are_read()
    {
        Assert.True(pass.TryRead(Id.ToString(), out var bare));
        Assert.True(pass.TryRead(pass.Sign(Id), out var signed));
        Assert.Equal((Id, Id), (bare, signed));
    }

    [Fact]
    public void No_changed_character_gets_through()
    {
        var text = pass.Sign(Id);
        for (var i = Pass.Prefix.Length; i < text.Length; i++)
        {
            var forged = text[..i] + (text[i] == '0' ? '1' : '0') + text[(i + 1)..];
            Assert.False(pass.TryRead(forged, out _) && forged != text, forged);
        }
    }

    [Fact]
    public void A_link_to_the_bot_may_carry_it()
    {
        var parameter = pass.SignParameter(Id);

        Assert.Matches("^pass_[A-Za-z0-9_-]{1,59}$", parameter);
        Assert.All(
            (string[])
                [
                    parameter,
                    $"https://t.me/BookItBot?start={parameter}",
                    $"HTTPS://T.ME/another_bot?start={parameter}",
                    $"https://t.me/BookItBot?text=Hi&start={parameter}",
                    $"tg://resolve?domain=BookItBot&start={parameter}",
                ],
            text =>
            {
                Assert.True(pass.TryRead(text, out var id), text);
                Assert.Equal(Id, id);
            }
        );
    }

    [Fact]
    public void It_is_signed_by_the_key_that_is_derived_for_passes()
    {
        // Made by node: hkdfSync("sha256", secret, "", "pass", 32), then createHmac("sha256", key) over the id's bytes.
        Assert.Equal("pass_AaH8r8P8drut8ZsOmKRX0CYlP7RcI0TJWY3Dws9SY2M", pass.SignParameter(Id));
        Assert.Equal("bookit:01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0.JiU_tFwjRMlZjcPCz1JjYw", pass.Sign(Id));
    }

    [Fact]
    public void No_changed_character_of_a_parameter_gets_through_nor_a_part_of_it()
    {
        var parameter = pass.SignParameter(Id);
        for (var i = 0; i < parameter.Length; i++)
        {
            Assert.False(pass.TryRead(parameter[..i], out _));
            Assert.False(pass.TryRead($"https://t.me/BookItBot?start={parameter[..i]}", out _));
            foreach (var other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ")
            {
                var forged = parameter[..i] + other + parameter[(i + 1)..];
                Assert.False(pass.TryRead(forged, out _) && forged != parameter, forged);
            }
        }
    }

    [Fact]
    public void The_signature_of_one_reservation_is_not_anothers()
    {
        var (one, other) = (pass.SignParameter(Id), pass.SignParameter(Guid.CreateVersion7()));

        Assert.False(pass.TryRead(one[..26] + other[26..], out _));
    }

    [Theory]
    [InlineData("http://t.me/BookItBot?start=")]
    [InlineData("https://t.me.example/BookItBot?start=")]
    [InlineData("https://t.me:8443/BookItBot?start=")]
    [InlineData("https://evil.example/?start=")]
    [InlineData("https://t.me/BookItBot?startapp=")]
    [InlineData("https://t.me/BookItBot#start=")]
    [InlineData("tg://msg?start=")]
    [InlineData("file://t.me/BookItBot?start=")]
    [InlineData(" ")]
    [InlineData("pass_")]
    public void What_is_no_link_to_a_bot_carries_no_pass(string before) =>
        Assert.False(pass.TryRead(before + pass.SignParameter(Id), out _));

    [Fact]
    public void A_link_carries_nothing_but_a_signed_parameter()
    {
        Assert.False(pass.TryRead($"https://t.me/BookItBot?start={Id}", out _));
        Assert.False(pass.TryRead($"https://t.me/BookItBot?start={pass.Sign(Id)}", out _));
        Assert.False(pass.TryRead($"https://t.me/{new string('x', 300)}?start={pass.SignParameter(Id)}", out _));
    }

    [Fact]
    public void Another_secrets_pass_is_not_ours()
    {
        var other = new Pass(new JwtOptions { Secret = "another-secret-that-is-long-enough!!" });

        Assert.False(pass.TryRead(other.Sign(Id), out _));
        Assert.False(pass.TryRead(other.SignParameter(Id), out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("bookit:")]
    [InlineData("bookit:.")]
    [InlineData("bookit:01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0")]
    [InlineData("bookit:01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0.")]
    [InlineData("bookit:01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0.=====")]
    [InlineData("pass_")]
    [InlineData("pass_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("https://t.me/BookItBot?start=pass_")]
    [InlineData("https://t.me/BookItBot")]
    [InlineData("https://")]
    [InlineData("{01a1fcaf-c3fc-76bb-adf1-9b0e98a457d0}")]
    [InlineData("01a1fcafc3fc76bbadf19b0e98a457d0")]
    public void What_is_no_pass_is_none(string text) => Assert.False(pass.TryRead(text, out _));
}
