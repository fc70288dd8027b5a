using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Web;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Yandex;

/// <summary>A person at Yandex, and what goes wrong there: see <c>tests/E2E/node/yandex.mjs</c>.</summary>
public sealed record Person(string Id, string? DefaultEmail, string? FirstName = "Анна")
{
    private static int last;

    public bool Denies { get; init; }

    public string? Breaks { get; init; }

    public object? By { get; init; }

    /// <summary>Somebody who has never been here.</summary>
    public static Person New()
    {
        var number = Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture);
        return new Person($"10000{number}", $"yandex.{number}@example.com");
    }
}

/// <summary>A browser with cookies, whose user looks at every redirect before following it.</summary>
public sealed class Browser : IDisposable
{
    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly HttpClientHandler handler = new() { AllowAutoRedirect = false };

    public Browser(Uri address) => Api = new ApiClient(new HttpClient(handler) { BaseAddress = address });

    public ApiClient Api { get; }

    /// <summary>The whole way; the answer sends the browser to the page.</summary>
    public async Task<Answer> SignInAsync(Person person, string? returnTo = null)
    {
        var callback = await AgreeAsync(await StartAsync(returnTo), person);
        return await Api.GetAsync(callback.PathAndQuery);
    }

    /// <summary>Presses the button.</summary>
    /// <returns>Yandex's page.</returns>
    public async Task<Uri> StartAsync(string? returnTo = null)
    {
        var query = returnTo is null ? "" : $"?return_to={Uri.EscapeDataString(returnTo)}";
        var answer = await Api.GetAsync($"/api/yandex/login{query}");
        Assert.True(answer.Status == HttpStatusCode.Found, answer.ToString());
        return answer.Response.Headers.Location!;
    }

    /// <summary>Signs in at Yandex's page as this person.</summary>
    /// <returns>Where Yandex sends the browser.</returns>
    public async Task<Uri> AgreeAsync(Uri page, Person person)
    {
        var json = JsonSerializer.Serialize(person, SnakeCase);
        var answer = await Api.GetAsync($"{page}&person={Uri.EscapeDataString(json)}");
        Assert.True(answer.Status == HttpStatusCode.Found, answer.ToString());
        return answer.Response.Headers.Location!;
    }

    public Task<Answer> LinkAsync(string password = BookItServer.Password) =>
        Api.PostAsync("/api/yandex/link", new { password });

    public void Dispose()
    {
        Api.Http.Dispose();
        handler.Dispose();
    }
}

internal static class Redirects
{
    /// <summary>Where the browser is sent, without the query.</summary>
    public static string Page(this Answer answer) => answer.Location().Split('?')[0];

    /// <summary>What went wrong; null where nothing did.</summary>
    public static string? Error(this Answer answer) =>
        HttpUtility.ParseQueryString(answer.Location().Split('?')[^1])["error"];

    public static string Location(this Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.Found, answer.ToString());
        return answer.Response.Headers.GetValues("Location").Single();
    }
}
