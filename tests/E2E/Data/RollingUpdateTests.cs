using System.Net;
using BookIT.Tests.E2E.Servers;
using Npgsql;

namespace BookIT.Tests.E2E.Data;

/// <summary>An update that nobody notices: old and new run side by side, and the schema changes beneath both.</summary>
public sealed class RollingUpdateTests(BookItServer server) : IClassFixture<BookItServer>
{
    [Fact]
    public async Task The_version_before_works_on_the_new_schema_beside_the_new_one()
    {
        var (path, whyNot) = await PreviousVersion.BuildAsync();
        Assert.SkipWhen(path is null, whyNot);
        var (old, oldAddress) = await server.StartApiAsync(path: path);

        await Tour.WalkAsync(server, oldAddress, server.Address);
        await Tour.WalkAsync(server, server.Address, oldAddress);

        // Both for the same seat at the same moment.
        var start = TimeProvider.System.GetUtcNow().AddHours(1);
        for (var round = 0; round < 10; round++)
        {
            var seat = await server.SeatAsync();
            var wishes = new List<ApiClient>();
            for (var i = 0; i < 6; i++)
            {
                wishes.Add(await server.MemberAsync(address: i % 2 == 0 ? oldAddress : server.Address));
            }

            var answers = await Task.WhenAll(wishes.Select(wish => wish.BookAsync(seat, start, start.AddHours(1))));

            Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
            Assert.All(
                answers,
                answer =>
                    Assert.True(answer.Status == HttpStatusCode.Created || answer.Code == "seat_taken", $"{answer}")
            );
        }

        Assert.Equal(0, await server.OverlapsAsync());
        Assert.Equal(0, await old.StopAsync());
    }

    [Fact]
    public async Task A_column_that_comes_while_statements_are_prepared_disturbs_none_of_them()
    {
        // One connection at a time: the same one prepares a statement and meets it again.
        var settings = new NpgsqlConnectionStringBuilder(server.PostgresSetting) { MaxPoolSize = 4 };
        var (_, address) = await server.StartApiAsync(
            new Dictionary<string, string?> { ["ConnectionStrings__Postgres"] = settings.ConnectionString }
        );
        for (var i = 0; i < 4; i++)
        {
            await Tour.WalkAsync(server, address, address);
        }

        // One at a time: whoever holds some tables and wants the others waits in a circle with the clock of an Api.
        var tables = await server.QueryAsync<string[]>(
            "SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'public'"
        );
        foreach (var table in tables)
        {
            await server.ExecuteAsync($"ALTER TABLE \"{table}\" ADD COLUMN comes_later integer DEFAULT 1");
        }

        for (var i = 0; i < 2; i++)
        {
            await Tour.WalkAsync(server, address, address);
        }
    }
}
