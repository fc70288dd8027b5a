using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Mail;

public sealed class ConfirmationTests(ServerWithMail server) : IClassFixture<ServerWithMail>
{
    private Task<Answer> ConfirmAsync(string token) =>
        server.Anonymous().PostAsync("/api/auth/confirm_email", new { token });

    private async Task<ReceivedMail> MailToAsync(string email) => (await server.Smtp.MailsToAsync(email))[^1];

    private static async Task<bool> IsConfirmedAsync(ApiClient member) =>
        (bool)(await member.GetAsync("/api/user/me")).Body["email_confirmed"]!;

    [Theory]
    [InlineData(
        "en-GB,en;q=0.9",
        "Confirm your e-mail address for BookIT",
        "The link works once, within 24\u00A0hours."
    )]
    [InlineData("de", "Подтвердите адрес почты в BookIT", "Ссылка сработает один раз, в течение 24\u00A0часов.")]
    public async Task A_registration_sends_one_mail_in_the_language_of_the_request(
        string language,
        string subject,
        string sentence
    )
    {
        var email = People.NewEmail();
        var registered = await server
            .Anonymous()
            .SendAsync(
                HttpMethod.Post,
                "/api/auth/register",
                People.Registration(email),
                ("Accept-Language", language),
                ("Host", "evil.example")
            );

        var mail = await MailToAsync(email);

        Assert.False((bool)registered.Body["user"]!["email_confirmed"]!);
        Assert.Equal(subject, mail.Subject);
        Assert.Contains(sentence, mail.Text, StringComparison.Ordinal);
        Assert.Contains(WebUtility.HtmlEncode(sentence), mail.Html, StringComparison.Ordinal);
        Assert.Equal($"{BookItServer.FrontendOrigin}/api/auth/confirm_email", mail.Page);
        Assert.Matches("^[A-Za-z0-9_-]{43}$", mail.Token);
        Assert.Contains($"href=\"{mail.Page}#{mail.Token}\"", mail.Html, StringComparison.Ordinal);
        Assert.Equal("bookit@bookit.example", (string?)mail.Json["from"]);
        Assert.Equal("BookIT", (string?)mail.Json["sender"]!["name"]);
        Assert.Equal(email, (string?)mail.Json["header_to"]);
        Assert.Equal("auto-generated", (string?)mail.Json["auto_submitted"]);
        Assert.Matches("^<[0-9a-f]{32}@bookit.example>$", (string?)mail.Json["message_id"]);
        await Eventually.TrueAsync(async () => await server.OutboxAsync(email) == "email_confirmation delivered");
        Assert.Single(await server.Smtp.MailsToAsync(email));
    }

