using System.Globalization;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf.Tests.Loading;

public class OverheadLimitTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Add_returns_the_error_at_the_third_consecutive_window_over_the_limit()
    {
        var limit = new OverheadLimit(0.01);
        Assert.Null(limit.Add(Window(0.011)));
        Assert.Null(limit.Add(Window(0.011)));

        var error = limit.Add(Window(0.02))!;

        Assert.Equal("OverheadExceeded", error.Id);
        Assert.Equal(0.01, error.Limit);
        Assert.Equal([0.011, 0.011, 0.02], error.Windows.Select(window => Math.Round(window.ShareOfMachine, 6)));
    }

    [Fact]
    public void Add_restarts_the_count_at_a_window_within_the_limit()
    {
        var limit = new OverheadLimit(0.5);
        double[] shares = [0.6, 0.6, 0.5, 0.6, 0.6, 0.4, 0.6, 0.6];
        Assert.All(shares, share => Assert.Null(limit.Add(Window(share))));

        Assert.NotNull(limit.Add(Window(0.6)));
    }

    [Fact]
    public void Add_uses_the_actual_length_of_a_window()
    {
        // 15 ms in one second would be 1.5 %, but the window took three seconds, so they are 0.5 %.
        var limit = new OverheadLimit(0.01);
        Assert.Null(limit.Add(Window(0.02)));
        Assert.Null(limit.Add(Window(0.02)));
        Assert.Null(limit.Add(Of(TimeSpan.FromSeconds(3), 1, 15_000_000)));
        Assert.Null(limit.Add(Window(0.02)));
        Assert.Null(limit.Add(Window(0.02)));
        Assert.NotNull(limit.Add(Of(TimeSpan.FromSeconds(3), 1, 60_000_000)));
    }

    [Fact]
    public void ShareOfMachine_divides_by_the_online_CPUs_of_the_window()
    {
        Assert.Equal(0.25, Of(s_second, 4, 600_000_000, 400_000_000).ShareOfMachine);
        Assert.Equal(1.0, Of(s_second, 4, 600_000_000, 400_000_000).Share);
        Assert.Equal(0, Of(TimeSpan.Zero, 4, 5).Share);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void A_limit_out_of_range_is_rejected(double share) => Assert.Throws<ArgumentOutOfRangeException>(() => new OverheadLimit(share));

    [Fact]
    public void The_error_names_limit_windows_and_programs_independent_of_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            // A culture with a decimal comma, made by hand because the test runtime is culture-invariant.
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (comma.NumberFormat.NumberDecimalSeparator, comma.NumberFormat.NumberGroupSeparator) = (",", ".");
            CultureInfo.CurrentCulture = comma;
            var error = OverheadException.Of(0.005, [Window(0.0125), Window(0.1), Of(TimeSpan.FromSeconds(1.25), 2, 20_000_000, 230_000_000)]);

            Assert.Equal(
                "The programs were detached. They used more than 0.5 % of the CPU time of 2 CPUs in 3 consecutive windows: 1.25 % of 1.00 s, 10 % of 1.00 s, 10 % of 1.25 s. "
                + "By program in the last one: p1 9.2 % (8,000 runs/s), p0 0.8 % (8,000 runs/s).",
                error.Message);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_error_reports_programs_that_stay_attached()
    {
        var error = OverheadException.Of(0.01, [Window(0.02)], new IOException("no right to"));

        Assert.StartsWith("The programs could not be detached (no right to). They used more than 1 % ", error.Message);
        Assert.Equal("no right to", error.InnerException!.Message);
    }

    [Fact]
    public void Sample_returns_the_growth_since_the_last_sample()
    {
        var clock = new StoppedClock();
        ProgramStatistics?[] counts = [new(10, 1_000, 0), new(5, 5_000_000_000, 0), new(1, 1, 0)];
        var sampler = new ProgramSampler(["fast", "slow", "gone"], i => counts[i], () => 2, clock);
        clock.Pass(TimeSpan.FromSeconds(2));
        (counts[0], counts[1], counts[2]) = (new(20, 3_000, 0), new(4, 4_000_000_000, 0), null);

        var window = sampler.Sample();

        Assert.Equal((TimeSpan.FromSeconds(2), 2), (window.Elapsed, window.Cpus));
        Assert.Equal(["fast", "slow"], window.Programs.Select(program => program.Program));
        Assert.Equal((10ul, 2_000ul, 5.0, 200.0, 1e-6), (window.Programs[0].Runs, window.Programs[0].RunNanoseconds, window.Programs[0].Rate, window.Programs[0].NanosecondsPerRun!.Value, window.Programs[0].Share));
        // A sum over CPUs that keep counting can be smaller than the previous one.
        Assert.Equal((0ul, 0ul, null), (window.Programs[1].Runs, window.Programs[1].RunNanoseconds, window.Programs[1].NanosecondsPerRun));
        clock.Pass(s_second);
        Assert.Equal(0, sampler.Sample().Share);
    }

    [Fact]
    public void Sample_after_a_failure_covers_both_windows()
    {
        var clock = new StoppedClock();
        ProgramStatistics?[] counts = [new(0, 0, 0), new(0, 0, 0)];
        var fails = false;
        var sampler = new ProgramSampler(["one", "two"], i => fails && i == 1 ? throw new IOException() : counts[i], () => 1, clock);
        counts[0] = new(10, 1_000, 0);
        clock.Pass(s_second);
        fails = true;
        Assert.Throws<IOException>(sampler.Sample);
        fails = false;
        clock.Pass(s_second);

        var window = sampler.Sample();

        Assert.Equal((2 * s_second, 10ul), (window.Elapsed, window.Programs[0].Runs));
    }

    private static ProgramWindow Window(double share) => Of(s_second, 2, (ulong)(share * 2e9));

    private static ProgramWindow Of(TimeSpan elapsed, int cpus, params ulong[] nanoseconds) =>
        new(elapsed, cpus, [.. nanoseconds.Select((time, i) => new ProgramCost($"p{i}", elapsed, 10_000, time, new ProgramStatistics(10_000, time, 0)))]);

    private sealed class StoppedClock : TimeProvider
    {
        private long _time;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _time;

        public void Pass(TimeSpan time) => _time += time.Ticks;
    }
}
