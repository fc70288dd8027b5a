using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Servers;
using BookIT.Tests.E2E.Telegram;

namespace BookIT.Tests.E2E.Traces;

public sealed class TraceTests(ServerWithTraces server) : IClassFixture<ServerWithTraces>
{
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();

    private IEnumerable<Span> Trace(Span of) => server.Receiver.Spans.Where(span => span.TraceId == of.TraceId);

    private string Told =>
        string.Join(
            '\n',
            server
                .Receiver.Spans.Select(span =>
                    $"{span.Service} {span.Source} {span.Name} {string.Join(", ", span.Tags)} {span.Id} of {span.ParentId}"
                )
                .TakeLast(50)
        );

    private Span Parent(Span of) => server.Receiver.Spans.Single(span => span.Id == of.ParentId);

    [Fact]
    public async Task From_the_booking_to_the_message_it_is_one_trace()
    {
        var member = await server.MemberAsync();
        var chat = server.Telegram.Somebody();
        await server.ExecuteAsync(
            $"UPDATE users SET telegram_id = {chat.Id}, telegram_since = now() WHERE id = '{member.UserId}'"
        );

        var booked = await member.BookAsync(
            await server.SeatAsync(),
            now.AddHours(1),
            now.AddHours(2),
            idempotencyKey: "traced"
        );
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        Span? sent = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await Task.Yield();
                // Its news, and not those of another test.
                sent = server.Receiver.Spans.FirstOrDefault(span =>
                    span.Name == "telegram sendMessage"
                    && Trace(span).Any(other => other.Tags.GetValueOrDefault("news.kind") == "reservation_made")
                );
                return sent is not null && Trace(sent).Any(span => span.ParentId == "");
            },
            () => Told
        );

        Assert.Equal("BookIT.Bot", sent!.Service);
        Assert.Equal("done", sent.Tags["telegram.result"]);
        var delivery = Parent(sent);
        Assert.Equal(("deliver news", "BookIT.Bot"), (delivery.Name, delivery.Service));
        var request = Parent(delivery);
        Assert.Equal(("BookIT.Api", "Microsoft.AspNetCore", ""), (request.Service, request.Source, request.ParentId));
        Assert.Equal("POST /api/reservations/", request.Name);
        Assert.Equal("/api/reservations/", request.Tags["http.route"]);
        Assert.Equal("201", request.Tags["http.response.status_code"]);
        Assert.Contains(Trace(sent), span => span.Source == "Npgsql" && span.ParentId == request.Id);
    }

    [Fact]
    public async Task What_is_asked_of_redis_is_a_step_by_the_commands_name_alone()
    {
        var member = await server.MemberAsync();
        await member.GetAsync("/api/telegram/get_token");

        Span? command = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await Task.Yield();
                command = server.Receiver.Spans.FirstOrDefault(span =>
                    span.Source == "BookIT.Redis"
                    && server.Receiver.Spans.Any(other =>
                        other.Id == span.ParentId
                        && other.Tags.GetValueOrDefault("http.route") == "/api/telegram/get_token"
                    )
                );
                return command is not null;
            },
            () => Told
        );

        Assert.Equal(command!.Name, command.Tags["db.operation.name"]);
        Assert.Equal(["db.operation.name", "db.system.name"], command.Tags.Keys.Order());
    }

    [Fact]
    public async Task No_step_tells_a_secret_or_who_it_was_and_background_steps_and_probes_are_none()
    {
        const string email = "traced.somebody@example.com";
        var registered = await server.RegisterAsync(email: email);
        var somebody = server.As(registered);
        await somebody.GetAsync("/api/user/me?secret=in-the-query");
        await somebody.SendAsync(HttpMethod.Get, "/api/user/me", null, ("User-Agent", "somebodys-own-browser/1.0"));
        await somebody.GetAsync($"/api/avatars/{somebody.UserId}");
        await server.Anonymous().GetAsync("/health/ready");
        await server.Anonymous().GetAsync("/metrics");
        // After all of the others: when it has arrived so have they.
        const string theirs = "4bf92f3577b34da6a3ce929d0e0e4736";
        await somebody.SendAsync(
            HttpMethod.Get,
            "/api/tickets?limit=1",
            null,
            ("traceparent", $"00-{theirs}-00f067aa0ba902b7-01")
        );
        await Eventually.TrueAsync(
            async () =>
            {
                await Task.Yield();
                return server.Receiver.Spans.Any(span => span.TraceId == theirs);
            },
            () => Told
        );

        var everything = server.Receiver.Everything;
        foreach (
            var secret in new[]
            {
                Emulator.Token,
                Emulator.Token.Split(':')[1],
                email,
                BookItServer.Password,
                "in-the-query",
                "somebodys-own-browser",
                (string)registered.Body["access_token"]!,
                somebody.UserId.ToString(),
                BookItServer.JwtSecret,
                BookItServer.BotSecret,
            }
        )
        {
            Assert.DoesNotContain(secret, everything, StringComparison.OrdinalIgnoreCase);
        }

        var beginnings = server.Receiver.Spans.Where(span => span.ParentId == "").ToList();
        Assert.All(beginnings, span => Assert.True(span.Source is "Microsoft.AspNetCore" or "BookIT", Told));
        Assert.DoesNotContain(
            beginnings,
            span => span.Tags.GetValueOrDefault("http.route") is "/health/ready" or "/metrics"
        );
    }
}

/// <summary>What went wrong in the database, where what PostgreSQL says of it names people.</summary>
public sealed class TraceOfErrorTests(ServerWithDetailedErrors server) : IClassFixture<ServerWithDetailedErrors>
{
    [Fact]
    public async Task What_an_error_says_is_not_told_only_of_which_kind_it_was()
    {
        const string email = "traced.twice@example.com";
        await server.RegisterAsync(email: email);
        var refused = await server
            .Anonymous()
            .PostAsync(
                "/api/auth/register",
                new
                {
                    email,
                    password = BookItServer.Password,
                    first_name = "Ann",
                }
            );
        Assert.Equal((HttpStatusCode.BadRequest, "email_taken"), (refused.Status, refused.Code));

        Span? failed = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await Task.Yield();
                failed = server.Receiver.Spans.FirstOrDefault(span =>
                    span.Source == "Npgsql" && span.Tags.GetValueOrDefault("db.response.status_code") == "23505"
                );
                return failed is not null;
            },
            () => string.Join('\n', server.Receiver.Spans)
        );

        Assert.DoesNotContain(email, server.Receiver.Everything, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("", failed!.Complaint);
        Assert.DoesNotContain("duplicate key", server.Receiver.Everything, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("exception.", server.Receiver.Everything, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>An operator who looks for something has asked for details of errors.</summary>
public sealed class ServerWithDetailedErrors(TestServers servers) : BookItServer(servers)
{
    public OtlpReceiver Receiver { get; } = new();

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>
        {
            ["ConnectionStrings__Postgres"] = PostgresSetting + ";Include Error Detail=true",
            ["Otlp__Endpoint"] = Receiver.Address,
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        };

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Receiver.Dispose();
    }
}

/// <summary>A space with a bot whose traces are collected.</summary>
public sealed class ServerWithTraces(TestServers servers) : ServerWithBot(servers)
{
    public OtlpReceiver Receiver { get; } = new();

    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(base.Settings)
        {
            ["Otlp__Endpoint"] = Receiver.Address,
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        };

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Receiver.Dispose();
    }
}
