using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Mail;

/// <summary>The pages that make the links useful before a frontend takes them over, run by a browser's stand-in.</summary>
public sealed class LinkPageTests(ServerWithMail server) : IClassFixture<ServerWithMail>
{
    private async Task<JsonNode> OpenAsync(string page, string language, params string[] password)
    {
        var script = Path.Combine(Program.RepositoryRoot(), "tests", "E2E", "node", "linkpage.mjs");
        var url = new Uri(server.Address, page).ToString();
        return JsonNode.Parse(await Tool.RunAsync("node", [script, url, language, .. password]))!;
    }

    private static void IsSafe(JsonNode page)
    {
        Assert.Equal(2, (int)page["scripts"]!);
        Assert.True((bool)page["permitted"]!, (string?)page["policy"]);
        var policy = (string)page["policy"]!;
        Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        // What it sends goes to where it came from, without the token in the address.
        Assert.All(
            page["requests"]!.AsArray(),
            request => Assert.Matches("^http://127.0.0.1:[0-9]+/api/auth/[a-z_]+$", (string?)request)
        );
    }

    [Fact]
    public async Task Its_button_confirms_the_address_once()
    {
        var email = (await server.RegisterAsync()).Email();
        var token = (await server.Smtp.MailsToAsync(email))[0].Token;

        var first = await OpenAsync($"/api/auth/confirm_email#{token}", "en");
        var second = await OpenAsync($"/api/auth/confirm_email#{token}", "ru-RU,ru;q=0.9");

        IsSafe(first);
        Assert.Equal(("en", "Confirm"), ((string)first["language"]!, (string)first["button"]!));
        Assert.True((bool)first["before"]!["formShown"]!);
        Assert.False((bool)first["has_password"]!);
        Assert.Equal("The e-mail address is confirmed.", (string?)first["status"]);
        Assert.False((bool)first["form_shown"]!);
        Assert.Equal(("ru", "Подтвердить"), ((string)second["language"]!, (string)second["button"]!));
        Assert.StartsWith("Ссылка не подходит", (string?)second["status"], StringComparison.Ordinal);
        Assert.Equal(
            1,
            await server.QueryAsync<long>(
                $"SELECT count(*) FROM users WHERE email = '{email}' AND email_confirmed_at IS NOT NULL"
            )
        );
    }

    [Fact]
    public async Task A_new_password_can_be_typed_in_until_it_will_do()
    {
        var email = (await server.RegisterAsync()).Email();
        await server.Anonymous().PostAsync("/api/auth/forgot_password", new { email });
        var token = await server.Smtp.ResetTokenAsync(email);

        // Only a browser that checks fields would hold this back.
        var refused = await OpenAsync($"/api/auth/reset_password#{token}", "en", "        ");
        var done = await OpenAsync($"/api/auth/reset_password#{token}", "en", "battery staple");

        IsSafe(refused);
        IsSafe(done);
        Assert.Equal("This field is required.", (string?)refused["status"]);
        Assert.True((bool)refused["form_shown"]!);
        Assert.Equal("The password is changed. Sign in with the new one.", (string?)done["status"]);
        Assert.Equal(200, (int)(await server.LoginAsync(email, "battery staple")).Status);
    }

    [Fact]
    public async Task Opening_it_uses_nothing_up_and_without_a_token_it_says_so()
    {
        var page = await OpenAsync("/api/auth/confirm_email", "en");

        Assert.False((bool)page["before"]!["formShown"]!);
        Assert.StartsWith("This link does not work", (string?)page["status"], StringComparison.Ordinal);
        Assert.Empty(page["requests"]!.AsArray());
    }
}
