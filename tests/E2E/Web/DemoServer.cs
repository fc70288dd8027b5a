using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Web;

/// <summary>A space as a newcomer's first one: with people, seats and what has happened there.</summary>
public sealed class DemoServer(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Demo__Enabled"] = "true" };

    /// <summary>One of its people, such as <c>demo_email_3</c> or <c>demo_admin_0</c>, signed in anew.</summary>
    public async Task<ApiClient> DemoAsync(string name) =>
        await SignedInAsync(
            await QueryAsync<Guid>($"SELECT id FROM users WHERE email = '{name}@example.com'"),
            await QueryAsync<string>($"SELECT role FROM users WHERE email = '{name}@example.com'")
        );
}
