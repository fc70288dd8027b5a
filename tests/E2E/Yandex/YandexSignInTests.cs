using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;
using Npgsql;

namespace BookIT.Tests.E2E.Yandex;

/// <summary>Who gets into which account.</summary>
public sealed class YandexSignInTests(SpaceWithYandex server) : IClassFixture<SpaceWithYandex>
{
    private const string Page = BookItServer.FrontendOrigin + "/auth/callback";

    [Fact]
    public async Task A_new_person_gets_an_account_and_the_next_time_the_same_one()
    {
        var person = Person.New();
        using var browser = new Browser(server.Address);

        var answer = await browser.SignInAsync(person);

        Assert.Equal($"{Page}?access_token=issued", answer.Location());
        Assert.True(answer.Response.Headers.CacheControl!.NoStore);
        var me = await browser.Api.GetAsync("/api/user/me");
        Assert.Equal(
            (person.DefaultEmail, "Анна", "user", false),
            (
                (string?)me.Body["email"],
                (string?)me.Body["first_name"],
                (string?)me.Body["role"],
                (bool)me.Body["verified"]!
            )
        );
        Assert.Equal(HttpStatusCode.OK, (await browser.Api.PostAsync("/api/auth/refresh")).Status);

        using var another = new Browser(server.Address);
        await another.SignInAsync(person with { DefaultEmail = "moved@yandex.ru", FirstName = "Renamed" });

        var again = await another.Api.GetAsync("/api/user/me");
        Assert.Equal(me.Body.ToJsonString(), again.Body.ToJsonString());
        Assert.Equal(2, (await another.Api.GetAsync("/api/user/sessions")).Body.AsArray().Count);
    }

    [Theory]
    [InlineData("  Мария ", "Мария")]
    [InlineData("", "from.yandex")]
    [InlineData("   ", "from.yandex")]
    [InlineData(null, "from.yandex")]
    [InlineData("<b>Robert'); DROP TABLE users;--", "<b>Robert'); DROP TABLE users;--")]
    public async Task People_are_called_as_at_Yandex_or_by_their_mailbox(string? given, string name)
    {
        var person = Person.New();
        using var browser = new Browser(server.Address);

        await browser.SignInAsync(
            person with
            {
                DefaultEmail = $"From.Yandex@{person.Id}.example.com",
                FirstName = given,
            }
        );

        var me = await browser.Api.GetAsync("/api/user/me");
        Assert.Equal(name, (string?)me.Body["first_name"]);
        Assert.Equal($"from.yandex@{person.Id}.example.com", (string?)me.Body["email"]);
    }

    [Fact]
    public async Task A_very_long_name_is_cut_between_letters()
    {
        using var browser = new Browser(server.Address);

        await browser.SignInAsync(Person.New() with { FirstName = new string('x', 99) + "🧑🏽‍💻" });

        var me = await browser.Api.GetAsync("/api/user/me");
        Assert.Equal(new string('x', 99), (string?)me.Body["first_name"]);
    }

    /// <summary>The account as it was made, only that its address is confirmed now.</summary>
    private static string Confirmed(Answer registered)
    {
        var user = registered.Body["user"]!;
        user["email_confirmed"] = true;
        return user.ToJsonString();
    }

