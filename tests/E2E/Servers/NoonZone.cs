namespace BookIT.Tests.E2E.Servers;

/// <summary>Where on earth it is noon when the tests start: midnight is far, and what lies some hours away is today.</summary>
public static class NoonZone
{
    // The signs in these names are those of POSIX: west is positive.
    public static string Name { get; } =
        TimeProvider.System.GetUtcNow().Hour - 12 is var west && west < 0 ? $"Etc/GMT{west}" : $"Etc/GMT+{west}";

    /// <summary>Its clock.</summary>
    public static TimeZoneInfo Clock { get; } = TimeZoneInfo.FindSystemTimeZoneById(Name);
}
