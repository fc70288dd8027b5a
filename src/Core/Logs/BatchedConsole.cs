using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace BookIT.Core.Logs;

/// <summary>
/// Standard output as the framework's console logger writes it, but in batches, ten a second. That one hands over each
/// line by itself, on a thread that is woken for it, which was a quarter of what a cheap request cost. Errors do not
/// wait, nor does what is written when the process ends; what is killed takes a tenth of a second of lines with it.
/// </summary>
[ProviderAlias("Console")]
internal sealed class BatchedConsole : ILoggerProvider
{
    private const int MaxBytes = 64 * 1024;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly ConsoleFormatter formatter;
    private readonly Stream output = Console.OpenStandardOutput();
    private readonly ArrayBufferWriter<byte> lines = new(MaxBytes);
    private readonly Lock guard = new();
    private readonly Timer timer;

    public BatchedConsole(IEnumerable<ConsoleFormatter> formatters)
    {
        formatter = formatters.First(one => one.Name == ConsoleFormatterNames.Json);
        timer = new Timer(_ => Flush());
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Flush();
    }

    /// <summary>Takes the place of the framework's, where lines are JSON: for machines, and many.</summary>
    public static void AddTo(IHostApplicationBuilder builder)
    {
        if (builder.Configuration["Logging:Console:FormatterName"] is not ConsoleFormatterNames.Json)
        {
            return;
        }

        var usual = builder.Services.Single(service => service.ImplementationType == typeof(ConsoleLoggerProvider));
        builder.Services.Remove(usual);
        builder.Services.AddSingleton<ILoggerProvider, BatchedConsole>();
    }

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void Dispose()
    {
        timer.Dispose();
        Flush();
    }

    private void Append(StringBuilder line, bool isUrgent)
    {
        lock (guard)
        {
            if (lines.WrittenCount == 0)
            {
                timer.Change(Period, Timeout.InfiniteTimeSpan);
            }

            foreach (var part in line.GetChunks())
            {
                Encoding.UTF8.GetBytes(part.Span, lines);
            }

            if (isUrgent || lines.WrittenCount >= MaxBytes)
            {
                Flush();
            }
        }
    }

    private void Flush()
    {
        lock (guard)
        {
            try
            {
                output.Write(lines.WrittenSpan);
            }
            catch (IOException)
            {
                // A full disk, or nobody who listens: requests are answered all the same.
            }

            lines.ResetWrittenCount();
        }
    }

    private sealed class Category(BatchedConsole console, string name) : ILogger
    {
        [ThreadStatic]
        private static StringWriter? text;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            text ??= new StringWriter(CultureInfo.InvariantCulture);
            console.formatter.Write(
                new LogEntry<TState>(logLevel, name, eventId, state, exception, formatter),
                scopeProvider: null,
                text
            );
            console.Append(text.GetStringBuilder(), isUrgent: logLevel >= LogLevel.Error);
            text.GetStringBuilder().Clear();
        }
    }
}
