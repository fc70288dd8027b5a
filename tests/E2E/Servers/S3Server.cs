using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace BookIT.Tests.E2E.Servers;

/// <summary>
/// npm's s3rver: an S3 store of a test's own, on a free port of 127.0.0.1. It can be killed, paused and started again at
/// the same address, with what it had.
/// </summary>
public sealed class S3Server : IAsyncDisposable
{
    public const string Bucket = "bookit-tests";

    // The one pair that s3rver knows.
    public const string AccessKey = "S3RVER";
    public const string SecretKey = "S3RVER";

    private const string ObjectSuffix = "._S3rver_object";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder folder = new();
    private readonly StringBuilder log = new();
    private readonly int port = Ports.Next();
    private Process? process;

    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    /// <summary>What tells the Api of it.</summary>
    public Dictionary<string, string?> Settings =>
        new()
        {
            ["S3__Endpoint"] = Endpoint,
            ["S3__AccessKey"] = AccessKey,
            ["S3__SecretKey"] = SecretKey,
            ["S3__Bucket"] = Bucket,
        };

    /// <summary>Where it keeps the avatars.</summary>
    private string Avatars => folder.File(Path.Combine("data", Bucket, "avatars"));

    /// <summary>The keys below <c>avatars/</c>.</summary>
    public IEnumerable<string> Keys() =>
        Directory.Exists(Avatars)
            ? Directory
                .EnumerateFiles(Avatars, $"*{ObjectSuffix}")
                .Select(path => Path.GetFileName(path)[..^ObjectSuffix.Length])
            : [];

    /// <summary>Puts an object there behind everybody's back.</summary>
    public void Plant(string key, byte[] bytes)
    {
        Directory.CreateDirectory(Avatars);
        File.WriteAllBytes(Path.Combine(Avatars, key + ObjectSuffix), bytes);
    }

    /// <summary>Starts it, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        var program = await Node.ProgramAsync("s3rver", Path.Combine("bin", "s3rver.js"));
        var data = Directory.CreateDirectory(folder.File("data")).FullName;
        process = Process.Start(
            new ProcessStartInfo(
                "node",
                [program, "-d", data, "-a", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture)]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        process.OutputDataReceived += (_, line) => Log(line.Data);
        process.ErrorDataReceived += (_, line) => Log(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var client = new HttpClient();
        await Eventually.TrueAsync(
            async () =>
            {
                // Whatever it answers.
                using var answer = await client.GetAsync(new Uri(Endpoint));
                return true;
            },
            () => $"s3rver does not answer:\n{log}",
            Patience
        );
    }

    /// <summary>Ends it without warning.</summary>
    public void Kill()
    {
        process!.Kill();
        process.WaitForExit();
    }

    /// <summary>Freezes it: connections stay open, and nobody answers.</summary>
    public void Pause() => Signal("STOP");

    /// <summary>Lets it go on where it was.</summary>
    public void Resume() => Signal("CONT");

    public ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            Kill();
        }

        process?.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Log(string? line)
    {
        lock (log)
        {
            log.AppendLine(line);
        }
    }

    private void Signal(string name)
    {
        using var kill = Tool.Signal(name, process!);
        kill.WaitForExit();
    }
}
