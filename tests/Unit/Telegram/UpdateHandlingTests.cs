using BookIT.Bot.Telegram;
using BookIT.Bot.Updates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace BookIT.Tests.Unit.Telegram;

public sealed class UpdateHandlingTests
{
    private static Update Of(long id) =>
        new()
        {
            UpdateId = id,
            Message = new Message
            {
                MessageId = id,
                Chat = new Chat { Id = 1, Type = Chat.Private },
            },
        };

    [Fact]
    public async Task Whoever_leads_again_gets_what_still_waits_handled()
    {
        using var scopes = new HeldScopes();
        using var handling = new UpdateHandling(
            scopes,
            health: null!,
            TimeProvider.System,
            NullLogger<UpdateHandling>.Instance
        );
        using var lost = new CancellationTokenSource();
        var first = handling.HandleAsync(Of(1), lost.Token);
        var waiting = handling.HandleAsync(Of(2), lost.Token);
        await scopes.Entered.WaitAsync(TestContext.Current.CancellationToken);
        await lost.CancelAsync();

        var again = new[] { 1, 2 }.Select(id => handling.HandleAsync(Of(id), CancellationToken.None)).ToList();
        scopes.Release();

        Assert.All(await Task.WhenAll([.. again, first, waiting]), Assert.True);
    }

    [Fact]
    public async Task What_nobody_asks_for_any_more_is_given_up()
    {
        using var scopes = new HeldScopes();
        using var handling = new UpdateHandling(
            scopes,
            health: null!,
            TimeProvider.System,
            NullLogger<UpdateHandling>.Instance
        );
        using var lost = new CancellationTokenSource();
        var first = handling.HandleAsync(Of(1), lost.Token);
        var waiting = handling.HandleAsync(Of(2), lost.Token);
        await scopes.Entered.WaitAsync(TestContext.Current.CancellationToken);
        await lost.CancelAsync();
        scopes.Release();

        Assert.True(await first);
        Assert.False(await waiting);
    }

    /// <summary>Handling that lasts until it is released, and then counts as done.</summary>
    private sealed class HeldScopes : IServiceScopeFactory, IDisposable
    {
        private readonly ManualResetEventSlim gate = new();

        public SemaphoreSlim Entered { get; } = new(0);

        public void Release() => gate.Set();

        public IServiceScope CreateScope()
        {
            Entered.Release();
            gate.Wait();
            throw new InvalidOperationException("A bug is logged, and counts as handled.");
        }

        public void Dispose()
        {
            gate.Dispose();
            Entered.Dispose();
        }
    }
}
