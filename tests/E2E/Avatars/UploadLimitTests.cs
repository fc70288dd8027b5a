using System.Net;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Avatars;

/// <summary>Where limits are on, as they are in production.</summary>
public sealed class LimitedServer(TestServers servers) : BookItServer(servers)
{
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["RateLimits__Enabled"] = "true" };
}

public sealed class UploadLimitTests(LimitedServer server) : IClassFixture<LimitedServer>
{
    [Fact]
    public async Task A_member_uploads_one_picture_at_a_time_and_keeps_nobody_else_from_it()
    {
        var (member, other) = (await server.MemberAsync(), await server.MemberAsync());
        // Made before anything is sent: whoever stops for five seconds within a body is cut off.
        var picture = await Pictures.ReadAsync("palette.png");
        var rest = new TaskCompletionSource();
        var uploads = Enumerable
            .Range(0, 12)
            .Select(_ =>
                member.SendAsync(
                    HttpMethod.Post,
                    "/api/avatar/upload",
                    new SlowPicture(picture, rest.Task),
                    // So that an answer is heard before all was said.
                    ("Expect", "100-continue")
                )
            )
            .ToList();

        // One is read, four wait.
        await Eventually.TrueAsync(() => Task.FromResult(uploads.Count(upload => upload.IsCompleted) == 7));
        foreach (var refused in await Task.WhenAll(uploads.Where(upload => upload.IsCompleted)))
        {
            Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_requests"), (refused.Status, refused.Code));
            Assert.NotNull(refused.Response.Headers.RetryAfter);
        }

        Assert.Equal(HttpStatusCode.OK, (await other.UploadAsync(picture)).Status);
        rest.SetResult();
        var answers = await Task.WhenAll(uploads);
        Assert.Equal(5, answers.Count(answer => answer.Status == HttpStatusCode.OK));
    }

    /// <summary>A picture whose last part comes later.</summary>
    private sealed class SlowPicture : HttpContent
    {
        private readonly byte[] picture;
        private readonly Task later;

        public SlowPicture(byte[] picture, Task later)
        {
            this.picture = picture;
            this.later = later;
            Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"u8.ToArray()
            );
            await stream.WriteAsync(picture.AsMemory(0, 50));
            await stream.FlushAsync();
            await later;
            await stream.WriteAsync(picture.AsMemory(50));
            await stream.WriteAsync("\r\n--x--\r\n"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
