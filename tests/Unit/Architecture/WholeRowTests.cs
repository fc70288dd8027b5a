using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace BookIT.Tests.Unit.Architecture;

/// <summary>
/// A statement that answers all columns there are fails once on each connection when a migration adds one ("cached plan must
/// not change result type"). EF Core names the columns as soon as something is composed on such a statement.
/// </summary>
public sealed partial class WholeRowTests
{
    [Fact]
    public void No_statement_answers_whichever_columns_there_are()
    {
        var source = Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "src");
        var statements = Directory
            .EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(path => WholeRows().Matches(File.ReadAllText(path)).Select(match => match.Value))
            .ToList();

        Assert.NotEmpty(statements);
        Assert.All(statements, statement => Assert.Matches(Composed(), statement));
    }

    /// <summary>From there to the end of the C# statement.</summary>
    [GeneratedRegex(
        @"(SELECT|RETURNING)\s+(\w+\.)?\*[^;]*;",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex WholeRows();

    [GeneratedRegex(
        @"\.(OrderBy|Where|Single(OrDefault)?Async)\(",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Composed();

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
