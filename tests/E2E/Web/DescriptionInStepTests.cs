using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Web;

/// <summary>The page's client is made from a copy of the Api's description.</summary>
public sealed class DescriptionInStepTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task The_page_knows_the_api_as_it_is()
    {
        var root = Servers.Program.RepositoryRoot();
        var copy = await File.ReadAllTextAsync(Path.Combine(root, "src", "Web", "openapi.json"));

        var answer = await server.Anonymous().GetAsync("/api/openapi.json");

        if (JsonNode.DeepEquals(JsonNode.Parse(copy), answer.Body))
        {
            return;
        }

        Directory.CreateDirectory(Path.Combine(root, ".local"));
        await File.WriteAllBytesAsync(Path.Combine(root, ".local", "openapi.json"), answer.Bytes);
        Assert.Fail(
            "The Api is no longer what src/Web/openapi.json says. Renew it, and see what the page makes of it:\n"
                + "cp .local/openapi.json src/Web/ && npm --prefix src/Web run api && npm --prefix src/Web run check"
        );
    }
}
