using System.Net;
using System.Web;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Faults;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Yandex;

/// <summary>The way to Yandex and back, and everybody who could stand in it.</summary>
public sealed class YandexWayTests(SpaceWithYandex server) : IClassFixture<SpaceWithYandex>
{
    private const string Page = BookItServer.FrontendOrigin + "/auth/callback";

    private static readonly Dictionary<string, string?> Production = new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        ["Telegram__BotSecret"] = "a-bot-secret-for-tests",
    };

    [Fact]
    public async Task Yandex_is_asked_with_a_state_and_a_challenge()
    {
        using var browser = new Browser(server.Address);

        var page = await browser.StartAsync();

        var query = HttpUtility.ParseQueryString(page.Query);
        Assert.Equal(server.Yandex.Settings["Yandex__AuthorizationEndpoint"], page.GetLeftPart(UriPartial.Path));
        Assert.Equal(
            (YandexServer.ClientId, "code", "login:email login:info", "S256"),
            (query["client_id"], query["response_type"], query["scope"], query["code_challenge_method"])
        );
        Assert.Equal(new Uri(server.Address, "/api/yandex/callback").ToString(), query["redirect_uri"]);
        Assert.Equal(43, query["code_challenge"]!.Length);
        Assert.False(string.IsNullOrEmpty(query["state"]));
        Assert.DoesNotContain(YandexServer.ClientSecret, page.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_is_told_that_there_is_a_button()
    {
        var answer = await server.Anonymous().GetAsync("/api/auth/providers");

        Assert.Equal("""{"yandex":true}""", answer.Body.ToJsonString());
    }

    [Fact]
    public async Task Cookies_go_only_where_they_are_needed()
    {
        var person = Person.New();
        await server.RegisterAsync(person.DefaultEmail);

        var (state, link) = await CookiesAsync(server.Address, person);

        Assert.Matches(
            "^yandex_state\\.[^=]+=N; expires=[^;]+; path=/api/yandex/callback; samesite=lax; httponly$",
            state
        );
        Assert.Matches("^yandex_link=[^;]+; max-age=600; path=/api/yandex/link; samesite=strict; httponly$", link);
    }

    [Fact]
    public async Task In_production_they_are_secure_too()
    {
        var (_, address) = await server.StartApiAsync(Production);
        var person = Person.New();
        await server.RegisterAsync(person.DefaultEmail);

        var (state, link) = await CookiesAsync(address, person);

        Assert.EndsWith("; path=/api/yandex/callback; secure; samesite=lax; httponly", state, StringComparison.Ordinal);
        Assert.EndsWith("; path=/api/yandex/link; secure; samesite=strict; httponly", link, StringComparison.Ordinal);
        var signedIn = await SignInByHandAsync(address, Person.New());
        Assert.Equal($"{Page}?access_token=issued", signedIn.Location());
        var tokens = signedIn.Cookies().Where(cookie => cookie.Contains("_token=", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, tokens.Count);
        Assert.All(
            tokens,
            cookie => Assert.EndsWith("; path=/; secure; samesite=strict; httponly", cookie, StringComparison.Ordinal)
        );
        Assert.DoesNotContain("token=ey", signedIn.Location(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_replica_finishes_what_one_has_begun()
    {
        using var home = new TemporaryFolder();
        var (_, other) = await server.StartApiAsync(
            // On another machine: what one has in its home, the other has not.
            new Dictionary<string, string?> { ["HOME"] = home.File("") }
        );
        var person = Person.New();
        await server.RegisterAsync(person.DefaultEmail);
        using var browser = new Browser(server.Address);
        var callback = await browser.AgreeAsync(await browser.StartAsync(), person);

        // As a balancer does it: the address stays, the replica behind it is another one.
        Task<Answer> AtOtherAsync(HttpMethod method, string path, object? body = null) =>
            browser.Api.SendAsync(method, new Uri(other, path).ToString(), body, ("Host", server.Address.Authority));
        var answer = await AtOtherAsync(HttpMethod.Get, callback.PathAndQuery);
        Assert.Equal("yandex_password_needed", answer.Error());
        var linked = await browser.LinkAsync();

        Assert.Equal(HttpStatusCode.OK, linked.Status);
    }

    [Fact]
    public async Task Who_does_not_allow_it_comes_back_to_the_page()
    {
        using var browser = new Browser(server.Address);

        var answer = await browser.SignInAsync(Person.New() with { Denies = true }, $"{Page}?from=login#top");

        Assert.Equal($"{Page}?from=login&error=yandex_denied#top", answer.Location());
    }

    [Fact]
    public async Task A_way_is_gone_once()
    {
        using var browser = new Browser(server.Address);
        var callback = await browser.AgreeAsync(await browser.StartAsync(), Person.New());

        var first = await browser.Api.GetAsync(callback.PathAndQuery);
        var second = await browser.Api.GetAsync(callback.PathAndQuery);

        Assert.Equal((null, "yandex_state_invalid"), (first.Error(), second.Error()));
        Assert.Empty(second.Cookies());
    }

    [Fact]
    public async Task A_code_is_good_once()
    {
        using var browser = new Browser(server.Address);
        var callback = await browser.AgreeAsync(await browser.StartAsync(), Person.New());
        var first = await browser.Api.GetAsync(callback.PathAndQuery);

        // With a state of its own, as somebody who has got hold of the code would try it.
        using var thief = new Browser(server.Address);
        var own = await thief.AgreeAsync(await thief.StartAsync(), Person.New());
        var spent = HttpUtility.ParseQueryString(callback.Query)["code"]!;
        var stolen = await thief.Api.GetAsync(With(own, "code", spent));

        Assert.Equal((null, "yandex_failed"), (first.Error(), stolen.Error()));
    }

    [Fact]
    public async Task A_stolen_code_is_no_good_without_the_verifier()
    {
        using var victim = new Browser(server.Address);
        var callback = await victim.AgreeAsync(await victim.StartAsync(), Person.New());
        using var thief = new Browser(server.Address);
        var own = await thief.AgreeAsync(await thief.StartAsync(), Person.New());

        var answer = await thief.Api.GetAsync(With(own, "code", HttpUtility.ParseQueryString(callback.Query)["code"]!));

        Assert.Equal("yandex_failed", answer.Error());
    }

    [Fact]
    public async Task Nobody_is_signed_in_by_a_way_that_another_browser_began()
    {
        using var attacker = new Browser(server.Address);
        var callback = await attacker.AgreeAsync(await attacker.StartAsync(), Person.New());
        using var victim = new Browser(server.Address);

        var answer = await victim.Api.GetAsync(callback.PathAndQuery);

        Assert.Equal((Page, "yandex_state_invalid"), (answer.Page(), answer.Error()));
        Assert.Empty(answer.Cookies());
    }

    [Fact]
    public async Task A_state_that_was_tampered_with_is_refused()
    {
        using var browser = new Browser(server.Address);
        var callback = await browser.AgreeAsync(await browser.StartAsync(), Person.New());
        var state = HttpUtility.ParseQueryString(callback.Query)["state"]!;
        var changed = state[^5] == 'A' ? 'B' : 'A';

        foreach (
            var other in new[]
            {
                "",
                "x",
                "\u0001",
                state[..^1],
                $"{state[..^5]}{changed}{state[^4..]}",
                new string('x', 6000),
            }
        )
        {
            var answer = await browser.Api.GetAsync(With(callback, "state", other));
            Assert.Equal((Page, "yandex_state_invalid"), (answer.Page(), answer.Error()));
            Assert.Empty(answer.Cookies());
        }

        Assert.Equal("yandex_state_invalid", (await browser.Api.GetAsync("/api/yandex/callback")).Error());
        Assert.Equal("yandex_state_invalid", (await browser.Api.GetAsync("/api/yandex/callback?error=x")).Error());
    }

    [Fact]
    public async Task What_Yandex_refuses_is_told()
    {
        using var browser = new Browser(server.Address);
        var callback = await browser.AgreeAsync(await browser.StartAsync(), Person.New());
        var state = HttpUtility.ParseQueryString(callback.Query)["state"]!;

        var answer = await browser.Api.GetAsync(
            $"/api/yandex/callback?state={state}&error=unauthorized_client&error_description=%0Afail:%20forged"
        );

        Assert.Equal((Page, "yandex_failed"), (answer.Page(), answer.Error()));
    }

    [Fact]
    public async Task Neither_code_nor_error_is_a_failure()
    {
        using var browser = new Browser(server.Address);
        var callback = await browser.AgreeAsync(await browser.StartAsync(), Person.New());
        var state = HttpUtility.ParseQueryString(callback.Query)["state"]!;

        Assert.Equal("yandex_failed", (await browser.Api.GetAsync($"/api/yandex/callback?state={state}")).Error());
    }

    [Theory]
    [InlineData("token", 500, "yandex_unavailable")]
    [InlineData("token", "garbage", "yandex_unavailable")]
    [InlineData("token", "hang", "yandex_unavailable")]
    [InlineData("token", "text", "yandex_unavailable")]
    [InlineData("token", "{}", "yandex_failed")]
    [InlineData("token", "[1]", "yandex_unavailable")]
    [InlineData("token", """{"access_token":{"a":1}}""", "yandex_unavailable")]
    [InlineData("token", """{"access_token":"two\nlines"}""", "yandex_unavailable")]
    [InlineData("info", 500, "yandex_unavailable")]
    [InlineData("info", 401, "yandex_unavailable")]
    [InlineData("info", 302, "yandex_unavailable")]
    [InlineData("info", "garbage", "yandex_unavailable")]
    [InlineData("info", "hang", "yandex_unavailable")]
    [InlineData("info", "{}", "yandex_unavailable")]
    [InlineData("info", "[]", "yandex_unavailable")]
    [InlineData("info", "null", "yandex_unavailable")]
    [InlineData("info", """{"id":""}""", "yandex_unavailable")]
    [InlineData("info", """{"id":null,"default_email":"a@example.com"}""", "yandex_unavailable")]
    [InlineData("info", """{"id":12,"default_email":"a@example.com"}""", "yandex_unavailable")]
    [InlineData("info", """{"id":"1\u0000","default_email":"a@example.com"}""", "yandex_unavailable")]
    [InlineData("info", """{"id":"1","default_email":"a@example.com","first_name":"\u0000"}""", "yandex_unavailable")]
    [InlineData(
        "info",
        """{"id":"00000000000000000000000000000000000000000000000000000000000000000"}""",
        "yandex_unavailable"
    )]
    public async Task Whatever_is_wrong_with_Yandex_the_browser_comes_back_to_the_page(
        string where,
        object what,
        string error
    )
    {
        object by =
            what is string text && text[0] is '{' or '[' or 'n'
                ? System.Text.Json.Nodes.JsonNode.Parse((string)what)!
                : what;
        using var browser = new Browser(server.Address);

        var answer = await browser.SignInAsync(Person.New() with { Breaks = where, By = by });

        Assert.Equal((Page, error), (answer.Page(), answer.Error()));
        Assert.DoesNotContain(answer.Cookies(), cookie => cookie.StartsWith("access_token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Yandex_gone_is_told_at_the_page_as_well()
    {
        await using var yandex = await YandexServer.StartAsync();
        var (_, address) = await server.StartApiAsync(yandex.Settings);
        using var browser = new Browser(address);
        var callback = await browser.AgreeAsync(await browser.StartAsync(), Person.New());
        await yandex.KillAsync();

        var answer = await browser.Api.GetAsync(callback.PathAndQuery);

        Assert.Equal((Page, "yandex_unavailable"), (answer.Page(), answer.Error()));
    }

    [Fact]
    public async Task A_wrong_client_secret_is_told_to_the_operator_by_name()
    {
        var (program, address) = await server.StartApiAsync(
            new Dictionary<string, string?> { ["Yandex__ClientSecret"] = "an-old-client-secret" }
        );
        using var browser = new Browser(address);

        var answer = await browser.SignInAsync(Person.New());

        Assert.Equal("yandex_failed", answer.Error());
        await Eventually.TrueAsync(() =>
            Task.FromResult(program.Output.Contains("who somebody is: invalid_client", StringComparison.Ordinal))
        );
        Assert.DoesNotContain("an-old-client-secret", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_postgres_the_browser_comes_back_to_the_page()
    {
        using var browser = new Browser(server.Address);
        var person = Person.New();
        var callback = await browser.AgreeAsync(await browser.StartAsync(), person);
        await using (await server.TakePostgresAwayAsync())
        {
            var answer = await browser.Api.GetAsync(callback.PathAndQuery);
            Assert.Equal((Page, "service_unavailable"), (answer.Page(), answer.Error()));
        }

        Assert.Null((await browser.SignInAsync(person)).Error());
    }

    [Theory]
    [InlineData("https://bookit.example/auth/callback")]
    [InlineData("https://bookit.example/")]
    [InlineData("https://bookit.example:443/profile?tab=1#yandex")]
    [InlineData("HTTPS://BOOKIT.EXAMPLE/a%20b")]
    [InlineData("http://localhost:3000/auth/callback")]
    public async Task One_comes_back_to_pages_of_ones_own(string returnTo)
    {
        using var browser = new Browser(server.Address);

        var answer = await browser.SignInAsync(Person.New(), returnTo);

        var expected = new UriBuilder(returnTo).Uri;
        var location = new Uri(answer.Location());
        Assert.Equal(
            (expected.Authority, expected.AbsolutePath, expected.Fragment),
            (location.Authority, location.AbsolutePath, location.Fragment)
        );
        Assert.Equal("issued", HttpUtility.ParseQueryString(location.Query)["access_token"]);
    }

    [Fact]
    public async Task Also_to_this_server_itself()
    {
        using var browser = new Browser(server.Address);

        var answer = await browser.SignInAsync(Person.New(), new Uri(server.Address, "/welcome").ToString());

        Assert.Equal(new Uri(server.Address, "/welcome?access_token=issued").ToString(), answer.Location());
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("https://bookit.example.evil.example/")]
    [InlineData("https://evil.example/https://bookit.example/")]
    [InlineData("https://bookit.example@evil.example/")]
    [InlineData("https://evil.example@bookit.example/")]
    [InlineData("https://bookit.example:8443/")]
    [InlineData("http://bookit.example/")]
    [InlineData("https://bookit.example\\@evil.example/")]
    [InlineData("https:\\\\bookit.example/")]
    [InlineData("https://bookit.example\t.evil.example/")]
    [InlineData(" https://bookit.example/")]
    [InlineData("https://bookit.example/\r\nSet-Cookie: a=b")]
    [InlineData("https://bookit。example/")]
    [InlineData("https://bookıt.example/")]
    [InlineData("https://bookit.example./")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("///evil.example/")]
    [InlineData("/auth/callback")]
    [InlineData("auth/callback")]
    [InlineData("https:evil.example")]
    [InlineData("https:///evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("javascript://bookit.example/%0Aalert(1)")]
    [InlineData("data:text/html,hello")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://bookit.example/")]
    [InlineData("ws://bookit.example/")]
    [InlineData("https://[::1/")]
    [InlineData("null")]
    public async Task And_nowhere_else(string returnTo)
    {
        var answer = await server.Anonymous().GetAsync($"/api/yandex/login?return_to={Uri.EscapeDataString(returnTo)}");

        Assert.Equal((HttpStatusCode.BadRequest, "validation_failed"), (answer.Status, answer.Code));
        Assert.Equal(["return_to"], answer.Body["errors"]!.AsObject().Select(error => error.Key));
        Assert.Empty(answer.Cookies());
        Assert.Null(answer.Response.Headers.Location);
    }

    [Fact]
    public async Task Nor_to_pages_with_endless_addresses()
    {
        var answer = await server.Anonymous().GetAsync($"/api/yandex/login?return_to={Page}?{new string('x', 1000)}");

        Assert.Equal("validation_failed", answer.Code);
    }

    [Theory]
    [InlineData("", "/auth/callback")]
    [InlineData("https://bookit.example/app/", "https://bookit.example/app/auth/callback")]
    [InlineData("https://букит.рф", "https://xn--90aof7ac.xn--p1ai/auth/callback")]
    public async Task Unasked_one_comes_back_to_the_frontend(string frontend, string page)
    {
        var (_, address) = await server.StartApiAsync(new Dictionary<string, string?> { ["Frontend__Url"] = frontend });
        using var browser = new Browser(address);

        Assert.Equal($"{page}?access_token=issued", (await browser.SignInAsync(Person.New())).Location());
    }

    [Fact]
    public async Task No_secret_stands_in_the_log()
    {
        var (program, address) = await server.StartApiAsync(
            new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Trace" }
        );
        using var browser = new Browser(address);
        var person = Person.New();
        await server.RegisterAsync(person.DefaultEmail);
        var page = await browser.StartAsync();
        var callback = await browser.AgreeAsync(page, person);
        var answer = await browser.Api.GetAsync(callback.PathAndQuery);
        var link = answer.Cookies().Single(cookie => cookie.StartsWith("yandex_link=", StringComparison.Ordinal));
        var linked = await browser.LinkAsync();
        foreach (var where in new[] { "token", "info" })
        {
            foreach (var by in new object[] { 500, "garbage", "text" })
            {
                await browser.SignInAsync(Person.New() with { Breaks = where, By = by });
            }
        }

        await browser.Api.GetAsync(callback.PathAndQuery);

        var query = HttpUtility.ParseQueryString(callback.Query);
        string[] secrets =
        [
            YandexServer.ClientSecret,
            BookItServer.Password,
            "y0_",
            query["code"]!,
            query["state"]!,
            query["state"]![..40],
            link.Split(';')[0].Split('=')[1],
            linked.AccessToken(),
            linked.RefreshToken(),
        ];
        // What was asked last has been written.
        await Eventually.TrueAsync(() =>
            Task.FromResult(program.Output.Contains("who somebody is", StringComparison.Ordinal))
        );
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, program.Output, StringComparison.Ordinal));
    }

    private static string With(Uri callback, string name, string value)
    {
        var query = HttpUtility.ParseQueryString(callback.Query);
        query[name] = value;
        return $"{callback.AbsolutePath}?{query}";
    }

    /// <summary>The cookies that hold the way to Yandex, and the person who has to prove a password.</summary>
    private static async Task<(string State, string Link)> CookiesAsync(Uri address, Person person)
    {
        using var browser = new Browser(address);
        var login = await browser.Api.GetAsync("/api/yandex/login");
        var state = login.Cookies().Single();
        var callback = await browser.AgreeAsync(login.Response.Headers.Location!, person);
        var answer = await WithCookieAsync(address, callback, state);
        Assert.Equal("yandex_password_needed", answer.Error());
        var link = answer.Cookies().Single(cookie => cookie.StartsWith("yandex_link=", StringComparison.Ordinal));
        return (state, link);
    }

    /// <summary>Over plain HTTP no browser would send the secure cookie back.</summary>
    private static async Task<Answer> SignInByHandAsync(Uri address, Person person)
    {
        using var browser = new Browser(address);
        var login = await browser.Api.GetAsync("/api/yandex/login");
        var callback = await browser.AgreeAsync(login.Response.Headers.Location!, person);
        return await WithCookieAsync(address, callback, login.Cookies().Single());
    }

    private static async Task<Answer> WithCookieAsync(Uri address, Uri callback, string cookie)
    {
        using var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { BaseAddress = address };
        return await new ApiClient(http).SendAsync(
            HttpMethod.Get,
            callback.PathAndQuery,
            headers: ("Cookie", cookie.Split(';')[0])
        );
    }
}

/// <summary>A space of its own Redis where people can sign in by Yandex, for when it is taken away.</summary>
public sealed class YandexWithoutRedisTests(ServerWithOwnRedis server) : IClassFixture<ServerWithOwnRedis>
{
    [Fact]
    public async Task Without_redis_nothing_is_made_or_linked_and_the_browser_comes_back_to_the_page()
    {
        await using var yandex = await YandexServer.StartAsync();
        var (_, address) = await server.StartApiAsync(yandex.Settings);
        var (stranger, member) = (Person.New(), Person.New());
        await server.RegisterAsync(member.DefaultEmail);
        await server.ExecuteAsync("UPDATE users SET email_confirmed_at = now()");
        using var browser = new Browser(address);
        server.Redis.Kill();
        try
        {
            foreach (var person in new[] { stranger, member })
            {
                Assert.Equal("service_unavailable", (await browser.SignInAsync(person)).Error());
            }

            Assert.Equal((1, 0), (await CountAsync("email IS NOT NULL"), await CountAsync("yandex_id IS NOT NULL")));
        }
        finally
        {
            await server.StartRedisAsync();
        }

        await Eventually.TrueAsync(async () => (await browser.SignInAsync(stranger)).Error() is null);
    }

    private Task<long> CountAsync(string condition) =>
        server.QueryAsync<long>($"SELECT count(*) FROM users WHERE {condition}");
}

/// <summary>A space that Yandex knows nothing of.</summary>
public sealed class YandexOffTests(BookItServer server, TestServers servers) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task Without_a_client_id_nobody_can_sign_in_by_Yandex_and_the_page_is_told()
    {
        foreach (
            var answer in new[]
            {
                await server.Anonymous().GetAsync("/api/yandex/login"),
                await server.Anonymous().GetAsync("/api/yandex/login?return_to=https://evil.example"),
                await server.Anonymous().GetAsync("/api/yandex/callback?code=a&state=b"),
                await server.Anonymous().PostAsync("/api/yandex/link", new { password = "password" }),
            }
        )
        {
            Assert.Equal((HttpStatusCode.NotFound, "yandex_off"), (answer.Status, answer.Code));
            Assert.StartsWith("Вход через Яндекс", (string)answer.Body["detail"]!, StringComparison.Ordinal);
        }

        var providers = await server.Anonymous().GetAsync("/api/auth/providers");
        Assert.Equal("""{"yandex":false}""", providers.Body.ToJsonString());
    }

    [Theory]
    [InlineData("Yandex__ClientId", "id", "Yandex:ClientSecret is missing")]
    [InlineData("Yandex__ClientSecret", "a-secret", "Yandex:ClientId is missing")]
    [InlineData(
        "Yandex__TokenEndpoint",
        "oauth.yandex.ru/token",
        "Yandex:TokenEndpoint: 'oauth.yandex.ru/token' is no"
    )]
    [InlineData("Yandex__AuthorizationEndpoint", "/authorize", "Yandex:AuthorizationEndpoint")]
    [InlineData("Yandex__UserInformationEndpoint", "", "Yandex:UserInformationEndpoint")]
    public async Task What_makes_no_sense_is_told_at_the_start(string name, string value, string sentence)
    {
        await using var program = await Program.StartAsync(
            "Api",
            new Dictionary<string, string?>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["ConnectionStrings__Postgres"] = "Host=127.0.0.1",
                ["ConnectionStrings__Redis"] = servers.CreateRedisUrl(),
                [name] = value,
            }
        );

        Assert.NotEqual(0, await program.WaitForExitAsync());
        Assert.Contains(sentence, program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }
}
