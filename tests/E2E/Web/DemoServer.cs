using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Web;

/// <summary>A space as a newcomer's first one: with people, seats and what has happened there.</summary>
public sealed class DemoServer(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Demo__Enabled"] = "true" };

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var ticket = await (await DemoAsync("demo_email_3")).PostAsync(
            "/api/ticket",
            new { theme = "wish", message = "A lamp at the desk, please: <b>it is dark</b>." }
        );
        Assert.Equal(HttpStatusCode.OK, ticket.Status);
    }

    /// <summary>One of its people, such as <c>demo_email_3</c> or <c>demo_admin_0</c>, signed in anew.</summary>
    public async Task<ApiClient> DemoAsync(string name) =>
        await SignedInAsync(
            await QueryAsync<Guid>($"SELECT id FROM users WHERE email = '{name}@example.com'"),
            await QueryAsync<string>($"SELECT role FROM users WHERE email = '{name}@example.com'")
        );
}
