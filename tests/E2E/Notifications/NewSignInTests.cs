using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Notifications;

/// <summary>Whoever signs in from a device that the account was not used on yet is told of.</summary>
public sealed class NewSignInTests(BookItServer server) : IClassFixture<BookItServer>
{
    private const string Phone =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1";

    private static string Firefox(int version) =>
        $"Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0";

    private async Task<string> RegisterAsync(string agent)
    {
        var email = People.NewEmail();
        var answer = await server
            .Anonymous()
            .SendAsync(HttpMethod.Post, "/api/auth/register", People.Registration(email), ("User-Agent", agent));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return email;
    }

    private async Task<Answer> LoginAsync(string email, string agent)
    {
        Answer answer = null!;
        // A busy machine turns sign-ins away for a moment.
        await Eventually.TrueAsync(async () =>
        {
            answer = await server.LoginAsync(email, headers: ("User-Agent", agent));
            return answer.Status != HttpStatusCode.ServiceUnavailable;
        });
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer;
    }

    private Task<long> ToldAsync(string email) =>
        server.QueryAsync<long>(
            $"""
            SELECT count(*) FROM notifications n JOIN users u ON u.id = n.user_id
            WHERE u.email = '{email}' AND n.kind = 'new_sign_in'
            """
        );

    [Fact]
    public async Task A_device_is_told_of_once_and_an_update_makes_no_new_one()
    {
        var email = await RegisterAsync(Firefox(140));
        await LoginAsync(email, Firefox(141));
        Assert.Equal(0, await ToldAsync(email));

        var signedIn = await LoginAsync(email, Phone);
        Assert.Equal(1, await ToldAsync(email));
        await LoginAsync(email, Phone.Replace("18", "19", StringComparison.Ordinal));
        await server.RefreshAsync(signedIn.RefreshToken());
        await LoginAsync(email, Firefox(142));
        Assert.Equal(1, await ToldAsync(email));
        Assert.Equal(
            Phone,
            await server.QueryAsync<string>(
                $"""
                SELECT payload ->> 'device' FROM notifications n JOIN users u ON u.id = n.user_id
                WHERE u.email = '{email}' AND n.kind = 'new_sign_in' AND payload ? 'address' AND payload ? 'at'
                """
            )
        );
    }

    [Fact]
    public async Task Many_sign_ins_at_once_from_one_new_device_are_told_once()
    {
        var email = await RegisterAsync(Firefox(140));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => LoginAsync(email, Phone)));
        Assert.Equal(1, await ToldAsync(email));
    }

    [Fact]
    public async Task The_first_device_of_an_old_account_is_not_told_of_and_a_wrong_password_is_no_sign_in()
    {
        var email = await RegisterAsync(Firefox(140));
        await server.ExecuteAsync("DELETE FROM sign_in_devices");
        await server.LoginAsync(email, "wrong password", ("User-Agent", Phone));
        await LoginAsync(email, Firefox(140));
        Assert.Equal(0, await ToldAsync(email));
    }

    [Fact]
    public async Task A_sign_in_does_not_fail_because_it_cannot_be_told_of()
    {
        var email = await RegisterAsync(Firefox(140));
        await server.ExecuteAsync("ALTER TABLE sign_in_devices RENAME TO elsewhere");
        try
        {
            await LoginAsync(email, Phone);
        }
        finally
        {
            await server.ExecuteAsync("ALTER TABLE elsewhere RENAME TO sign_in_devices");
        }
    }
}
