using System.Globalization;
using System.Net;
using BookIT.Tests.E2E.Avatars;
using BookIT.Tests.E2E.Servers;
using Npgsql;

namespace BookIT.Tests.E2E.Backups;

/// <summary>A backup is whole or it is not there, whatever happens to it.</summary>
public sealed class BackupTests(BookItServer server, TestServers servers) : IClassFixture<BookItServer>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    private Dictionary<string, string?> Settings =>
        new()
        {
            ["ConnectionStrings__Postgres"] = server.PostgresSetting,
            ["Avatars__Folder"] = server.AvatarFolder,
            ["Backup__Folder"] = folder.File("backups"),
            ["Backup__MetricsFolder"] = folder.File("metrics"),
            ["Backup__Keep"] = "2",
        };

    private string[] Backups =>
        Directory.GetDirectories(folder.File("backups")).Order(StringComparer.Ordinal).ToArray();

    private string MetricsFile => folder.File(Path.Combine("metrics", "bookit_backup.prom"));

    [Fact]
    public async Task As_many_are_kept_as_one_says_and_the_metrics_tell_of_the_last()
    {
        var began = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        await Script.RunAsync("backup.sh", Settings);
        var first = Assert.Single(Backups);
        await Script.RunAsync("backup.sh", Settings);
        await Script.RunAsync("backup.sh", Settings);

        Assert.Equal(2, Backups.Length);
        Assert.DoesNotContain(first, Backups);
        var metrics = (await File.ReadAllLinesAsync(MetricsFile))
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' '))
            .ToDictionary(part => part[0], part => long.Parse(part[1], CultureInfo.InvariantCulture));
        Assert.InRange(
            metrics["bookit_backup_last_success_timestamp_seconds"],
            began,
            TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()
        );
        Assert.Equal(
            Directory.GetFiles(Backups[^1]).Sum(file => new FileInfo(file).Length),
            metrics["bookit_backup_size_bytes"]
        );
        Assert.Equal("", await Tool.RunAsync("sh", "-c", $"promtool check metrics <{MetricsFile}"));
    }

    [Fact]
    public async Task One_that_is_killed_or_fails_leaves_the_last_good_one_as_it_was()
    {
        await Script.RunAsync("backup.sh", Settings);
        var good = Assert.Single(Backups);
        var metrics = await File.ReadAllTextAsync(MetricsFile);

        await using (var connection = await server.Postgres.OpenConnectionAsync())
        {
            // Whoever dumps the database waits for this.
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand("LOCK TABLE sign_in_devices", connection);
            await command.ExecuteNonQueryAsync();
            using var killed = Script.Start("backup.sh", Settings);
            await Eventually.TrueAsync(async () =>
                await server.QueryAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backup.sh' AND wait_event_type = 'Lock'"
                ) > 0
            );
            await Script.FailsAsync("Another backup", "backup.sh", Settings);
            killed.Kill();
            // All of it holds the lock on the folder.
            Assert.NotEqual(0, await killed.WaitForExitAsync());
        }

        var wrong = Settings;
        wrong["ConnectionStrings__Postgres"] = new NpgsqlConnectionStringBuilder(server.PostgresSetting)
        {
            Password = "it's; \"wrong\"",
        }.ConnectionString;
        await Script.FailsAsync("password authentication failed", "backup.sh", wrong);
        var nowhere = Settings;
        nowhere["Avatars__Folder"] = folder.File("nothing");
        await Script.FailsAsync("is not there", "backup.sh", nowhere);

        Assert.Equal([good], Backups.Where(path => !Path.GetFileName(path).StartsWith('.')));
        Assert.Equal(metrics, await File.ReadAllTextAsync(MetricsFile));

        await Script.RunAsync("backup.sh", Settings);
        Assert.Equal(2, Backups.Length);
        Assert.Equal(good, Backups[0]);
    }

    [Fact]
    public async Task A_damaged_one_is_refused_and_the_database_stays_as_it_is()
    {
        await Script.RunAsync("backup.sh", Settings);
        var dump = Path.Combine(Backups.Single(), "database.dump");
        var bytes = await File.ReadAllBytesAsync(dump);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(dump, bytes);
        var seats = await server.QueryAsync<long>("SELECT count(*) FROM seats");

        await Script.FailsAsync("is damaged", "restore.sh", Settings, "--replace", Backups.Single());

        Assert.Equal(seats, await server.QueryAsync<long>("SELECT count(*) FROM seats"));
    }

    [Fact]
    public async Task Pictures_in_a_bucket_come_back_in_another_or_in_a_folder()
    {
        await using var s3 = new S3Server();
        await s3.StartAsync();
        var (_, address) = await server.StartApiAsync(s3.Settings);
        var member = await server.MemberAsync(address: address);
        var id = (await member.UploadAsync(await Pictures.ReadAsync("told.png"))).AvatarId();
        var shown = (await member.GetAsync("/api/avatar")).Bytes;
        var settings = Settings;
        foreach (var (key, value) in s3.Settings)
        {
            settings[key] = value;
        }

        await Script.RunAsync("backup.sh", settings);
        var backup = Backups.Single();
        var restored = new NpgsqlConnectionStringBuilder(server.PostgresSetting);
        restored.Database += "_restored";
        settings["ConnectionStrings__Postgres"] = restored.ConnectionString;
        settings["S3__Bucket"] = "another-bucket";
        try
        {
            await Script.RunAsync("restore.sh", settings, backup);
            var (api, other) = await server.StartApiAsync(
                new Dictionary<string, string?>(s3.Settings)
                {
                    ["ConnectionStrings__Postgres"] = restored.ConnectionString,
                    ["S3__Bucket"] = "another-bucket",
                }
            );
            Assert.Equal(shown, (await server.At(other, member).GetAsync("/api/avatar")).Bytes);
            await api.StopAsync();

            settings["S3__Endpoint"] = "";
            settings["Avatars__Folder"] = folder.File("restored");
            await Script.RunAsync("restore.sh", settings, "--replace", backup);
            Assert.Equal(shown, await File.ReadAllBytesAsync(folder.File(Path.Combine("restored", $"{id}"))));
        }
        finally
        {
            await servers.DropDatabaseAsync(restored.ConnectionString);
        }

        s3.Kill();
        var away = new Dictionary<string, string?>(Settings) { ["S3__Endpoint"] = s3.Endpoint };
        await Script.FailsAsync("could not be copied from the bucket", "backup.sh", away);
        Assert.Equal([backup], Backups.Where(path => !Path.GetFileName(path).StartsWith('.')));
    }

    public void Dispose() => folder.Dispose();
}
