using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Auth;

/// <summary>A space that counts attempts, behind a proxy that tells where they come from.</summary>
public sealed class CountingServer(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?>
        {
            ["RateLimits__Enabled"] = "true",
            ["RateLimits__FailuresPerAccount"] = "15",
            ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true",
        };
}

public sealed class AttemptTests(CountingServer server) : IClassFixture<CountingServer>
{
    private static int lastAddress;

    private static string NewAddress() => $"192.0.2.{Interlocked.Increment(ref lastAddress)}";

    private Task<Answer> TryAsync(string email, string address, string password = "wrong password") =>
        server.LoginAsync(email, password, ("X-Forwarded-For", address));

    private async Task<string> NewEmailAsync() => (await server.RegisterAsync()).Email();

    [Fact]
    public async Task After_ten_failures_even_the_right_password_waits()
    {
        var (email, address) = (await NewEmailAsync(), NewAddress());
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(
                "wrong_credentials",
                (await TryAsync(i % 2 == 0 ? email : $" {email.ToUpperInvariant()}", address)).Code
            );
        }

        var wrong = await TryAsync(email, address);
        var right = await TryAsync(email, address, BookItServer.Password);

        Assert.All(
            new[] { wrong, right },
            answer =>
            {
                Assert.Equal(((HttpStatusCode)429, "too_many_attempts"), (answer.Status, answer.Code));
                Assert.InRange(
                    answer.Response.Headers.RetryAfter!.Delta!.Value,
                    TimeSpan.FromMinutes(14),
                    TimeSpan.FromMinutes(15)
                );
            }
        );
    }

    [Fact]
    public async Task It_is_the_same_for_an_account_that_does_not_exist()
    {
        var (email, address) = (People.NewEmail(), NewAddress());
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("wrong_credentials", (await TryAsync(email, address)).Code);
        }

        Assert.Equal("too_many_attempts", (await TryAsync(email, address)).Code);
    }

    [Fact]
    public async Task A_hundred_at_once_are_not_all_tried()
    {
        var (email, address) = (await NewEmailAsync(), NewAddress());

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => TryAsync(email, address)));

        // Fewer are tried where the machine is too busy to hash ten passwords in time; never more.
        Assert.InRange(answers.Count(answer => answer.Code == "wrong_credentials"), 1, 10);
        Assert.All(
            answers,
            answer =>
                Assert.True(
                    answer.Code is "wrong_credentials" or "too_many_attempts" or "sign_in_busy",
                    answer.ToString()
                )
        );
    }

    [Fact]
    public async Task Success_forgets_the_failures()
    {
        var (email, address) = (await NewEmailAsync(), NewAddress());
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 9; i++)
            {
                Assert.Equal("wrong_credentials", (await TryAsync(email, address)).Code);
            }

            Assert.Equal(HttpStatusCode.OK, (await TryAsync(email, address, BookItServer.Password)).Status);
        }
    }

    [Fact]
    public async Task A_stranger_locks_the_member_out_neither_from_one_address_nor_from_many()
    {
        var email = await NewEmailAsync();
        var (home, stranger) = (NewAddress(), NewAddress());
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(email, home, BookItServer.Password)).Status);
        for (var i = 0; i < 11; i++)
        {
            await TryAsync(email, stranger);
        }

        Assert.Equal("too_many_attempts", (await TryAsync(email, stranger)).Code);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(email, home, BookItServer.Password)).Status);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(email, NewAddress(), BookItServer.Password)).Status);

        for (var i = 0; i < 20; i++)
        {
            await TryAsync(email, NewAddress());
        }

        Assert.Equal("too_many_attempts", (await TryAsync(email, NewAddress(), BookItServer.Password)).Code);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(email, home, BookItServer.Password)).Status);
    }

    [Fact]
    public async Task One_address_may_fail_fifty_times_at_whatever_accounts()
    {
        var address = NewAddress();
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal("wrong_credentials", (await TryAsync(People.NewEmail(), address)).Code);
        }

        Assert.Equal("too_many_attempts", (await TryAsync(People.NewEmail(), address)).Code);
        Assert.Equal("wrong_credentials", (await TryAsync(People.NewEmail(), NewAddress())).Code);
    }

    [Fact]
    public async Task Sixty_who_sign_in_rightly_from_one_office_all_come_in()
    {
        var (email, office) = (await NewEmailAsync(), NewAddress());
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await TryAsync(email, office, BookItServer.Password)).Status);
        }
    }

    [Fact]
    public async Task The_addresses_of_one_IPv6_network_are_one()
    {
        var email = await NewEmailAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("wrong_credentials", (await TryAsync(email, $"2001:db8:0:1::{i}")).Code);
        }

        Assert.Equal("too_many_attempts", (await TryAsync(email, "2001:db8:0:1:ffff::1")).Code);
        Assert.Equal("wrong_credentials", (await TryAsync(email, "2001:db8:0:2::1")).Code);
    }

    [Fact]
    public async Task Guessing_the_admin_key_ends_after_fifty()
    {
        var address = NewAddress();
        Task<Answer> GuessAsync(string key) =>
            server
                .Anonymous()
                .SendAsync(
                    HttpMethod.Post,
                    "/api/auth/register",
                    People.Registration(People.NewEmail(), key),
                    ("X-Forwarded-For", address)
                );

        var guesses = await Task.WhenAll(Enumerable.Range(0, 80).Select(i => GuessAsync($"guess {i}")));

        Assert.Equal(50, guesses.Count(answer => answer.Code == "wrong_admin_key"));
        Assert.Equal(30, guesses.Count(answer => answer.Code == "too_many_attempts"));
        Assert.Equal("too_many_attempts", (await GuessAsync(BookItServer.AdminKey)).Code);
    }

    [Fact]
    public async Task The_current_password_is_not_to_be_guessed_either()
    {
        var member = server.As(await server.RegisterAsync());
        var change = new { password = "another password", current_password = "wrong password" };
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("wrong_password", (await member.PatchAsync("/api/user", change)).Code);
        }

        var answer = await member.PatchAsync("/api/user", change);

        Assert.Equal(((HttpStatusCode)429, "too_many_attempts"), (answer.Status, answer.Code));
        Assert.NotNull(answer.Response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Redis_does_not_tell_who_was_tried()
    {
        var email = await NewEmailAsync();
        await TryAsync(email, NewAddress());
        await TryAsync(email, NewAddress(), BookItServer.Password);

        var keys = await Tool.RunAsync("redis-cli", "-u", server.RedisUrl, "KEYS", "*");

        Assert.Contains("failures:", keys, StringComparison.Ordinal);
        Assert.DoesNotContain("@", keys, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2", keys, StringComparison.Ordinal);
    }
}
