using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Languages;

public sealed class LanguageTests(BookItServer server) : IClassFixture<BookItServer>
{
    private const string Russian = "Такого места нет.";
    private const string English = "There is no such seat.";

    /// <summary>What somebody is told of a seat that is not there, and in which language.</summary>
    private static async Task<(string? Detail, string? Language)> AskAsync(ApiClient client, string acceptLanguage = "")
    {
        var answer = await client.SendAsync(
            HttpMethod.Get,
            $"/api/seat/{Guid.CreateVersion7()}",
            body: null,
            ("Accept-Language", acceptLanguage)
        );
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        return ((string?)answer.Body["detail"], answer.Response.Content.Headers.ContentLanguage.SingleOrDefault());
    }

    [Theory]
    [InlineData("", Russian, "ru")]
    [InlineData("en", English, "en")]
    [InlineData("en-GB,en;q=0.9,ru;q=0.8", English, "en")]
    [InlineData("de, ru;q=0.5, en;q=0.9", English, "en")]
    [InlineData("de", Russian, "ru")]
    [InlineData("*", Russian, "ru")]
    [InlineData(";;;", Russian, "ru")]
    public async Task Whoever_has_chosen_none_is_answered_in_the_language_asked_for(
        string acceptLanguage,
        string detail,
        string language
    )
    {
        Assert.Equal((detail, language), await AskAsync(server.Anonymous(), acceptLanguage));
        Assert.Equal((detail, language), await AskAsync(await server.MemberAsync(), acceptLanguage));
    }

    [Fact]
    public async Task The_accounts_own_language_comes_before_the_browsers()
    {
        var member = await server.MemberAsync();
        Assert.Equal((Russian, "ru"), await AskAsync(member, "ru"));

        var changed = await member.PatchAsync("/api/user", new { language = "en" });

        Assert.Equal((HttpStatusCode.OK, "en"), (changed.Status, (string?)changed.Body["language"]));
        Assert.Equal((English, "en"), await AskAsync(member, "ru"));
        await member.PatchAsync("/api/user", new { language = "ru" });
        Assert.Equal((Russian, "ru"), await AskAsync(member, "en"));
        Assert.Equal("ru", (string?)(await member.GetAsync("/api/user/me")).Body["language"]);

        var none = await member.PatchAsync("/api/user", new { language = "auto" });
        Assert.Null(none.Body["language"]);
        Assert.Equal((English, "en"), await AskAsync(member, "en"));
    }

    [Fact]
    public async Task It_holds_for_whatever_goes_wrong()
    {
        var member = await server.MemberAsync();
        await member.PatchAsync("/api/user", new { language = "en" });

        Answer[] answers =
        [
            await member.PostAsync("/api/reservations", new { }),
            await member.PostAsync("/api/reservations", new StringContent("{", null, "application/json")),
            await member.PatchAsync("/api/user", new { first_name = new int[2] }),
            await member.PostAsync("/api/user"),
            await member.GetAsync("/api/nothing"),
            await member.GetAsync("/api/admin/users"),
            await member.PostAsync("/api/seat", new StringContent("a", null, "text/plain")),
            await member.GetAsync("/api/reservations?limit=x"),
        ];

        Assert.All(
            answers,
            answer =>
            {
                Assert.DoesNotMatch("[а-яА-Я]", answer.Body.ToJsonString(Readable));
                Assert.Equal(["en"], answer.Response.Content.Headers.ContentLanguage);
            }
        );
    }

    [Fact]
    public async Task Another_replica_follows_within_seconds()
    {
        var (_, elsewhere) = await server.StartApiAsync();
        var member = await server.MemberAsync();
        var there = server.At(elsewhere, member);
        Assert.Equal(Russian, (await AskAsync(there)).Detail);

        await member.PatchAsync("/api/user", new { language = "en" });

        await Eventually.TrueAsync(async () => (await AskAsync(there)).Detail == English);
    }

    [Theory]
    [InlineData("de")]
    [InlineData("EN")]
    [InlineData("")]
    public async Task A_language_that_we_do_not_speak_is_refused(string language)
    {
        var answer = await (await server.MemberAsync()).PatchAsync("/api/user", new { language });

        Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (answer.Status, answer.Code));
        Assert.NotNull(answer.Body["errors"]!["language"]);
    }

    private static readonly System.Text.Json.JsonSerializerOptions Readable = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
