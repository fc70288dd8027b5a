using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Avatars;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Floor;

/// <summary>The picture under the map, wherever pictures are kept.</summary>
public abstract class FloorPlanTests(AvatarServer server)
{
    private static Task<Answer> SetAsync(ApiClient admin, byte[] picture, string field = "image") =>
        admin.SendAsync(HttpMethod.Put, "/api/admin/floor/plan", Pictures.Form((field, "plan.png", picture)));

    private static (string Url, double X, double Y, double Width, double Height) Plan(Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
        var plan = answer.Body["plan"]!;
        return (
            (string)plan["url"]!,
            (double)plan["x"]!,
            (double)plan["y"]!,
            (double)plan["width"]!,
            (double)plan["height"]!
        );
    }

    // In one go, because there is one plan.
    [Fact]
    public async Task A_plan_is_laid_moved_replaced_and_taken_away()
    {
        var (admin, anybody) = (await server.AdminAsync(), server.Anonymous());
        var picture = await Pictures.ReadAsync("told.png");
        var facts = await Pictures.DescribeAsync(picture);
        var (width, height) = ((double)facts["width"]!, (double)facts["height"]!);

        var empty = await anybody.GetAsync("/api/floor");
        Assert.Null(empty.Body["plan"]);
        var set = await SetAsync(admin, picture);
        var first = Plan(set);
        Assert.Equal((0, 0, width, height), (first.X, first.Y, first.Width, first.Height));
        Assert.Equal(set.Body.ToJsonString(), (await anybody.GetAsync("/api/floor")).Body.ToJsonString());
        Assert.True((long)set.Body["version"]! > (long)empty.Body["version"]!);

        var shown = await anybody.GetAsync(first.Url);
        var headers = shown.Response.Headers;
        Assert.Equal("image/png", shown.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal("public, max-age=31536000, immutable", string.Join(", ", headers.GetValues("Cache-Control")));
        Assert.Equal("nosniff", headers.GetValues("X-Content-Type-Options").Single());
        Assert.False(headers.ETag!.IsWeak);
        var described = await Pictures.DescribeAsync(shown.Bytes);
        Assert.Equal(width, (double)described["width"]!);
        // Where it was taken is nobody's concern.
        Assert.DoesNotContain("GPS", Encoding.Latin1.GetString(shown.Bytes), StringComparison.Ordinal);
        var known = await anybody.SendAsync(
            HttpMethod.Get,
            first.Url,
            body: null,
            ("If-None-Match", headers.ETag.ToString())
        );
        Assert.Equal(HttpStatusCode.NotModified, known.Status);

        var moved = Plan(
            await admin.SendAsync(
                HttpMethod.Put,
                "/api/admin/floor",
                new
                {
                    version = (long)set.Body["version"]!,
                    plan = new
                    {
                        x = -50.5,
                        y = 20,
                        width = 2 * width,
                        height = 3 * height,
                    },
                }
            )
        );
        Assert.Equal((first.Url, -50.5, 20, 2 * width, 3 * height), moved);

        var replaced = Plan(await SetAsync(admin, await Pictures.ReadAsync("sideways.jpg")));
        Assert.NotEqual(first.Url, replaced.Url);
        Assert.Equal((-50.5, 20, 2 * width), (replaced.X, replaced.Y, replaced.Width));
        // 120 by 80, lying on its side.
        Assert.Equal(replaced.Width * 120 / 80, replaced.Height, precision: 6);
        Assert.Equal(
            "image/jpeg",
            (await anybody.GetAsync(replaced.Url)).Response.Content.Headers.ContentType!.ToString()
        );
        await Eventually.TrueAsync(async () => (await anybody.GetAsync(first.Url)).Code == "picture_not_found");

        var stale = await admin.SendAsync(
            HttpMethod.Put,
            "/api/admin/floor",
            new { version = (long)set.Body["version"]!, seats = new[] { new { name = "Too late" } } }
        );
        Assert.Equal((HttpStatusCode.Conflict, "floor_changed"), (stale.Status, stale.Code));

        var removed = await admin.DeleteAsync("/api/admin/floor/plan");
        Assert.Null(removed.Body["plan"]);
        var again = await admin.DeleteAsync("/api/admin/floor/plan");
        Assert.Equal((long)removed.Body["version"]!, (long)again.Body["version"]!);
        await Eventually.TrueAsync(async () => (await anybody.GetAsync(replaced.Url)).Code == "picture_not_found");
        var audit = (await admin.GetAsync($"/api/admin/audit?actor_id={admin.UserId}")).Body.AsArray();
        Assert.Equal(
            ["floor_plan.delete", "floor_plan.update", "floor.update", "floor_plan.update"],
            audit.Select(entry => (string?)entry!["action"])
        );

        foreach (
            var (refused, code) in new[]
            {
                (await SetAsync(admin, "no picture"u8.ToArray()), "picture_not_supported"),
                (await SetAsync(admin, await Pictures.BombAsync()), "picture_too_large"),
                (await SetAsync(admin, picture[..500]), "picture_damaged"),
                (await SetAsync(admin, picture, field: "file"), "picture_missing"),
            }
        )
        {
            Assert.Equal(code, refused.Code);
        }

        Assert.Null((await anybody.GetAsync("/api/floor")).Body["plan"]);
    }
}

public sealed class FloorPlanInFolderTests(FolderServer server) : FloorPlanTests(server), IClassFixture<FolderServer>
{
    private readonly FolderServer server = server;

    [Fact]
    public async Task Orphans_of_plans_are_swept_away_and_the_plan_stays()
    {
        var admin = await server.AdminAsync();
        var folder = Path.Combine(server.AvatarFolder, "floor");
        var (orphan, named, young) = (
            Guid.CreateVersion7(TimeProvider.System.GetUtcNow().AddHours(-3)),
            Guid.CreateVersion7(TimeProvider.System.GetUtcNow().AddHours(-3)),
            Guid.CreateVersion7(TimeProvider.System.GetUtcNow())
        );
        var picture = await Pictures.ReadAsync("palette.png");
        // Named before it is there: the Api that has just started sweeps as well.
        await server.ExecuteAsync(
            $"""
            UPDATE space SET floor_plan_id = '{named}', floor_plan_x = 0, floor_plan_y = 0, floor_plan_width = 1,
                floor_plan_height = 1
            """
        );
        foreach (var id in (Guid[])[orphan, named, young])
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, $"{id}"), picture);
        }

        // A program that starts sweeps first of all.
        await server.StartApiAsync();

        await Eventually.TrueAsync(() => Task.FromResult(!File.Exists(Path.Combine(folder, $"{orphan}"))));
        Assert.True(File.Exists(Path.Combine(folder, $"{named}")));
        Assert.True(File.Exists(Path.Combine(folder, $"{young}")));
        Assert.Equal(HttpStatusCode.OK, (await admin.DeleteAsync("/api/admin/floor/plan")).Status);
    }
}

public sealed class FloorPlanInS3Tests(S3BookItServer server) : FloorPlanTests(server), IClassFixture<S3BookItServer>;
