using System.Reflection;
using BookIT.Api.Http;
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
    }

    [Fact]
    public void Every_error_status_has_a_code_with_a_sentence() =>
        Assert.All(Enumerable.Range(400, 200), status => Assert.NotEmpty(Sentences.Of(ProblemCodes.OfStatus(status))));
}
