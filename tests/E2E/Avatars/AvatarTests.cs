using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using BookIT.Tests.E2E.Servers;
using static BookIT.Tests.E2E.Avatars.Pictures;

namespace BookIT.Tests.E2E.Avatars;

public sealed class FolderAvatarTests(FolderServer server) : AvatarTests(server), IClassFixture<FolderServer>
{
    [Fact]
    public async Task A_folder_that_cannot_be_used_is_a_store_that_is_away()
    {
        var member = await server.MemberAsync();
        await member.UploadAsync(await ReadAsync("told.png"));
        var aside = server.AvatarFolder + ".aside";
        Directory.Move(server.AvatarFolder, aside);
        await File.WriteAllTextAsync(server.AvatarFolder, "not a folder");

        var upload = await member.UploadAsync(await ReadAsync("simple.webp"));
        File.Delete(server.AvatarFolder);
        Directory.Move(aside, server.AvatarFolder);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (upload.Status, upload.Code));
        Assert.Equal(
            "image/png",
            (await member.GetAsync("/api/avatar")).Response.Content.Headers.ContentType!.MediaType
        );
    }
}

public sealed class S3AvatarTests(S3BookItServer server) : AvatarTests(server), IClassFixture<S3BookItServer>;

/// <summary>What avatars promise, wherever they are kept.</summary>
public abstract class AvatarTests(AvatarServer server)
{
    private Task<long> NamedAsync(Guid avatarId) =>
        server.QueryAsync<long>($"SELECT count(*) FROM users WHERE avatar_id = '{avatarId}'");

    private Task ForgetDefaultAsync() => server.ExecuteAsync("UPDATE space SET default_avatar_id = NULL");

