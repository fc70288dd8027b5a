using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Web;

/// <summary>A space as a newcomer's first one: with people, seats and what has happened there.</summary>
public class DemoServer(TestServers servers) : BookItServer(servers)
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

    /// <summary>A page's address, in which <c>{…}</c> at the end is the answer of a query.</summary>
    public async Task<string> AddressAsync(string path) =>
        path.IndexOf('{', StringComparison.Ordinal) is >= 0 and var at
            ? path[..at] + await QueryAsync<Guid>(path[(at + 1)..^1])
            : path;

    /// <summary>Where one of the <see cref="Pages"/> is, and whose it is.</summary>
    public async Task<(string Address, Look Look)> VisitAsync(string path, string who) =>
        (await AddressAsync(path), new Look { As = who is Pages.Nobody ? null : await DemoAsync(who) });
}
