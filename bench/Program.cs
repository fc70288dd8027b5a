using BookIT.Bench;
using Npgsql;

if (args is ["limits", var seatList])
{
    return await Limits.RunAsync(seatList);
}

var folder = Environment.GetEnvironmentVariable("BENCH_FOLDER")!;
var isQuick = args.Contains("--quick");
await using var postgres = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable("ConnectionStrings__Postgres")!);
await using var programs = new Programs(folder);
var space = new Space(postgres, folder);
await programs.MigrateAsync();
await space.FillAsync();
try
{
    if (args.Contains("--burst"))
    {
        await new Burst(space, programs).RunAsync(isQuick, behindNginx: args.Contains("--behind-nginx"));
        return 0;
    }

    if (args.Contains("--growth"))
    {
        await new Growth(space, programs, isQuick).RunAsync();
        return 0;
    }

    if (args.Contains("--soak"))
    {
        await new Soak(space, programs, isQuick).RunAsync();
        return 0;
    }

    if (args.Contains("--hold"))
    {
        await HoldAsync();
        return 0;
    }

    var benchmark = new Benchmark(space, programs, folder, isQuick);
    await benchmark.RunAsync(Array.IndexOf(args, "--only") is >= 0 and var only ? args[only + 1] : null);
    var report = await Report.OfAsync(benchmark.Outcomes, isQuick);
    Console.WriteLine($"\n{report.Commit}, {report.At:yyyy-MM-dd HH:mm} UTC, {report.Machine}\n");
    Console.WriteLine(report.ToTable());
    if (Array.IndexOf(args, "--compare") is >= 0 and var compare)
    {
        Console.WriteLine(report.CompareWith(Report.Read(args[compare + 1])));
    }

    if (Array.IndexOf(args, "--output") is >= 0 and var output)
    {
        report.Write($"{args[output + 1]}.json");
        await File.WriteAllTextAsync($"{args[output + 1]}.svg", report.ToSvg());
    }

    return 0;
}
catch (BrokenPromiseException broken)
{
    Console.Error.WriteLine(broken.Message);
    return 1;
}

// For a profiler, or for wrk by hand.
async Task HoldAsync()
{
    var (api, process) = await programs.StartApiAsync();
    var list = Path.Combine(folder, "seats.json");
    await File.WriteAllBytesAsync(list, await space.ReadSeatListAsync(api));
    var (bare, bareProcess) = await programs.StartLimitsAsync(list);
    Console.WriteLine(
        $"""
        Api     {api} (process {process.Id})
        limits  {bare} (process {bareProcess.Id})
        tokens  {space.TokenFile}
        base    {space.Base.ToUnixTimeSeconds()}
        """
    );
    await Task.Delay(Timeout.Infinite);
}
