using BookIT.Bot.Telegram;

namespace BookIT.Tests.Unit.Telegram;

public sealed class SendLimitsTests
{
    private static readonly TimeSpan Now = TimeSpan.FromHours(3);

    private readonly SendLimits limits = new();

    /// <summary>When the message may go, after the present.</summary>
    private double At(long? chat, double now = 0) =>
        now + limits.Reserve(chat, Now + TimeSpan.FromSeconds(now)).TotalSeconds;

    [Fact]
    public void Who_sends_little_hardly_waits() => Assert.InRange(At(chat: 1), 0, 0.034);

    [Fact]
    public void A_chat_gets_one_message_a_second()
    {
        var times = Enumerable.Range(0, 10).Select(_ => At(chat: 1)).ToList();

        Assert.All(times.Zip(times.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1, 1.04));
    }

    [Fact]
    public void All_chats_together_get_thirty_in_any_second()
    {
        var times = Enumerable.Range(0, 300).Select(chat => At(chat)).Order().ToList();

        Assert.All(times.Zip(times.Skip(30)), pair => Assert.True(pair.Second - pair.First >= 1));
        Assert.InRange(times[^1], 9.9, 10.1);
    }

    [Fact]
    public void A_chat_with_many_messages_holds_up_nobody()
    {
        for (var i = 0; i < 100; i++)
        {
            At(chat: 1);
        }

        Assert.InRange(At(chat: 2), 0, 0.1);
        Assert.InRange(At(chat: null), 0, 0.1);
    }

    [Fact]
    public void They_go_in_the_order_in_which_they_asked()
    {
        var times = Enumerable.Range(0, 50).Select(chat => At(chat)).ToList();

        Assert.Equal(times.Order(), times);
    }

    [Fact]
    public void A_change_of_a_message_counts_over_all_but_not_in_its_chat()
    {
        Assert.InRange(At(chat: 1), 0, 0.034);
        Assert.InRange(At(chat: null), 0, 0.07);
        Assert.InRange(At(chat: 1), 1, 1.04);
    }

    [Fact]
    public void A_chat_that_telegram_wants_to_be_left_alone_is()
    {
        limits.Hold(1, TimeSpan.FromSeconds(7), Now);
        limits.Hold(1, TimeSpan.FromSeconds(3), Now);

        Assert.InRange(At(chat: 1), 7, 7.04);
        Assert.InRange(At(chat: 2), 0, 0.07);
    }

    [Fact]
    public void What_is_past_is_forgotten()
    {
        for (var i = 0; i < 100_000; i++)
        {
            At(chat: i, now: i / 20.0);
            Assert.InRange(limits.Kept, 0, 1_100);
        }
    }
}
