using System.Security.Cryptography;
using System.Text;
using BookIT.Core;
using BookIT.Core.Telegram;

namespace BookIT.Tests.Unit.Telegram;

public sealed class WebAppDataTests
{
    // A token of nobody's, and data that was signed with it by programs of other people: the example of
    // https://docs.telegram-mini-apps.com/platform/init-data, and what @tma.js/init-data-node 2.0.8 makes, with the field
    // `signature` that Telegram has sent since Bot API 8.0.
    private const string Token = "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8";

    private const string Example =
        "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name"
        + "%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue"
        + "%7D&auth_date=1662771648&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2";

    private const string WithSignature =
        "user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22%D0%90%D0%BD%D0%BD%D0%B0+%26+%3CBob%3E%22%2C%22last_name%22"
        + "%3A%22O%27Neil%2B1%22%2C%22language_code%22%3A%22ru%22%2C%22photo_url%22%3A%22https%3A%2F%2Ft.me%2Fi%2Fuserpic%2F"
        + "320%2F4FPEE4tmP3ATHa57u6MqTDih13LTOiMoKoLDRG4PnSA.svg%22%7D&chat_type=private&chat_instance=8134722200314281151"
        + "&start_param=pass_abc-DEF&signature=zL-ucjNyREiHDE8aihFwpfR9aggP2xiAo3NSpfe-p7IbCisNlDKlo7Kb6G4D0Ao2mBrSgEk4maLSd"
        + "v6MLIlADQ&auth_date=1733584787&hash=92dbcc647fa231791810d976b1043ebce0603ad8e4bdb9715d2bb388c93a94f4";

    private static readonly DateTimeOffset SignedAt = DateTimeOffset.FromUnixTimeSeconds(1662771648);

    private static readonly (string Name, string Value) User = ("user", """{"id":279058397,"first_name":"Anna"}""");
    private static readonly (string Name, string Value) Date = ("auth_date", "1662771648");

    private static Result<WebAppPerson> Read(string initData, DateTimeOffset? now = null, string token = Token) =>
        WebAppData.Read(initData, token, now ?? SignedAt);

    private static void Refused(Result<WebAppPerson> result) =>
        Assert.IsType<Refusal.TelegramDataInvalid>(result.Refusal);

