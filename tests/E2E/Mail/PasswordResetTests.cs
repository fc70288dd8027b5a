using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Mail;

public sealed class PasswordResetTests(ServerWithMail server) : IClassFixture<ServerWithMail>
{
    private const string NewPassword = "battery staple";

    private Task<Answer> ForgotAsync(string email) =>
        server.Anonymous().PostAsync("/api/auth/forgot_password", new { email });

    private Task<Answer> ResetAsync(string token, string password = NewPassword) =>
        server.Anonymous().PostAsync("/api/auth/reset_password", new { token, password });

    /// <summary>The newest link that sets a password.</summary>
    private async Task<string> LinkAsync(string email, string? typed = null)
    {
        Assert.Equal(HttpStatusCode.Accepted, (await ForgotAsync(typed ?? email)).Status);
        return await server.Smtp.ResetTokenAsync(email);
    }

    [Fact]
    public async Task The_link_sets_the_password_once_and_ends_all_sign_ins()
    {
        var registered = await server.RegisterAsync();
        var email = registered.Email();
        var other = await server.LoginAsync(email);
        var confirmation = (await server.Smtp.MailsToAsync(email))[0].Token;
        var token = await LinkAsync(email, $" {email.ToUpperInvariant()} ");

        var first = await ResetAsync(token);
        var second = await ResetAsync(token, "yet another one");

        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.Equal("Пароль изменён. Войдите с новым паролем.", (string?)first.Body["detail"]);
        Assert.Equal((HttpStatusCode.BadRequest, "link_invalid"), (second.Status, second.Code));
        Assert.Empty(first.Cookies());
        Assert.Equal("wrong_credentials", (await server.LoginAsync(email)).Code);
        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(registered.RefreshToken())).Code);
        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(other.RefreshToken())).Code);
        var login = await server.LoginAsync(email, NewPassword);
        Assert.Equal(HttpStatusCode.OK, login.Status);
        // The link was read at the address, so the address is confirmed.
        Assert.True((bool)login.Body["user"]!["email_confirmed"]!);
        Assert.Equal(
            "link_invalid",
            (await server.Anonymous().PostAsync("/api/auth/confirm_email", new { token = confirmation })).Code
        );
    }

    [Fact]
    public async Task The_mail_is_in_the_language_of_the_request_and_says_how_long_it_is_good()
    {
        var email = (await server.RegisterAsync()).Email();
        await server
            .Anonymous()
            .SendAsync(HttpMethod.Post, "/api/auth/forgot_password", new { email }, ("Accept-Language", "en"));

        var mail = (await server.Smtp.MailsToAsync(email, page: "reset_password"))[0];

        Assert.Equal("Reset your BookIT password", mail.Subject);
        Assert.Equal($"{BookItServer.FrontendOrigin}/api/auth/reset_password", mail.Page);
        Assert.Contains("The link works once, within 1\u00A0hour.", mail.Text, StringComparison.Ordinal);
        Assert.Contains("the password stays as it is", mail.Text, StringComparison.Ordinal);
        Assert.Equal(
            TimeSpan.FromHours(1),
            await server.QueryAsync<TimeSpan>(
                $"""
                SELECT date_trunc('minute', expires_at - now() + interval '30 s')
                FROM email_tokens t JOIN users u ON u.id = t.user_id WHERE u.email = '{email}' AND purpose = 'reset_password'
                """
            )
        );
    }

    [Fact]
    public async Task Whoever_had_the_account_before_its_address_was_proved_has_no_way_back_in()
    {
        // Somebody gives an account of theirs an address of somebody else, who asks for a new password.
        var intruder = await server.MemberAsync();
        var email = People.NewEmail();
        await server.ExecuteAsync(
            $"UPDATE users SET yandex_id = '{email}', telegram_id = 4242 WHERE id = '{intruder.UserId}'"
        );
        Assert.Equal(HttpStatusCode.OK, (await intruder.PatchAsync("/api/user", new { email })).Status);
        var token = (string?)(await intruder.GetAsync("/api/telegram/get_token")).Body["token"];

        Assert.Equal(HttpStatusCode.OK, (await ResetAsync(await LinkAsync(email))).Status);

        var owner = server.As(await server.LoginAsync(email, NewPassword));
        Assert.Equal(intruder.UserId, owner.UserId);
        Assert.Null((await owner.GetAsync("/api/user/me")).Body["telegram_id"]);
        Assert.Null((string?)(await owner.GetAsync("/api/user/export")).Body["yandex_id"]);
        var link = await server
            .Anonymous()
            .SendAsync(
                HttpMethod.Post,
                "/api/telegram/connect",
                new { token, telegram_id = 4242 },
                ("X-Bot-Secret", BookItServer.BotSecret)
            );
        Assert.Equal("telegram_token_invalid", link.Code);
        // What is left of the intruder's access token changes nothing that matters.
        Assert.Equal("not_signed_in", (await intruder.PatchAsync("/api/user", new { email = People.NewEmail() })).Code);
        Assert.Equal("fresh_sign_in_needed", (await intruder.DeleteAsync("/api/user")).Code);
    }

    [Fact]
    public async Task Whoever_has_proved_the_address_before_keeps_what_is_linked()
    {
        var email = (await server.RegisterAsync()).Email();
        await server.ExecuteAsync(
            $"UPDATE users SET yandex_id = '{email}', email_confirmed_at = now() WHERE email = '{email}'"
        );

        await ResetAsync(await LinkAsync(email));

        var owner = server.As(await server.LoginAsync(email, NewPassword));
        Assert.Equal(email, (string?)(await owner.GetAsync("/api/user/export")).Body["yandex_id"]);
    }

    [Fact]
    public async Task An_account_without_a_password_gets_one()
    {
        var member = await server.MemberAsync();
        var email = (string)(await member.GetAsync("/api/user/me")).Body["email"]!;

        Assert.Equal(HttpStatusCode.OK, (await ResetAsync(await LinkAsync(email))).Status);

        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(email, NewPassword)).Status);
    }

    [Fact]
    public async Task An_unknown_address_gets_the_same_answer_in_no_less_time_and_nothing_is_sent()
    {
        var (known, unknown) = ((await server.RegisterAsync()).Email(), People.NewEmail());
        var (knownAnswer, knownTime) = await TimedAsync(known);
        var (unknownAnswer, unknownTime) = await TimedAsync(unknown);
        var (repeated, repeatedTime) = await TimedAsync(known);

        Assert.Equal(HttpStatusCode.Accepted, knownAnswer.Status);
        Assert.Equal(Shape(knownAnswer), Shape(unknownAnswer));
        Assert.Equal(Shape(knownAnswer), Shape(repeated));
        // What an account costs more is far below this floor.
        Assert.All(
            new[] { knownTime, unknownTime, repeatedTime },
            time => Assert.True(time >= TimeSpan.FromMilliseconds(290), $"{time}")
        );
        await server.Smtp.ResetTokenAsync(known);
        Assert.DoesNotContain(server.Smtp.Mails, mail => mail.To == unknown);
        Assert.Equal("validation_failed", (await ForgotAsync("no address")).Code);

        async Task<(Answer, TimeSpan)> TimedAsync(string email)
        {
            var started = TimeProvider.System.GetTimestamp();
            var answer = await ForgotAsync(email);
            return (answer, TimeProvider.System.GetElapsedTime(started));
        }

        static string Shape(Answer answer) =>
            $"{answer}\n"
            + string.Join(
                '\n',
                answer
                    .Response.Headers.Concat(answer.Response.Content.Headers)
                    .Where(header => header.Key != "Date")
                    .Select(header => $"{header.Key}: {string.Join(',', header.Value)}")
            );
    }

    [Fact]
    public async Task Asked_for_twenty_times_at_once_one_mail_goes_out()
    {
        var email = (await server.RegisterAsync()).Email();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ForgotAsync(email)));

        Assert.InRange(
            await server.QueryAsync<long>(
                $"""
                SELECT count(*) FROM notifications n JOIN users u ON u.id = n.user_id
                WHERE u.email = '{email}' AND kind = 'password_reset'
                """
            ),
            1,
            // Where a minute ended meanwhile.
            2
        );
    }

    [Fact]
    public async Task Asked_for_again_after_the_link_was_used_another_mail_follows_a_minute_later()
    {
        var email = (await server.RegisterAsync()).Email();
        await ResetAsync(await LinkAsync(email));
        var used = await server.QueryAsync<long>("SELECT coalesce(max(id), 0) FROM notifications");

        Assert.Equal(HttpStatusCode.Accepted, (await ForgotAsync(email)).Status);

        // Where a minute ended meanwhile, it has arrived already.
        var waits = await server.QueryAsync<bool>(
            $"""
            SELECT n.due_at <= n.made_at + interval '1 minute' FROM notifications n JOIN users u ON u.id = n.user_id
            WHERE u.email = '{email}' AND n.kind = 'password_reset' AND n.id > {used}
            """
        );
        Assert.True(waits);
    }

    [Fact]
    public async Task A_password_that_is_no_good_leaves_the_link_as_it_was()
    {
        var email = (await server.RegisterAsync()).Email();
        var token = await LinkAsync(email);

        var tooShort = await ResetAsync(token, "short");
        var tooLong = await ResetAsync(token, new string('x', 129));

        Assert.Equal(("validation_failed", "validation_failed"), (tooShort.Code, tooLong.Code));
        Assert.NotNull(tooShort.Body["errors"]!["password"]);
        Assert.Equal(HttpStatusCode.OK, (await ResetAsync(token)).Status);
    }

    [Fact]
    public async Task An_expired_link_does_not_work()
    {
        var registered = await server.RegisterAsync();
        var token = await LinkAsync(registered.Email());
        await server.ExecuteAsync(
            $"UPDATE email_tokens SET expires_at = now() WHERE user_id = '{server.As(registered).UserId}'"
        );

        Assert.Equal("link_invalid", (await ResetAsync(token)).Code);
        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(registered.Email())).Status);
    }

    [Fact]
    public async Task A_new_password_kills_the_link_and_so_does_a_new_address()
    {
        var registered = await server.RegisterAsync();
        var (email, member) = (registered.Email(), server.As(registered));
        var confirmation = (await server.Smtp.MailsToAsync(email))[0].Token;
        var token = await LinkAsync(email);

        await member.PatchAsync(
            "/api/user",
            new { password = "a third one", current_password = BookItServer.Password }
        );
        Assert.Equal("link_invalid", (await ResetAsync(token)).Code);
        // A confirmation has nothing to do with the password.
        Assert.Equal(
            HttpStatusCode.OK,
            (await server.Anonymous().PostAsync("/api/auth/confirm_email", new { token = confirmation })).Status
        );

        var second = (await server.RegisterAsync()).Email();
        var moved = await LinkAsync(second);
        await server.As(await server.LoginAsync(second)).PatchAsync("/api/user", new { email = People.NewEmail() });
        Assert.Equal("link_invalid", (await ResetAsync(moved)).Code);
    }

    [Fact]
    public async Task A_link_to_an_address_that_the_account_had_is_refused_even_where_it_was_left()
    {
        var registered = await server.RegisterAsync();
        var token = await LinkAsync(registered.Email());
        // As a mail that was on its way while the address changed would leave it.
        await server.ExecuteAsync(
            $"UPDATE users SET email = '{People.NewEmail()}' WHERE email = '{registered.Email()}'"
        );

        Assert.Equal("link_invalid", (await ResetAsync(token)).Code);
    }

    [Fact]
    public async Task Of_ten_uses_at_once_one_works()
    {
        var email = (await server.RegisterAsync()).Email();
        var token = await LinkAsync(email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => ResetAsync(token, $"{NewPassword} {i}")));

        // On a busy machine some are turned away before they are tried.
        var used = Assert.Single(Enumerable.Range(0, 10), i => answers[i].Status == HttpStatusCode.OK);
        Assert.All(
            answers.Where((_, i) => i != used),
            answer => Assert.True(answer.Code is "link_invalid" or "sign_in_busy", answer.ToString())
        );
        Assert.Equal(HttpStatusCode.OK, (await server.LoginAsync(email, $"{NewPassword} {used}")).Status);
    }

    [Fact]
    public async Task A_sign_in_at_the_same_moment_leaves_nothing_behind_by_the_old_password()
    {
        for (var round = 0; round < 4; round++)
        {
            var email = (await server.RegisterAsync()).Email();
            var token = await LinkAsync(email);

            var reset = ResetAsync(token);
            var logins = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => server.LoginAsync(email)));
            // A busy machine may turn it away before it is tried.
            var answer = (await reset).Code == "sign_in_busy" ? await ResetAsync(token) : await reset;
            Assert.Equal(HttpStatusCode.OK, answer.Status);

            foreach (var login in logins.Where(login => login.Status == HttpStatusCode.OK))
            {
                Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(login.RefreshToken())).Code);
            }
        }
    }

    [Fact]
    public async Task Asking_twice_makes_two_links_and_using_one_kills_the_other()
    {
        var email = (await server.RegisterAsync()).Email();
        var first = await LinkAsync(email);
        await server.LetAMinutePassAsync();
        await ForgotAsync(email);
        var second = await server.Smtp.ResetTokenAsync(email, 2);

        Assert.Equal(HttpStatusCode.OK, (await ResetAsync(first)).Status);

        Assert.NotEqual(first, second);
        Assert.Equal("link_invalid", (await ResetAsync(second)).Code);
    }
}

