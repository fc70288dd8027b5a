using System.Buffers;
using System.IO.Pipelines;

namespace BookIT.Core.Redis;

/// <summary>
/// One connection from its opening to its end: many callers' commands go out in batches, and replies are matched to
/// them by order. It ends for good at the first sign of trouble, and then every call still waiting fails.
/// </summary>
/// <remarks>
/// A call that times out stays in the queue, so that its reply, when it comes, is discarded and not taken for the next
/// call's. A server silent for twice the time-out is given up.
/// </remarks>
internal sealed class RespConnection : IAsyncDisposable
{
    // What may wait to be sent before further calls are refused: a server that reads nothing must not fill the memory.
    private const long LargestBacklog = 64 * 1024 * 1024;
    private const int BufferSize = 64 * 1024;
    private static readonly TimeSpan IdleBeforePing = TimeSpan.FromSeconds(5);

    private readonly Stream stream;
    private readonly Func<RedisResult, bool>? takePush;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;
    private readonly Task reading;
    private readonly Task writing;
    private readonly ITimer watchdog;
    private readonly TaskCompletionSource<Exception> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Commands between the callers, who write under `gate`, and the one loop that sends.
    private readonly Pipe output = new(
        new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: BufferSize, useSynchronizationContext: false)
    );

    // Guards the writing end of `output`, the queue of pending calls (in the order of their commands) and `isClosed`.
    private readonly Lock gate = new();
    private readonly Queue<PendingCall> pending = new();
    private bool isClosed;
    private long backlog;
    private long lastReply;
    private long lastLook;

    /// <param name="stream">Connected; owned from here on.</param>
    /// <param name="takePush">Is shown every reply first, in order, and says whether it was a message and no reply.</param>
    /// <param name="timeout">How long a call may wait for its reply.</param>
    /// <param name="time">The clock of time-outs.</param>
    public RespConnection(Stream stream, Func<RedisResult, bool>? takePush, TimeSpan timeout, TimeProvider time)
    {
        this.stream = stream;
        this.takePush = takePush;
        this.timeout = timeout;
        this.time = time;
        lastReply = lastLook = time.GetTimestamp();
        reading = ReadAsync();
        writing = WriteAsync();
        watchdog = time.CreateTimer(_ => Watch(), null, timeout / 10, timeout / 10);
    }

    /// <summary>Completes with the reason when the connection has ended.</summary>
    public Task<Exception> Closed => closed.Task;

    /// <summary>Sends a command and gives its reply, converted. Never throws: a failure is in the task.</summary>
    public Task<T> SendAsync<T>(Func<RedisResult, T> convert, string command, ReadOnlySpan<RedisValue> arguments)
    {
        var reply = new Reply<T>(convert);
        return Enqueue(command, arguments, reply) is { } refusal ? Task.FromException<T>(refusal) : reply.Task;
    }

    /// <summary>Sends a command if that can be done, and ignores what comes of it.</summary>
    public void Send(string command, ReadOnlySpan<RedisValue> arguments) => Enqueue(command, arguments, reply: null);

    public async ValueTask DisposeAsync()
    {
        Close(new ObjectDisposedException(nameof(ConnectionMultiplexer)));
        await Task.WhenAll(reading, writing);
        await watchdog.DisposeAsync();
        await stream.DisposeAsync();
    }

    /// <summary>Writes a command and notes who waits for its reply; or says why not.</summary>
    private RedisConnectionException? Enqueue(string command, ReadOnlySpan<RedisValue> arguments, IReply? reply)
    {
        lock (gate)
        {
            if (isClosed)
            {
                return new RedisConnectionException($"{command} was not sent: the connection to Redis was lost.");
            }

            if (Interlocked.Read(ref backlog) > LargestBacklog)
            {
                return new RedisConnectionException($"{command} was not sent: Redis does not read what it is sent.");
            }

            pending.Enqueue(new PendingCall(command, reply, time.GetTimestamp()));
            Interlocked.Add(ref backlog, RespWriter.Write(output.Writer, command, arguments));

            // With no threshold to wait for this completes at once: it only wakes the sending loop, on another thread.
#pragma warning disable CA2012
            _ = output.Writer.FlushAsync();
#pragma warning restore CA2012
            return null;
        }
    }

    /// <summary>Sends whatever has gathered since the last sending: the more callers, the larger the batch.</summary>
    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                var batch = await output.Reader.ReadAsync();
                foreach (var segment in batch.Buffer)
                {
                    await stream.WriteAsync(segment);
                }

                Interlocked.Add(ref backlog, -batch.Buffer.Length);
                output.Reader.AdvanceTo(batch.Buffer.End);
                if (batch.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception e)
        {
            Close(e);
        }

        await output.Reader.CompleteAsync();
    }

    private async Task ReadAsync()
    {
        var input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize, leaveOpen: true));
        var replies = new RespReader();
        try
        {
            while (true)
            {
                var read = await input.ReadAsync();
                var buffer = read.Buffer;
                while (replies.TryRead(ref buffer, out var reply))
                {
                    Deliver(reply);
                }

                input.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    throw new EndOfStreamException("Redis closed the connection.");
                }
            }
        }
        catch (Exception e)
        {
            Close(e);
        }

        await input.CompleteAsync();
    }

    private void Deliver(RedisResult reply)
    {
        Volatile.Write(ref lastReply, time.GetTimestamp());
        if (takePush is not null && takePush(reply))
        {
            return;
        }

        PendingCall call;
        lock (gate)
        {
            if (!pending.TryDequeue(out call))
            {
                throw new InvalidDataException("Redis sent a reply to nothing.");
            }
        }

        RedisTelemetry.Answered(time.GetElapsedTime(call.SentAt, Volatile.Read(ref lastReply)));
        call.Reply?.Complete(reply);
    }

    /// <summary>
    /// Ends the calls that waited too long, the connection if the server seems gone, and silence. Too long is what was
    /// so at the look before as well: on a busy machine the reply may be here, and this process had no time to read it.
    /// </summary>
    private void Watch()
    {
        var look = time.GetTimestamp();
        var before = Interlocked.Exchange(ref lastLook, look);
        if (time.GetElapsedTime(before, look) < timeout / 20)
        {
            return; // looks that were held up come in a crowd
        }

        var late = new List<PendingCall>();
        bool gone;
        bool idle;
        lock (gate)
        {
            idle = pending.Count == 0;
            gone = !idle && Waited(pending.Peek(), before) >= 2 * timeout;
            foreach (var call in pending)
            {
                if (Waited(call, before) < timeout)
                {
                    break;
                }

                late.Add(call);
            }
        }

        foreach (var call in late)
        {
            if (call.Reply is { IsCompleted: false } reply)
            {
                reply.Fail(new RedisTimeoutException($"Redis did not answer {call.Command} within {timeout}."));
            }
        }

        if (gone)
        {
            Close(new TimeoutException($"Redis did not answer for {2 * timeout}."));
        }
        else if (idle && time.GetElapsedTime(Volatile.Read(ref lastReply)) > IdleBeforePing)
        {
            Send("PING", []);
        }
    }

    private TimeSpan Waited(PendingCall call, long until) => time.GetElapsedTime(call.SentAt, until);

    private void Close(Exception reason)
    {
        PendingCall[] lost;
        lock (gate)
        {
            if (isClosed)
            {
                return;
            }

            isClosed = true;
            output.Writer.Complete();
            lost = [.. pending];
            pending.Clear();
        }

        // The loops end because the stream does. The watchdog is not there yet if the constructor is still running.
        stream.Dispose();
        watchdog?.Dispose();
        closed.TrySetResult(reason);
        foreach (var call in lost)
        {
            call.Reply?.Fail(
                new RedisConnectionException(
                    $"The connection to Redis was lost before it answered {call.Command}.",
                    reason
                )
            );
        }
    }

    private interface IReply
    {
        bool IsCompleted { get; }

        void Complete(RedisResult result);

        void Fail(Exception exception);
    }

    // `Reply` is null when nobody waits.
    private readonly record struct PendingCall(string Command, IReply? Reply, long SentAt);

    // Continuations run elsewhere, so that no caller can hold up the loop that reads everyone's replies.
    private sealed class Reply<T>(Func<RedisResult, T> convert)
        : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously),
            IReply
    {
        public bool IsCompleted => Task.IsCompleted;

        public void Complete(RedisResult result)
        {
            if (result.Resp2Type == ResultType.Error)
            {
                TrySetException(result.ToException());
                return;
            }

            try
            {
                TrySetResult(convert(result));
            }
            catch (Exception e)
            {
                // Whatever is wrong with this reply is its caller's to hear; those of others are still to be read.
                TrySetException(e);
            }
        }

        public void Fail(Exception exception) => TrySetException(exception);
    }
}
