using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Mail;

public sealed class WithoutMailTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task Nothing_is_confirmed_or_reset_and_registration_is_as_ever()
    {
        var registered = await server.RegisterAsync();
        var member = server.As(registered);
        await member.PatchAsync("/api/user", new { email = People.NewEmail() });

        Answer[] answers =
        [
            await member.GetAsync("/api/auth/confirm_email"),
            await member.PostAsync("/api/auth/confirm_email", new { token = "token" }),
            await member.PostAsync("/api/auth/forgot_password", new { email = registered.Email() }),
            await member.GetAsync("/api/auth/reset_password"),
            await member.PostAsync("/api/auth/reset_password", new { token = "token", password = "password" }),
            await member.PostAsync("/api/user/confirm_email"),
        ];

        Assert.All(
            answers,
            answer =>
            {
                Assert.Equal((HttpStatusCode.NotFound, "mail_off"), (answer.Status, answer.Code));
                Assert.StartsWith("Почта здесь не настроена", (string?)answer.Body["detail"], StringComparison.Ordinal);
            }
        );
        Assert.False((bool)registered.Body["user"]!["email_confirmed"]!);
        Assert.Equal(0, await server.QueryAsync<long>("SELECT count(*) FROM notifications"));
    }
}