    [Fact]
    public async Task Nothing_that_the_person_wrote_goes_out_with_it()
    {
        var email = People.NewEmail();
        await server
            .Anonymous()
            .PostAsync(
                "/api/auth/register",
                new
                {
                    email,
                    password = BookItServer.Password,
                    first_name = "Buy https://evil.example",
                }
            );

        Assert.DoesNotContain("evil", (await MailToAsync(email)).Json.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("маша@example.com", "маша@example.com")]
    [InlineData("masha@пример.рф", "masha@xn--e1afmkfd.xn--p1ai")]
    public async Task An_address_may_be_in_any_script(string email, string onTheWire)
    {
        await server.RegisterAsync(email);

        var mail = Assert.Single(await server.Smtp.MailsToAsync(email));

        Assert.Equal(onTheWire, (string?)mail.Json["header_to"]);
    }

    [Fact]
    public async Task The_link_confirms_the_address_and_works_once()
    {
        var registered = await server.RegisterAsync();
        var member = server.As(registered);
        var token = (await MailToAsync(registered.Email())).Token;
        Assert.False(await IsConfirmedAsync(member));

        var first = await ConfirmAsync(token);
        var second = await ConfirmAsync(token);

        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.Equal("Адрес почты подтверждён.", (string?)first.Body["detail"]);
        Assert.Equal((HttpStatusCode.BadRequest, "link_invalid"), (second.Status, second.Code));
        Assert.True(await IsConfirmedAsync(member));
    }

    [Fact]
    public async Task Of_twenty_uses_at_once_one_works()
    {
        var token = (await MailToAsync((await server.RegisterAsync()).Email())).Token;

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ConfirmAsync(token)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(19, answers.Count(answer => answer.Code == "link_invalid"));
    }

    [Fact]
    public async Task An_expired_link_does_not_work_and_is_forgotten()
    {
        var registered = await server.RegisterAsync();
        var token = (await MailToAsync(registered.Email())).Token;
        var itsTokens = $"FROM email_tokens WHERE user_id = '{server.As(registered).UserId}'";
        Assert.Equal(
            TimeSpan.FromHours(24),
            await server.QueryAsync<TimeSpan>(
                $"SELECT date_trunc('minute', expires_at - now() + interval '30 s') {itsTokens}"
            )
        );
        await server.ExecuteAsync(
            $"UPDATE email_tokens SET expires_at = now() WHERE user_id = '{server.As(registered).UserId}'"
        );

        Assert.Equal("link_invalid", (await ConfirmAsync(token)).Code);
        Assert.False(await IsConfirmedAsync(server.As(registered)));
        await Eventually.TrueAsync(async () => await server.QueryAsync<long>($"SELECT count(*) {itsTokens}") == 0);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("' OR 1=1 --")]
    [InlineData("я\ud83d\ude00")]
    public async Task What_is_no_token_is_no_link(string token)
    {
        var answer = await ConfirmAsync(token);

        Assert.Equal((HttpStatusCode.BadRequest, "link_invalid"), (answer.Status, answer.Code));
        Assert.Equal(
            "Ссылка не подходит: она уже использована, устарела или скопирована не полностью. Запросите новую.",
            (string?)answer.Body["detail"]
        );
        Assert.Equal("link_invalid", (await ConfirmAsync(new string('x', 60_000))).Code);
    }

    [Fact]
    public async Task What_resets_a_password_confirms_nothing_and_the_other_way_round()
    {
        var registered = await server.RegisterAsync();
        var confirmation = (await MailToAsync(registered.Email())).Token;
        await server.Anonymous().PostAsync("/api/auth/forgot_password", new { email = registered.Email() });
        var reset = await server.Smtp.ResetTokenAsync(registered.Email());

        Assert.Equal("link_invalid", (await ConfirmAsync(reset)).Code);
        Assert.Equal(
            "link_invalid",
            (
                await server
                    .Anonymous()
                    .PostAsync("/api/auth/reset_password", new { token = confirmation, password = "another password" })
            ).Code
        );
        Assert.Equal(HttpStatusCode.OK, (await ConfirmAsync(confirmation)).Status);
    }

    [Fact]
    public async Task It_can_be_sent_again_once_a_minute_and_each_link_is_good_until_one_is_used()
    {
        var registered = await server.RegisterAsync();
        var (email, member) = (registered.Email(), server.As(registered));
        await server.Smtp.MailsToAsync(email);
        var minutes = $"""
            SELECT count(*) - count(DISTINCT date_trunc('minute', made_at)) FROM notifications
            WHERE user_id = '{member.UserId}'
            """;

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(_ => member.PostAsync("/api/user/confirm_email"))
        );
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.Status));
        Assert.Equal(0, await server.QueryAsync<long>(minutes));

        await server.LetAMinutePassAsync();
        var mails = (await server.Smtp.MailsToAsync(email)).Count;
        Assert.Equal(HttpStatusCode.Accepted, (await member.PostAsync("/api/user/confirm_email")).Status);
        var all = await server.Smtp.MailsToAsync(email, mails + 1);

        Assert.Equal(HttpStatusCode.OK, (await ConfirmAsync(all[0].Token)).Status);
        Assert.Equal("link_invalid", (await ConfirmAsync(all[^1].Token)).Code);
        var done = await member.PostAsync("/api/user/confirm_email");
        Assert.Equal((HttpStatusCode.Conflict, "email_already_confirmed"), (done.Status, done.Code));
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            (await server.Anonymous().PostAsync("/api/user/confirm_email")).Status
        );
    }

    [Fact]
    public async Task The_language_of_the_account_comes_before_that_of_the_request()
    {
        var member = await server.MemberAsync();
        await server.ExecuteAsync($"UPDATE users SET language = 'en' WHERE id = '{member.UserId}'");

        await member.SendAsync(HttpMethod.Post, "/api/user/confirm_email", headers: ("Accept-Language", "ru"));

        var email = (string)(await member.GetAsync("/api/user/me")).Body["email"]!;
        Assert.Equal("Confirm your e-mail address for BookIT", (await MailToAsync(email)).Subject);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_address_is_not_confirmed_and_the_link_to_the_one_before_is_dead(bool byAdmin)
    {
        var registered = await server.RegisterAsync();
        var member = server.As(registered);
        var old = (await MailToAsync(registered.Email())).Token;
        var (second, third) = (People.NewEmail(), People.NewEmail());
        Task<Answer> MoveAsync(string email) =>
            byAdmin ? AsAdminAsync(email) : member.PatchAsync("/api/user", new { email });
        async Task<Answer> AsAdminAsync(string email) =>
            await (await server.AdminAsync()).PatchAsync($"/api/admin/user/{member.UserId}", new { email });

        Assert.Equal(HttpStatusCode.OK, (await MoveAsync(second)).Status);

        Assert.Equal("link_invalid", (await ConfirmAsync(old)).Code);
        // It was the minute of the registration's mail: this one waits for the next.
        await server.HurryAsync();
        Assert.Equal(HttpStatusCode.OK, (await ConfirmAsync((await MailToAsync(second)).Token)).Status);
        Assert.True(await IsConfirmedAsync(member));

        await server.LetAMinutePassAsync();
        Assert.Equal(HttpStatusCode.OK, (await MoveAsync(third)).Status);
        Assert.False(await IsConfirmedAsync(member));
        Assert.Equal(HttpStatusCode.OK, (await ConfirmAsync((await MailToAsync(third)).Token)).Status);
        Assert.Single(await server.Smtp.MailsToAsync(registered.Email()));
        Assert.Single(await server.Smtp.MailsToAsync(second));
    }

    [Fact]
    public async Task However_often_the_address_changes_one_mail_a_minute_goes_out()
    {
        var registered = await server.RegisterAsync();
        var member = server.As(registered);

        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(
                HttpStatusCode.OK,
                (await member.PatchAsync("/api/user", new { email = People.NewEmail() })).Status
            );
        }

        // The one of the registration, one of the next minute, and one more where a minute ended meanwhile.
        Assert.InRange(
            await server.QueryAsync<long>($"SELECT count(*) FROM notifications WHERE user_id = '{member.UserId}'"),
            2,
            3
        );
    }

    [Fact]
    public async Task What_stays_as_it_was_sends_nothing()
    {
        var registered = await server.RegisterAsync();
        var member = server.As(registered);
        var token = (await MailToAsync(registered.Email())).Token;
        await server.LetAMinutePassAsync();

        await member.PatchAsync(
            "/api/user",
            new { email = $" {registered.Email().ToUpperInvariant()}", first_name = "Else" }
        );
        var taken = await member.PatchAsync("/api/user", new { email = (await server.RegisterAsync()).Email() });

        Assert.Equal("email_taken", taken.Code);
        // It is written down after the mail has arrived.
        await Eventually.TrueAsync(async () =>
            await server.OutboxAsync(registered.Email()) == "email_confirmation delivered"
        );
        Assert.Equal(HttpStatusCode.OK, (await ConfirmAsync(token)).Status);
    }

    [Fact]
    public async Task The_database_holds_no_token()
    {
        var token = (await MailToAsync((await server.RegisterAsync()).Email())).Token;

        Assert.Equal(
            0,
            await server.QueryAsync<long>(
                $"""
                SELECT (SELECT count(*) FROM notifications n WHERE n::text LIKE '%{token}%')
                    + (SELECT count(*) FROM email_tokens t WHERE t::text LIKE '%{token}%' OR encode(hash, 'escape') LIKE '%{token}%')
                """
            )
        );
    }
}
