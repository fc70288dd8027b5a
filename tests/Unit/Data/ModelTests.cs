using BookIT.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace BookIT.Tests.Unit.Data;

public sealed class ModelTests
{
    private static BookItDbContext Context() =>
        new(new DbContextOptionsBuilder<BookItDbContext>().UseNpgsql("Host=nowhere").Options);

    [Fact]
    public void The_migrations_are_up_to_date_with_the_model()
    {
        using var db = Context();

        Assert.False(db.Database.HasPendingModelChanges(), "Run `dotnet ef migrations add`; see docs/dependencies.md.");
    }

    [Fact]
    public void Everything_in_the_database_is_named_in_snake_case()
    {
        using var db = Context();
        var names = db
            .Model.GetEntityTypes()
            .SelectMany(entity =>
                entity
                    .GetProperties()
                    .Select(property => property.GetColumnName())
                    .Append(entity.GetTableName()!)
                    .Concat(entity.GetIndexes().Select(index => index.GetDatabaseName()!))
                    .Concat(entity.GetForeignKeys().Select(key => key.GetConstraintName()!))
            )
            .ToList();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Matches("^[a-z][a-z_]*$", name));
    }
}
