extern alias Bot;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using BookIT.Core.Auth;
using BookIT.Core.Metrics;
using BookIT.Core.Telegram;
using Bot::BookIT.Bot.Telegram;
using Microsoft.Extensions.Logging;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>What the client does when Telegram, or what stands between, misbehaves.</summary>
public sealed class ClientTests : IAsyncLifetime
{
    private const string Token = "424242:AAsecretTokenThatNobodyMaySee-0123456789";
    private const string Private = "what a person wrote";
    private const string Sent = """{"ok":true,"result":{"message_id":7,"date":1,"chat":{"id":5,"type":"private"}}}""";
    private const string Me = """{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"B","username":"b_bot"}}""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly NastyServer server = new();
    private readonly HurriedTime time = new();
    private readonly Lines log = new();
    private readonly Meter meter = new(nameof(ClientTests));
    private readonly ConcurrentBag<string> counted = [];
    private readonly MeterListener listener = new();

    public ValueTask InitializeAsync()
    {
        listener.InstrumentPublished = (instrument, found) =>
        {
            if (instrument.Meter == meter && instrument.Name == "telegram_calls_total")
            {
                found.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>(
            (_, _, tags, _) => counted.Add(string.Join(' ', tags.ToArray().Select(tag => (string?)tag.Value)))
        );
        listener.Start();
        return ValueTask.CompletedTask;
    }

    /// <summary>Whatever happened: the token is nowhere, and neither is what a person wrote.</summary>
    public ValueTask DisposeAsync()
    {
        listener.Dispose();
        meter.Dispose();
        server.Dispose();
        Assert.DoesNotContain(log.All, line => line.Contains("secretToken", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(log.All, line => line.Contains("person", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(log.All, line => line.Contains("Exception", StringComparison.Ordinal));
        return ValueTask.CompletedTask;
    }

    private TelegramBotClient Client(string? url = null, bool withLimits = false) =>
        new(
            new TelegramOptions { Token = Token, ApiUrl = url ?? server.Url },
            new RateLimitOptions { Enabled = withLimits },
            new BookItMetrics(meter, time),
            time,
            log,
            Patience
        );

    private static Task<CallResult<Message>> SendAsync(TelegramBotClient client) => client.SendMessage(5, Private);

    /// <summary>Where nothing is answered, patience ends once the request has arrived, whenever that is.</summary>
    private async Task EndPatienceAsync(Behaviour behaviour)
    {
        if (behaviour is Behaviour.Hangs)
        {
            await Servers.Eventually.TrueAsync(() => Task.FromResult(server.Requests.Count == 1));
            Assert.Equal(Patience, time.Patience.Length);
            time.Patience.End();
        }
    }

    private static string Error(int code, string description, string more = "") =>
        $$"""{"ok":false,"error_code":{{code}},"description":"{{description}}"{{more}}}""";

    [Fact]
    public async Task A_message_goes_off_as_the_bot_api_asks_for_it()
    {
        server.Answers(200, Sent);
        using var client = Client();

        var result = await client.SendMessage(
            5,
            "<b>Hi</b>",
            new InlineKeyboardMarkup([
                [new InlineKeyboardButton("Yes", CallbackData: "yes")],
            ])
        );

        Assert.Equal((CallState.Done, 7), (result.State, result.Value!.MessageId));
        var request = Assert.Single(server.Requests);
        Assert.StartsWith($"POST /bot{Token}/sendMessage HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json", request, StringComparison.Ordinal);
        Assert.Equal(
            JsonNode.Parse(
                """
                {
                    "chat_id": 5, "text": "<b>Hi</b>", "parse_mode": "HTML", "link_preview_options": {"is_disabled": true},
                    "reply_markup": {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
                }
                """
            ),
            JsonNode.Parse(request.Split("\r\n\r\n")[1]),
            JsonNode.DeepEquals
        );
        Assert.Equal("sendMessage done", Assert.Single(counted));

        await client.SendMessage(5, "?", new ForceReply());
        var asked = JsonNode.Parse(server.Requests.Last().Split("\r\n\r\n")[1])!["reply_markup"]!;
        Assert.True((bool)asked["force_reply"]!);
    }

    [Fact]
    public async Task A_picture_goes_off_as_a_form()
    {
        server.Answers(200, Sent);
        using var client = Client();

        var result = await client.SendPhoto(
            5,
            Encoding.ASCII.GetBytes("the picture"),
            "pass.png",
            "A <b>pass</b>",
            new InlineKeyboardMarkup([
                [new InlineKeyboardButton("Open", CallbackData: "open")],
            ])
        );

        Assert.True(result.IsDone);
        var request = Assert.Single(server.Requests);
        Assert.Contains("/sendPhoto HTTP/1.1", request, StringComparison.Ordinal);
        Assert.Contains("Content-Type: multipart/form-data; boundary=", request, StringComparison.Ordinal);
        Assert.Contains("name=\"photo\"; filename=\"pass.png\"", request, StringComparison.Ordinal);
        foreach (
            var (name, value) in new[]
            {
                ("chat_id", "5"),
                ("caption", "A <b>pass</b>"),
                ("parse_mode", "HTML"),
                ("reply_markup", """{"inline_keyboard":[[{"text":"Open","callback_data":"open"}]]}"""),
            }
        )
        {
            Assert.Contains($"name=\"{name}\"\r\n\r\n{value}\r\n", request, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Patience_that_telegram_asks_for_it_gets()
    {
        server.Answers(429, Error(429, "Too Many Requests: retry after 7", ""","parameters":{"retry_after":7}"""));
        server.Answers(200, Sent);
        using var client = Client();

        Assert.True((await SendAsync(client)).IsDone);

        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(time.Waits));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Patience_without_end_is_left_to_the_caller()
    {
        server.Answers(429, Error(429, "Too Many Requests", ""","parameters":{"retry_after":3600}"""));
        using var client = Client();

        var result = await SendAsync(client);

        Assert.Equal((CallState.Unreachable, TimeSpan.FromHours(1)), (result.State, result.RetryAfter));
        Assert.Single(server.Requests);
        Assert.Empty(time.Waits);
    }

    [Fact]
    public async Task What_telegram_could_not_do_is_tried_again_more_and_more_slowly()
    {
        server.Answers(500, Error(500, "Internal Server Error"));
        server.Answers(502, "<html>Bad Gateway</html>");
        server.Answers(503, "");
        server.Answers(200, Sent);
        using var client = Client();

        Assert.True((await SendAsync(client)).IsDone);

        Assert.Equal(3, time.Waits.Count);
        Assert.All(
            time.Waits.Zip([0.5, 1, 2]),
            wait => Assert.InRange(wait.First.TotalSeconds, wait.Second, wait.Second * 1.5)
        );
    }

    [Fact]
    public async Task What_telegram_never_can_do_is_given_up()
    {
        server.Answers(500, Error(500, "Internal Server Error"));
        using var client = Client();

        var result = await SendAsync(client);

        Assert.Equal((CallState.Unreachable, 500), (result.State, result.ErrorCode));
        Assert.Equal(5, server.Requests.Count);
        Assert.Contains("sendMessage failed (Unreachable): Internal Server Error", Assert.Single(log.All));
        Assert.Equal("sendMessage unreachable", Assert.Single(counted));
    }

    [Theory]
    [InlineData(403, "Forbidden: bot was blocked by the user")]
    [InlineData(403, "Forbidden: user is deactivated")]
    [InlineData(403, "Forbidden: bot can't initiate conversation with a user")]
    [InlineData(400, "Bad Request: chat not found")]
    public async Task Who_cannot_be_written_to_is_told_to_the_caller(int code, string description)
    {
        server.Answers(code, Error(code, description));
        using var client = Client();

        Assert.Equal(CallState.Blocked, (await SendAsync(client)).State);
        Assert.Single(server.Requests);
        Assert.Empty(log.All);
    }

    [Fact]
    public async Task What_telegram_refuses_is_logged_without_what_was_written_and_given_up()
    {
        server.Answers(400, Error(400, $"Bad Request: can't parse entities: Unsupported start tag \\\"{Private}\\\""));
        using var client = Client();

        var result = await SendAsync(client);

        Assert.Equal((CallState.Refused, 400), (result.State, result.ErrorCode));
        Assert.Single(server.Requests);
        Assert.Equal(
            "Telegram refused sendMessage with 400: Bad Request: can't parse entities: Unsupported start tag …",
            Assert.Single(log.All)
        );
    }

    [Fact]
    public async Task An_edit_that_changes_nothing_is_done_and_has_changed_nothing()
    {
        server.Answers(
            400,
            Error(400, "Bad Request: message is not modified: specified new message content is the same")
        );
        using var client = Client();

        var result = await client.EditMessageText(5, 7, "same");

        Assert.Equal((CallState.Done, false), (result.State, result.Value));
        Assert.Empty(log.All);
    }

    [Fact]
    public async Task An_answer_that_repeats_the_token_tells_nobody()
    {
        server.Answers(404, Error(404, $"Not Found: /bot{Token}/sendMessage"));
        using var client = Client();

        var result = await SendAsync(client);

        Assert.DoesNotContain(Token, result.Description, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, result.ToString(), StringComparison.Ordinal);
        Assert.Contains("404", Assert.Single(log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        using var elsewhere = new NastyServer();
        server.Answers(302, "", $"Location: {elsewhere.Url}/bot{Token}/sendMessage\r\n");
        using var client = Client();

        Assert.Equal((CallState.Refused, 302), ((await SendAsync(client)) is var r ? (r.State, r.ErrorCode) : default));
        Assert.Empty(elsewhere.Requests);
    }

    [Theory]
    [InlineData("""{"ok":true,"result":{"message_id":"what""")]
    [InlineData("<html>Welcome to our hotel's wireless network</html>")]
    [InlineData("""{"ok":true}""")]
    [InlineData("")]
    [InlineData("null")]
    public async Task A_message_with_an_answer_that_cannot_be_read_may_have_arrived_and_is_not_repeated(string body)
    {
        server.Answers(200, body);
        using var client = Client();

        Assert.Equal(CallState.Unsure, (await SendAsync(client)).State);
        Assert.Single(server.Requests);
        Assert.Equal("sendMessage unsure", Assert.Single(counted));
    }

    [Theory]
    [InlineData(Behaviour.AnswersHalf)]
    [InlineData(Behaviour.CutsTheConnection)]
    [InlineData(Behaviour.Hangs)]
    public async Task A_message_without_a_whole_answer_may_have_arrived_and_is_not_repeated(Behaviour behaviour)
    {
        server.Behaves(behaviour);
        using var client = Client();

        var sending = SendAsync(client);
        await EndPatienceAsync(behaviour);

        Assert.Equal(CallState.Unsure, (await sending).State);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(Behaviour.AnswersHalf)]
    [InlineData(Behaviour.CutsTheConnection)]
    [InlineData(Behaviour.Hangs)]
    public async Task What_may_be_done_twice_is_asked_for_again(Behaviour behaviour)
    {
        server.Behaves(behaviour);
        server.Answers(200, Me);
        using var client = Client();

        var asking = client.GetMe(default);
        await EndPatienceAsync(behaviour);

        Assert.Equal("b_bot", (await asking).Value!.Username);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_message_that_never_went_off_is_tried_again()
    {
        server.Dispose();
        using var client = Client();

        Assert.Equal(CallState.Unreachable, (await SendAsync(client)).State);
        Assert.Equal(4, time.Waits.Count);
        Assert.Contains("the connection failed", Assert.Single(log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conflict_is_the_callers_business()
    {
        server.Answers(409, Error(409, "Conflict: terminated by other getUpdates request"));
        using var client = Client();

        var result = await client.GetUpdates(null, 100, TimeSpan.Zero, default);

        Assert.Equal((CallState.Refused, 409), (result.State, result.ErrorCode));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task An_update_that_cannot_be_read_does_not_keep_the_others()
    {
        server.Answers(
            200,
            """
            {"ok":true,"result":[{"update_id":1,"message":{"text":["what a person wrote"]}},{"update_id":2},
            {"update_id":3,"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"text":"hi","new":{}}}]}
            """
        );
        using var client = Client();

        var updates = (await client.GetUpdates(null, 100, TimeSpan.Zero, default)).Value!;

        Assert.Equal([1, 2, 3], updates.Select(update => update.UpdateId));
        Assert.Null(updates[0].Message);
        Assert.Equal("hi", updates[2].Message!.Text);
        Assert.Contains("Update 1 cannot be read", Assert.Single(log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_calls_can_end_the_wait()
    {
        server.Behaves(Behaviour.Hangs);
        using var client = Client();
        using var enough = new CancellationTokenSource();

        var call = client.GetMe(enough.Token);
        await Servers.Eventually.TrueAsync(() => Task.FromResult(server.Requests.Count == 1));
        await enough.CancelAsync();

        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.DoesNotContain("secretToken", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_limits_are_kept_and_what_telegram_asks_for_holds_the_chat()
    {
        server.Answers(200, Sent);
        server.Answers(429, Error(429, "Too Many Requests", ""","parameters":{"retry_after":9}"""));
        server.Answers(200, Sent);
        using var client = Client(withLimits: true);

        await SendAsync(client);
        await SendAsync(client);

        // To the first place, a second for the chat, what Telegram asked for; then it is the chat's turn again, or nearly.
        Assert.Contains(time.Waits, wait => wait > TimeSpan.FromSeconds(0.5) && wait < TimeSpan.FromSeconds(1.1));
        Assert.Contains(TimeSpan.FromSeconds(9), time.Waits);
    }

    public enum Behaviour
    {
        Answers,
        AnswersHalf,
        CutsTheConnection,
        Hangs,
    }

    /// <summary>Plays Telegram byte by byte: the answers in turn, the last of them for ever.</summary>
    private sealed class NastyServer : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentQueue<(Behaviour, string)> answers = new();
        private readonly CancellationTokenSource stopping = new();

        public NastyServer()
        {
            listener.Start();
            Url = string.Create(
                CultureInfo.InvariantCulture,
                $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"
            );
            _ = ListenAsync();
        }

        public string Url { get; }

        public ConcurrentQueue<string> Requests { get; } = new();

        public void Answers(int status, string body, string headers = "") =>
            answers.Enqueue(
                (
                    Behaviour.Answers,
                    $"HTTP/1.1 {status} X\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}"
                )
            );

        public void Behaves(Behaviour behaviour) => answers.Enqueue((behaviour, ""));

        public void Dispose()
        {
            stopping.Cancel();
            listener.Dispose();
        }

        private async Task ListenAsync()
        {
            while (!stopping.IsCancellationRequested)
            {
                try
                {
                    _ = TalkAsync(await listener.AcceptTcpClientAsync(stopping.Token));
                }
                catch (Exception exception)
                    when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
                {
                    return;
                }
            }
        }

        private async Task TalkAsync(TcpClient connection)
        {
            using var _ = connection;
            var stream = connection.GetStream();
            try
            {
                while (await ReadAsync(stream) is { } request)
                {
                    Requests.Enqueue(request);
                    answers.TryPeek(out var answer);
                    if (answers.Count > 1)
                    {
                        answers.TryDequeue(out answer);
                    }

                    switch (answer.Item1)
                    {
                        case Behaviour.Answers:
                            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer.Item2));
                            break;
                        case Behaviour.AnswersHalf:
                            await stream.WriteAsync(
                                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\":true,"u8.ToArray()
                            );
                            return;
                        case Behaviour.CutsTheConnection:
                            connection.Client.LingerState = new LingerOption(enable: true, seconds: 0);
                            return;
                        case Behaviour.Hangs:
                            await Task.Delay(Timeout.Infinite, stopping.Token);
                            return;
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                // The client has gone.
            }
        }

        private static async Task<string?> ReadAsync(NetworkStream stream)
        {
            var text = new StringBuilder();
            var buffer = new byte[64 * 1024];
            while (true)
            {
                var length = await stream.ReadAsync(buffer);
                if (length == 0)
                {
                    return null;
                }

                text.Append(Encoding.UTF8.GetString(buffer, 0, length));
                var request = text.ToString();
                var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                const string header = "Content-Length: ";
                var at = request.IndexOf(header, StringComparison.Ordinal);
                if (end >= 0 && at >= 0)
                {
                    var size = request[(at + header.Length)..request.IndexOf('\r', at)];
                    if (request.Length >= end + 4 + int.Parse(size, CultureInfo.InvariantCulture))
                    {
                        return request;
                    }
                }
            }
        }
    }

    /// <summary>Waits end at once, and are noted; time-outs take the time that they take, or are ended.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        private readonly long start = TimeProvider.System.GetTimestamp();

        public ConcurrentQueue<TimeSpan> Waits { get; } = new();

        /// <summary>The newest time-out.</summary>
        public (TimeSpan Length, Action End) Patience { get; private set; }

        /// <summary>Stands still: how long somebody is to wait does not depend on how long a request takes.</summary>
        public override long GetTimestamp() => start;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (state is CancellationTokenSource)
            {
                Patience = (dueTime, () => callback(state));
                return base.CreateTimer(callback, state, dueTime, period);
            }

            Waits.Enqueue(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }

    private sealed class Lines : ILogger<TelegramBotClient>
    {
        public ConcurrentQueue<string> All { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => All.Enqueue($"{formatter(state, exception)}{exception}");
    }
}
