using System.Collections.Concurrent;
using System.Net;
using System.Text;
using BookIT.Tests.E2E.Auth;
using BookIT.Tests.E2E.Avatars;
using BookIT.Tests.E2E.Servers;
using Npgsql;

namespace BookIT.Tests.E2E.Backups;

/// <summary>A space that is lost while people book in it, and comes back from its backup.</summary>
public sealed class RestoreTests(BookItServer server, TestServers servers) : IClassFixture<BookItServer>
{
    [Fact]
    [Trait("Rerun", "Never")]
    public async Task Whatever_was_promised_before_a_backup_outlives_the_loss_of_everything()
    {
        const int count = 400;
        using var folder = new TemporaryFolder();
        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings__Postgres"] = server.PostgresSetting,
            ["Avatars__Folder"] = server.AvatarFolder,
            ["Backup__Folder"] = folder.File("backups"),
            ["Backup__Recipient"] = await MakeKeyAsync(folder.File("key")),
        };
        var person = await server.RegisterAsync();
        var picture = await Pictures.ReadAsync("told.png");
        await server.As(person).UploadAsync(picture);
        var shown = await server.As(person).GetAsync("/api/avatar");
        var floor = await AddFloorPlanAsync(picture);
        var start = TimeProvider.System.GetUtcNow().AddHours(1);
        var bookings = new List<(ApiClient Member, Guid Seat)>();
        for (var i = 0; i < count; i++)
        {
            bookings.Add((await server.MemberAsync(), await server.SeatAsync()));
        }

        var late = await server.MemberAsync();

        // Bookings before, during and after the backup.
        var promised = new ConcurrentDictionary<Guid, Guid>();
        using var enough = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var load = Parallel.ForEachAsync(
            bookings.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (booking, _) =>
            {
                var (member, seat) = booking.Item;
                if (booking.Index > count / 2)
                {
                    // Not all before it.
                    await begun.Task;
                }

                if (enough.IsCancellationRequested)
                {
                    return;
                }

                var answer = await member.BookAsync(seat, start, start.AddHours(1));
                Assert.Equal(HttpStatusCode.Created, answer.Status);
                promised[answer.Id] = seat;
            }
        );
        await Eventually.TrueAsync(() => Task.FromResult(promised.Count >= count / 8));
        var before = promised.ToArray();
        var backingUp = Script.RunAsync("backup.sh", settings);
        begun.SetResult();
        await backingUp;
        Assert.True(promised.Count > before.Length, "Nobody booked meanwhile.");
        await enough.CancelAsync();
        await load;

        var backup = Directory.GetDirectories(folder.File("backups")).Single();
        await NobodyReadsItWithoutTheKeyAsync(backup, settings, person.Email());
        settings["Backup__IdentityFile"] = folder.File("key");

        // What is in use is not overwritten, and what has something in it only on demand.
        await Script.FailsAsync("has something in it", "restore.sh", settings, backup);
        await Script.FailsAsync("Stop the Api", "restore.sh", settings, "--replace", backup);

        await server.Api.StopAsync();
        server.Postgres.Clear();
        await servers.DropDatabaseAsync(server.PostgresSetting);
        Directory.Delete(server.AvatarFolder, recursive: true);

        var restored = new NpgsqlConnectionStringBuilder(server.PostgresSetting);
        restored.Database += " restored";
        settings["ConnectionStrings__Postgres"] = restored.ConnectionString;
        try
        {
            await Script.RunAsync("restore.sh", settings, backup);
            // Once more, over what is there now.
            await Script.RunAsync("restore.sh", settings, "--replace", backup);
            var (api, address) = await server.StartApiAsync(
                new Dictionary<string, string?> { ["ConnectionStrings__Postgres"] = restored.ConnectionString }
            );

            await using var postgres = NpgsqlDataSource.Create(restored.ConnectionString);
            var kept = await IdsAsync(postgres, "SELECT id FROM reservations WHERE status = 'future'");
            Assert.All(before, booking => Assert.Contains(booking.Key, kept));
            Assert.True(kept.IsSubsetOf(promised.Keys), "A reservation that was never made.");

            var login = await server
                .Anonymous(address)
                .PostAsync("/api/auth/login", new { email = person.Email(), password = BookItServer.Password });
            Assert.Equal(HttpStatusCode.OK, login.Status);
            var avatar = await server.WithToken(login.AccessToken(), address).GetAsync("/api/avatar");
            Assert.Equal(shown.Bytes, avatar.Bytes);
            Assert.Equal(HttpStatusCode.OK, (await server.Anonymous(address).GetAsync(floor)).Status);

            // Rules hold as before: the Api's, and the database's own.
            var (member, taken) = (server.At(address, late), before[0].Value);
            Assert.Equal("seat_taken", (await member.BookAsync(taken, start, start.AddHours(1))).Code);
            var overlapping = postgres.CreateCommand(
                $"""
                INSERT INTO reservations (id, user_id, seat_id, starts_at, ends_at, status, slot, made_at)
                SELECT gen_random_uuid(), user_id, seat_id, starts_at, ends_at, status, 2, made_at
                FROM reservations WHERE id = '{before[0].Key}'
                """
            );
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => overlapping.ExecuteNonQueryAsync());
            Assert.Equal("reservations_no_overlap", refusal.ConstraintName);
            await api.StopAsync();
        }
        finally
        {
            await servers.ExecuteAsync($"DROP DATABASE IF EXISTS \"{restored.Database}\" WITH (FORCE)");
        }
    }

    private async Task<string> AddFloorPlanAsync(byte[] picture)
    {
        var admin = await server.AdminAsync();
        var answer = await admin.SendAsync(
            HttpMethod.Put,
            "/api/admin/floor/plan",
            Pictures.Form(("image", "plan.png", picture))
        );
        Assert.True(answer.Status == HttpStatusCode.OK, answer.ToString());
        return (string)answer.Body["plan"]!["url"]!;
    }

    private static async Task NobodyReadsItWithoutTheKeyAsync(
        string backup,
        Dictionary<string, string?> settings,
        string email
    )
    {
        Assert.Equal(
            ["SHA256SUMS", "database.dump.age", "pictures.tar.age"],
            Directory.GetFiles(backup).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        foreach (var file in Directory.GetFiles(backup))
        {
            Assert.DoesNotContain(
                email,
                Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)),
                StringComparison.Ordinal
            );
        }

        await Script.FailsAsync("set Backup__IdentityFile", "restore.sh", settings, "--replace", backup);
        using var other = new TemporaryFolder();
        await MakeKeyAsync(other.File("key"));
        var wrong = new Dictionary<string, string?>(settings) { ["Backup__IdentityFile"] = other.File("key") };
        await Script.FailsAsync("The dump cannot be read", "restore.sh", wrong, "--replace", backup);
    }

    /// <summary>A new private key in a file; answers its public one.</summary>
    private static async Task<string> MakeKeyAsync(string path)
    {
        await Tool.RunAsync("age-keygen", "--output", path);
        return (await Tool.RunAsync("age-keygen", "-y", path)).Trim();
    }

    private static async Task<HashSet<Guid>> IdsAsync(NpgsqlDataSource postgres, string sql)
    {
        var ids = new HashSet<Guid>();
        await using var command = postgres.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            ids.Add(reader.GetGuid(0));
        }

        return ids;
    }
}
