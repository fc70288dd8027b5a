using Microsoft.Extensions.Configuration;

namespace BookIT.Core;

/// <summary>
/// The command <c>health</c>: whether the program that runs beside it, with the same variables, is ready. For a container's
/// health check, where there is neither a shell nor curl.
/// </summary>
public static class HealthProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks <c>/health/ready</c> at the address that the program is told to listen on.</summary>
    /// <returns>The exit code: 0 if it is ready, 1 if it is not or does not answer, with the reason on standard error.</returns>
    public static async Task<int> RunAsync()
    {
        var address = Address(new ConfigurationBuilder().AddEnvironmentVariables("ASPNETCORE_").Build());
        using var client = new HttpClient { Timeout = Patience };
        try
        {
            using var answer = await client.GetAsync(new Uri(address, "/health/ready"));
            if (answer.IsSuccessStatusCode)
            {
                return 0;
            }

            await Console.Error.WriteLineAsync(
                $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}"
            );
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"{address}: {exception.Message}");
        }

        return 1;
    }

    /// <summary>The first address of <c>ASPNETCORE_URLS</c>, or of the ports that stand in for it, as seen from this machine.</summary>
    internal static Uri Address(IConfiguration configuration)
    {
        static string? First(string? list) =>
            list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();

        var url = First(configuration["URLS"]) ?? $"http://127.0.0.1:{First(configuration["HTTP_PORTS"]) ?? "5000"}";
        // What is no name to ask for: any address of this machine.
        foreach (var any in (string[])["//+", "//*", "//0.0.0.0", "//[::]"])
        {
            url = url.Replace(any, "//127.0.0.1", StringComparison.Ordinal);
        }

        return new Uri(url);
    }
}
