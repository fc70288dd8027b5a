using System.Reflection;
using System.Runtime.CompilerServices;
using BookIT.Core;

namespace BookIT.Tests.Unit.Architecture;

/// <summary>The borders that design.md draws.</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void The_domain_knows_no_http_and_no_host()
    {
        var references = typeof(Refusal)
            .Assembly.GetReferencedAssemblies()
            .Select(assembly => assembly.Name!)
            .Where(name =>
                name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
                || name.StartsWith("BookIT", StringComparison.Ordinal)
            );

        Assert.Empty(references);
    }

    [Fact]
    public void No_folder_is_a_drawer_for_everything()
    {
        string[] drawers = ["Services", "Helpers", "Utils", "Managers", "Models", "Interfaces", "Common"];
        var source = Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "src");
        var folders = Directory
            .EnumerateDirectories(source, "*", SearchOption.AllDirectories)
            .Select(folder => Path.GetFileName(folder))
            .ToHashSet(StringComparer.Ordinal);

        Assert.Contains("Reservations", folders);
        Assert.Empty(folders.Intersect(drawers, StringComparer.Ordinal));
    }

    [Fact]
    public void Entities_are_changed_by_their_verbs_only()
    {
        var setters = typeof(Refusal)
            .Assembly.GetTypes()
            .Where(type => type.Name is "User" or "Seat" or "Reservation" or "Notification" or "AuditEntry")
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            .Where(property => property.SetMethod is { IsPublic: true });

        Assert.Empty(setters);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