    [Fact]
    public async Task The_account_that_has_confirmed_the_same_address_is_linked_and_keeps_its_password()
    {
        var person = Person.New();
        var registered = await server.RegisterAsync(person.DefaultEmail);
        await ConfirmAsync(person);
        using var browser = new Browser(server.Address);

        var answer = await browser.SignInAsync(
            person with
            {
                DefaultEmail = person.DefaultEmail!.ToUpperInvariant(),
                FirstName = "Renamed",
            }
        );

        Assert.Equal($"{Page}?access_token=issued", answer.Location());
        var me = await browser.Api.GetAsync("/api/user/me");
        Assert.Equal(Confirmed(registered), me.Body.ToJsonString());
        Assert.Equal(person.Id, await YandexIdAsync(person));
        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(person.DefaultEmail!)).Status);
    }

    [Fact]
    public async Task An_account_that_has_not_confirmed_the_address_is_linked_only_by_its_password()
    {
        var person = Person.New();
        var registered = await server.RegisterAsync(person.DefaultEmail);
        using var browser = new Browser(server.Address);

        var answer = await browser.SignInAsync(person);

        Assert.Equal((Page, "yandex_password_needed"), (answer.Page(), answer.Error()));
        Assert.Equal("not_signed_in", (await browser.Api.GetAsync("/api/user/me")).Code);
        Assert.Null(await YandexIdAsync(person));

        var wrong = await browser.LinkAsync("wrong password");
        Assert.Equal((HttpStatusCode.BadRequest, "wrong_password"), (wrong.Status, wrong.Code));
        Assert.Empty(wrong.Cookies());
        Assert.Equal((null, false), (await YandexIdAsync(person), await IsConfirmedAsync(person)));

        var linked = await browser.LinkAsync();
        Assert.Equal(HttpStatusCode.OK, linked.Status);
        Assert.Equal(Confirmed(registered), linked.Body["user"]!.ToJsonString());
        Assert.Equal((person.Id, true), (await YandexIdAsync(person), await IsConfirmedAsync(person)));
        Assert.Equal(HttpStatusCode.OK, (await browser.Api.GetAsync("/api/user/me")).Status);
        Assert.Equal("yandex_link_invalid", (await browser.LinkAsync()).Code);

        using var another = new Browser(server.Address);
        Assert.Equal($"{Page}?access_token=issued", (await another.SignInAsync(person)).Location());
        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(person.DefaultEmail!)).Status);
    }

    [Fact]
    public async Task Without_coming_from_Yandex_no_password_links_anything()
    {
        using var browser = new Browser(server.Address);

        foreach (
            var cookie in new[] { null, "", "yandex_link=", "yandex_link=CfDJ8AAAAAAAAAAAAAAAAAAAAAB", "yandex_link=%" }
        )
        {
            var answer = await browser.Api.SendAsync(
                HttpMethod.Post,
                "/api/yandex/link",
                new { password = BookItServer.Password },
                cookie is null ? [] : [("Cookie", cookie)]
            );
            Assert.Equal((HttpStatusCode.BadRequest, "yandex_link_invalid"), (answer.Status, answer.Code));
        }
    }

    [Fact]
    public async Task A_foreign_page_cannot_link()
    {
        var person = Person.New();
        await server.RegisterAsync(person.DefaultEmail);
        using var browser = new Browser(server.Address);
        await browser.SignInAsync(person);

        var answer = await browser.Api.SendAsync(
            HttpMethod.Post,
            "/api/yandex/link",
            new { password = BookItServer.Password },
            ("Origin", "https://evil.example")
        );

        Assert.Equal((HttpStatusCode.Forbidden, "foreign_origin"), (answer.Status, answer.Code));
        Assert.Null(await YandexIdAsync(person));
    }

    [Fact]
    public async Task Passwords_to_link_by_are_guessed_under_the_limits_of_signing_in()
    {
        var (_, address) = await server.StartApiAsync(
            new Dictionary<string, string?>
            {
                ["RateLimits__Enabled"] = "true",
                ["RateLimits__FailuresPerAccountAndAddress"] = "2",
            }
        );
        var person = Person.New();
        await server.RegisterAsync(person.DefaultEmail);
        using var browser = new Browser(address);
        await browser.SignInAsync(person);

        string?[] codes =
        [
            (await browser.LinkAsync("guess")).Code,
            (await browser.LinkAsync("another guess")).Code,
            (await browser.LinkAsync()).Code,
        ];

        Assert.Equal(new[] { "wrong_password", "wrong_password", "too_many_attempts" }, codes);
    }

    [Fact]
    public async Task An_account_without_any_password_cannot_be_linked_by_one()
    {
        var member = await server.MemberAsync();
        var email = (string?)(await member.GetAsync("/api/user/me")).Body["email"];
        using var browser = new Browser(server.Address);

        var answer = await browser.SignInAsync(Person.New() with { DefaultEmail = email });

        Assert.Equal("yandex_password_needed", answer.Error());
        Assert.Equal("wrong_password", (await browser.LinkAsync("a password")).Code);
    }

    [Fact]
    public async Task An_account_that_is_linked_to_another_Yandex_account_stays_so()
    {
        var (person, other) = (Person.New(), Person.New());
        using var browser = new Browser(server.Address);
        await browser.SignInAsync(person);

        var answer = await browser.SignInAsync(other with { DefaultEmail = person.DefaultEmail });

        Assert.Equal((Page, "yandex_linked_elsewhere"), (answer.Page(), answer.Error()));
        Assert.Equal(person.Id, await YandexIdAsync(person));
    }

    [Fact]
    public async Task Whoever_changes_their_address_to_a_foreign_one_gets_nobody_in()
    {
        var (squatter, owner) = (Person.New(), Person.New());
        using var browser = new Browser(server.Address);
        await browser.SignInAsync(squatter);
        var changed = await browser.Api.PatchAsync("/api/user", new { email = owner.DefaultEmail });
        Assert.Equal(HttpStatusCode.OK, changed.Status);

        using var another = new Browser(server.Address);
        var answer = await another.SignInAsync(owner);

        Assert.Equal("yandex_linked_elsewhere", answer.Error());
        Assert.Equal(squatter.Id, await YandexIdAsync(owner));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("no address")]
    public async Task Without_an_address_there_is_no_new_account(string? email)
    {
        var person = Person.New();
        using var browser = new Browser(server.Address);

        var answer = await browser.SignInAsync(person with { DefaultEmail = email });

        Assert.Equal((Page, "yandex_email_missing"), (answer.Page(), answer.Error()));
        Assert.DoesNotContain(answer.Cookies(), cookie => cookie.StartsWith("access_token", StringComparison.Ordinal));
        // Once there is an account, the id is enough.
        await browser.SignInAsync(person);
        Assert.Null((await browser.SignInAsync(person with { DefaultEmail = email })).Error());
    }

    [Fact]
    public async Task Twenty_callbacks_of_one_new_person_at_once_make_one_account()
    {
        for (var round = 0; round < 3; round++)
        {
            var person = Person.New();
            var browsers = Enumerable.Range(0, 20).Select(_ => new Browser(server.Address)).ToList();
            var callbacks = await Task.WhenAll(
                browsers.Select(async browser => await browser.AgreeAsync(await browser.StartAsync(), person))
            );

            var answers = await Task.WhenAll(
                browsers.Zip(callbacks, (browser, callback) => browser.Api.GetAsync(callback.PathAndQuery))
            );

            Assert.All(answers, answer => Assert.Equal($"{Page}?access_token=issued", answer.Location()));
            var ids = await Task.WhenAll(
                browsers.Select(async browser => (await browser.Api.GetAsync("/api/user/me")).Id)
            );
            Assert.Single(ids.Distinct());
            browsers.ForEach(browser => browser.Dispose());
        }
    }

    [Fact]
    public async Task Somebody_who_registers_with_the_address_at_the_same_moment_is_not_taken_over()
    {
        for (var round = 0; round < 5; round++)
        {
            var person = Person.New();
            using var browser = new Browser(server.Address);
            var callback = await browser.AgreeAsync(await browser.StartAsync(), person);

            var registration = server
                .Anonymous()
                .PostAsync("/api/auth/register", People.Registration(person.DefaultEmail!));
            var answer = await browser.Api.GetAsync(callback.PathAndQuery);

            if ((await registration).Status == HttpStatusCode.Created)
            {
                Assert.Equal("yandex_password_needed", answer.Error());
            }
            else
            {
                Assert.Equal(("email_taken", null), ((await registration).Code, answer.Error()));
            }
        }
    }

    [Fact]
    public async Task A_sign_in_waits_for_a_deletion_that_is_under_way_and_makes_a_new_account()
    {
        var person = Person.New();
        using var browser = new Browser(server.Address);
        await browser.SignInAsync(person);
        var id = (await browser.Api.GetAsync("/api/user/me")).Id;
        var callback = await browser.AgreeAsync(await browser.StartAsync(), person);
        // The deletion holds the account, and has ended the sign-ins that it found.
        await using var deletion = await server.Postgres.OpenConnectionAsync();
        await using var transaction = await deletion.BeginTransactionAsync();
        await ExecuteAsync(deletion, $"DELETE FROM users WHERE id = '{id}'");

        var answering = browser.Api.GetAsync(callback.PathAndQuery);
        await WaitForLockAsync();
        await transaction.CommitAsync();

        Assert.Null((await answering).Error());
        Assert.NotEqual(id, (await browser.Api.GetAsync("/api/user/me")).Id);
        var gone = server.WithToken(BookItServer.Token(id));
        Assert.Equal("not_signed_in", (await gone.GetAsync("/api/user/me")).Code);
    }

    [Fact]
    public async Task A_deletion_ends_a_sign_in_that_began_just_before_it()
    {
        for (var round = 0; round < 10; round++)
        {
            var person = Person.New();
            using var browser = new Browser(server.Address);
            await browser.SignInAsync(person);
            var id = (await browser.Api.GetAsync("/api/user/me")).Id;
            using var another = new Browser(server.Address);
            var callback = await another.AgreeAsync(await another.StartAsync(), person);

            var deletion = browser.Api.DeleteAsync("/api/user");
            await another.Api.GetAsync(callback.PathAndQuery);

            Assert.Equal(HttpStatusCode.NoContent, (await deletion).Status);
            // Into the old account before its end, or into a new one after it; never into one that is gone.
            var refreshed = await another.Api.PostAsync("/api/auth/refresh");
            if (refreshed.Status == HttpStatusCode.OK)
            {
                Assert.NotEqual(id, Guid.Parse((string)refreshed.Body["user"]!["id"]!));
            }
            else
            {
                Assert.Equal("refresh_token_invalid", refreshed.Code);
            }
        }
    }

    [Fact]
    public async Task A_password_that_is_replaced_while_it_is_checked_links_nothing()
    {
        var person = Person.New();
        var registered = await server.RegisterAsync(person.DefaultEmail);
        await server.As(registered).PostAsync("/api/auth/logout");
        using var browser = new Browser(server.Address);
        await browser.SignInAsync(person);
        await using var change = await server.Postgres.OpenConnectionAsync();
        await using var transaction = await change.BeginTransactionAsync();
        var another = Convert.ToBase64String(new byte[49]);
        await ExecuteAsync(
            change,
            $"UPDATE users SET password_hash = '{another}' WHERE email = '{person.DefaultEmail}'"
        );

        var linking = browser.LinkAsync();
        await WaitForLockAsync();
        await transaction.CommitAsync();

        Assert.Equal("wrong_password", (await linking).Code);
        Assert.Null(await YandexIdAsync(person));
        var again = await server.SignedInAsync(server.As(registered).UserId);
        Assert.True((bool)Assert.Single((await again.GetAsync("/api/user/sessions")).Body.AsArray())!["current"]!);
    }

    [Fact]
    public async Task A_person_who_got_another_account_meanwhile_keeps_that_one()
    {
        var person = Person.New();
        await server.RegisterAsync(person.DefaultEmail);
        using var browser = new Browser(server.Address);
        Assert.Equal("yandex_password_needed", (await browser.SignInAsync(person)).Error());
        using var another = new Browser(server.Address);
        await another.SignInAsync(person with { DefaultEmail = $"moved.{person.DefaultEmail}" });

        var answer = await browser.LinkAsync();

        Assert.Equal((HttpStatusCode.BadRequest, "yandex_link_invalid"), (answer.Status, answer.Code));
        Assert.Null(await YandexIdAsync(person));
    }

    private Task ConfirmAsync(Person person) =>
        server.ExecuteAsync($"UPDATE users SET email_confirmed_at = now() WHERE email = '{person.DefaultEmail}'");

    /// <summary>To whom the account with the person's address is linked.</summary>
    private async Task<string?> YandexIdAsync(Person person) =>
        await server.QueryAsync<object>($"SELECT yandex_id FROM users WHERE email = '{person.DefaultEmail}'") as string;

    private Task<bool> IsConfirmedAsync(Person person) =>
        server.QueryAsync<bool>(
            $"SELECT email_confirmed_at IS NOT NULL FROM users WHERE email = '{person.DefaultEmail}'"
        );

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until a statement waits for a lock in this database, which no other test holds for long.</summary>
    private Task WaitForLockAsync() =>
        Eventually.TrueAsync(async () =>
            await server.QueryAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ) >= 1
        );
}
