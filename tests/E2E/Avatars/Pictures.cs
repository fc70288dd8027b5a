using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Avatars;

/// <summary>Pictures by an encoder of other people, some of which say where they were taken; and how they are sent.</summary>
internal static class Pictures
{
    private static readonly Lazy<Task<Dictionary<string, byte[]>>> All = new(MakeAsync);

    /// <summary>One of those that <c>pictures.mjs</c> makes.</summary>
    public static async Task<byte[]> ReadAsync(string name) => (await All.Value)[name];

    /// <summary>What a decoder and an EXIF reader of other people find in a picture.</summary>
    public static async Task<JsonNode> DescribeAsync(byte[] picture)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("picture"), picture);
        return JsonNode.Parse(await Node.RunAsync("pictures.mjs", "read", folder.File("picture")))!;
    }

    public static async Task<Answer> UploadAsync(this ApiClient client, byte[] picture, string name = "me.png") =>
        await client.PostAsync("/api/avatar/upload", Form(("file", name, picture)));

    public static async Task<Answer> SetDefaultAsync(this ApiClient admin, byte[] picture) =>
        await admin.PostAsync("/api/admin/default_avatar", Form(("image", "default.png", picture)));

    public static MultipartFormDataContent Form(params (string Field, string? FileName, byte[] Bytes)[] parts)
    {
        var form = new MultipartFormDataContent();
        foreach (var (field, fileName, bytes) in parts)
        {
            var part = new ByteArrayContent(bytes);
            // What the client says of it counts for nothing.
            part.Headers.ContentType = new MediaTypeHeaderValue("image/png");
            if (fileName is null)
            {
                form.Add(part, field);
            }
            else
            {
                form.Add(part, field, fileName);
            }
        }

        return form;
    }

    public static Guid AvatarId(this Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
        return Guid.Parse((string)answer.Body["avatar_id"]!);
    }

    /// <summary>A PNG of 2 KB that says it is 40,000 pixels high and wide, its checksum right.</summary>
    public static async Task<byte[]> BombAsync()
    {
        var picture = (byte[])(await ReadAsync("palette.png")).Clone();
        BinaryPrimitives.WriteInt32BigEndian(picture.AsSpan(16), 40_000);
        BinaryPrimitives.WriteInt32BigEndian(picture.AsSpan(20), 40_000);
        BinaryPrimitives.WriteUInt32BigEndian(picture.AsSpan(29), Crc32(picture.AsSpan(12, 17)));
        return picture;
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var state = uint.MaxValue;
        foreach (var one in bytes)
        {
            state ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                state = (state & 1) == 0 ? state >> 1 : 0xEDB88320 ^ (state >> 1);
            }
        }

        return ~state;
    }

    private static async Task<Dictionary<string, byte[]>> MakeAsync()
    {
        using var folder = new TemporaryFolder();
        var path = Directory.CreateDirectory(folder.File("pictures")).FullName;
        await Node.RunAsync("pictures.mjs", "make", path, "120", "80");
        return Directory
            .EnumerateFiles(path)
            .ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes, StringComparer.Ordinal);
    }
}
