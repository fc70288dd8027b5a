using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Telegram;

/// <summary>
/// Telegram, as npm's <c>telegram-test-api</c> plays it, behind a small front of ours that adds what it lacks: see
/// <c>node/telegram.mjs</c>.
/// </summary>
public sealed class Emulator : IAsyncDisposable
{
    public const string Token = "424242424242:AAtokenForTestsThatNobodyMaySee_0123";

    private static long lastPerson = 5_000_000_000;

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private Process? process;

    public Uri Address => http.BaseAddress!;

    /// <summary>What tells the bot of it.</summary>
    public Dictionary<string, string?> Settings =>
        new()
        {
            ["Telegram__Token"] = Token,
            ["Telegram__ApiUrl"] = Address.GetLeftPart(UriPartial.Authority),
            ["Telegram__BotName"] = "TestNameBot",
        };

    public static async Task<Emulator> StartNewAsync()
    {
        var emulator = new Emulator();
        var script = await Node.ScriptAsync("telegram.mjs");
        var started = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        emulator.process = Process.Start(
            new ProcessStartInfo("node", [script, "0", Token])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        emulator.process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Split("listening on ") is ["", var port])
            {
                started.TrySetResult(new Uri($"http://127.0.0.1:{port}"));
            }
        };
        emulator.process.BeginOutputReadLine();
        emulator.http.BaseAddress = await started.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return emulator;
    }

    /// <summary>Somebody new, whose app speaks this language, in a chat with the bot.</summary>
    public Dialogue Somebody(string? languageCode = "en") =>
        new(this, Interlocked.Increment(ref lastPerson), languageCode);

    /// <summary>Somebody whose app speaks another language now.</summary>
    public Dialogue Known(long id, string languageCode) => new(this, id, languageCode);

    /// <summary>What the bot has asked for by this method, each with <c>at</c> (milliseconds) and <c>body</c>.</summary>
    public async Task<IReadOnlyList<JsonNode>> CallsAsync(string method) =>
        [.. (await GetAsync("/front/calls")).Where(call => (string?)call["method"] == method)];

    public async Task<IReadOnlyList<JsonNode>> GetAsync(string path) =>
        [.. (await http.GetFromJsonAsync<JsonArray>(path))!.Select(node => node!)];

    public async Task PostAsync(string path, object? body = null)
    {
        using var answer = await http.PostAsJsonAsync(path, body ?? new { });
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (process is { HasExited: false })
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process?.Dispose();
    }
}

/// <summary>A person's side of a chat with the bot, to be read like a play.</summary>
public sealed class Dialogue(Emulator telegram, long id, string? languageCode)
{
    private static long lastMessage = 1_000_000;

    private int heard;
    private JsonNode? last;
    private JsonNode? shown;
    private readonly Dictionary<long, JsonNode> messages = [];

    public long Id => id;

    private object Person =>
        new
        {
            id,
            first_name = "Somebody",
            is_bot = false,
            language_code = languageCode,
        };

    private object Chat => new { id, type = "private" };

    /// <summary>The person writes.</summary>
    public Task Send(string text) =>
        telegram.PostAsync(
            text.StartsWith('/') ? "/sendCommand" : "/sendMessage",
            new
            {
                botToken = Emulator.Token,
                from = Person,
                chat = Chat,
                date = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
                text,
                entities = Array.Empty<object>(),
            }
        );

    /// <summary>The person replies to the bot's newest message.</summary>
    public Task Reply(string text) => SendMessage(new { text, reply_to_message = Newest });

    /// <summary>The person sends a photo, with these words under it.</summary>
    public Task SendPhoto(string? caption = null) =>
        SendMessage(new { caption, photo = new[] { new { file_id = "x" } } });

    /// <summary>The person replies to a message of the bot.</summary>
    public Task ReplyTo(long messageId, string text) =>
        SendMessage(
            new
            {
                text,
                reply_to_message = new
                {
                    message_id = messageId,
                    chat = Chat,
                    date = 1,
                },
            }
        );

    /// <summary>
    /// Telegram hands over the same message again, as it does where the bot died before it had confirmed it; in between
    /// the bot has answered it once, and something else happens.
    /// </summary>
    public async Task SendTwice(string text, Func<Task>? between = null)
    {
        var message = Message(new { text });
        message["message_id"] = Interlocked.Increment(ref lastMessage);
        await telegram.PostAsync("/front/update", new { message });
        await HearAsync();
        await (between?.Invoke() ?? Task.CompletedTask);
        await telegram.PostAsync("/front/update", new { message });
    }

    private Task SendMessage(object content) => telegram.PostAsync("/sendMessage", Message(content));

