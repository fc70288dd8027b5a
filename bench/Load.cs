using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace BookIT.Bench;

/// <summary>What a run of wrk came to.</summary>
/// <param name="Requests">Answered.</param>
/// <param name="Microseconds">It took.</param>
/// <param name="P50">The median latency, in microseconds.</param>
/// <param name="P99">Of a hundred answers one was later, in microseconds.</param>
/// <param name="Refused">Answers of 400 and above.</param>
/// <param name="Broken">Requests without an answer.</param>
internal sealed record Load(long Requests, long Microseconds, long P50, long P99, long Refused, long Broken)
{
    public double PerSecond => Requests / (Microseconds / 1e6);

    public double P99Milliseconds => P99 / 1000.0;

    /// <summary>Runs wrk: a closed loop, in which each connection asks again when it has its answer.</summary>
    /// <param name="kind">One of those in requests.lua.</param>
    /// <param name="server">Whom it asks.</param>
    /// <param name="connections">How many at once.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="space">Whose members ask.</param>
    /// <param name="first">The number of the first booking.</param>
    /// <param name="path">Of plain reads.</param>
    /// <param name="seats">How many there are.</param>
    public static async Task<Load> RunAsync(
        string kind,
        Uri server,
        int connections,
        int seconds,
        Space space,
        int first = 0,
        string path = "",
        int seats = Space.Seats
    )
    {
        string[] arguments =
        [
            $"-t{Math.Min(2, connections)}",
            $"-c{connections}",
            $"-d{seconds}s",
            "--timeout",
            "20s",
            "-s",
            Path.Combine(AppContext.BaseDirectory, "wrk", "requests.lua"),
            server.ToString(),
            "--",
            kind,
            space.TokenFile,
            space.Base.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            first.ToString(CultureInfo.InvariantCulture),
            path,
            seats.ToString(CultureInfo.InvariantCulture),
        ];
        var output = await Tool.RunAsync("wrk", arguments);
        var line =
            Array.FindLast(output.Split('\n'), text => text.StartsWith('{'))
            ?? throw new InvalidOperationException($"wrk said nothing of its run: {output}");
        return JsonSerializer.Deserialize<Load>(line, JsonSerializerOptions.Web)!;
    }
}

internal static class Tool
{
    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} failed: {output}{await error}");
    }
}