/// <summary>A space with mail that counts attempts, behind a proxy that tells where they come from.</summary>
public sealed class CountingServerWithMail(TestServers servers) : ServerWithMail(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(base.Settings)
        {
            ["RateLimits__Enabled"] = "true",
            ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true",
        };
}

public sealed class PasswordResetLimitTests(CountingServerWithMail server) : IClassFixture<CountingServerWithMail>
{
    private Task<Answer> PostAsync(string path, object body, string address) =>
        server.Anonymous().SendAsync(HttpMethod.Post, path, body, ("X-Forwarded-For", address));

    [Fact]
    public async Task One_address_may_ask_fifty_times()
    {
        var asked = await Task.WhenAll(
            Enumerable
                .Range(0, 60)
                .Select(_ => PostAsync("/api/auth/forgot_password", new { email = People.NewEmail() }, "192.0.2.1"))
        );

        Assert.Equal(50, asked.Count(answer => answer.Status == HttpStatusCode.Accepted));
        Assert.Equal(10, asked.Count(answer => answer.Code == "too_many_attempts"));
        var other = await PostAsync("/api/auth/forgot_password", new { email = People.NewEmail() }, "192.0.2.2");
        Assert.Equal(HttpStatusCode.Accepted, other.Status);
    }

    [Fact]
    public async Task Who_has_tried_too_many_passwords_can_sign_in_after_the_reset()
    {
        const string address = "192.0.2.3";
        var email = (await server.RegisterAsync()).Email();
        Task<Answer> LoginAsync(string password) => PostAsync("/api/auth/login", new { email, password }, address);
        for (var i = 0; i < 10; i++)
        {
            await LoginAsync("wrong password");
        }

        Assert.Equal("too_many_attempts", (await LoginAsync("wrong password")).Code);
        await PostAsync("/api/auth/forgot_password", new { email }, address);
        var token = await server.Smtp.ResetTokenAsync(email);
        await PostAsync("/api/auth/reset_password", new { token, password = "battery staple" }, address);

        Assert.Equal(HttpStatusCode.OK, (await LoginAsync("battery staple")).Status);
    }
}

