using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Programs at perf events other than the CPU clock, restricted to a process that the test starts.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class PerfEventTests
{
    private const int Pages = 2000;

    [KernelTheory]
    [InlineData("perf_event", "page-faults", 1)]
    [InlineData("perf_event", "faults,period=10", 10)]
    [InlineData("perf_event/type=1,config=2,sample_period=1", null, 1)]
    [InlineData("perf_event/page-faults", null, 1)]
    public void Page_faults_of_a_process_are_counted(string section, string? target, int period)
    {
        using var process = new Toucher();
        var file = Counting.Object((section, "void", "seen(0); return 0;"));
        Counting.Run(file, new BpfSessionOptions { ProcessId = process.Id, AttachTo = target is null ? [] : new Dictionary<string, string> { ["p0"] = target } }, session =>
        {
            var before = process.Faults;
            process.Touch();
            var faults = process.Faults - before;
            var seen = session.Counts()[0] * (ulong)period;

            Assert.True(faults >= Pages, $"{faults} faults");
            Assert.InRange((double)seen, faults * 0.9, (faults + (ulong)period) * 1.1);
        });
    }

    [KernelFact]
    public void Context_switches_of_a_process_are_counted()
    {
        using var process = new Toucher();
        var file = Counting.Object(("perf_event", "void", "seen(0); return 0;"), ("perf_event", "void", "seen(1); return 0;"));
        Counting.Run(file, new BpfSessionOptions { ProcessId = process.Id, AttachTo = new Dictionary<string, string> { ["p0"] = "context-switches", ["p1"] = "page-faults,context-switches" } }, session =>
        {
            process.Touch();
            // Reads the switches first, since the process keeps being switched.
            var switches = session.Counts()[0];
            Assert.True(switches > 0);
            Assert.True(session.Counts()[1] >= Pages + switches);
            Assert.Equal(2, session.Programs[1].LinkIds.Count);
        });
    }

    [KernelFact]
    public void A_program_without_an_event_warns_that_it_samples_the_clock()
    {
        var file = Counting.Object(("perf_event", "void", "return 0;"));
        Assert.Contains("cpu-clock", Assert.Single(Warnings(file, new())));
        Assert.Empty(Warnings(file, new() { ["p0"] = "cpu-clock" }));
        Assert.Empty(Warnings(file, [], frequency: 49));
    }

    [KernelTheory]
    [InlineData("page-fautls", LoadFault.NoTarget, "page-faults")]
    [InlineData("page-faults,often=1", LoadFault.NoTarget, "period")]
    [InlineData("type=4000000,config=1", LoadFault.Unsupported, "page-faults")]
    public void An_unknown_event_is_an_error_with_a_remedy(string target, LoadFault fault, string word)
    {
        var e = Fails(target);

        Assert.Equal(fault, e.Fault);
        Assert.Contains(word, $"{e.Message} {e.Remedy}");
    }

    [KernelFact]
    public void An_unsupported_hardware_event_is_an_error()
    {
        if (Directory.EnumerateDirectories("/sys/bus/event_source/devices", "cpu*").Any())
        {
            return;
        }

        var e = Fails("cache-misses");
        Assert.Equal(LoadFault.Unsupported, e.Fault);
        Assert.Contains("cache-misses", e.Message);
        Assert.Contains("software events", e.Remedy);

        var file = Counting.Object(("perf_event/cache-misses", "void", "return 0;"), ("perf_event/page-faults", "void", "return 0;"));
        var findings = CompatibilityCheck.Run(file, TargetKernel.Running()).Where(found => found.Name == "AttachTargets").ToList();
        Assert.Equal([CheckState.Failed, CheckState.Ok], findings.Select(found => found.State));
    }

    private static BpfLoadException Fails(string target)
    {
        using var session = BpfSession.Load(Counting.Object(("perf_event", "void", "return 0;")), new BpfSessionOptions { ProcessId = Environment.ProcessId, AttachTo = new Dictionary<string, string> { ["p0"] = target } });
        return Assert.Throws<BpfLoadException>(session.Attach);
    }

    private static List<string> Warnings(ObjectFile file, Dictionary<string, string> targets, int? frequency = null)
    {
        var warnings = new List<string>();
        using var session = BpfSession.Load(file, new BpfSessionOptions { ProcessId = Environment.ProcessId, AttachTo = targets, SampleFrequency = frequency, Warn = warnings.Add });
        session.Attach();
        return warnings;
    }

    /// <summary>A process that touches new pages on request.</summary>
    private sealed class Toucher : IDisposable
    {
        private readonly Process _process = Process.Start(new ProcessStartInfo("perl", ["-e", $"$| = 1; while (<STDIN>) {{ push @kept, chr(65 + @kept) x ({Pages} * 4096); select(undef, undef, undef, 0.01); print \"done\\n\"; }}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

        public Toucher() => Touch();

        public int Id => _process.Id;

        // minflt and majflt.
        public ulong Faults
        {
            get
            {
                var fields = File.ReadAllText($"/proc/{Id}/stat").Split(") ")[1].Split(' ');
                return ulong.Parse(fields[7], CultureInfo.InvariantCulture) + ulong.Parse(fields[9], CultureInfo.InvariantCulture);
            }
        }

        public void Touch()
        {
            _process.StandardInput.WriteLine();
            Assert.Equal("done", _process.StandardOutput.ReadLine());
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
