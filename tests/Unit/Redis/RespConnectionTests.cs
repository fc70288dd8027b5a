using BookIT.Core.Redis;
using Xunit;

namespace BookIT.Tests.Unit.Redis;

public sealed class RespConnectionTests
{
    [Fact]
    public async Task What_gathers_while_one_batch_is_sent_goes_out_as_the_next()
    {
        var stream = new HeldStream();
        await using var connection = new RespConnection(stream, null, TimeSpan.FromMinutes(1), TimeProvider.System);
        connection.Send("FIRST", []);
        await stream.Writing.Task;
        for (var command = 0; command < 1000; command++)
        {
            connection.Send("GET", ["key"]);
        }

        stream.Release.SetResult();
        while (stream.Written < "*1\r\n$5\r\nFIRST\r\n".Length + (1000 * "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n".Length))
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.Equal(2, stream.Writes);
    }

    /// <summary>Lets nothing through until it is released, and gives nothing to read until it is closed.</summary>
    private sealed class HeldStream : Stream
    {
        private readonly TaskCompletionSource closed = new();
        private long written;

        public TaskCompletionSource Writing { get; } = new();

        public TaskCompletionSource Release { get; } = new();

        public int Writes { get; private set; }

        public long Written => Volatile.Read(ref written);

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            Writes++;
            Writing.TrySetResult();
            await Release.Task;
            Interlocked.Add(ref written, buffer.Length);
        }

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            await closed.Task;
            return 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush() { }

        protected override void Dispose(bool disposing)
        {
            closed.TrySetResult();
            base.Dispose(disposing);
        }
    }
}
