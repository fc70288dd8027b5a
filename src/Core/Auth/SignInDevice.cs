using System.Security.Cryptography;
using System.Text;
using BookIT.Core.Notifications;
using BookIT.Core.Traces;
using BookIT.Core.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BookIT.Core.Auth;

/// <summary>A kind of device that an account has signed in from, so that a new one can be told of.</summary>
public sealed class SignInDevice
{
    /// <summary>How long after the last sign-in from it a device is known.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(180);

    private SignInDevice() { }

    /// <summary>Whose.</summary>
    public Guid UserId { get; private set; }

    /// <summary>SHA-256 of what the device says of itself, without the numbers, which change with every update.</summary>
    public byte[] Hash { get; private set; } = [];

    /// <summary>The last sign-in from it (UTC).</summary>
    public DateTimeOffset SeenAt { get; private set; }
}

/// <summary>Knows the devices that accounts are used on, and tells their owners of a new one.</summary>
public sealed partial class SignInDevices(NpgsqlDataSource postgres, ILogger<SignInDevices> logger)
{
    private const int PatienceSeconds = 5;

    // Of two sign-ins at once one inserts, which it knows by xmax. The rest sees the devices that were there before: with
    // none there is nothing to compare with.
    private const string Sql = $"""
        WITH seen AS (
            INSERT INTO sign_in_devices (user_id, hash, seen_at) VALUES ($1, $2, $3)
            ON CONFLICT (user_id, hash) DO UPDATE SET seen_at = excluded.seen_at
            RETURNING xmax = 0 AS is_new)
        INSERT INTO notifications (user_id, kind, key, payload, due_at, made_at, trace_parent)
        SELECT $1, '{NotificationKind.NewSignIn}', '{NotificationKind.NewSignIn}:' || $4::text,
            jsonb_build_object('device', $5, 'address', $6, 'at', $3), $3, $3, $7
        FROM seen WHERE is_new AND EXISTS (SELECT FROM sign_in_devices WHERE user_id = $1)
        """;

    /// <summary>
    /// Takes note of a sign-in that has begun. One from a new device, to an account that is used on another one already, is
    /// told to its owner. A sign-in does not fail because this does.
    /// </summary>
    internal async Task NoteAsync(Guid userId, Client client, DateTimeOffset now)
    {
        try
        {
            await using var command = postgres.CreateCommand(Sql);
            command.CommandTimeout = PatienceSeconds;
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = HashOf(client.Device) });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7(now) });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = client.Device });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = client.Address.ToString() });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = Tracing.Parent });
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            LogNotNoted(exception.Message);
        }
    }

    private static byte[] HashOf(string device) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(device.Where(letter => !char.IsDigit(letter)))));

    [LoggerMessage(LogLevel.Warning, "A sign-in was not compared with those before it: {Reason}")]
    private partial void LogNotNoted(string reason);
}

/// <summary>What a device says of itself, in words.</summary>
public static class DeviceWords
{
    private const int MaxLength = 60;

    // The first that is found. Many call themselves by the names of others besides, which come later.
    private static readonly (string Mark, string Name)[] Browsers =
    [
        ("YaBrowser", "Яндекс Браузер"),
        ("Edg", "Microsoft Edge"),
        ("OPR", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];

    private static readonly (string Mark, string Name)[] Systems =
    [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];

    /// <summary>Browser and system, as in <c>Firefox, Windows</c>; what is no browser in its own words, at most 60 characters.</summary>
    public static string Of(string device)
    {
        var names = new[] { Browsers, Systems }
            .Select(known => Array.Find(known, one => device.Contains(one.Mark, StringComparison.Ordinal)).Name)
            .OfType<string>()
            .ToList();
        return names.Count == 2 ? string.Join(", ", names)
            : device.Length <= MaxLength ? device
            : device[..(char.IsHighSurrogate(device[MaxLength - 1]) ? MaxLength - 1 : MaxLength)] + "…";
    }
}

internal sealed class SignInDeviceConfiguration : IEntityTypeConfiguration<SignInDevice>
{
    public void Configure(EntityTypeBuilder<SignInDevice> device)
    {
        device.ToTable("sign_in_devices");
        device.HasKey(d => new { d.UserId, d.Hash });
        device.HasIndex(d => d.SeenAt).HasDatabaseName("sign_in_devices_by_use");
        device.HasOne<User>().WithMany().HasForeignKey(d => d.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
