using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using BookIT.Core.Auth;
using BookIT.Core.Metrics;
using BookIT.Core.Telegram;
using BookIT.Core.Traces;

namespace BookIT.Bot.Telegram;

/// <summary>
/// The methods of the Bot API that the bot uses, under their names. It keeps Telegram's limits, waits where Telegram
/// asks for it, and tries again what was not done. What a caller has to decide is a value; what is thrown is a bug, or the
/// caller's own cancellation. docs/decisions/telegram-client.md tells what is repeated when.
/// </summary>
internal sealed partial class TelegramBotClient : IDisposable
{
    /// <summary>How texts are written: https://core.telegram.org/bots/api#html-style.</summary>
    public const string Html = "HTML";

    /// <summary>The updates that the bot reads.</summary>
    public static readonly IReadOnlyList<string> AllowedUpdates = ["message", "callback_query", "my_chat_member"];

    /// <summary>The longest that Telegram is obeyed when it asks for patience; beyond that the caller decides.</summary>
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromSeconds(60);

    private const int MaxAttempts = 5;
    private const int MaxAnswerBytes = 16 * 1024 * 1024;
    private const int MaxDescription = 300;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);

    private readonly HttpClient http;
    private readonly string token;
    private readonly string root;
    private readonly SendLimits? limits;

    /// <summary>Two at once, so that no place is lost to whoever wakes up late.</summary>
    private readonly SemaphoreSlim line = new(2);

    private readonly BookItMetrics metrics;
    private readonly TimeProvider time;
    private readonly TimeSpan patience;
    private readonly ILogger logger;

    public TelegramBotClient(
        TelegramOptions options,
        RateLimitOptions rateLimits,
        BookItMetrics metrics,
        TimeProvider time,
        ILogger<TelegramBotClient> logger,
        TimeSpan? patience = null
    )
    {
        token = options.Token ?? "";
        root = $"{options.ApiUrl.TrimEnd('/')}/bot{token}/";
        limits = rateLimits.Enabled ? new SendLimits() : null;
        (this.metrics, this.time, this.logger) = (metrics, time, logger);
        this.patience = patience ?? TimeSpan.FromSeconds(15);
        http = new HttpClient(
            new SocketsHttpHandler
            {
                // The token is part of the address: it goes to no other server, and into no trace.
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
                UseCookies = false,
                ConnectTimeout = TimeSpan.FromSeconds(10),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
    }

    public Task<CallResult<User>> GetMe(CancellationToken cancellation) => GetMe(MaxAttempts, cancellation);

    public Task<CallResult<User>> GetMe(int maxAttempts, CancellationToken cancellation) =>
        SendAsync(
            new Call("getMe") { MaxAttempts = maxAttempts },
            () => Json(new GetMeRequest(), TelegramJson.Default.GetMeRequest),
            ReadUser,
            cancellation
        );

    /// <summary>
    /// The updates from <paramref name="offset"/> on; those before it are confirmed, and never come again. One that cannot
    /// be read comes with nothing but its number.
    /// </summary>
    public Task<CallResult<IReadOnlyList<Update>>> GetUpdates(
        long? offset,
        int limit,
        TimeSpan timeout,
        CancellationToken cancellation
    ) =>
        SendAsync(
            new Call("getUpdates") { Wait = timeout },
            () =>
                Json(
                    new GetUpdatesRequest(offset, limit, (int)timeout.TotalSeconds, AllowedUpdates),
                    TelegramJson.Default.GetUpdatesRequest
                ),
            ReadUpdates,
            cancellation
        );

    public Task<CallResult<bool>> SetWebhook(
        string url,
        string secretToken,
        int maxConnections,
        CancellationToken cancellation
    ) =>
        CallAsync(
            "setWebhook",
            new SetWebhookRequest(url, secretToken, maxConnections, AllowedUpdates),
            TelegramJson.Default.SetWebhookRequest,
            ReadNothing,
            cancellation
        );

    public Task<CallResult<bool>> DeleteWebhook(CancellationToken cancellation) =>
        CallAsync(
            "deleteWebhook",
            new DeleteWebhookRequest(),
            TelegramJson.Default.DeleteWebhookRequest,
            ReadNothing,
            cancellation
        );

    /// <param name="commands">What the menu shows.</param>
    /// <param name="scope">Where; null: wherever there are no others.</param>
    /// <param name="languageCode">To whom (ISO 639-1); null: to all for whose language there are no others.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<CallResult<bool>> SetMyCommands(
        IReadOnlyList<BotCommand> commands,
        BotCommandScopeChat? scope,
        string? languageCode,
        CancellationToken cancellation
    ) =>
        CallAsync(
            "setMyCommands",
            new SetMyCommandsRequest(commands, scope, languageCode),
            TelegramJson.Default.SetMyCommandsRequest,
            ReadNothing,
            cancellation
        );

    /// <summary>Takes away what <see cref="SetMyCommands"/> has set for the same place and language, if it has.</summary>
    public Task<CallResult<bool>> DeleteMyCommands(
        BotCommandScopeChat? scope,
        string? languageCode,
        CancellationToken cancellation
    ) =>
        CallAsync(
            "deleteMyCommands",
            new DeleteMyCommandsRequest(scope, languageCode),
            TelegramJson.Default.DeleteMyCommandsRequest,
            ReadNothing,
            cancellation
        );

    /// <summary>Sends a text in <see cref="Html"/>, at most 4,096 characters.</summary>
    /// <param name="chatId">To whom.</param>
    /// <param name="text">What.</param>
    /// <param name="replyMarkup">Below it.</param>
    /// <param name="maxAttempts">How often it is tried.</param>
    /// <param name="isInLine">
    /// It takes a place among the messages of a second when those in line before have gone off: so answers to people get in
    /// between. Once it goes off, its fate is waited for, cancelled or not.
    /// </param>
    /// <param name="cancellation">Ends it.</param>
    public Task<CallResult<Message>> SendMessage(
        long chatId,
        string text,
        ReplyMarkup? replyMarkup = null,
        int maxAttempts = MaxAttempts,
        bool isInLine = false,
        CancellationToken cancellation = default
    ) =>
        SendAsync(
            new Call("sendMessage")
            {
                LimitedChat = chatId,
                IsLimited = true,
                IsRepeatable = false,
                MaxAttempts = maxAttempts,
                IsInLine = isInLine,
            },
            () => Json(new SendMessageRequest(chatId, text, replyMarkup), TelegramJson.Default.SendMessageRequest),
            ReadMessage,
            cancellation
        );

    /// <summary>Sends a picture, at most 10 MB, with a caption in <see cref="Html"/>, at most 1,024 characters.</summary>
    public Task<CallResult<Message>> SendPhoto(
        long chatId,
        byte[] photo,
        string fileName,
        string? caption = null,
        ReplyMarkup? replyMarkup = null,
        CancellationToken cancellation = default
    ) =>
        SendAsync(
            new Call("sendPhoto")
            {
                LimitedChat = chatId,
                IsLimited = true,
                IsRepeatable = false,
            },
            () =>
            {
                // In quotation marks, as browsers send names: not everybody reads them without.
                var picture = new ByteArrayContent(photo);
                picture.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data")
                {
                    Name = "\"photo\"",
                    FileName = $"\"{fileName}\"",
                };
                var form = new MultipartFormDataContent { { new StringContent($"{chatId}"), "\"chat_id\"" }, picture };
                if (caption is not null)
                {
                    form.Add(new StringContent(caption), "\"caption\"");
                    form.Add(new StringContent(Html), "\"parse_mode\"");
                }

                if (replyMarkup is not null)
                {
                    var json = JsonSerializer.Serialize(replyMarkup, TelegramJson.Default.ReplyMarkup);
                    form.Add(new StringContent(json), "\"reply_markup\"");
                }

                return form;
            },
            ReadMessage,
            cancellation
        );

    /// <returns>Whether that has changed it; not where it said the same already.</returns>
    public Task<CallResult<bool>> EditMessageText(
        long chatId,
        long messageId,
        string text,
        InlineKeyboardMarkup? replyMarkup = null,
        CancellationToken cancellation = default
    ) =>
        SendAsync(
            new Call("editMessageText") { IsLimited = true },
            () =>
                Json(
                    new EditMessageTextRequest(chatId, messageId, text, replyMarkup),
                    TelegramJson.Default.EditMessageTextRequest
                ),
            ReadNothing,
            cancellation
        );

    /// <summary>Changes the buttons below a message; none take them away.</summary>
    /// <returns>Whether that has changed it.</returns>
    public Task<CallResult<bool>> EditMessageReplyMarkup(
        long chatId,
        long messageId,
        InlineKeyboardMarkup? replyMarkup = null,
        CancellationToken cancellation = default
    ) =>
        SendAsync(
            new Call("editMessageReplyMarkup") { IsLimited = true },
            () =>
                Json(
                    new EditMessageReplyMarkupRequest(chatId, messageId, replyMarkup),
                    TelegramJson.Default.EditMessageReplyMarkupRequest
                ),
            ReadNothing,
            cancellation
        );

    /// <summary>Ends the wait that the person's app shows after a press, with a short text (200 characters) if there is one.</summary>
    public Task<CallResult<bool>> AnswerCallbackQuery(
        string callbackQueryId,
        string? text = null,
        bool showAlert = false,
        CancellationToken cancellation = default
    ) =>
        CallAsync(
            "answerCallbackQuery",
            new AnswerCallbackQueryRequest(callbackQueryId, text, showAlert),
            TelegramJson.Default.AnswerCallbackQueryRequest,
            ReadNothing,
            cancellation
        );

    public void Dispose()
    {
        http.Dispose();
        line.Dispose();
    }

    private Task<CallResult<T>> CallAsync<TRequest, T>(
        string method,
        TRequest request,
        JsonTypeInfo<TRequest> type,
        Func<JsonElement, T> read,
        CancellationToken cancellation
    ) => SendAsync(new Call(method), () => Json(request, type), read, cancellation);

    private async Task<CallResult<T>> SendAsync<T>(
        Call call,
        Func<HttpContent> content,
        Func<JsonElement, T> read,
        CancellationToken cancellation
    )
    {
        // In place of the framework's own, which would tell the address.
        using var activity = Tracing.Step($"telegram {call.Method}");
        var result = await TryAsync(call, content, read, cancellation);
        var outcome = NameOf(result.State);
        activity?.SetTag("telegram.method", call.Method).SetTag("telegram.result", outcome);
        activity?.SetStatus(result.IsDone ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
        metrics.TelegramCalled(call.Method, outcome);
        switch (result.State)
        {
            case CallState.Refused:
                LogRefused(call.Method, result.ErrorCode, WithoutQuotes(result.Description));
                break;
            case CallState.Unreachable or CallState.Unsure:
                LogFailed(call.Method, result.State, WithoutQuotes(result.Description));
                break;
        }

        return result;
    }

    private async Task<CallResult<T>> TryAsync<T>(
        Call call,
        Func<HttpContent> content,
        Func<JsonElement, T> read,
        CancellationToken cancellation
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            if (call.IsLimited && limits is not null)
            {
                await WaitForPlaceAsync(call, limits, cancellation);
            }

            cancellation.ThrowIfCancellationRequested();
            var result = await TryOnceAsync(call, content, read, call.IsInLine ? default : cancellation);
            if (result.RetryAfter is { } pause && call.LimitedChat is { } chat)
            {
                limits?.Hold(chat, pause < MaxRetryAfter ? pause : MaxRetryAfter, Uptime);
            }

            var isWorthIt =
                result.State is CallState.Unreachable || (result.State is CallState.Unsure && call.IsRepeatable);
            if (!isWorthIt || attempt >= call.MaxAttempts || result.RetryAfter > MaxRetryAfter)
            {
                return result;
            }

            await WaitAsync(result.RetryAfter ?? PauseAfter(attempt), cancellation);
        }
    }

    private async Task WaitForPlaceAsync(Call call, SendLimits places, CancellationToken cancellation)
    {
        if (!call.IsInLine)
        {
            await WaitAsync(places.Reserve(call.LimitedChat, Uptime), cancellation);
            return;
        }

        await line.WaitAsync(cancellation);
        try
        {
            await WaitAsync(places.Reserve(call.LimitedChat, Uptime), cancellation);
        }
        finally
        {
            line.Release();
        }
    }

    private async Task<CallResult<T>> TryOnceAsync<T>(
        Call call,
        Func<HttpContent> content,
        Func<JsonElement, T> read,
        CancellationToken cancellation
    )
    {
        using var watched = new WatchedContent(content());
        using var request = new HttpRequestMessage(HttpMethod.Post, root + call.Method) { Content = watched };
        using var timeout = new CancellationTokenSource(patience + call.Wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var response = await http.SendAsync(request, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            return Understand((int)response.StatusCode, body, read);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (OperationCanceledException)
        {
            return NoAnswer<T>(watched, "no answer in time");
        }
        // Never the exception itself: what it knows of the request is not for a log.
        catch (HttpRequestException exception)
        {
            return NoAnswer<T>(watched, $"the connection failed ({exception.HttpRequestError})");
        }
        catch (IOException)
        {
            return NoAnswer<T>(watched, "the connection was cut");
        }
    }

    /// <summary>A request of which not one byte of the body went off was carried out by nobody.</summary>
    private static CallResult<T> NoAnswer<T>(WatchedContent content, string why) =>
        new(content.HasBegun ? CallState.Unsure : CallState.Unreachable, Description: why);

    private CallResult<T> Understand<T>(int status, byte[] body, Func<JsonElement, T> read)
    {
        Envelope? envelope = null;
        try
        {
            envelope = JsonSerializer.Deserialize(body, TelegramJson.Default.Envelope);
            if (envelope is { Ok: true } && status is >= 200 and < 300)
            {
                return new CallResult<T>(CallState.Done, read(envelope.Result ?? default));
            }
        }
        catch (JsonException)
        {
            // Not from Telegram, or not all of it.
        }

        var code = envelope is { Ok: false, ErrorCode: > 0 } ? envelope.ErrorCode : status;
        var description = Clean(envelope?.Description);
        return code switch
        {
            // It did something, and what that is we cannot read.
            >= 200 and < 300 => new CallResult<T>(
                CallState.Unsure,
                ErrorCode: code,
                Description: "an unreadable answer"
            ),
            429 => new CallResult<T>(
                CallState.Unreachable,
                ErrorCode: code,
                Description: description ?? "too many requests",
                RetryAfter: TimeSpan.FromSeconds(Math.Max(1, envelope?.Parameters?.RetryAfter ?? 1))
            ),
            >= 500 => new CallResult<T>(CallState.Unreachable, ErrorCode: code, Description: description ?? $"{code}"),
            400 when Has("message is not modified") => new CallResult<T>(CallState.Done),
            403 => new CallResult<T>(CallState.Blocked, ErrorCode: code, Description: description),
            400 when Has("chat not found") || Has("user is deactivated") || Has("PEER_ID_INVALID") => new CallResult<T>(
                CallState.Blocked,
                ErrorCode: code,
                Description: description
            ),
            _ => new CallResult<T>(CallState.Refused, ErrorCode: code, Description: description ?? $"{code}"),
        };

        bool Has(string words) => description?.Contains(words, StringComparison.OrdinalIgnoreCase) is true;
    }

    /// <summary>Whoever answers may repeat the address that was asked, and the token stands there.</summary>
    private string? Clean(string? description)
    {
        if (description is null)
        {
            return null;
        }

        var clean = token.Length > 0 ? description.Replace(token, "…", StringComparison.Ordinal) : description;
        return string.Concat(clean.Take(MaxDescription).Select(letter => char.IsControl(letter) ? ' ' : letter));
    }

    /// <summary>Telegram quotes what it cannot read, and that is what a person wrote, or what is written to them.</summary>
    internal static string WithoutQuotes(string? description) => Quoted().Replace(description ?? "", "…");

    /// <summary>What became of a call, as metrics name it.</summary>
    internal static string NameOf(CallState state) => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    private static User ReadUser(JsonElement result) => Read(result, TelegramJson.Default.User);

    private static Message ReadMessage(JsonElement result) => Read(result, TelegramJson.Default.Message);

    /// <summary>It was done, whatever else is said.</summary>
    private static bool ReadNothing(JsonElement result) => true;

    private IReadOnlyList<Update> ReadUpdates(JsonElement result)
    {
        if (result.ValueKind is not JsonValueKind.Array)
        {
            throw new JsonException();
        }

        return [.. result.EnumerateArray().Select(ReadUpdate)];
    }

    /// <summary>One that cannot be read must not keep the others.</summary>
    private Update ReadUpdate(JsonElement element)
    {
        try
        {
            return Read(element, TelegramJson.Default.Update);
        }
        catch (JsonException)
        {
            var id =
                element.ValueKind is JsonValueKind.Object
                && element.TryGetProperty("update_id", out var number)
                && number.ValueKind is JsonValueKind.Number
                && number.TryGetInt64(out var value)
                    ? value
                    : throw new JsonException();
            LogUnreadableUpdate(id);
            return new Update { UpdateId = id };
        }
    }

    private static T Read<T>(JsonElement element, JsonTypeInfo<T> type) =>
        (element.ValueKind is JsonValueKind.Object ? element.Deserialize(type) : default) ?? throw new JsonException();

    private static ByteArrayContent Json<T>(T request, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(request, type))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };

    /// <summary>Half a second, doubled each time, up to a half longer: those who failed together do not come back together.</summary>
    private static TimeSpan PauseAfter(int attempt) =>
        FirstPause * Math.Pow(2, attempt - 1) * (1 + Random.Shared.NextDouble() / 2);

    private TimeSpan Uptime => time.GetElapsedTime(0);

    private Task WaitAsync(TimeSpan pause, CancellationToken cancellation) =>
        pause > TimeSpan.Zero ? Task.Delay(pause, time, cancellation) : Task.CompletedTask;

    // An apostrophe within a word opens nothing.
    [GeneratedRegex(@"""[^""]*""?|(?<!\w)'[^']*'?", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Quoted();

    [LoggerMessage(LogLevel.Warning, "Telegram refused {Method} with {Code}: {Description}")]
    private partial void LogRefused(string method, int code, string description);

    [LoggerMessage(LogLevel.Warning, "{Method} failed ({State}): {Reason}")]
    private partial void LogFailed(string method, CallState state, string reason);

    [LoggerMessage(LogLevel.Warning, "Update {Id} cannot be read and is skipped")]
    private partial void LogUnreadableUpdate(long id);

    /// <summary>How a method is treated.</summary>
    private sealed record Call(string Method)
    {
        /// <summary>Counts among the messages of a second.</summary>
        public bool IsLimited { get; init; }

        /// <summary>Counts among the messages to this chat.</summary>
        public long? LimitedChat { get; init; }

        /// <summary>Doing it twice is as good as doing it once.</summary>
        public bool IsRepeatable { get; init; } = true;

        /// <summary>How often it is tried.</summary>
        public int MaxAttempts { get; init; } = TelegramBotClient.MaxAttempts;

        /// <summary>Waits for its turn before it takes a place; once it goes off, its fate is waited for.</summary>
        public bool IsInLine { get; init; }

        /// <summary>How long Telegram is asked to wait before it answers.</summary>
        public TimeSpan Wait { get; init; }
    }

    /// <summary>Knows whether it has begun to go off.</summary>
    private sealed class WatchedContent : HttpContent
    {
        private readonly HttpContent content;

        public WatchedContent(HttpContent content)
        {
            this.content = content;
            Headers.ContentType = content.Headers.ContentType;
        }

        public bool HasBegun { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            HasBegun = true;
            return content.CopyToAsync(stream, context);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Headers.ContentLength ?? 0;
            return content.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            content.Dispose();
            base.Dispose(disposing);
        }
    }
}
