using System.Diagnostics;
using System.Text;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Backups;

/// <summary>One of the scripts of an operator, as a process of its own.</summary>
public sealed class Script : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();

    private Script(Process process)
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

    public static Script Start(
        string name,
        IEnumerable<KeyValuePair<string, string?>> environment,
        params string[] arguments
    )
    {
        var path = Path.Combine(Program.RepositoryRoot(), "scripts", name);
        var start = new ProcessStartInfo("bash", [path, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var script = new Script(Process.Start(start)!);
        script.process.BeginOutputReadLine();
        script.process.BeginErrorReadLine();
        return script;
    }

    /// <summary>Runs it to its end, which is to be a good one; answers what it printed.</summary>
    public static async Task<string> RunAsync(
        string name,
        IEnumerable<KeyValuePair<string, string?>> environment,
        params string[] arguments
    )
    {
        using var script = Start(name, environment, arguments);
        var exitCode = await script.WaitForExitAsync();
        Assert.True(exitCode == 0, $"{name} ended with {exitCode}: {script.Output}");
        return script.Output;
    }

    /// <summary>Runs it to its end, which is to be a bad one that says this.</summary>
    public static async Task FailsAsync(
        string why,
        string name,
        IEnumerable<KeyValuePair<string, string?>> environment,
        params string[] arguments
    )
    {
        using var script = Start(name, environment, arguments);
        Assert.NotEqual(0, await script.WaitForExitAsync());
        Assert.Contains(why, script.Output, StringComparison.Ordinal);
    }

    public async Task<int> WaitForExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        return process.ExitCode;
    }

    /// <summary>SIGKILL to it and all that it has started.</summary>
    public void Kill() => process.Kill(entireProcessTree: true);

    public void Dispose() => process.Dispose();

    private void Read(string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }
}
