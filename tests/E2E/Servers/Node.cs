namespace BookIT.Tests.E2E.Servers;

/// <summary>The scripts and servers in <c>tests/E2E/node</c>, by other people, or with libraries of theirs.</summary>
public static class Node
{
    private static readonly Lazy<Task> Installed = new(InstallAsync);

    private static string Folder => Path.Combine(Program.RepositoryRoot(), "tests", "E2E", "node");

    /// <summary>Runs one of our scripts and answers what it prints.</summary>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        await Installed.Value;
        return await Tool.RunAsync("node", [Path.Combine(Folder, script), .. arguments]);
    }

    /// <summary>The path of one of our scripts.</summary>
    public static async Task<string> ScriptAsync(string script)
    {
        await Installed.Value;
        return Path.Combine(Folder, script);
    }

    /// <summary>The path of a package's program.</summary>
    public static async Task<string> ProgramAsync(string package, string path)
    {
        await Installed.Value;
        return Path.Combine(Folder, "node_modules", package, path);
    }

    private static async Task InstallAsync()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
        {
            await Tool.RunAsync("npm", "ci", "--no-audit", "--no-fund", "--prefix", Folder);
        }
    }
}
