using System.Buffers;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using BookIT.Core.Metrics;

namespace BookIT.Tests.Unit.Metrics;

public sealed class MetricsExporterTests : IDisposable
{
    private readonly Meter meter = new("Test");
    private readonly MetricsExporter exporter;

    public MetricsExporterTests() => exporter = new MetricsExporter(instrument => instrument.Meter == meter);

    public void Dispose()
    {
        exporter.Dispose();
        meter.Dispose();
    }

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    private static string Text(MetricsExporter exporter)
    {
        var text = new ArrayBufferWriter<byte>();
        exporter.Scrape(text);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private string[] Lines() => Text(exporter).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void A_counter_adds_up_a_series_for_each_combination_of_labels()
    {
        var counter = meter.CreateCounter<long>("seats.taken", description: "Seats taken.");
        counter.Add(1);
        counter.Add(2, Tag("zone", "quiet"));
        counter.Add(3, Tag("zone", "quiet"));

        Assert.Equal(
            """
            # HELP seats_taken_total Seats taken.
            # TYPE seats_taken_total counter
            seats_taken_total 1
            seats_taken_total{zone="quiet"} 5

            """,
            Text(exporter)
        );
    }

    [Fact]
    public void A_histogram_counts_up_to_each_bound_and_keeps_the_bounds_it_was_advised()
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1, 2.5] };
        var histogram = meter.CreateHistogram("wait", "s", "How long.", tags: null, advice);
        foreach (var wait in new[] { 0.1, 0.5, 2, 7 })
        {
            histogram.Record(wait, Tag("room", 1));
        }

        Assert.Equal(
            """
            # HELP wait_seconds How long.
            # TYPE wait_seconds histogram
            wait_seconds_bucket{room="1",le="0.1"} 1
            wait_seconds_bucket{room="1",le="1"} 2
            wait_seconds_bucket{room="1",le="2.5"} 3
            wait_seconds_bucket{room="1",le="+Inf"} 4
            wait_seconds_sum{room="1"} 9.6
            wait_seconds_count{room="1"} 4

            """,
            Text(exporter)
        );
    }

    [Fact]
    public void A_histogram_without_advice_has_bounds_that_suit_its_unit()
    {
        meter.CreateHistogram<double>("a", "s").Record(0.2);
        meter.CreateHistogram<int>("b", "By").Record(70);

        Assert.Contains("a_seconds_bucket{le=\"0.25\"} 1", Lines());
        Assert.Contains("b_bytes_bucket{le=\"75\"} 1", Lines());
    }

    [Fact]
    public void What_goes_up_and_down_is_a_gauge_and_the_last_value_of_a_gauge_counts()
    {
        var open = meter.CreateUpDownCounter<int>("open");
        open.Add(3);
        open.Add(-1);
        var level = meter.CreateGauge<double>("level");
        level.Record(7);
        level.Record(double.NegativeInfinity);

        Assert.Equal(
            """
            # HELP level level
            # TYPE level gauge
            level -Inf
            # HELP open open
            # TYPE open gauge
            open 2

            """,
            Text(exporter)
        );
    }

    [Fact]
    public void What_is_observed_is_asked_at_each_scrape_and_is_gone_when_it_no_longer_answers()
    {
        var answers = new List<Measurement<long>> { new(1, Tag("pool", "a")), new(2, Tag("pool", "b")) };
        meter.CreateObservableGauge("idle", () => answers);
        Assert.Equal(["idle{pool=\"a\"} 1", "idle{pool=\"b\"} 2"], Lines()[2..]);

        answers.RemoveAt(0);
        Assert.Equal(["idle{pool=\"b\"} 2"], Lines()[2..]);

        answers.Clear();
        Assert.Empty(Lines());
    }

    [Fact]
    public void One_that_throws_when_asked_hides_none_of_the_others()
    {
        meter.CreateObservableGauge("broken", (Func<long>)(() => throw new InvalidOperationException("No.")));
        meter.CreateObservableGauge("whole", () => 1);

        Assert.Equal(["whole 1"], Lines()[2..]);
    }

    [Fact]
    public void Labels_and_help_are_escaped()
    {
        var counter = meter.CreateCounter<long>("odd", description: "Back\\slash and\nline.");
        counter.Add(1, Tag("a.b-c", "say \"hi\"\\\n"), Tag("1st", true), Tag("none", null), Tag("rate", 0.5));

        Assert.Equal("# HELP odd_total Back\\\\slash and\\nline.", Lines()[0]);
        Assert.Equal("""odd_total{_1st="true",a_b_c="say \"hi\"\\\n",rate="0.5"} 1""", Lines()[2]);
    }

    [Fact]
    public void Labels_in_another_order_or_type_are_the_same_series()
    {
        var counter = meter.CreateCounter<long>("same");
        counter.Add(1, Tag("a", 1), Tag("b", "x"));
        counter.Add(1, Tag("b", "x"), Tag("a", "1"));

        Assert.Equal(["same_total{a=\"1\",b=\"x\"} 2"], Lines()[2..]);
    }

    [Fact]
    public void Numbers_are_written_the_same_in_any_culture()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("ru");
        try
        {
            meter.CreateGauge<double>("half").Record(1234.5, Tag("n", 0.5));
            Assert.Equal("half{n=\"0.5\"} 1234.5", Lines()[2]);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void What_is_no_number_spoils_no_sum()
    {
        var histogram = meter.CreateHistogram<double>("h");
        var counter = meter.CreateCounter<double>("c");
        foreach (var value in new[] { 1, double.NaN, double.PositiveInfinity, 2 })
        {
            histogram.Record(value);
            counter.Add(value);
        }

        counter.Add(-5);
        Assert.Contains("c_total 3", Lines());
        Assert.Contains("h_sum 3", Lines());
        Assert.Contains("h_count 2", Lines());
    }

    [Fact]
    public void Labels_without_bounds_do_not_fill_the_memory()
    {
        var counter = meter.CreateCounter<long>("wild");
        for (var i = 0; i < MetricFamily.MaxSeries + 500; i++)
        {
            counter.Add(1, Tag("id", i));
        }

        var lines = Lines()[2..];
        Assert.Equal(MetricFamily.MaxSeries + 1, lines.Length);
        Assert.Contains("wild_total{overflow=\"true\"} 500", lines);
    }

    [Fact]
    public void Instruments_of_one_name_are_one_family_unless_they_are_of_different_kinds()
    {
        using var other = new Meter("Other");
        using var both = new MetricsExporter(instrument => instrument.Meter == meter || instrument.Meter == other);
        meter.CreateCounter<long>("twice").Add(1);
        other.CreateCounter<long>("twice").Add(2);
        other.CreateHistogram<double>("twice.total").Record(1);

        Assert.Equal(
            ["# HELP twice_total twice", "# TYPE twice_total counter", "twice_total 3"],
            Text(both).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        );
    }

    [Fact]
    public void Many_at_once_lose_nothing()
    {
        var counter = meter.CreateCounter<long>("many");
        var histogram = meter.CreateHistogram<double>("sizes");
        Parallel.For(
            0,
            8,
            _ =>
            {
                for (var i = 0; i < 20_000; i++)
                {
                    counter.Add(1, Tag("n", i % 7 == 0 ? "seven" : "other"));
                    histogram.Record(i % 3);
                }
            }
        );

        var lines = Lines();
        Assert.Contains("many_total{n=\"seven\"} 22864", lines);
        Assert.Contains("many_total{n=\"other\"} 137136", lines);
        Assert.Contains("sizes_count 160000", lines);
        Assert.Contains("sizes_sum 159992", lines);
    }

    [Fact]
    public void An_event_allocates_nothing_once_its_series_is_there()
    {
        var counter = meter.CreateCounter<long>("cheap");
        var histogram = meter.CreateHistogram<double>("cheap.time", "s");
        var (route, method) = (Tag("route", "/api/seat/{id}"), Tag("method", "GET"));
        void Record(int times)
        {
            for (var i = 0; i < times; i++)
            {
                counter.Add(1);
                counter.Add(1, route);
                histogram.Record(0.01, route, method);
            }
        }

        Record(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Record(10_000);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }

    [Theory]
    [InlineData("http.server.request.duration", "s", "histogram", "http_server_request_duration_seconds")]
    [InlineData("session_duration_seconds", "s", "histogram", "session_duration_seconds")]
    [InlineData("user_logins_total", null, "counter", "user_logins_total")]
    [InlineData("dotnet.process.cpu.time", "s", "counter", "dotnet_process_cpu_time_seconds_total")]
    [InlineData("dotnet.gc.heap.total_allocated", "By", "counter", "dotnet_gc_heap_total_allocated_bytes_total")]
    [InlineData("dotnet.thread_pool.thread.count", "{thread}", "gauge", "dotnet_thread_pool_thread_number")]
    [InlineData("prepared_ratio", "1", "gauge", "prepared_ratio")]
    [InlineData("fill", "1", "gauge", "fill_ratio")]
    [InlineData("1st", null, "gauge", "_1st")]
    public void Names_are_those_of_Prometheus(string name, string? unit, string type, string expected) =>
        Assert.Equal(expected, PrometheusNames.Of(name, unit, type));
}
