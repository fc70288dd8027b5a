using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Mail;

/// <summary>A mail that arrived.</summary>
public sealed partial record ReceivedMail(JsonNode Json)
{
    public string To => (string)Json["to"]!;

    public string Subject => (string)Json["subject"]!;

    public string Text => (string)Json["text"]!;

    public string Html => (string)Json["html"]!;

    /// <summary>Its link, without the token.</summary>
    public string Page => Link().Match(Text).Groups["page"].Value;

    public string Token => Link().Match(Text).Groups["token"].Value;

    [GeneratedRegex(@"(?<page>https?://\S+)#(?<token>[\w-]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}

/// <summary>
/// A real mail server, by other people, that delivers nothing but to these tests. It can be killed and started again at
/// the same port. How it treats an address stands in the address: see <c>node/smtp.mjs</c>.
/// </summary>
public sealed class SmtpServer : IAsyncDisposable
{
    private readonly string options;
    private readonly List<JsonNode> events = [];
    private Process? process;

    private SmtpServer(object options) => this.options = JsonSerializer.Serialize(options);

    public int Port { get; private set; }

    /// <summary>All that arrived, in that order.</summary>
    public IReadOnlyList<ReceivedMail> Mails => [.. Events("mail").Select(mail => new ReceivedMail(mail))];

    public static async Task<SmtpServer> StartNewAsync(object? options = null)
    {
        var server = new SmtpServer(options ?? new { });
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        var script = Path.Combine(Program.RepositoryRoot(), "tests", "E2E", "node", "smtp.mjs");
        var started = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        process = Process.Start(
            new ProcessStartInfo("node", [script, Port.ToString(CultureInfo.InvariantCulture), options])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith("listening on ", StringComparison.Ordinal) is true)
            {
                started.TrySetResult(int.Parse(line.Data["listening on ".Length..], CultureInfo.InvariantCulture));
            }
            else if (line.Data is not null)
            {
                lock (events)
                {
                    events.Add(JsonNode.Parse(line.Data)!);
                }
            }
        };
        process.BeginOutputReadLine();
        Port = await started.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    public IReadOnlyList<JsonNode> Events(string name)
    {
        lock (events)
        {
            return [.. events.Where(entry => (string?)entry["event"] == name)];
        }
    }

    /// <summary>The mails for an address that lead to a page, once there are so many.</summary>
    public async Task<IReadOnlyList<ReceivedMail>> MailsToAsync(string email, int count = 1, string page = "")
    {
        await Eventually.TrueAsync(
            () => Task.FromResult(To().Count >= count),
            () => $"{To().Count} of {count} mails to {email}; in all {Mails.Count}.",
            TimeSpan.FromSeconds(60)
        );
        return To();

        List<ReceivedMail> To() =>
            [.. Mails.Where(mail => mail.To == email && mail.Page.EndsWith(page, StringComparison.Ordinal))];
    }

    /// <summary>The newest token that sets a password, once there are so many.</summary>
    public async Task<string> ResetTokenAsync(string email, int count = 1) =>
        (await MailsToAsync(email, count, "reset_password"))[^1].Token;

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            await KillAsync();
        }

        process?.Dispose();
    }
}

/// <summary>A space with a mail server.</summary>
public class ServerWithMail(TestServers servers) : BookItServer(servers)
{
    public SmtpServer Smtp { get; private set; } = null!;

    /// <summary>How the Api reaches the mail server.</summary>
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>
        {
            ["Smtp__Host"] = "127.0.0.1",
            ["Smtp__Port"] = Smtp.Port.ToString(CultureInfo.InvariantCulture),
            ["Smtp__From"] = "BookIT <bookit@bookit.example>",
        };

    /// <summary>What the mail server is told when it starts.</summary>
    protected virtual object SmtpOptions => new { };

    public override async ValueTask InitializeAsync()
    {
        Smtp = await SmtpServer.StartNewAsync(SmtpOptions);
        await base.InitializeAsync();
    }

    /// <summary>How the outbox rows of an account stand.</summary>
    public Task<string> OutboxAsync(string email) =>
        QueryAsync<string>(
            $"""
            SELECT coalesce(string_agg(concat_ws(' ', kind, CASE WHEN delivered_at IS NOT NULL THEN 'delivered'
                WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'pending' END), ', ' ORDER BY n.id), '')
            FROM notifications n JOIN users u ON u.id = n.user_id WHERE u.email = '{email}'
            """
        );

    /// <summary>
    /// As if the waiting were over of what nobody has tried to send yet: what is being sent would be sent twice.
    /// </summary>
    public Task HurryAsync() =>
        ExecuteAsync(
            "UPDATE notifications SET due_at = now() WHERE delivered_at IS NULL AND failed_at IS NULL AND attempts = 0"
        );

    /// <summary>Kills the Api and starts it again, as if the waiting of all that waits were over by then.</summary>
    public async Task RestartLaterAsync()
    {
        await Api.KillAsync();
        await ExecuteAsync("UPDATE notifications SET due_at = now() WHERE delivered_at IS NULL AND failed_at IS NULL");
        await RestartApiAsync();
    }

    /// <summary>As if a minute had passed since the last mail.</summary>
    public Task LetAMinutePassAsync() => ExecuteAsync("UPDATE notifications SET key = key || ' ' || id");

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        var tokens = Smtp.Mails.Select(mail => mail.Token).Where(token => token.Length > 0).ToList();
        var log = Api.Output;
        await Smtp.DisposeAsync();
        await base.DisposeAsync();
        Assert.All(tokens, token => Assert.DoesNotContain(token, log, StringComparison.Ordinal));
        Assert.DoesNotContain("@example.com", log, StringComparison.Ordinal);
    }
}
