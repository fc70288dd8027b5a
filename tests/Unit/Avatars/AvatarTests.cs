using BookIT.Core.Avatars;
using static BookIT.Tests.Unit.Avatars.TestPictures;

namespace BookIT.Tests.Unit.Avatars;

/// <summary>A picture on its way out of a store that may break off.</summary>
public sealed class AvatarTests
{
    private static readonly Guid Id = Guid.CreateVersion7();

    private static Task<Avatar?> ReadAsync(byte[] bytes, long length) =>
        Avatar.ReadAsync(Id, new StoredPicture(new MemoryStream(bytes), length), CancellationToken.None);

    [Theory]
    [InlineData("told.png", PictureFormat.Png)]
    [InlineData("sideways.jpg", PictureFormat.Jpeg)]
    public async Task It_is_copied_whole_and_its_format_told_by_its_bytes(string name, PictureFormat format)
    {
        var picture = Read(name);
        await using var avatar = await ReadAsync(picture, picture.Length);
        using var copy = new MemoryStream();

        await avatar!.CopyToAsync(copy, CancellationToken.None);

        Assert.Equal((Id, format, picture.Length), (avatar.Id, avatar.Format, avatar.Length));
        Assert.Equal(picture, copy.ToArray());
    }

    [Fact]
    public async Task A_store_that_breaks_off_is_noticed()
    {
        var picture = Read("told.png");
        await using var avatar = await ReadAsync(picture[..^1], picture.Length);

        await Assert.ThrowsAsync<AvatarStoreException>(() => avatar!.CopyToAsync(Stream.Null, CancellationToken.None));
    }

    [Fact]
    public async Task What_is_stored_but_no_picture_is_not_shown()
    {
        Assert.Null(await ReadAsync("<html>and so on, and on</html>"u8.ToArray(), 30));
        Assert.Null(await ReadAsync([], 0));
        Assert.Null(await ReadAsync([1, 2, 3], 12));
    }
}
