using System.Text;
using BookIT.Core;
using BookIT.Core.Avatars;
using FsCheck;
using FsCheck.Fluent;
using static BookIT.Tests.Unit.Avatars.TestPictures;

namespace BookIT.Tests.Unit.Avatars;

/// <summary>What comes in as a picture, and what is kept of it. That it still looks the same is asked of others in the E2E tests.</summary>
public sealed class PictureTests
{
    private static readonly string[] Secrets = ["Somebody", "A camera", "a secret place", "xpacket"];

    public static TheoryData<string> All => [.. Names];

    [Theory]
    [InlineData("sideways.jpg", PictureFormat.Jpeg)]
    [InlineData("progressive.jpg", PictureFormat.Jpeg)]
    [InlineData("told.png", PictureFormat.Png)]
    [InlineData("palette.png", PictureFormat.Png)]
    [InlineData("told.webp", PictureFormat.WebP)]
    [InlineData("simple.webp", PictureFormat.WebP)]
    [InlineData("lossless.webp", PictureFormat.WebP)]
    [InlineData("moving.webp", PictureFormat.WebP)]
    [InlineData("moving.gif", PictureFormat.Gif)]
    public async Task The_format_is_told_by_the_bytes(string name, PictureFormat format)
    {
        var (result, bytes) = await CleanAsync(Read(name));

        Assert.Equal(format, result.Value.Format);
        Assert.Equal(format, Picture.FormatOf(bytes));
    }