    /// <summary>As Telegram would sign it, whatever it is.</summary>
    private static string Sign(params (string Name, string Value)[] fields)
    {
        var signed = string.Join('\n', fields.Select(f => $"{f.Name}={f.Value}").Order(StringComparer.Ordinal));
        var key = HMACSHA256.HashData("WebAppData"u8, Encoding.UTF8.GetBytes(Token));
        var hash = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(signed)));
        return string.Join(
            '&',
            fields
                .Append((Name: "hash", Value: hash))
                .Select(f => $"{Uri.EscapeDataString(f.Name)}={Uri.EscapeDataString(f.Value)}")
        );
    }

    [Fact]
    public void What_the_bots_token_has_signed_tells_who_it_is()
    {
        Assert.Equal(new WebAppPerson(279058397, "Vladislav", "ru", StartParam: null), Read(Example).Value);
        Assert.Equal(
            new WebAppPerson(279058397, "Анна & <Bob>", "ru", "pass_abc-DEF"),
            Read(WithSignature, DateTimeOffset.FromUnixTimeSeconds(1733584787)).Value
        );
    }

    [Fact]
    public void Fields_come_in_any_order_and_new_ones_are_signed_like_the_others()
    {
        Assert.Equal("Vladislav", Read(string.Join('&', Example.Split('&').Reverse())).Value.FirstName);
        Assert.Equal("Anna", Read(Sign(("zzz_new", "ü = & +"), User, Date, ("a", ""))).Value.FirstName);
    }

    [Theory]
    [InlineData(Example, 1662771648)]
    [InlineData(WithSignature, 1733584787)]
    public void No_changed_character_gets_through(string initData, long signedAt)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(signedAt);
        for (var i = 0; i < initData.Length; i++)
        {
            foreach (var other in "0aA=&%\n".Where(other => other != initData[i]))
            {
                var forged = initData[..i] + other + initData[(i + 1)..];
                // %2f is another way to write %2F, and so is the text that is read.
                if (Uri.UnescapeDataString(forged) != Uri.UnescapeDataString(initData))
                {
                    Assert.True(Read(forged, now).Refusal is Refusal.TelegramDataInvalid, forged);
                }
            }
        }
    }

    [Fact]
    public void No_part_of_it_gets_through()
    {
        for (var length = 0; length < Example.Length; length++)
        {
            Refused(Read(Example[..length]));
            Refused(Read(Example[(length + 1)..]));
        }
    }

    [Fact]
    public void Another_bots_data_is_not_ours()
    {
        Refused(Read(Example, token: "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx9"));
        Refused(Read(Example, token: ""));
    }

    [Theory]
    [InlineData(-31, false)]
    [InlineData(-30, true)]
    [InlineData(0, true)]
    [InlineData(300, true)]
    [InlineData(301, false)]
    [InlineData(86_400, false)]
    public void It_is_good_for_five_minutes(int age, bool isGood) =>
        Assert.Equal(isGood, Read(Example, SignedAt.AddSeconds(age)).Refusal is null);

    [Theory]
    [InlineData("")]
    [InlineData("-1662771648")]
    [InlineData(" 1662771648")]
    [InlineData("1662771648.0")]
    [InlineData("0x1")]
    [InlineData("9223372036854775807")]
    [InlineData("99999999999999999999")]
    public void What_is_no_time_is_no_date(string date) => Refused(Read(Sign(User, ("auth_date", date))));

    [Fact]
    public void A_field_that_is_missing_is_missed()
    {
        Refused(Read(Sign(User)));
        Refused(Read(Sign(Date)));
        Refused(Read(Sign(User, Date).Replace("&hash=", "&hush=", StringComparison.Ordinal)));
        Refused(Read(""));
        Refused(Read("hash="));
    }

    [Fact]
    public void A_field_that_comes_twice_is_refused()
    {
        Refused(Read(Sign(User, Date, Date)));
        Refused(Read(Sign(User, Date, ("user", """{"id":1,"first_name":"Eve"}"""))));
        Refused(Read(Example + "&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2"));
        Refused(Read(Example + "&%75ser=%7B%22id%22%3A1%7D"));
    }

    [Fact]
    public void Fields_cannot_be_moved_into_one_another()
    {
        // Signed alike, read otherwise.
        var (user, date) = (Uri.EscapeDataString(User.Value), Date.Value);
        var hash = Sign(User, Date).Split("hash=")[1];

        Assert.Null(Read($"auth_date={date}&user={user}&hash={hash}").Refusal);
        Refused(Read($"auth_date={date}%0Auser%3D{user}&hash={hash}"));
        Refused(Read($"auth_date%3D{date}%0Auser={user}&hash={hash}"));
        Refused(Read(Sign(User, Date, ("a=b", "c"))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("279058397")]
    [InlineData("{}")]
    [InlineData("""{"id":279058397""")]
    [InlineData("""{"id":"279058397"}""")]
    [InlineData("""{"id":279058397.5}""")]
    [InlineData("""{"id":0}""")]
    [InlineData("""{"id":-1}""")]
    [InlineData("""{"id":4503599627370496}""")]
    [InlineData("""{"id":1e99}""")]
    [InlineData("""{"id":1,"first_name":"\ud800"}""")]
    public void Who_is_nobody_is_refused(string user) => Refused(Read(Sign(("user", user), Date)));

    [Fact]
    public void What_a_person_does_not_tell_is_not_made_up()
    {
        var person = Read(
            Sign(("user", """{"id":4503599627370495,"first_name":5,"language_code":null}"""), Date)
        ).Value;

        Assert.Equal(new WebAppPerson(4503599627370495, "", LanguageCode: null, StartParam: null), person);
    }

    [Fact]
    public void What_is_too_long_is_not_read()
    {
        Assert.Null(Read(Sign(User, Date, ("a", new string('a', WebAppData.MaxLength - 500)))).Refusal);
        Refused(Read(Sign(User, Date, ("a", new string('a', WebAppData.MaxLength)))));
        Refused(Read(Sign([User, Date, .. Enumerable.Range(0, 40).Select(i => ($"a{i:00}", ""))])));
    }
}
