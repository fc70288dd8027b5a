using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace BookIT.Core.Data;

/// <summary>
/// For <c>dotnet ef migrations add Name --project src/Core --startup-project src/Api</c>, which needs the model but no
/// database and no configuration.
/// </summary>
internal sealed class DesignTimeDbContextFactory : IDesignTimeDbContextFactory<BookItDbContext>
{
    public BookItDbContext CreateDbContext(string[] args) =>
        new(
            new DbContextOptionsBuilder<BookItDbContext>()
                .UseNpgsql("Host=127.0.0.1;Database=bookit;Username=bookit")
                .Options
        );
}
