using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Mail;

/// <summary>Whatever happens to the mail server and to us, what was asked for arrives, or is given up for a reason.</summary>
public sealed class DeliveryTests(ServerWithMail server) : IClassFixture<ServerWithMail>
{
    private static string NewEmail(string behaviour) => $"{behaviour}.{People.NewEmail()}";

    private Task BecomesAsync(string email, string outbox) =>
        Eventually.TrueAsync(
            async () => await server.OutboxAsync(email) == outbox,
            () => server.Api.Output,
            TimeSpan.FromSeconds(60)
        );

    private Task<int> AttemptsAsync(string email) =>
        server.QueryAsync<int>(
            $"SELECT attempts FROM notifications n JOIN users u ON u.id = n.user_id WHERE u.email = '{email}'"
        );

    [Fact]
    public async Task While_the_mail_server_is_away_mails_wait_even_through_a_crash_of_ours()
    {
        await server.Smtp.KillAsync();
        var emails = new[] { People.NewEmail(), People.NewEmail(), People.NewEmail() };
        foreach (var email in emails)
        {
            await server.RegisterAsync(email);
        }

        await Eventually.TrueAsync(async () => await AttemptsAsync(emails[0]) > 0);
        await server.RestartLaterAsync();
        await server.Smtp.StartAsync();

        foreach (var email in emails)
        {
            await BecomesAsync(email, "email_confirmation delivered");
            var mail = Assert.Single(await server.Smtp.MailsToAsync(email));
            var answer = await server.Anonymous().PostAsync("/api/auth/confirm_email", new { token = mail.Token });
            Assert.Equal(HttpStatusCode.OK, answer.Status);
        }
    }

    [Fact]
    public async Task An_address_that_does_not_exist_is_given_up_at_once()
    {
        var email = NewEmail("refused");
        await server.RegisterAsync(email);

        await BecomesAsync(email, "email_confirmation failed");

        Assert.Equal(1, await AttemptsAsync(email));
        Assert.Equal(
            "the server said 550, MailboxUnavailable",
            await server.QueryAsync<string>(
                $"SELECT error FROM notifications n JOIN users u ON u.id = n.user_id WHERE u.email = '{email}'"
            )
        );
        await Eventually.TrueAsync(() =>
            Task.FromResult(server.Api.Output.Contains("is given up after attempt 1", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_server_that_is_busy_is_asked_again_later()
    {
        var email = NewEmail("later-2");
        await server.RegisterAsync(email);

        await BecomesAsync(email, "email_confirmation delivered");

        Assert.Equal(3, await AttemptsAsync(email));
        Assert.Single(await server.Smtp.MailsToAsync(email));
    }

    [Fact]
    public async Task A_mail_that_hangs_is_tried_again_and_holds_up_no_other()
    {
        var (hanging, other) = (NewEmail("hang-1"), People.NewEmail());
        await server.RegisterAsync(hanging);
        await Eventually.TrueAsync(() =>
            Task.FromResult(server.Smtp.Events("recipient").Any(entry => (string?)entry["to"] == hanging))
        );

        await server.RegisterAsync(other);
        await server.Smtp.MailsToAsync(other);
        Assert.Equal("email_confirmation pending", await server.OutboxAsync(hanging));

        await BecomesAsync(hanging, "email_confirmation delivered");
        Assert.Equal(2, await AttemptsAsync(hanging));
        Assert.Single(await server.Smtp.MailsToAsync(hanging));
    }

    [Fact]
    public async Task What_waited_longer_than_its_link_would_last_is_given_up()
    {
        var email = NewEmail("later");
        await server.RegisterAsync(email);
        await server.ExecuteAsync(
            $"""
            UPDATE notifications n SET made_at = now() - interval '25 hours' FROM users u
            WHERE u.id = n.user_id AND u.email = '{email}'
            """
        );

        await BecomesAsync(email, "email_confirmation failed");
    }

    [Fact]
    public async Task Two_replicas_send_each_mail_once()
    {
        const int count = 60;
        var (replica, second) = await server.StartApiAsync();
        var emails = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var member = await server.MemberAsync();
            emails.Add((string)(await member.GetAsync("/api/user/me")).Body["email"]!);
        }

        await Task.WhenAll(
            emails.Select(
                (email, i) =>
                    server
                        .Anonymous(i % 2 == 0 ? server.Address : second)
                        .PostAsync("/api/auth/forgot_password", new { email })
            )
        );

        foreach (var email in emails)
        {
            await BecomesAsync(email, "password_reset delivered");
            Assert.Single(await server.Smtp.MailsToAsync(email));
        }

        await replica.StopAsync();
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_a_mail_repeats_it_at_most_once_and_every_link_is_good()
    {
        var email = NewEmail("slow");
        await server.RegisterAsync(email);
        await Eventually.TrueAsync(() =>
            Task.FromResult(server.Smtp.Events("recipient").Any(entry => (string?)entry["to"] == email))
        );

        await server.RestartLaterAsync();
        await BecomesAsync(email, "email_confirmation delivered");

        var mails = await server.Smtp.MailsToAsync(email);
        Assert.InRange(mails.Count, 1, 2);
        Assert.Single(mails.Select(mail => (string?)mail.Json["message_id"]).Distinct(StringComparer.Ordinal));
        Assert.Equal(
            HttpStatusCode.OK,
            (await server.Anonymous().PostAsync("/api/auth/confirm_email", new { token = mails[0].Token })).Status
        );
    }

    [Fact]
    public async Task Without_an_address_of_our_own_or_a_sender_the_program_does_not_start()
    {
        var environment = new Dictionary<string, string?>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ConnectionStrings__Postgres"] = server.PostgresSetting,
            ["ConnectionStrings__Redis"] = server.RedisUrl,
            ["Smtp__Host"] = "mail.example",
            ["Frontend__Url"] = "",
        };
        await using var program = await Program.StartAsync("Api", environment);

        Assert.NotEqual(0, await program.WaitForExitAsync());
        Assert.Contains("set Frontend__Url to one http or https URL", program.Output, StringComparison.Ordinal);
        Assert.Contains("Smtp:From is no e-mail address", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_used_link_withdraws_the_mails_that_still_wait()
    {
        var email = NewEmail("later");
        var registered = await server.RegisterAsync(email);
        await server.Anonymous().PostAsync("/api/auth/forgot_password", new { email });
        await server.ExecuteAsync(
            $"""
            INSERT INTO email_tokens (hash, user_id, purpose, email, expires_at)
            VALUES (sha256('a token'), '{server.As(
                registered
            ).UserId}', 'reset_password', '{email}', now() + interval '1 hour')
            """
        );

        var answer = await server
            .Anonymous()
            .PostAsync("/api/auth/reset_password", new { token = "a token", password = "battery staple" });

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("", await server.OutboxAsync(email));
    }
}
