using BookIT.Tests.E2E.Servers;

namespace BookIT.Tests.E2E.Avatars;

/// <summary>A space whose store of avatars can be looked into.</summary>
public abstract class AvatarServer(TestServers servers) : BookItServer(servers)
{
    /// <summary>The names of all that is stored.</summary>
    public abstract IReadOnlyList<string> Stored();

    /// <summary>Puts something there behind everybody's back.</summary>
    public abstract void Plant(string name, byte[] bytes);
}

public sealed class FolderServer(TestServers servers) : AvatarServer(servers)
{
    public override IReadOnlyList<string> Stored() =>
        [.. Directory.EnumerateFiles(AvatarFolder).Select(path => Path.GetFileName(path))];

    public override void Plant(string name, byte[] bytes) =>
        File.WriteAllBytes(Path.Combine(AvatarFolder, name), bytes);
}

public sealed class S3BookItServer(TestServers servers) : AvatarServer(servers)
{
    public S3Server S3 { get; } = new();

    protected override IReadOnlyDictionary<string, string?> Settings => S3.Settings;

    public override IReadOnlyList<string> Stored() => [.. S3.Keys()];

    public override void Plant(string name, byte[] bytes) => S3.Plant(name, bytes);

    public override async ValueTask InitializeAsync()
    {
        await S3.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await S3.DisposeAsync();
    }
}