/// <summary>A space with mail whose Redis may go away.</summary>
public sealed class ServerWithMailAndOwnRedis(TestServers servers) : ServerWithMail(servers)
{
    public RedisServer Redis { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartNewAsync();
        RedisUrl = Redis.Url();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        await Redis.DisposeAsync();
    }
}

public sealed class PasswordResetWithoutRedisTests(ServerWithMailAndOwnRedis server)
    : IClassFixture<ServerWithMailAndOwnRedis>
{
    [Fact]
    public async Task A_password_whose_sign_ins_cannot_be_ended_is_not_set_and_the_link_stays_good()
    {
        var email = (await server.RegisterAsync()).Email();
        await server.Anonymous().PostAsync("/api/auth/forgot_password", new { email });
        var token = await server.Smtp.ResetTokenAsync(email);
        Task<Answer> ResetAsync() =>
            server.Anonymous().PostAsync("/api/auth/reset_password", new { token, password = "battery staple" });
        var hash = $"SELECT password_hash FROM users WHERE email = '{email}'";
        var before = await server.QueryAsync<string>(hash);
        server.Redis.Kill();
        try
        {
            var answer = await ResetAsync();

            Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (answer.Status, answer.Code));
            Assert.Equal(before, await server.QueryAsync<string>(hash));
        }
        finally
        {
            await server.Redis.StartAsync();
        }

        await Eventually.TrueAsync(async () => (await ResetAsync()).Status == HttpStatusCode.OK);
    }
}
