using System.Diagnostics;
using System.Net;
using BookIT.Tests.E2E.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using static BookIT.Tests.E2E.Avatars.Pictures;

namespace BookIT.Tests.E2E.Avatars;

/// <summary>S3 is taken away, frozen, late or not ours: everything else goes on, and nobody loses a picture.</summary>
public sealed class S3AwayTests(S3BookItServer server) : IClassFixture<S3BookItServer>
{
    private static void IsAway(Answer answer)
    {
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (answer.Status, answer.Code));
        Assert.True(answer.Response.Headers.RetryAfter!.Delta > TimeSpan.Zero);
    }

    private static string? ETag(Answer answer) => answer.Response.Headers.ETag?.ToString();

    [Theory]
    [InlineData("killed")]
    [InlineData("frozen")]
    public async Task While_s3_is_away_uploads_wait_the_default_picture_is_shown_and_nothing_is_lost(string how)
    {
        var (member, nobody, admin) = (
            await server.MemberAsync(),
            await server.MemberAsync(),
            await server.AdminAsync()
        );
        var id = (await member.UploadAsync(await ReadAsync("told.png"))).AvatarId();
        var byDefault = (string)(await admin.SetDefaultAsync(await ReadAsync("told.webp"))).Body["image_id"]!;
        Assert.Equal($"\"{byDefault}\"", ETag(await nobody.GetAsync("/api/avatar")));

        if (how == "killed")
        {
            server.S3.Kill();
        }
        else
        {
            server.S3.Pause();
        }

        try
        {
            IsAway(await member.UploadAsync(await ReadAsync("simple.webp")));
            IsAway(await admin.SetDefaultAsync(await ReadAsync("simple.webp")));

            var watch = Stopwatch.StartNew();
            var instead = await member.GetAsync("/api/avatar");
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"It took {watch.Elapsed}");
            Assert.Equal((HttpStatusCode.OK, $"\"{byDefault}\""), (instead.Status, ETag(instead)));
            Assert.Equal("image/webp", instead.Response.Content.Headers.ContentType!.MediaType);
            Assert.Null((await DescribeAsync(instead.Bytes))["position"]);
            Assert.Equal($"\"{byDefault}\"", ETag(await nobody.GetAsync("/api/avatar")));

            // What the reader has already is not asked of S3.
            var known = await member.SendAsync(HttpMethod.Get, "/api/avatar", headers: ("If-None-Match", $"\"{id}\""));
            Assert.Equal((HttpStatusCode.NotModified, $"\"{id}\""), (known.Status, ETag(known)));
            Assert.Equal(HttpStatusCode.OK, (await server.Anonymous().GetAsync("/health/ready")).Status);
        }
        finally
        {
            if (how == "killed")
            {
                await server.S3.StartAsync();
            }
            else
            {
                server.S3.Resume();
            }
        }

        // It may have to do first what it was asked for while it was frozen.
        await Eventually.TrueAsync(async () => ETag(await member.GetAsync("/api/avatar")) == $"\"{id}\"");
        var next = (await member.UploadAsync(await ReadAsync("simple.webp"))).AvatarId();
        Assert.Equal($"\"{next}\"", ETag(await member.GetAsync("/api/avatar")));
    }

    [Fact]
    public async Task Without_s3_and_without_a_default_picture_the_reader_is_told_when_to_try_again()
    {
        var member = await server.MemberAsync();
        var id = (await member.UploadAsync(await ReadAsync("told.png"))).AvatarId();
        await server.ExecuteAsync("UPDATE space SET default_avatar_id = NULL");
        server.S3.Kill();
        try
        {
            IsAway(await member.GetAsync("/api/avatar"));

            // Taking one's picture away needs no S3: what it leaves there is swept.
            Assert.Equal(HttpStatusCode.NoContent, (await member.DeleteAsync("/api/avatar")).Status);
            Assert.Equal("picture_not_found", (await member.GetAsync("/api/avatar")).Code);
        }
        finally
        {
            await server.S3.StartAsync();
        }

        Assert.Contains($"{id}", server.Stored());
    }

    [Fact]
    public async Task An_s3_that_comes_later_than_the_api_is_prepared_when_it_comes()
    {
        await using var late = new S3Server();
        var (api, address) = await server.StartApiAsync(late.Settings);
        var member = await server.MemberAsync(address: address);
        IsAway(await member.UploadAsync(await ReadAsync("told.png")));

        await late.StartAsync();

        await Eventually.TrueAsync(
            async () => (await member.UploadAsync(await ReadAsync("told.png"))).Status == HttpStatusCode.OK,
            () => api.Output
        );
        Assert.Single(late.Keys());
        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/avatar")).Status);
    }

    [Fact]
    public async Task An_api_that_starts_while_s3_is_away_shows_the_default_picture_from_its_copy()
    {
        var (admin, nobody) = (await server.AdminAsync(), await server.MemberAsync());
        var byDefault = (string)(await admin.SetDefaultAsync(await ReadAsync("told.webp"))).Body["image_id"]!;
        Assert.Equal($"\"{byDefault}\"", ETag(await nobody.GetAsync("/api/avatar")));
        server.S3.Kill();
        try
        {
            var (_, address) = await server.StartApiAsync();

            var shown = await server.At(address, nobody).GetAsync("/api/avatar");

            Assert.Equal((HttpStatusCode.OK, $"\"{byDefault}\""), (shown.Status, ETag(shown)));
            Assert.Equal("image/webp", shown.Response.Content.Headers.ContentType!.MediaType);
        }
        finally
        {
            await server.S3.StartAsync();
        }
    }

    [Fact]
    public async Task An_address_that_is_no_s3_is_away_and_stops_nothing()
    {
        await using var web = WebApplication.CreateSlimBuilder().Build();
        web.Urls.Add("http://127.0.0.1:0");
        web.MapFallback(() => Results.Content("<!doctype html><p>Some console<br>", "text/html"));
        await web.StartAsync();
        var settings = server.S3.Settings;
        settings["S3__Endpoint"] = web.Urls.Single();
        var (api, address) = await server.StartApiAsync(settings);
        var member = await server.MemberAsync(address: address);

        await Eventually.TrueAsync(
            () => Task.FromResult(api.Output.Contains("Avatars were not looked after", StringComparison.Ordinal)),
            () => api.Output
        );

        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/user/me")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await member.GetAsync("/api/avatar")).Status);
    }

    [Fact]
    public async Task An_s3_that_does_not_know_us_is_away_too_and_no_key_is_told()
    {
        var settings = server.S3.Settings;
        settings["S3__AccessKey"] = "nobody";
        settings["S3__SecretKey"] = "a-wrong-secret-key";
        var (api, address) = await server.StartApiAsync(settings);
        var member = await server.MemberAsync(address: address);

        IsAway(await member.UploadAsync(await ReadAsync("told.png")));

        Assert.DoesNotContain("a-wrong-secret-key", api.Output, StringComparison.Ordinal);
    }
}
