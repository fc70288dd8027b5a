using System.Diagnostics.Metrics;
using System.Net;
using BookIT.Core.Auth;
using BookIT.Core.Metrics;
using BookIT.Core.Redis;
using BookIT.Tests.E2E.Servers;
using Microsoft.Extensions.Logging.Abstractions;

namespace BookIT.Tests.E2E.Auth;

public sealed class RefreshTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task A_refresh_token_is_good_once_for_two_new_tokens()
    {
        var registered = await server.RegisterAsync();

        var first = await server.RefreshAsync(registered.RefreshToken());
        var second = await server.RefreshAsync(first.RefreshToken());

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.Status, second.Status));
        Assert.Equal(3, new[] { registered, first, second }.Select(answer => answer.RefreshToken()).Distinct().Count());
        Assert.Equal(3, new[] { registered, first, second }.Select(answer => answer.AccessToken()).Distinct().Count());
        Assert.Equal(2, second.Cookies().Count);
        Assert.True(second.Response.Headers.CacheControl!.NoStore);
        Assert.Equal(HttpStatusCode.OK, (await server.As(second).GetAsync("/api/user/me")).Status);
    }

    [Fact]
    public async Task It_is_taken_from_the_body_the_query_or_the_cookie_in_that_order()
    {
        var client = server.Anonymous();
        var body = (await server.RegisterAsync()).RefreshToken();
        var query = (await server.RegisterAsync()).RefreshToken();
        var cookie = (await server.RegisterAsync()).RefreshToken();
        Task<Answer> RefreshAsync(string path, object? content) =>
            client.SendAsync(
                HttpMethod.Post,
                $"/api/auth/refresh{path}",
                content,
                ("Cookie", $"refresh_token={cookie}")
            );

        var byBody = await RefreshAsync($"?refresh_token={query}", new { refresh_token = body });
        var byQuery = await RefreshAsync($"?refresh_token={query}", new { refresh_token = (string?)null });
        var byCookie = await RefreshAsync("?refresh_token=", content: null);

        Assert.Equal(
            3,
            new[] { byBody, byQuery, byCookie }.Select(a => (string)a.Body["user"]!["id"]!).Distinct().Count()
        );
        Assert.All(new[] { byBody, byQuery, byCookie }, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.DoesNotContain(query, server.Api.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tabs_that_refresh_at_the_same_instant_get_the_same_token_and_stay_signed_in()
    {
        var (_, address) = await server.StartApiAsync();
        var token = (await server.RegisterAsync()).RefreshToken();
        for (var round = 0; round < 20; round++)
        {
            var tabs = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(i => RefreshPatientlyAsync(token, i % 2 == 0 ? null : address))
            );

            Assert.All(tabs, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
            token = Assert.Single(tabs.Select(answer => answer.RefreshToken()).Distinct());
        }

        var late = await server.RefreshAsync(token);
        Assert.Equal(HttpStatusCode.OK, late.Status);
    }

    [Fact]
    public async Task A_spent_token_ends_the_sign_in_for_the_thief_and_the_owner()
    {
        var registered = await server.RegisterAsync();
        var other = await server.LoginAsync(registered.Email());
        var second = await server.RefreshAsync(registered.RefreshToken());
        var third = await server.RefreshAsync(second.RefreshToken());

        var thief = await server.RefreshAsync(registered.RefreshToken());

        Assert.Equal((HttpStatusCode.Unauthorized, "refresh_token_invalid"), (thief.Status, thief.Code));
        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(third.RefreshToken())).Code);
        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(second.RefreshToken())).Code);
        Assert.Equal(HttpStatusCode.OK, (await server.RefreshAsync(other.RefreshToken())).Status);
    }

    [Fact]
    public async Task The_last_spent_token_is_forgiven_for_a_moment_only()
    {
        var registered = await server.RegisterAsync();
        var second = await server.RefreshAsync(registered.RefreshToken());
        Assert.Equal(second.RefreshToken(), (await server.RefreshAsync(registered.RefreshToken())).RefreshToken());

        // As if eleven seconds had passed.
        var session = await OnlySessionAsync(registered);
        var used = await RedisAsync("HGET", $"session:{session}", "last_used_at");
        var earlier = long.Parse(used) - 11_000;
        await RedisAsync("HSET", $"session:{session}", "last_used_at", $"{earlier}");

        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(registered.RefreshToken())).Code);
        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(second.RefreshToken())).Code);
    }

    [Fact]
    public async Task A_sign_in_that_is_ended_while_it_is_refreshed_stays_ended()
    {
        // Past the Api, where hundreds of rounds find the moment between a refresh's look and its writing.
        await using var redis = ConnectionMultiplexer.Connect(
            server.RedisUrl,
            NullLogger.Instance,
            // On a busy machine one of thousands of answers takes its time.
            timeout: TimeSpan.FromSeconds(30)
        );
        await Eventually.TrueAsync(() => Task.FromResult(redis.IsConnected));
        using var meter = new Meter("Test");
        var sessions = new Sessions(
            redis,
            new JwtOptions { Secret = BookItServer.JwtSecret },
            new BookItMetrics(meter, TimeProvider.System),
            TimeProvider.System
        );
        var client = new Client("Test", IPAddress.Loopback);
        var (user, now) = (Guid.CreateVersion7(), TimeProvider.System.GetUtcNow());
        for (var round = 0; round < 300; round++)
        {
            var (id, token) = await sessions.StartAsync(user, client, now);

            var refreshing = Enumerable.Range(0, 4).Select(_ => sessions.RotateAsync(token, client, now)).ToList();
            await sessions.EndAsync(user, id);
            await Task.WhenAll(refreshing);

            Assert.Empty(await sessions.ListAsync(user));
        }
    }

    [Fact]
    public async Task What_was_never_a_token_ends_nothing()
    {
        var registered = await server.RegisterAsync();
        var token = registered.RefreshToken();
        await server.RefreshAsync(token);
        token = (await server.RefreshAsync(token)).RefreshToken();
        // The id of the sign-in and an older number, which its owner can see, but not the secret.
        var guess = Convert.FromBase64String(token.Replace('-', '+').Replace('_', '/').PadRight(72, '='));
        guess[19] = 0;
        var forged = Convert.ToBase64String(guess).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        guess[16] = 0x7F;
        var fromTheFuture = Convert.ToBase64String(guess).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        guess[16] = 0xFF;
        var negative = Convert.ToBase64String(guess).TrimEnd('=').Replace('+', '-').Replace('/', '_');

        foreach (
            var garbage in new[]
            {
                "",
                "garbage",
                forged,
                fromTheFuture,
                negative,
                token[..^1],
                token + "A",
                token + token,
                registered.AccessToken(),
                new string('A', token.Length),
                new string('A', 50_000),
                "'; DROP TABLE users; --",
            }
        )
        {
            var answer = await server.RefreshAsync(garbage);
            Assert.Equal((HttpStatusCode.Unauthorized, "refresh_token_invalid"), (answer.Status, answer.Code));
            Assert.Empty(answer.Cookies());
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Anonymous().PostAsync("/api/auth/refresh")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.RefreshAsync(token)).Status);
    }

    [Fact]
    public async Task Redis_holds_no_token()
    {
        var registered = await server.RegisterAsync();
        var second = await server.RefreshAsync(registered.RefreshToken());

        var session = await OnlySessionAsync(second);
        var stored = await RedisAsync("HGETALL", $"session:{session}");

        Assert.DoesNotContain(registered.RefreshToken(), stored, StringComparison.Ordinal);
        Assert.DoesNotContain(second.RefreshToken(), stored, StringComparison.Ordinal);
        var life = long.Parse(await RedisAsync("TTL", $"session:{session}"));
        Assert.InRange(life, 30 * 86_400 - 60, 30 * 86_400);
        var listLife = long.Parse(await RedisAsync("TTL", $"sessions:{(string)second.Body["user"]!["id"]!}"));
        Assert.InRange(listLife, 30 * 86_400 - 60, 30 * 86_400);
    }

    [Fact]
    public async Task The_role_is_that_of_the_account_now()
    {
        var registered = await server.RegisterAsync();
        await server.ExecuteAsync($"UPDATE users SET role = 'admin' WHERE email = '{registered.Email()}'");

        var refreshed = await server.RefreshAsync(registered.RefreshToken());

        Assert.Equal("admin", (string?)refreshed.Body["user"]!["role"]);
    }

    [Fact]
    public async Task A_deleted_account_is_not_refreshed()
    {
        var registered = await server.RegisterAsync();
        await server.ExecuteAsync($"DELETE FROM users WHERE email = '{registered.Email()}'");

        Assert.Equal("refresh_token_invalid", (await server.RefreshAsync(registered.RefreshToken())).Code);
    }

    [Fact]
    public async Task While_postgres_is_away_no_token_is_spent()
    {
        var registered = await server.RegisterAsync();
        Answer away;
        await using (await server.TakePostgresAwayAsync())
        {
            away = await server.RefreshAsync(registered.RefreshToken());
        }

        var session = await OnlySessionAsync(registered);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.Status);
        Assert.Equal("0", await RedisAsync("HGET", $"session:{session}", "generation"));
        Assert.Equal(HttpStatusCode.OK, (await server.RefreshAsync(registered.RefreshToken())).Status);
    }

    /// <summary>As a client does: on a busy machine Redis may not answer in time.</summary>
    private async Task<Answer> RefreshPatientlyAsync(string token, Uri? address)
    {
        var answer = await server.RefreshAsync(token, address);
        return answer.Status == HttpStatusCode.ServiceUnavailable ? await server.RefreshAsync(token, address) : answer;
    }

    private Task<string> OnlySessionAsync(Answer tokens) =>
        RedisAsync("ZRANGE", $"sessions:{(string)tokens.Body["user"]!["id"]!}", "0", "-1");

    /// <summary>What Redis holds, by its own client.</summary>
    private async Task<string> RedisAsync(params string[] command) =>
        (await Tool.RunAsync("redis-cli", ["-u", server.RedisUrl, .. command])).Trim();
}
