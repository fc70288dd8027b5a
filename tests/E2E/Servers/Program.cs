using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace BookIT.Tests.E2E.Servers;

/// <summary>One of our programs, running as a process of its own, as an operator would run it.</summary>
public sealed class Program : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Program(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
    }

    /// <summary>Everything it has printed.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    public bool HasExited => process.HasExited;

    /// <summary>How long it has kept processors busy.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Starts <c>src/&lt;name&gt;</c>, as built beside these tests; null values unset a variable.</summary>
    public static Task<Program> StartAsync(
        string name,
        IReadOnlyDictionary<string, string?> environment,
        params string[] arguments
    )
    {
        var configuration = Environment.GetEnvironmentVariable("BOOKIT_CONFIGURATION") ?? "Debug";
        var path = Path.Combine(RepositoryRoot(), "src", name, "bin", configuration, "net10.0", $"BookIT.{name}.dll");
        return StartFileAsync(path, environment, arguments);
    }

    /// <summary>Starts a program that was built elsewhere.</summary>
    public static Task<Program> StartFileAsync(
        string path,
        IReadOnlyDictionary<string, string?> environment,
        params string[] arguments
    )
    {
        var start = new ProcessStartInfo("dotnet", [path, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            // Not the tests' folder: a program must find its settings from anywhere.
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var program = new Program(Process.Start(start)!);
        program.process.BeginOutputReadLine();
        program.process.BeginErrorReadLine();
        return Task.FromResult(program);
    }

    /// <summary>The address it listens on.</summary>
    public async Task<Uri> ListeningAsync()
    {
        var exited = process.WaitForExitAsync();
        var first = await Task.WhenAny(listening.Task, exited).WaitAsync(Patience);
        return first == exited
            ? throw new InvalidOperationException($"It ended with {process.ExitCode}:\n{Output}")
            : await listening.Task;
    }

    /// <summary>The code it ends with.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }

    /// <summary>SIGKILL: it ends in the middle of whatever it does.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM: it may finish what it does.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Tool.Signal("TERM", process);
        await kill.WaitForExitAsync();
        return await WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (output)
        {
            output.AppendLine(line);
        }

        const string marker = "Now listening on: ";
        if (line.IndexOf(marker, StringComparison.Ordinal) is >= 0 and var at)
        {
            // In production the line is JSON.
            listening.TrySetResult(new Uri(line[(at + marker.Length)..].Split('"')[0]));
        }
    }

    public static string RepositoryRoot([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