    private JsonNode Message(object content)
    {
        var message = JsonSerializer.SerializeToNode(content)!;
        message["botToken"] = Emulator.Token;
        message["from"] = JsonSerializer.SerializeToNode(Person);
        message["chat"] = JsonSerializer.SerializeToNode(Chat);
        message["date"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return message;
    }

    /// <summary>The number of the bot's newest message.</summary>
    public long NewestId => messages.Keys.Max();

    private object Newest =>
        new
        {
            message_id = NewestId,
            chat = Chat,
            date = 1,
        };

    /// <summary>The bot writes, or changes a message: with this in the text, and with just these buttons.</summary>
    public async Task Expect(string text, params string[] buttons)
    {
        var said = await HearAsync();
        Assert.Contains(Spaced(text), (string?)said["text"] ?? "", StringComparison.Ordinal);
        Assert.Equal(buttons.Select(Spaced), Buttons(said).Select(button => (string?)button["text"]));
    }

    /// <summary>The bot writes, or changes a message: with this in the text, and with any buttons.</summary>
    public async Task ExpectText(string text) => Assert.Contains(Spaced(text), await Hear(), StringComparison.Ordinal);

    /// <summary>Whatever the bot says next.</summary>
    public async Task<string> Hear() => (string?)(await HearAsync())["text"] ?? "";

    /// <summary>The bot changes this message of its own, and says nothing new.</summary>
    public async Task ExpectEdit(string text, params string[] buttons)
    {
        await Expect(text, buttons);
        Assert.Equal("edit", (string?)last!["event"]);
    }

    /// <summary>The bot sends a picture, with this in its caption, and with just these buttons.</summary>
    public async Task<byte[]> ExpectPhoto(string text, params string[] buttons)
    {
        await Expect(text, buttons);
        Assert.Equal("photo", (string?)last!["event"]);
        var mine = (await telegram.CallsAsync("sendPhoto")).Last(call => (string?)call["body"]!["chat_id"] == $"{id}");
        return Convert.FromBase64String((string)mine["body"]!["photo"]![0]!["file_id"]!);
    }

    /// <summary>The text of the message that the bot sent or changed last.</summary>
    public string Text => (string?)shown?["text"] ?? "";

    /// <summary>The buttons of the message that the bot sent or changed last.</summary>
    public IReadOnlyList<string> Buttons() => [.. Buttons(shown!).Select(button => (string)button["text"]!)];

    /// <summary>Somebody who knows how, or has an old message, makes the app say what that message's buttons do not.</summary>
    public Task Forge(string data) => PressData(shown!, data);

    /// <summary>The bot says something new, and changes nothing that it said before.</summary>
    public async Task ExpectMessage(string text, params string[] buttons)
    {
        await Expect(text, buttons);
        Assert.Equal("message", (string?)last!["event"]);
    }

    /// <summary>Nothing more comes: what the bot says next is the answer to this.</summary>
    public async Task ExpectSilence()
    {
        await Send("/help");
        await ExpectMessage("/help —");
    }

    /// <summary>A short notice appears on the screen, and goes.</summary>
    public async Task ExpectToast(string text)
    {
        await Expect(text);
        Assert.Equal("toast", (string?)last!["event"]);
    }

    /// <summary>The person presses a button of the newest message that has it.</summary>
    public async Task Press(string button)
    {
        var message = messages
            .OrderByDescending(entry => entry.Key)
            .Select(entry => entry.Value)
            .First(entry => Buttons(entry).Any(choice => (string?)choice["text"] == button));
        await Press(message, button);
    }

    /// <summary>The person presses a button twice, before the bot can do anything about it.</summary>
    public async Task PressTwice(string button)
    {
        await Press(button);
        await Press(button);
    }

    /// <summary>What a button of the bot's newest message that has it says.</summary>
    public string DataOf(string button) =>
        messages
            .OrderByDescending(entry => entry.Key)
            .SelectMany(entry => Buttons(entry.Value))
            .Where(choice => (string?)choice["text"] == button)
            .Select(choice => (string)choice["callback_data"]!)
            .First();

    private Task Press(JsonNode message, string button) =>
        PressData(
            message,
            (string?)Buttons(message).First(choice => (string?)choice["text"] == button)["callback_data"]
        );

    private Task PressData(JsonNode message, string? data) =>
        telegram.PostAsync(
            "/sendCallback",
            new
            {
                botToken = Emulator.Token,
                from = Person,
                data,
                message = new
                {
                    message_id = (long)message["message_id"]!,
                    chat = Chat,
                    date = 1,
                    // What stands below a picture is its caption.
                    text = (string?)message["event"] == "photo" ? null : (string?)message["text"],
                },
            }
        );

    private async Task<JsonNode> HearAsync()
    {
        var events = (IReadOnlyList<JsonNode>)[];
        await Eventually.TrueAsync(
            async () =>
                (
                    events = await telegram.GetAsync(
                        string.Create(CultureInfo.InvariantCulture, $"/front/events?chat={id}&after={heard}")
                    )
                ).Count > 0,
            () => $"The bot says nothing to {id}.",
            TimeSpan.FromSeconds(60)
        );
        heard++;
        last = JsonNode.Parse(events[0].ToJsonString().Replace(@"\u00A0", " ", StringComparison.Ordinal))!;
        if (last["message_id"] is { } message)
        {
            messages[(long)message] = shown = last;
        }

        return last;
    }

    /// <summary>Spaces that do not break look like others.</summary>
    private static string Spaced(string text) => text.Replace('\u00A0', ' ');

    private static IEnumerable<JsonNode> Buttons(JsonNode message) =>
        message["buttons"]?.AsArray().SelectMany(row => row!.AsArray()).Select(button => button!) ?? [];
}