    [Theory]
    [InlineData("sideways.jpg", "image/jpeg", true)]
    [InlineData("progressive.jpg", "image/jpeg", true)]
    [InlineData("told.png", "image/png", true)]
    [InlineData("palette.png", "image/png", false)]
    [InlineData("told.webp", "image/webp", true)]
    [InlineData("simple.webp", "image/webp", false)]
    [InlineData("lossless.webp", "image/webp", false)]
    [InlineData("moving.webp", "image/webp", false)]
    [InlineData("moving.gif", "image/gif", false)]
    public async Task A_picture_comes_back_as_it_looked_without_what_it_said_of_its_owner(
        string name,
        string mediaType,
        bool saysWhere
    )
    {
        var member = await server.MemberAsync();
        var original = await ReadAsync(name);
        var before = await DescribeAsync(original);
        Assert.Equal(saysWhere, before["position"] is not null);
        Assert.Equal(saysWhere, (int)before["exif"]! > 0 && (int)before["xmp"]! > 0);

        // Neither the name nor the type that it is sent under is right for most of them.
        var id = (await member.UploadAsync(original, "holiday.exe")).AvatarId();
        var answer = await member.GetAsync("/api/avatar");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(mediaType, answer.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal(id, Guid.Parse((string)(await member.GetAsync("/api/user/me")).Body["avatar_id"]!));
        var after = await DescribeAsync(answer.Bytes);
        Assert.Null(after["position"]);
        Assert.Equal(0, (int)after["xmp"]! + (int)after["texts"]!);
        Assert.InRange((int)after["exif"]!, 0, 32);
        foreach (var same in (string[])["format", "width", "height", "pages", "loop", "orientation", "icc", "pixels"])
        {
            Assert.Equal(before[same]?.ToJsonString(), after[same]?.ToJsonString());
        }

        Assert.Equal(before["delay"]?.ToJsonString(), after["delay"]?.ToJsonString());
    }

    [Fact]
    public async Task An_answer_can_be_kept_by_its_reader_only_and_is_never_a_page()
    {
        var member = await server.MemberAsync();
        var id = (await member.UploadAsync(await ReadAsync("told.png"))).AvatarId();

        var answer = await member.GetAsync("/api/avatar");
        var head = await member.SendAsync(HttpMethod.Head, "/api/avatar");
        var again = await member.SendAsync(
            HttpMethod.Get,
            "/api/avatar",
            headers: ("If-None-Match", $"\"other\", \"{id}\"")
        );
        var other = await member.SendAsync(HttpMethod.Get, "/api/avatar", headers: ("If-None-Match", "\"other\""));

        foreach (var one in new[] { answer, head, again, other })
        {
            Assert.Equal($"\"{id}\"", one.Response.Headers.ETag!.ToString());
            Assert.True(one.Response.Headers.CacheControl is { Private: true, NoCache: true });
            Assert.Equal("nosniff", Assert.Single(one.Response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Contains(
                "default-src 'none'",
                Assert.Single(one.Response.Headers.GetValues("Content-Security-Policy")),
                StringComparison.Ordinal
            );
        }

        Assert.Equal("inline; filename=\"avatar.png\"", answer.Response.Content.Headers.ContentDisposition!.ToString());
        Assert.Equal(answer.Bytes.Length, answer.Response.Content.Headers.ContentLength);
        Assert.Equal(answer.Bytes.Length, head.Response.Content.Headers.ContentLength);
        Assert.Empty(head.Bytes);
        Assert.Equal((HttpStatusCode.NotModified, 0), (again.Status, again.Bytes.Length));
        Assert.Equal((HttpStatusCode.OK, answer.Bytes.Length), (other.Status, other.Bytes.Length));
    }

    [Fact]
    public async Task A_picture_that_is_a_page_as_well_is_served_as_a_picture_without_the_page()
    {
        var member = await server.MemberAsync();
        byte[] both = [.. await ReadAsync("moving.gif"), .. "<html><script>alert(1)</script>"u8];

        (await member.UploadAsync(both, "page.html")).AvatarId();
        var answer = await member.GetAsync("/api/avatar");

        Assert.Equal("image/gif", answer.Response.Content.Headers.ContentType!.ToString());
        Assert.DoesNotContain("<script>", Encoding.Latin1.GetString(answer.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_of_nearly_5_MB_comes_back_byte_for_byte()
    {
        var member = await server.MemberAsync();
        byte[] picture = [.. LargeGif(5_200_000), 0, 0x3B];

        (await member.UploadAsync(picture)).AvatarId();

        Assert.Equal(picture, (await member.GetAsync("/api/avatar")).Bytes);
    }

    [Fact]
    public async Task The_old_picture_goes_when_the_new_one_is_there()
    {
        var member = await server.MemberAsync();
        var first = (await member.UploadAsync(await ReadAsync("told.png"))).AvatarId();
        Assert.Contains($"{first}", server.Stored());

        var second = (await member.UploadAsync(await ReadAsync("simple.webp"))).AvatarId();

        Assert.NotEqual(first, second);
        Assert.Contains($"{second}", server.Stored());
        Assert.DoesNotContain($"{first}", server.Stored());
        Assert.Equal($"\"{second}\"", (await member.GetAsync("/api/avatar")).Response.Headers.ETag!.ToString());
    }

    [Fact]
    public async Task Of_many_uploads_at_once_exactly_one_picture_stays_and_readers_always_see_one()
    {
        var member = await server.MemberAsync();
        await member.UploadAsync(await ReadAsync("told.png"));
        var (png, webp) = (await ReadAsync("told.png"), await ReadAsync("simple.webp"));

        var uploads = Enumerable.Range(0, 12).Select(i => member.UploadAsync(i % 2 == 0 ? png : webp)).ToList();
        var reads = Enumerable.Range(0, 24).Select(_ => ReadPatientlyAsync(member)).ToList();
        var ids = (await Task.WhenAll(uploads)).Select(answer => answer.AvatarId()).ToList();

        Assert.All(await Task.WhenAll(reads), answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        var stays = Assert.Single(ids, id => server.Stored().Contains($"{id}"));
        Assert.Equal(1, await NamedAsync(stays));
    }

    [Fact]
    public async Task One_sees_ones_own_picture_and_an_administrator_everybodys()
    {
        var (owner, other, admin) = (await server.MemberAsync(), await server.MemberAsync(), await server.AdminAsync());
        await ForgetDefaultAsync();
        var id = (await owner.UploadAsync(await ReadAsync("told.png"))).AvatarId();
        var path = $"/api/avatar/{owner.UserId}";

        Assert.Equal($"\"{id}\"", (await owner.GetAsync(path)).Response.Headers.ETag!.ToString());
        Assert.Equal($"\"{id}\"", (await admin.GetAsync(path)).Response.Headers.ETag!.ToString());
        Assert.Equal("not_your_account", (await other.GetAsync(path)).Code);
        Assert.Equal("not_your_account", (await other.GetAsync($"/api/avatar/{Guid.CreateVersion7()}")).Code);
        Assert.Equal("user_not_found", (await admin.GetAsync($"/api/avatar/{Guid.CreateVersion7()}")).Code);
        Assert.Equal("picture_not_found", (await admin.GetAsync($"/api/avatar/{other.UserId}")).Code);
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync("/api/avatar/nobody")).Status);
        foreach (var one in (string[])[path, "/api/avatar", "/api/avatar/default"])
        {
            Assert.Equal("not_signed_in", (await server.Anonymous().GetAsync(one)).Code);
        }

        Assert.Equal("not_signed_in", (await server.Anonymous().UploadAsync([1])).Code);
        Assert.Equal("admin_only", (await owner.SetDefaultAsync(await ReadAsync("told.png"))).Code);
    }

    [Fact]
    public async Task Who_has_none_gets_the_default_picture()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        await ForgetDefaultAsync();
        var none = await member.GetAsync("/api/avatar");
        Assert.Equal((HttpStatusCode.NotFound, "picture_not_found"), (none.Status, none.Code));
        Assert.Equal("picture_not_found", (await member.GetAsync("/api/avatar/default")).Code);

        var set = await admin.SetDefaultAsync(await ReadAsync("told.webp"));
        Assert.Equal(HttpStatusCode.OK, set.Status);
        var first = (string)set.Body["image_id"]!;
        foreach (var path in (string[])["/api/avatar", $"/api/avatar/{member.UserId}", (string)set.Body["url"]!])
        {
            var answer = await member.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal($"\"{first}\"", answer.Response.Headers.ETag!.ToString());
            Assert.Equal("image/webp", answer.Response.Content.Headers.ContentType!.MediaType);
            var known = await member.SendAsync(HttpMethod.Get, path, headers: ("If-None-Match", $"\"{first}\""));
            Assert.Equal(HttpStatusCode.NotModified, known.Status);
        }

        var second = (string)(await admin.SetDefaultAsync(await ReadAsync("moving.gif"))).Body["image_id"]!;
        Assert.Equal($"\"{second}\"", (await member.GetAsync("/api/avatar")).Response.Headers.ETag!.ToString());
        Assert.Contains(second, server.Stored());
        Assert.DoesNotContain(first, server.Stored());
        var entry = (await admin.GetAsync($"/api/admin/audit?target_id={second}")).Body[0]!;
        Assert.Equal("default_avatar.update", (string?)entry["action"]);
        Assert.Equal(admin.UserId.ToString(), (string?)entry["actor_id"]);
        Assert.Contains(first, entry["before"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains(second, entry["after"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_can_be_taken_away()
    {
        var member = await server.MemberAsync();
        await ForgetDefaultAsync();
        var id = (await member.UploadAsync(await ReadAsync("told.png"))).AvatarId();

        var removed = await member.DeleteAsync("/api/avatar");
        var again = await member.DeleteAsync("/api/avatar");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (removed.Status, again.Status));
        Assert.Null((await member.GetAsync("/api/user/me")).Body["avatar_id"]);
        Assert.Equal("picture_not_found", (await member.GetAsync("/api/avatar")).Code);
        Assert.DoesNotContain($"{id}", server.Stored());
    }

    [Fact]
    public async Task Who_leaves_takes_the_picture_with_them()
    {
        var member = await server.MemberAsync();
        var id = (await member.UploadAsync(await ReadAsync("told.png"))).AvatarId();

        Assert.Equal(HttpStatusCode.NoContent, (await member.DeleteAsync("/api/user")).Status);

        Assert.DoesNotContain($"{id}", server.Stored());
        var late = await member.UploadAsync(await ReadAsync("told.png"));
        Assert.Equal("not_signed_in", late.Code);
    }

    [Theory]
    [InlineData("cut", HttpStatusCode.BadRequest, "picture_damaged")]
    [InlineData("executable", HttpStatusCode.UnsupportedMediaType, "picture_not_supported")]
    [InlineData("svg", HttpStatusCode.UnsupportedMediaType, "picture_not_supported")]
    [InlineData("page", HttpStatusCode.UnsupportedMediaType, "picture_not_supported")]
    [InlineData("empty", HttpStatusCode.UnsupportedMediaType, "picture_not_supported")]
    [InlineData("bomb", HttpStatusCode.BadRequest, "picture_too_large")]
    [InlineData("6 MB", HttpStatusCode.RequestEntityTooLarge, "picture_too_heavy")]
    [InlineData("6 MB after the picture", HttpStatusCode.RequestEntityTooLarge, "picture_too_heavy")]
    public async Task What_is_no_good_picture_is_refused_and_the_old_one_stays(
        string what,
        HttpStatusCode status,
        string code
    )
    {
        var member = await server.MemberAsync();
        var good = await ReadAsync("told.png");
        var id = (await member.UploadAsync(good)).AvatarId();
        var bad = what switch
        {
            "cut" => good[..^20],
            "executable" => [.. "MZ\u0090"u8, .. new byte[500]],
            "svg" =>
                """<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"""u8.ToArray(),
            "page" => "<!DOCTYPE html><script>alert(1)</script>"u8.ToArray(),
            "empty" => [],
            "bomb" => await BombAsync(),
            "6 MB" => LargeGif(6_000_000),
            _ => [.. good, .. new byte[6_000_000]],
        };

        foreach (var chunked in new[] { false, true })
        {
            using var form = Form(("file", "good.png", bad));
            using var body = chunked ? new StreamContent(await form.ReadAsStreamAsync()) : null;
            if (body is not null)
            {
                body.Headers.ContentType = form.Headers.ContentType;
                body.Headers.ContentLength = null;
            }

            var answer = await member.PostAsync("/api/avatar/upload", (HttpContent?)body ?? form);

            Assert.Equal((status, code), (answer.Status, answer.Code));
            Assert.False(string.IsNullOrWhiteSpace((string?)answer.Body["detail"]));
        }

        Assert.Equal($"\"{id}\"", (await member.GetAsync("/api/avatar")).Response.Headers.ETag!.ToString());
    }

    [Theory]
    [InlineData("no file", 400, "picture_missing")]
    [InlineData("nothing chosen", 400, "picture_missing")]
    [InlineData("another field", 400, "picture_missing")]
    [InlineData("no body", 400, "picture_missing")]
    [InlineData("two files", 400, "one_picture_only")]
    [InlineData("another file after it", 400, "one_picture_only")]
    [InlineData("cut form", 400, "picture_damaged")]
    [InlineData("cut after the picture", 400, "malformed_request")]
    [InlineData("no form in the form", 400, "malformed_request")]
    [InlineData("endless headers", 400, "malformed_request")]
    [InlineData("no disposition", 400, "picture_missing")]
    [InlineData("json", 415, "unsupported_media_type")]
    [InlineData("no boundary", 415, "unsupported_media_type")]
    [InlineData("long boundary", 415, "unsupported_media_type")]
    [InlineData("compressed", 415, "unsupported_media_type")]
    [InlineData("20 MB", 413, "body_too_large")]
    public async Task A_form_that_is_not_right_is_refused(string what, int status, string code)
    {
        var member = await server.MemberAsync();
        var png = await ReadAsync("palette.png");
        static ByteArrayContent Raw(byte[] bytes, string type = "multipart/form-data; boundary=x")
        {
            var content = new ByteArrayContent(bytes);
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            return content;
        }

        byte[] part = [.. "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"u8, .. png];
        byte[] form = [.. part, .. "\r\n--x--\r\n"u8];
        HttpContent? body = what switch
        {
            "no file" => Form(("text", null, "hello"u8.ToArray())),
            "nothing chosen" => Raw(
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--x--\r\n"u8.ToArray()
            ),
            "another field" => Form(("image", "a.png", png)),
            "no body" => null,
            "two files" => Form(("file", "a.png", png), ("file", "b.png", png)),
            "another file after it" => Form(("file", "a.png", png), ("other", "b.png", png)),
            "cut form" => Raw(part[..^30]),
            "cut after the picture" => Raw([.. form[..^4], .. "\r\nMore: "u8]),
            "no form in the form" => Raw("hello"u8.ToArray()),
            "endless headers" => Raw([.. "--x\r\nX: "u8, .. Enumerable.Repeat((byte)'x', 100_000), .. form]),
            "no disposition" => Raw([.. "--x\r\n\r\n"u8, .. png, .. "\r\n--x--\r\n"u8]),
            "json" => Raw("{}"u8.ToArray(), "application/json"),
            "no boundary" => Raw(form, "multipart/form-data"),
            "long boundary" => Raw(form, $"multipart/form-data; boundary={new string('x', 71)}"),
            "compressed" => Raw(form),
            _ => Raw([.. form, .. new byte[20_000_000]]),
        };
        if (what == "compressed")
        {
            body!.Headers.ContentEncoding.Add("gzip");
        }

        var answer = await member.SendAsync(
            HttpMethod.Post,
            "/api/avatar/upload",
            body,
            // So that the answer is read before the connection ends under what it will not read.
            what == "20 MB"
                ? [("Expect", "100-continue")]
                : []
        );

        Assert.Equal((status, code), ((int)answer.Status, answer.Code));
        Assert.False(string.IsNullOrWhiteSpace((string?)answer.Body["detail"]));
        Assert.Null((await member.GetAsync("/api/user/me")).Body["avatar_id"]);
    }

    [Fact]
    public async Task The_default_picture_is_checked_like_any_other()
    {
        var admin = await server.AdminAsync();

        Assert.Equal("picture_too_large", (await admin.SetDefaultAsync(await BombAsync())).Code);
        Assert.Equal("picture_not_supported", (await admin.SetDefaultAsync("<svg/>"u8.ToArray())).Code);
        Assert.Equal(
            "picture_missing",
            (await admin.PostAsync("/api/admin/default_avatar", Form(("file", "a.png", [1])))).Code
        );
    }

    [Fact]
    public async Task Orphans_are_swept_away_when_they_are_old_and_what_is_named_stays()
    {
        var (member, admin) = (await server.MemberAsync(), await server.AdminAsync());
        var now = TimeProvider.System.GetUtcNow();
        var picture = await ReadAsync("palette.png");
        var (orphan, named, nameless, young) = (
            Guid.CreateVersion7(now.AddHours(-2)),
            Guid.CreateVersion7(now.AddHours(-3)),
            Guid.CreateVersion7(now.AddHours(-4)),
            Guid.CreateVersion7(now.AddMinutes(-50))
        );
        // Named before they are there: an Api that has just started sweeps.
        await server.ExecuteAsync($"UPDATE users SET avatar_id = '{named}' WHERE id = '{member.UserId}'");
        await server.ExecuteAsync($"UPDATE space SET default_avatar_id = '{nameless}'");
        foreach (var name in (string[])[$"{orphan}", $"{named}", $"{nameless}", $"{young}", "not-ours.txt"])
        {
            server.Plant(name, picture);
        }

        if (server is FolderServer)
        {
            server.Plant($"{Guid.CreateVersion7(now.AddHours(-2))}.part", picture);
        }

        await server.RestartApiAsync();

        // One after another, in whatever order the store lists them.
        await Eventually.TrueAsync(() =>
            Task.FromResult(
                server.Stored() is var stored
                    && !stored.Contains($"{orphan}")
                    && !stored.Any(name => name.EndsWith(".part", StringComparison.Ordinal))
            )
        );
        Assert.All(
            (string[])[$"{named}", $"{nameless}", $"{young}", "not-ours.txt"],
            name => Assert.Contains(name, server.Stored())
        );
        Assert.Equal(HttpStatusCode.OK, (await server.At(server.Address, member).GetAsync("/api/avatar")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.At(server.Address, admin).GetAsync("/api/avatar")).Status);
        await ForgetDefaultAsync();
    }

    [Fact]
    public async Task Killed_in_the_middle_of_an_upload_the_old_picture_stays_and_nothing_else()
    {
        var member = await server.MemberAsync();
        var id = (await member.UploadAsync(await ReadAsync("told.png"))).AvatarId();
        var stored = server.Stored();
        var (half, rest) = (new TaskCompletionSource(), new TaskCompletionSource());
        using var form = Form(("file", "a.png", await ReadAsync("told.png")));
        using var body = new StreamContent(new Halting(await form.ReadAsByteArrayAsync(), half, rest.Task));
        body.Headers.ContentType = form.Headers.ContentType;
        var upload = member.PostAsync("/api/avatar/upload", body);
        await half.Task;

        await server.RestartApiAsync();
        rest.SetResult();

        await Assert.ThrowsAsync<HttpRequestException>(() => upload);
        var answer = await server.At(server.Address, member).GetAsync("/api/avatar");
        Assert.Equal($"\"{id}\"", answer.Response.Headers.ETag!.ToString());
        Assert.Empty(server.Stored().Except(stored, StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_picture_that_is_no_longer_in_the_store_is_as_good_as_none()
    {
        var member = await server.MemberAsync();
        await ForgetDefaultAsync();
        await server.ExecuteAsync(
            $"UPDATE users SET avatar_id = '{Guid.CreateVersion7()}' WHERE id = '{member.UserId}'"
        );

        Assert.Equal("picture_not_found", (await member.GetAsync("/api/avatar")).Code);

        (await member.UploadAsync(await ReadAsync("told.png"))).AvatarId();
        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/avatar")).Status);
    }

    /// <summary>As a client does: on a busy machine the store may not answer in time, which is told.</summary>
    private static async Task<Answer> ReadPatientlyAsync(ApiClient client)
    {
        var answer = await client.GetAsync("/api/avatar");
        await Eventually.TrueAsync(async () =>
            answer.Status != HttpStatusCode.ServiceUnavailable
            || (answer = await client.GetAsync("/api/avatar")).Status != HttpStatusCode.ServiceUnavailable
        );
        return answer;
    }

    /// <summary>A GIF of one pixel, and more data than that needs; without its end.</summary>
    private static byte[] LargeGif(int length) =>
        [
            .. "GIF89a"u8,
            .. (ReadOnlySpan<byte>)[1, 0, 1, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2],
            .. Enumerable.Range(0, length / 256).SelectMany(_ => (byte[])[255, .. new byte[255]]),
        ];

    /// <summary>Gives the first half, and the rest when it is told to.</summary>
    private sealed class Halting(byte[] bytes, TaskCompletionSource half, Task rest) : MemoryStream(bytes)
    {
        private readonly int middle = bytes.Length / 2;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            if (Position < middle)
            {
                return await base.ReadAsync(
                    buffer[..(int)Math.Min(buffer.Length, middle - Position)],
                    cancellationToken
                );
            }

            half.TrySetResult();
            await rest;
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
