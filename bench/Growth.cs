using System.Globalization;

namespace BookIT.Bench;

/// <summary>
/// How the Api answers as the space grows old and large: the same requests with more and more old reservations, and with
/// more and more seats. And what the old ones take of the disk.
/// </summary>
internal sealed class Growth(Space space, Programs programs, bool isQuick)
{
    private const int Clients = 64;
    private const int DaysOfYear = 365;

    // Two people a day on each of a thousand seats.
    private const int YearOfThousandSeats = 1_000 * DaysOfYear * 2;

    private readonly int seconds = isQuick ? 1 : 4;

    public async Task RunAsync()
    {
        var (api, _) = await programs.StartApiAsync();
        foreach (var kind in new[] { "list", "cold", "book" })
        {
            await Load.RunAsync(kind, api, Clients, isQuick ? 1 : 5, space);
        }

        Console.WriteLine(Head("old reservations"));
        var old = 0;
        foreach (var count in isQuick ? [0, 10_000, 50_000] : new[] { 0, 10_000, 100_000, 1_000_000, 5_000_000 })
        {
            await space.ClearLiveAsync();
            await space.AddOldAsync(old, count - old);
            old = count;
            Console.WriteLine(await RowAsync(api, count, Space.Seats));
        }

        await WriteDiskAsync(old);
        await space.ClearAsync();
        Console.WriteLine(Head("seats"));
        foreach (var count in isQuick ? [50, 200, 1_000] : new[] { 50, 200, 1_000, 5_000 })
        {
            await space.ClearLiveAsync();
            await space.SetSeatsAsync(count);
            Console.WriteLine(await RowAsync(api, count, count));
        }
    }

    private static string Head(string what) =>
        $"""

            | {what} | list, warm | list, cold: median | bookings | answer |
            |---:|---:|---:|---:|---:|
            """;

    private async Task<string> RowAsync(Uri api, int count, int seats)
    {
        Console.Error.WriteLine($"  {count:N0} ...");
        space.WriteTokens();
        var bytes = (await space.ReadSeatListAsync(api)).Length;
        var warm = await Load.RunAsync("list", api, Clients, seconds, space);
        var cold = await Load.RunAsync("cold", api, 1, seconds, space);
        var bookings = await Load.RunAsync("book", api, Clients, seconds, space, seats: seats);
        if (warm.Refused + cold.Refused + bookings.Refused + warm.Broken + cold.Broken + bookings.Broken > 0)
        {
            throw new BrokenPromiseException($"everything is answered ({warm}, {cold}, {bookings})");
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {count:N0} | {warm.PerSecond:N0}/s | {cold.P50 / 1000.0:0.0} ms | {bookings.PerSecond:N0}/s | {bytes / 1000.0:N0} KB |"
        );
    }

    /// <summary>What a reservation takes, with its indexes and the news of it, and what a year of them comes to.</summary>
    private async Task WriteDiskAsync(int old)
    {
        var reservations = await space.QueryAsync("SELECT pg_total_relation_size('reservations')");
        await space.AddOldNewsAsync(Math.Min(old, 1_000_000));
        var news = await space.QueryAsync("SELECT pg_total_relation_size('notifications')");
        var perReservation = reservations / (double)old;
        var perNews = news / (double)Math.Min(old, 1_000_000);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""

                A reservation takes {perReservation:N0} bytes of the disk with its indexes ({old:N0} of them: {reservations
                    / 1e6:N0} MB), a message {perNews:N0}. A year of a
                thousand seats, each booked twice a day, is {YearOfThousandSeats:N0} reservations with two messages each: {YearOfThousandSeats
                    * (perReservation + (2 * perNews))
                    / 1e6:N0} MB.
                """
            )
        );
    }
}
