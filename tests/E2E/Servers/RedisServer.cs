using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BookIT.Tests.E2E.Servers;

/// <summary>
/// A real Redis of a test's own, on a free port of 127.0.0.1, that keeps nothing on disk by itself. It can be stopped,
/// killed, paused and started again at the same address.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder = Directory.CreateTempSubdirectory("bookit-redis-").FullName;
    private readonly string? password;
    private Process? process;

    private RedisServer(string? password) => this.password = password;

    public int Port { get; } = Ports.Next();

    /// <summary>Starts a server that asks for the password, if one is given, and waits until it answers.</summary>
    public static async Task<RedisServer> StartNewAsync(string? password = null)
    {
        var server = new RedisServer(password);
        await server.StartAsync();
        return server;
    }

    /// <summary>The address of one of the 64 databases, with the password.</summary>
    public string Url(int db = 0)
    {
        var login = password is null ? "" : $":{Uri.EscapeDataString(password)}@";
        return string.Create(CultureInfo.InvariantCulture, $"redis://{login}127.0.0.1:{Port}/{db}");
    }

    /// <summary>Starts the server, empty unless it was saved, at the address it had before, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Binary())
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] options =
        [
            .. (string[])
                ["--bind", "127.0.0.1", "--port", Port.ToString(CultureInfo.InvariantCulture), "--dir", folder],
            .. (string[])["--save", "", "--appendonly", "no", "--databases", "64"],
            .. password is null ? (string[])[] : ["--requirepass", password],
        ];
        foreach (var option in options)
        {
            start.ArgumentList.Add(option);
        }

        process = Process.Start(start)!;
        var log = new ConcurrentQueue<string?>();
        process.OutputDataReceived += (_, line) => log.Enqueue(line.Data);
        process.ErrorDataReceived += (_, line) => log.Enqueue(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var waited = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (process.HasExited || waited.Elapsed > Patience)
            {
                throw new InvalidOperationException(
                    $"redis-server does not answer on port {Port}:\n{string.Join('\n', log)}"
                );
            }

            await Task.Delay(10);
        }
    }

    /// <summary>What it holds now it has again when it is started, as one with a disk of its own does.</summary>
    public Task SaveAsync() => Tool.RunAsync("redis-cli", "-p", Port.ToString(CultureInfo.InvariantCulture), "save");

    /// <summary>Asks the server to end, as an operator would, and waits until it has.</summary>
    public async Task StopAsync()
    {
        Signal("TERM");
        await process!.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>Ends the server without warning.</summary>
    public void Kill()
    {
        process!.Kill();
        process.WaitForExit();
    }

    /// <summary>Freezes the server: connections stay open, and nobody answers.</summary>
    public void Pause() => Signal("STOP");

    /// <summary>Lets a frozen server go on where it was.</summary>
    public void Resume() => Signal("CONT");

    public ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            Kill();
        }

        process?.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray());
            var reply = new byte[64];
            var length = await stream.ReadAsync(reply);

            // With a password set, the refusal is as good an answer.
            return Encoding.ASCII.GetString(reply, 0, length) is var text
                && (
                    text.StartsWith("+PONG", StringComparison.Ordinal)
                    || text.StartsWith("-NOAUTH", StringComparison.Ordinal)
                );
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    private void Signal(string name)
    {
        using var kill = Tool.Signal(name, process!);
        kill.WaitForExit();
    }

    private static string Binary()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return path.Split(Path.PathSeparator)
                .Append("/usr/bin")
                .Select(directory => Path.Combine(directory, "redis-server"))
                .FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("These tests need redis-server: apt-get install redis-server");
    }
}
