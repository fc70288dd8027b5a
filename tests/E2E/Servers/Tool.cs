using System.Diagnostics;

namespace BookIT.Tests.E2E.Servers;

/// <summary>Programs by other people that the tests ask for a second opinion.</summary>
public static class Tool
{
    /// <summary>Runs a program and answers what it prints; fails where it does.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {await errors}{await output}");
        return await output;
    }

    /// <summary>Sends a signal, by the shell's own word for it: not every machine has a program named so.</summary>
    public static Process Signal(string name, Process to) => Process.Start("sh", ["-c", $"kill -{name} {to.Id}"]);
}

/// <summary>A folder that goes when it is no longer needed.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("bookit-");

    public string File(string name) => Path.Combine(folder.FullName, name);

    public void Dispose() => folder.Delete(recursive: true);
}