    [Theory]
    [InlineData("sideways.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("told.png")]
    [InlineData("told.webp")]
    public async Task What_nobody_needs_to_see_it_is_gone(string name)
    {
        var picture = Read(name);
        // A PNG keeps its XMP compressed.
        Assert.All(Secrets, secret => Assert.True(picture.Says(secret) || picture.Says("zTXt")));

        var cleaned = await CleanedAsync(picture);

        Assert.All(Secrets, secret => Assert.False(cleaned.Says(secret) || cleaned.Says("zTXt")));
    }

    [Theory]
    [InlineData("sideways.jpg", 6)]
    [InlineData("told.webp", 8)]
    public async Task Of_exif_only_the_way_up_is_left(string name, byte orientation)
    {
        var cleaned = await CleanedAsync(Read(name));

        var exif = Exif.Minimal(orientation);
        Assert.True(cleaned.AsSpan().IndexOf(exif) > 0);
        Assert.Equal(orientation, Exif.OrientationOf(exif));
    }

    [Theory]
    [InlineData("progressive.jpg")]
    [InlineData("told.png")]
    public async Task Of_exif_that_says_upright_nothing_is_left(string name)
    {
        var cleaned = await CleanedAsync(Read(name));

        Assert.False(cleaned.Says("Exif") || cleaned.Says("eXIf"));
    }

    [Fact]
    public async Task The_way_up_of_a_png_is_kept_too()
    {
        var exif = (byte[])[.. "II\x2a\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];

        var cleaned = await CleanedAsync(Png(4, 4, Chunk("eXIf", [.. exif, .. "Somebody"u8])));

        Assert.Equal(Png(4, 4, Chunk("eXIf", Exif.Minimal(3))), cleaned);
    }

    [Fact]
    public async Task Texts_dates_and_parts_of_unknown_meaning_are_left_out_of_a_png()
    {
        var picture = Png(
            4,
            4,
            Chunk("gAMA", [0, 0, 0xB1, 0x8F]),
            Chunk("tEXt", "Author\0Somebody"u8.ToArray()),
            Chunk("zTXt", "Author\0\0Somebody"u8.ToArray()),
            Chunk("iTXt", "Author\0\0\0\0\0Somebody"u8.ToArray()),
            Chunk("tIME", [7, 234, 11, 21, 7, 35, 1]),
            Chunk("caBX", "Somebody"u8.ToArray())
        );

        Assert.Equal(Png(4, 4, Chunk("gAMA", [0, 0, 0xB1, 0x8F])), await CleanedAsync(picture));
    }

    [Fact]
    public async Task Comments_and_what_only_some_programs_know_are_left_out_of_a_gif()
    {
        var picture = Read("moving.gif");
        var cleaned = await CleanedAsync(picture);
        Assert.Equal(picture, cleaned);
        var afterTable = 13 + (3 << ((picture[10] & 7) + 1));
        byte[] comment = [0x21, 0xFE, 8, .. "Somebody"u8, 0];
        byte[] program = [0x21, 0xFF, 11, .. "XMP DataXMP"u8, 8, .. "Somebody"u8, 0];
        byte[] text = [0x21, 0x01, 12, .. new byte[12], 8, .. "Somebody"u8, 0];

        Assert.Equal(cleaned, await CleanedAsync(picture.With(afterTable, [.. comment, .. program, .. text])));
    }

    [Fact]
    public async Task Comments_previews_and_the_data_of_cameras_are_left_out_of_a_jpeg()
    {
        var cleaned = await CleanedAsync(Read("progressive.jpg"));
        byte[] comment = [0xFF, 0xFE, 0, 10, .. "Somebody"u8];
        byte[] preview = [0xFF, 0xE0, 0, 12, .. "JFXX\0"u8, .. "Somet"u8];
        byte[] camera = [0xFF, 0xE5, 0, 10, .. "Somebody"u8];
        byte[] pictures = [0xFF, 0xE2, 0, 14, .. "MPF\0"u8, .. "Somebody"u8];

        Assert.Equal(cleaned, await CleanedAsync(cleaned.With(2, [.. comment, .. preview, .. camera, .. pictures])));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_follows_the_end_is_not_kept(string name)
    {
        var picture = Read(name);

        Assert.Equal(
            await CleanedAsync(picture),
            await CleanedAsync([.. picture, .. "<script>alert(1)</script>"u8, .. picture])
        );
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_is_clean_stays_as_it_is(string name)
    {
        var cleaned = await CleanedAsync(Read(name));

        Assert.Equal(cleaned, await CleanedAsync(cleaned));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task It_does_not_matter_in_what_pieces_a_picture_arrives(string name)
    {
        var picture = Read(name);
        using var source = new Drops(picture);
        using var destination = new MemoryStream();

        var result = await Picture.CopyCleanAsync(source, destination, CancellationToken.None);

        Assert.Null(result.Refusal);
        Assert.Equal(await CleanedAsync(picture), destination.ToArray());
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_picture_cut_short_anywhere_is_refused(string name)
    {
        var picture = Read(name);
        for (var length = 0; length < picture.Length; length++)
        {
            var refusal = await RefusalAsync(picture[..length]);
            Assert.True(
                refusal is Refusal.PictureDamaged
                    || (length < Picture.HeadLength && refusal is Refusal.PictureNotSupported),
                $"{length} bytes: {refusal}"
            );
        }
    }

    [Fact]
    public async Task A_picture_whose_sender_breaks_off_is_refused()
    {
        var picture = Read("told.png");
        using var source = new Drops(picture, breaksAt: 500);
        using var destination = new MemoryStream();

        var result = await Picture.CopyCleanAsync(source, destination, CancellationToken.None);

        Assert.IsType<Refusal.PictureDamaged>(result.Refusal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Whatever_bit_is_wrong_there_is_an_answer(string name)
    {
        var picture = Read(name);
        for (var at = 0; at < picture.Length; at++)
        {
            foreach (var mask in (byte[])[0x01, 0x80, 0xFF])
            {
                await AnswersAsync(picture.Changed(at, (byte)(picture[at] ^ mask)));
            }
        }
    }

    [Theory]
    [InlineData("told.png")]
    [InlineData("palette.png")]
    public async Task No_wrong_bit_gets_past_the_checksums_of_a_png(string name)
    {
        var picture = Read(name);
        for (var at = 0; at < picture.Length; at++)
        {
            Assert.NotNull(await RefusalAsync(picture.Changed(at, (byte)(picture[at] ^ 0x20))));
        }
    }

    [Fact]
    public void Whatever_follows_a_good_beginning_there_is_an_answer()
    {
        var beginnings = Gen.Elements(Names.ToArray())
            .SelectMany(name => Gen.Choose(0, 60).Select(length => Read(name)[..length]));
        var property = Prop.ForAll(
            beginnings.Zip(ArbMap.Default.GeneratorFor<byte[]>()).ToArbitrary(),
            both =>
            {
                AnswersAsync([.. both.Item1, .. both.Item2]).GetAwaiter().GetResult();
                return true;
            }
        );

        property.Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData("")]
    [InlineData("MZ\u0090\0\u0003\0\0\0\u0004\0\0\0")]
    [InlineData("\u007fELF\u0002\u0001\u0001\0\0\0\0\0\0\0\0\0")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>")]
    [InlineData("<!DOCTYPE html><script>alert(1)</script>")]
    [InlineData("%PDF-1.7 and more")]
    [InlineData("BM and thirty bytes of a bitmap")]
    [InlineData("II*\0 and so on, a TIFF")]
    [InlineData("RIFF\u0010\0\0\0WAVEfmt ")]
    [InlineData("\0\0\0\u0018ftypheic\0\0\0\0")]
    public async Task What_is_no_picture_is_refused(string text) =>
        Assert.IsType<Refusal.PictureNotSupported>(await RefusalAsync(Encoding.Latin1.GetBytes(text)));

    [Fact]
    public async Task A_picture_of_40000_by_40000_pixels_in_2_KB_is_refused()
    {
        var bomb = Png(40_000, 40_000);
        Assert.InRange(bomb.Length, 1900, 2200);

        Assert.Equal(new Refusal.PictureTooLarge(8000), await RefusalAsync(bomb));
    }

    [Fact]
    public async Task A_side_of_8000_pixels_is_allowed_and_one_more_is_not()
    {
        Assert.Null(await RefusalAsync(Png(8000, 8000)));
        Assert.IsType<Refusal.PictureTooLarge>(await RefusalAsync(Png(8001, 1)));
        Assert.IsType<Refusal.PictureTooLarge>(await RefusalAsync(Png(1, 8001)));
        Assert.IsType<Refusal.PictureDamaged>(await RefusalAsync(Png(0, 1)));
        Assert.IsType<Refusal.PictureDamaged>(await RefusalAsync(Png(1, 0)));
    }

    [Fact]
    public async Task Each_format_is_measured_by_its_own_header()
    {
        var (jpeg, gif) = (Read("progressive.jpg"), Read("moving.gif"));
        var (extended, simple) = (Read("told.webp"), Read("simple.webp"));
        var (lossless, moving) = (Read("lossless.webp"), Read("moving.webp"));
        var frame = jpeg.AsSpan().IndexOf((byte[])[0xFF, 0xC2]) + 5;
        var image = gif.AsSpan().IndexOf((byte[])[0x2C, 0, 0, 0, 0, 12, 0, 8, 0]) + 1;
        byte[][] large =
        [
            jpeg.Changed(frame, 0xFF, 0xDC),
            jpeg.Changed(frame + 2, 0xFF, 0xDC),
            gif.Changed(6, 0xFF, 0xFF),
            gif.Changed(8, 0xFF, 0xFF),
            gif.Changed(image, 0xFF, 0xFF),
            gif.Changed(image + 6, 0xFF, 0xFF),
            extended.Changed(24, 0x3F, 0x9C, 0),
            extended.Changed(27, 0x3F, 0x9C, 0),
            simple.Changed(26, 0xFF, 0x3F),
            simple.Changed(28, 0xFF, 0x3F),
            lossless.Changed(21, 0xFF, 0xFF),
            moving.Changed(24, 0x3F, 0x9C, 0),
        ];

        Assert.All(
            await Task.WhenAll(large.Select(RefusalAsync)),
            refusal => Assert.IsType<Refusal.PictureTooLarge>(refusal)
        );
    }

    [Fact]
    public async Task Pixels_larger_than_the_canvas_are_refused()
    {
        var extended = Read("told.webp");
        var pixels = extended.AsSpan().IndexOf((byte[])[0x9D, 0x01, 0x2A]) + 3;
        var control = new byte[26];
        control[7] = 200;
        control[11] = 200;

        Assert.IsType<Refusal.PictureTooLarge>(await RefusalAsync(extended.Changed(pixels, 0xFF, 0x3F)));
        Assert.IsType<Refusal.PictureDamaged>(await RefusalAsync(extended.Changed(pixels, 200, 0)));
        Assert.IsType<Refusal.PictureDamaged>(await RefusalAsync(Png(4, 4, Chunk("fcTL", control))));
    }

    [Fact]
    public async Task A_jpeg_whose_height_comes_later_is_refused()
    {
        var jpeg = Read("progressive.jpg");
        var height = jpeg.AsSpan().IndexOf((byte[])[0xFF, 0xC2]) + 5;

        Assert.IsType<Refusal.PictureDamaged>(await RefusalAsync(jpeg.Changed(height, 0, 0)));
    }

    [Fact]
    public async Task More_than_5_MB_are_refused_wherever_they_lie()
    {
        var profile = Chunk("iCCP", new byte[Picture.MaxBytes]);
        var small = Png(4, 4);

        Assert.Equal(new Refusal.PictureTooHeavy(5), await RefusalAsync(Png(4, 4, profile)));
        Assert.Null(await RefusalAsync([.. small, .. new byte[Picture.MaxBytes - small.Length]]));
        Assert.IsType<Refusal.PictureTooHeavy>(
            await RefusalAsync([.. small, .. new byte[Picture.MaxBytes - small.Length + 1]])
        );
    }

    /// <summary>Accepts or refuses, and what it accepts it accepts again, unchanged.</summary>
    private static async Task AnswersAsync(byte[] picture)
    {
        var (result, cleaned) = await CleanAsync(picture).WaitAsync(TimeSpan.FromSeconds(10));
        if (result.Refusal is null)
        {
            Assert.Equal(cleaned, await CleanedAsync(cleaned));
        }
        else
        {
            Assert.True(
                result.Refusal
                    is Refusal.PictureDamaged
                        or Refusal.PictureNotSupported
                        or Refusal.PictureTooLarge
                        or Refusal.PictureTooHeavy
            );
        }
    }

    /// <summary>Gives a byte at a time.</summary>
    private sealed class Drops(byte[] bytes, int breaksAt = int.MaxValue) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < breaksAt
                ? base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken)
                : throw new IOException("Broken off.");
    }
}
