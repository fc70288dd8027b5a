using BookIT.Core.Data;
using Npgsql;

namespace BookIT.Tests.Unit.Data;

public sealed class PostgresTests
{
    private static NpgsqlConnectionStringBuilder Settings(string connectionString)
    {
        using var postgres = Postgres.CreateDataSource(connectionString, "BookIT.Tests");
        return new NpgsqlConnectionStringBuilder(postgres.ConnectionString);
    }

    [Fact]
    public void What_the_operator_does_not_say_is_set_to_what_suits_us()
    {
        var settings = Settings("Host=db");

        Assert.Equal("BookIT.Tests", settings.ApplicationName);
        Assert.Equal(
            (32, 100, 10, 15),
            (settings.MaxPoolSize, settings.MaxAutoPrepare, settings.Timeout, settings.CommandTimeout)
        );
        Assert.True(settings.NoResetOnClose);
    }

    [Fact]
    public void What_the_operator_says_counts()
    {
        var settings = Settings(
            "Host=db;Application Name=mine;Maximum Pool Size=7;Max Auto Prepare=0;Timeout=3;CommandTimeout=4;No Reset On Close=false"
        );

        Assert.Equal("mine", settings.ApplicationName);
        Assert.Equal(
            (7, 0, 3, 4),
            (settings.MaxPoolSize, settings.MaxAutoPrepare, settings.Timeout, settings.CommandTimeout)
        );
        Assert.False(settings.NoResetOnClose);
    }
}
