using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BookIT.Tests.E2E.Mail;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Monitoring;

/// <summary>
/// A real Alertmanager with our configuration, and the mail server that takes its mails: one that asks for encryption and a
/// password. Only that nothing waits longer than two seconds is otherwise than in production.
/// </summary>
public sealed partial class Alertmanager : IAsyncDisposable
{
    /// <summary>To whom the mails go.</summary>
    public const string Operator = "operator@bookit.example";

    // Of characters that mean something to those through whose hands it goes.
    private const string SmtpPassword = """it's a "pass" & \ $word: #1 {{ .x }}""";

    private readonly TemporaryFolder folder = new();
    private readonly HttpClient http = new();
    private readonly StringBuilder log = new();
    private readonly X509Certificate2 certificate = RemoteMail.CertificateOf("localhost");
    private SmtpServer smtp = null!;
    private Process process = null!;

    private Alertmanager() { }

    public Uri Address { get; } = new($"http://127.0.0.1:{Ports.Next()}");

    /// <summary>The mails that were sent so far.</summary>
    public IReadOnlyList<ReceivedMail> Mails => smtp.Mails;

    /// <summary>What they are about: one whose answer comes late is sent again.</summary>
    public IReadOnlySet<string> Subjects => Mails.Select(mail => mail.Subject).ToHashSet(StringComparer.Ordinal);

    /// <summary>Its configuration, as <c>prometheus/alertmanager.sh</c> makes it of an operator's settings.</summary>
    public static Task<string> ConfigurationAsync(int port = 587) =>
        Tool.RunAsync(
            "env",
            $"ALERT_EMAIL={Operator}",
            "Smtp__Host=localhost",
            $"Smtp__Port={port.ToString(CultureInfo.InvariantCulture)}",
            "Smtp__User=bookit",
            $"Smtp__Password={SmtpPassword}",
            "Smtp__From=BookIT <bookit@bookit.example>",
            "BOOKIT_DOMAIN=bookit.example",
            "GRAFANA_DOMAIN=grafana.bookit.example",
            "sh",
            Path.Combine(Dashboards.Rules, "alertmanager.sh")
        );

    public static async Task<Alertmanager> StartNewAsync()
    {
        var started = new Alertmanager();
        await started.StartAsync();
        return started;
    }

    /// <summary>What Prometheus sends: alerts that begin now, or with <paramref name="ended"/> are over.</summary>
    public async Task PostAsync(IEnumerable<JsonNode> alerts, bool ended = false)
    {
        var now = TimeProvider.System.GetUtcNow();
        var body = alerts.Select(alert => new
        {
            labels = alert["labels"],
            annotations = alert["annotations"],
            startsAt = now.AddMinutes(-1),
            endsAt = ended ? now : now.AddHours(1),
        });
        using var answer = await http.PostAsJsonAsync(new Uri(Address, "/api/v2/alerts"), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The mail under this subject, once it is there.</summary>
    public async Task<ReceivedMail> MailAsync(string subject)
    {
        await Eventually.TrueAsync(
            () => Task.FromResult(Mails.Any(mail => mail.Subject == subject)),
            () => $"{subject} is not among {string.Join(", ", Mails.Select(mail => mail.Subject))}\n{Log()}",
            TimeSpan.FromSeconds(60)
        );
        return Mails.First(mail => mail.Subject == subject);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        await smtp.DisposeAsync();
        Assert.DoesNotContain(SmtpPassword, Log(), StringComparison.Ordinal);
        http.Dispose();
        certificate.Dispose();
        folder.Dispose();
    }

    private async Task StartAsync()
    {
        smtp = await SmtpServer.StartNewAsync(
            new
            {
                user = "bookit",
                pass = SmtpPassword,
                key = RemoteMail.KeyOf(certificate),
                cert = certificate.ExportCertificatePem(),
            }
        );
        await File.WriteAllTextAsync(folder.File("trusted.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(
            folder.File("alertmanager.yml"),
            Waits().Replace(await ConfigurationAsync(smtp.Port), "${wait}: 2s")
        );
        var start = new ProcessStartInfo(
            "prometheus-alertmanager",
            [
                $"--config.file={folder.File("alertmanager.yml")}",
                $"--storage.path={folder.File("data")}",
                $"--web.listen-address={Address.Authority}",
                "--cluster.listen-address=",
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["SSL_CERT_FILE"] = folder.File("trusted.pem");
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Eventually.TrueAsync(
            async () => (await http.GetAsync(new Uri(Address, "/-/ready"))).IsSuccessStatusCode,
            Log
        );
    }

    private void Read(string? line)
    {
        lock (log)
        {
            log.AppendLine(line);
        }
    }

    private string Log()
    {
        lock (log)
        {
            return $"{log}";
        }
    }

    [GeneratedRegex(@"(?<wait>group_wait|group_interval): \S+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Waits();
}
