using System.Reflection;
using System.Runtime.CompilerServices;
using BookIT.Api.Http;
using BookIT.Api.Yandex;
using BookIT.Core;
using BookIT.Core.Languages;

namespace BookIT.Tests.Unit.Http;

public sealed class ProblemCodesTests
{
    [Fact]
    public void Every_refusal_has_a_status() =>
        Assert.All(Refusal.All, refusal => Assert.InRange(ProblemCodes.StatusOf(refusal), 400, 503));

    [Fact]
    public void Every_other_code_has_a_sentence()
    {
        var codes = typeof(ProblemCodes)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetValue(null)!)
            .ToList();

        Assert.NotEmpty(codes);
        Assert.All(codes, code => Assert.NotEmpty(Sentences.Of(code)));
        Assert.Subset(ProblemCodes.All.Select(problem => problem.Code).ToHashSet(), codes.ToHashSet());
    }

    [Fact]
    public void The_table_in_the_documentation_is_whole()
    {
        var english = Sentences.Languages[1];
        var rows = ProblemCodes
            .All.OrderBy(problem => problem.Status)
            .ThenBy(problem => problem.Code, StringComparer.Ordinal)
            .Select(problem => $"| {problem.Status} | `{problem.Code}` | {Sentences.Outline(problem.Code, english)} |");
        var documented = File.ReadLines(Documentation())
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsDigit(line[2]));

        var table = string.Join('\n', rows);
        Assert.True(table == string.Join('\n', documented), $"docs/api.md must end with this table:\n{table}");
    }

    [Fact]
    public void What_a_browser_comes_back_from_Yandex_with_is_documented_and_has_a_sentence()
    {
        var documentation = File.ReadAllText(Documentation());

        Assert.All(
            YandexErrors.All,
            code =>
            {
                var row = $"| `{code}` | {Sentences.Outline(code, Sentences.Languages[1])} |";
                Assert.Contains(row, documentation, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void Every_error_status_has_a_code_with_a_sentence() =>
        Assert.All(Enumerable.Range(400, 200), status => Assert.NotEmpty(Sentences.Of(ProblemCodes.OfStatus(status))));

    private static string Documentation([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "docs", "api.md");
}
