namespace BookIT.Tests.E2E.Web;

/// <summary>Every page of the demo space. A new one is a line below.</summary>
public static class Pages
{
    public const string Nobody = "";
    public const string Member = "demo_email_3";
    public const string Admin = "demo_admin_0";

    private const string User = "SELECT id FROM users WHERE email = 'demo_email_3@example.com'";

    /// <summary>A page's address and whose it is; <c>{…}</c> is the answer of a query.</summary>
    public static TheoryData<string, string> All =>
        new()
        {
            { "/", Nobody },
            { "/", Member },
            { "/?view=list", Member },
            { "/sign-in", Nobody },
            { "/register", Nobody },
            { "/forgot", Nobody },
            { "/no-such-page", Nobody },
            { "/bookings", Member },
            { "/pass", Member },
            { "/profile", Member },
            { "/tickets", Member },
            { "/tickets/{SELECT id FROM tickets LIMIT 1}", Member },
            { "/admin", Admin },
            { "/admin/scan", Admin },
            { "/admin/reservations", Admin },
            { "/admin/users", Admin },
            { $"/admin/users/{{{User}}}", Admin },
            { "/admin/tickets", Admin },
            { "/admin/audit", Admin },
            { "/admin/notifications", Admin },
            { "/admin/floor", Admin },
        };
}
