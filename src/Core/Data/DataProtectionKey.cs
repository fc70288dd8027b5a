using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BookIT.Core.Data;

/// <summary>
/// A key of ASP.NET Core's data protection, which guards what a browser carries from one replica to another, as in the
/// state of a sign-in by Yandex.
/// </summary>
public sealed class DataProtectionKey
{
    private DataProtectionKey() { }

    /// <summary>In the order of writing.</summary>
    public int Id { get; private set; }

    /// <summary>The framework's name for it.</summary>
    public string? Name { get; private set; }

    /// <summary>The key as the framework writes it.</summary>
    public string Xml { get; private set; } = "";

    /// <summary>A new key.</summary>
    public static DataProtectionKey Of(string? name, string xml) => new() { Name = name, Xml = xml };
}

internal sealed class DataProtectionKeyConfiguration : IEntityTypeConfiguration<DataProtectionKey>
{
    public void Configure(EntityTypeBuilder<DataProtectionKey> key) => key.ToTable("data_protection_keys");
}
