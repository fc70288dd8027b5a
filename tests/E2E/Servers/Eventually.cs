namespace BookIT.Tests.E2E.Servers;

/// <summary>Waits for a condition that others bring about, instead of for a time.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Waits until it is so; fails with the explanation when it takes too long.</summary>
    public static async Task TrueAsync(
        Func<Task<bool>> condition,
        Func<string>? explanation = null,
        TimeSpan? within = null
    )
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not there yet.
            }

            if (TimeProvider.System.GetElapsedTime(started) > (within ?? TimeSpan.FromSeconds(30)))
            {
                Assert.Fail($"It did not come true. {explanation?.Invoke()}");
            }

            await Task.Delay(Pause);
        }
    }
}
