using System.Diagnostics;
using System.Globalization;
using System.Net;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Avatars;
using BookIT.Tests.E2E.Servers;
using static BookIT.Tests.E2E.Avatars.Pictures;

namespace BookIT.Tests.E2E.Faults;

/// <summary>The machine fails us: its disk is full, its clock is set.</summary>
public sealed class MachineTests(BookItServer server) : IClassFixture<BookItServer>
{
    private static readonly string? FakeTime = Directory.Exists("/usr/lib")
        ? Directory
            .EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true })
            .FirstOrDefault()
        : null;

    [Fact]
    public async Task On_a_full_disk_a_picture_is_refused_and_nothing_of_it_stays()
    {
        await using var disk = await SmallDisk.MountAsync();
        Assert.SkipWhen(disk is null, "Only root may mount a small disk.");
        var (_, address) = await server.StartApiAsync(
            new Dictionary<string, string?> { ["Avatars__Folder"] = disk.File("avatars") }
        );
        var member = await server.MemberAsync(address: address);
        var id = (await member.UploadAsync(await ReadAsync("palette.png"))).AvatarId();
        var shown = (await member.GetAsync("/api/avatar")).Bytes;
        string[] Stored() => [.. Directory.EnumerateFiles(disk.File("avatars")).Select(path => Path.GetFileName(path))];

        var picture = await ReadAsync("told.png");
        disk.Fill(leave: picture.Length / 2);
        for (var i = 0; i < 3; i++)
        {
            var refused = await member.UploadAsync(picture);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (refused.Status, refused.Code));
            Assert.NotNull(refused.Response.Headers.RetryAfter);
            Assert.Equal([$"{id}"], Stored());
        }

        Assert.Equal(shown, (await member.GetAsync("/api/avatar")).Bytes);
        var seat = await server.SeatAsync();
        var now = TimeProvider.System.GetUtcNow();
        Assert.Equal(HttpStatusCode.Created, (await member.BookAsync(seat, now.AddHours(1), now.AddHours(2))).Status);

        disk.Empty();
        var next = (await member.UploadAsync(picture)).AvatarId();
        Assert.Equal([$"{next}"], Stored());
    }

    [Fact]
    public async Task No_room_for_what_comes_in_refuses_pictures_and_nothing_else()
    {
        await using var disk = await SmallDisk.MountAsync();
        Assert.SkipWhen(disk is null, "Only root may mount a small disk.");
        var (_, address) = await server.StartApiAsync(new Dictionary<string, string?> { ["TMPDIR"] = disk.File("") });
        var member = await server.MemberAsync(address: address);
        var picture = await ReadAsync("told.png");
        disk.Fill(leave: 0);

        var refused = await member.UploadAsync(picture);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "service_unavailable"), (refused.Status, refused.Code));
        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("/api/user/me")).Status);

        disk.Empty();
        (await member.UploadAsync(picture)).AvatarId();
    }

    [Fact]
    public async Task A_clock_that_is_set_back_an_hour_books_nothing_twice_and_signs_nobody_out()
    {
        Assert.SkipWhen(FakeTime is null, "This needs libfaketime: apt-get install libfaketime");
        using var folder = new TemporaryFolder();
        var clock = folder.File("clock");
        await File.WriteAllTextAsync(clock, "+0");
        var (api, address) = await server.StartApiAsync(
            new Dictionary<string, string?>
            {
                ["LD_PRELOAD"] = FakeTime,
                ["FAKETIME_TIMESTAMP_FILE"] = clock,
                ["FAKETIME_NO_CACHE"] = "1",
                ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            }
        );
        async Task SetClockAsync(string offset, TimeSpan difference)
        {
            // Renamed, so that nobody reads half of it.
            await File.WriteAllTextAsync(clock + ".new", offset);
            File.Move(clock + ".new", clock, overwrite: true);
            await Eventually.TrueAsync(async () =>
                await server.Anonymous(address).GetAsync("/health/live") is { Response.Headers.Date: { } date }
                && (date - TimeProvider.System.GetUtcNow() - difference).Duration() < TimeSpan.FromMinutes(1)
            );
        }

        var now = TimeProvider.System.GetUtcNow();
        var person = await server.RegisterAsync();
        var login = await LoginAsync();
        var member = server.At(address, await server.MemberAsync());
        var (seat, past) = (await server.SeatAsync(), await server.SeatAsync());
        var (start, end) = (now.AddMinutes(20), now.AddMinutes(80));
        var booked = await member.BookAsync(seat, start, end);
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        var over = await server.ReservationAsync(
            (await server.MemberAsync()).UserId,
            past,
            now.AddMinutes(-90),
            now.AddMinutes(-30),
            "active"
        );
        Task<string> StatusAsync(Guid id) =>
            server.QueryAsync<string>($"SELECT status::text FROM reservations WHERE id = '{id}'");
        await Eventually.TrueAsync(async () => await StatusAsync(over) == "closed");
        var before = await BusyAsync();

        await SetClockAsync("-3600", -TimeSpan.FromHours(1));

        // Signed in by what was given out before, which now seems to come from the future.
        Assert.Equal(HttpStatusCode.OK, (await As(login).GetAsync("/api/user/me")).Status);
        var refreshed = await server.RefreshAsync(login.RefreshToken(), address);
        Assert.Equal(HttpStatusCode.OK, refreshed.Status);
        Assert.Equal(HttpStatusCode.OK, (await As(await LoginAsync()).GetAsync("/api/user/sessions")).Status);

        // Nothing that is taken is free again, and of many who want a seat one gets it.
        var wishes = new List<ApiClient>();
        for (var i = 0; i < 12; i++)
        {
            wishes.Add(server.At(address, await server.MemberAsync()));
        }

        Assert.Equal("seat_taken", (await wishes[0].BookAsync(seat, start, end)).Code);
        var (free, from) = (await server.SeatAsync(), now.AddMinutes(-30));
        var answers = await Task.WhenAll(wishes.Select(wish => wish.BookAsync(free, from, from.AddHours(2))));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.All(
            answers,
            answer => Assert.True(answer.Status == HttpStatusCode.Created || answer.Code == "seat_taken", $"{answer}")
        );
        var shown = await server
            .Anonymous(address)
            .GetAsync(
                $"/api/seat/{seat}?start={start.AddMinutes(5).UtcDateTime.ToString("s", CultureInfo.InvariantCulture)}Z"
            );
        Assert.False((bool)shown.Body["is_available"]!);
        Assert.Equal("closed", await StatusAsync(over));

        // It waits as it did, and does not run after the hour. The library that sets its clock keeps it busy as well.
        await Eventually.TrueAsync(
            async () => await BusyAsync() < before + 0.4,
            () => $"It does not come to rest; before it took {before:0.00} of a processor."
        );

        await SetClockAsync("+0", TimeSpan.Zero);
        // What was given out meanwhile has expired; what it is renewed with has not.
        Assert.Equal(HttpStatusCode.OK, (await server.RefreshAsync(refreshed.RefreshToken(), address)).Status);
        Assert.Equal("future", await StatusAsync(booked.Id));
        Assert.Equal("closed", await StatusAsync(over));
        Assert.Equal(0, await server.OverlapsAsync());

        async Task<double> BusyAsync()
        {
            var (spent, measured) = (api.ProcessorTime, Stopwatch.StartNew());
            await Task.Delay(TimeSpan.FromSeconds(1));
            return (api.ProcessorTime - spent) / measured.Elapsed;
        }

        ApiClient As(Answer tokens) => server.WithToken(tokens.AccessToken(), address);
        Task<Answer> LoginAsync() =>
            server
                .Anonymous(address)
                .PostAsync("/api/auth/login", new { email = person.Email(), password = BookItServer.Password });
    }

    /// <summary>A file system of some kilobytes.</summary>
    private sealed class SmallDisk : IAsyncDisposable
    {
        private const int Kilobytes = 512;

        private readonly string path = Directory.CreateTempSubdirectory("bookit-disk-").FullName;

        /// <summary>Null where it is not allowed.</summary>
        public static async Task<SmallDisk?> MountAsync()
        {
            var disk = new SmallDisk();
            using var mount = Process.Start(
                new ProcessStartInfo(
                    "sh",
                    ["-c", $"mount -t tmpfs -o size={Kilobytes}k,mode=755 tmpfs '{disk.path}' 2>/dev/null"]
                )
            )!;
            await mount.WaitForExitAsync();
            if (mount.ExitCode == 0)
            {
                return disk;
            }

            Directory.Delete(disk.path);
            return null;
        }

        public string File(string name) => Path.Combine(path, name);

        /// <summary>Takes all room but some bytes.</summary>
        public void Fill(int leave)
        {
            using var filler = System.IO.File.Create(File("filler"));
            var page = new byte[4096];
            try
            {
                while (true)
                {
                    filler.Write(page);
                    filler.Flush();
                }
            }
            catch (IOException)
            {
                filler.SetLength(Math.Max(0, filler.Position / page.Length * page.Length - leave));
            }
        }

        public void Empty() => System.IO.File.Delete(File("filler"));

        public async ValueTask DisposeAsync()
        {
            // The Api may still have something open there.
            await Tool.RunAsync("umount", "--lazy", path);
            Directory.Delete(path);
        }
    }
}
