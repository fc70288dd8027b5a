using System.Diagnostics;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Data;

/// <summary>
/// The program as it was before the newest migration, which is what runs beside the new one while an update rolls out. Built
/// from git once, into <c>.local</c>.
/// </summary>
internal static class PreviousVersion
{
    private const string Migrations = "src/Core/Data/Migrations";

    /// <summary>The path of its Api; or, where its sources are not here, why.</summary>
    public static async Task<(string? Api, string WhyNot)> BuildAsync()
    {
        // A migration that is not committed yet is the newest one.
        var (isGit, changed) = await GitAsync("status", "--porcelain", "--", Migrations);
        if (!isGit)
        {
            return (null, "The version before is in git's history, which is not here.");
        }

        var (_, last) =
            changed.Length > 0 ? (true, "HEAD") : await GitAsync("log", "-1", "--format=%H^", "--", Migrations);
        var (isThere, commit) = await GitAsync("rev-parse", "--verify", "--quiet", last + "^{commit}");
        if (!isThere)
        {
            return (null, "The version before is not in this shallow clone: git fetch --unshallow");
        }

        var local = Path.Combine(Program.RepositoryRoot(), ".local");
        var folder = Path.Combine(local, $"previous-{commit}");
        if (!Directory.Exists(folder))
        {
            await BuildAsync(commit, folder);
        }

        return (Path.Combine(folder, "BookIT.Api.dll"), "");
    }

    private static async Task BuildAsync(string commit, string folder)
    {
        using var sources = new TemporaryFolder();
        await Tool.RunAsync(
            "sh",
            "-c",
            $"git -C '{Program.RepositoryRoot()}' archive {commit} | tar -xf - -C '{sources.File("")}'"
        );
        // What has changed about packages and analyzers since is no reason not to build it.
        await Tool.RunAsync(
            "dotnet",
            "build",
            sources.File("src/Api"),
            "--configuration=Release",
            "--disable-build-servers",
            "--verbosity=quiet",
            "-tl:off",
            $"-p:OutDir={sources.File("out")}/",
            "-p:WebPage=false",
            "-p:RunAnalyzers=false",
            "-p:TreatWarningsAsErrors=false",
            "-p:NuGetAudit=false"
        );
        var local = Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        foreach (var old in local.GetDirectories("previous-*"))
        {
            old.Delete(recursive: true);
        }

        // Renamed when it is whole; copied first, because the temporary folder may be on another disk.
        await Tool.RunAsync("cp", "-R", sources.File("out"), folder + ".new");
        Directory.Move(folder + ".new", folder);
    }

    private static async Task<(bool IsDone, string Output)> GitAsync(params string[] arguments)
    {
        try
        {
            using var git = Process.Start(
                new ProcessStartInfo("git", ["-C", Program.RepositoryRoot(), .. arguments])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    UseShellExecute = false,
                }
            )!;
            var errors = git.StandardError.ReadToEndAsync();
            var output = await git.StandardOutput.ReadToEndAsync();
            await errors;
            await git.WaitForExitAsync();
            return (git.ExitCode == 0, output.Trim());
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (false, "");
        }
    }
}
