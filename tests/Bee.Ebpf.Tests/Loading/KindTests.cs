using Bee.Ebpf.Programs;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class KindTests
{
    [KernelFact]
    public void Programs_that_libbpf_attaches_by_section_run()
    {
        using var session = Calls.Load(Fixture.Object("kinds"));
        session.Attach();
        Calls.GetProcessGroup(Environment.ProcessId);
        var seen = session.Maps.Single(m => m.Name == "gauge_seen").Entries().ToDictionary(e => (uint)e.Get("Key")!, e => (ulong)e.Get("Value")!);

        Assert.Equal(2, seen.Count);
        Assert.All(seen, e => Assert.True(e.Value > 0, $"slot {e.Key}"));
        Assert.All(session.Programs.Where(p => p.Name != "optional"), p => Assert.Single(p.LinkIds));
    }

    [KernelFact]
    public void Fentry_and_lsm_programs_run_or_the_failure_is_explained()
    {
        try
        {
            using var session = Calls.Load(Fixture.Object("trampolines"));
            session.Attach();
            Calls.GetProcessGroup(Environment.ProcessId);

            Assert.All(session.Maps.Single(m => m.Name == "gauge_seen").Entries(), e => Assert.NotEqual(0ul, e.Get("Value")));
        }
        catch (BpfLoadException e)
        {
            // Hardened kernels forbid these kinds even to root.
            Assert.Equal(LoadFault.Unsupported, e.Fault);
            Assert.Contains("kernel rejects program", e.Message);
            Assert.NotNull(e.Remedy);
        }
    }

    [KernelFact]
    public void Optional_programs_are_not_loaded()
    {
        using var session = Calls.Load(Fixture.Object("kinds"));
        session.Attach();
        var optional = session.Programs.Single(p => p.Name == "optional");

        Assert.Equal(0, optional.Id);
        Assert.Empty(optional.LinkIds);
    }

    [KernelFact]
    public void Samples_and_uprobes_are_restricted_to_one_process()
    {
        using var session = BpfSession.Load(Fixture.Object("samples"), new BpfSessionOptions { ProcessId = Environment.ProcessId, SampleFrequency = 999 });
        session.Attach();
        for (var i = 0; i < 10; i++)
        {
            Calls.GetProcessGroup(-1);
        }

        // Measures CPU time, since a busy machine schedules the thread less often.
        var before = Environment.CpuUsage.TotalTime;
        var child = new Thread(() => { while (Environment.CpuUsage.TotalTime - before < TimeSpan.FromMilliseconds(200)) { } });
        child.Start();
        child.Join();

        var samples = Assert.Single(session.Maps.Single(m => m.Name == "counter_samples").Entries());
        Assert.Equal((uint)Environment.ProcessId, samples.Get("Key"));
        Assert.True((ulong)samples.Get("Value")! > 20, $"{samples.Get("Value")} samples");
        var calls = Assert.Single(session.Maps.Single(m => m.Name == "counter_uprobes").Entries());
        Assert.Equal((uint)Environment.ProcessId, calls.Get("Key"));
        Assert.Equal(20ul, calls.Get("Value"));
    }

    [KernelFact]
    public void TestRun_runs_a_syscall_program()
    {
        using var session = BpfSession.Load(Fixture.Object("samples"), new BpfSessionOptions());

        Assert.Equal(42, session.Programs.Single(p => p.Name == "twice").TestRun(new TestRunOptions { Context = BitConverter.GetBytes(21) }).ReturnValue);
    }

    [KernelFact]
    public void An_iterator_returns_objects_of_its_declared_struct_or_lines()
    {
        using var session = Calls.Load(Fixture.Object("iterators"));
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        session.Attach();
        var sink = new CollectingSink();
        // No other stream takes part, so the run ends by itself.
        reader.Run(sink, CancellationToken.None);

        var structs = sink.Events.Where(e => e is not IteratorLine).ToArray();
        var lines = sink.Events.OfType<IteratorLine>().Select(l => l.Line).ToArray();
        Assert.Contains(structs, e => (int)e.Get("pid")! == Environment.ProcessId);
        Assert.All(structs, e => Assert.Equal(Environment.ProcessId, e.Get("tgid")));
        Assert.Contains($"task {Environment.ProcessId} of {Environment.ProcessId}", lines);
        Assert.Equal(["tasks_as_structs", "tasks_as_text"], reader.Streams.Select(s => s.Name).Order());
    }

    [KernelFact]
    public void Repeated_iterators_are_read_at_each_interval()
    {
        using var session = Calls.Load(Fixture.Object("iterators"));
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole, RepeatIterators = true, Interval = TimeSpan.FromMilliseconds(20) });
        session.Attach();
        // One line for each thread, repeated until there are enough.
        var line = $"task {Environment.ProcessId} of {Environment.ProcessId}";
        var runs = 0;
        var sink = new CollectingSink { OnEvent = e => e is not IteratorLine text || text.Line != line || ++runs < 4 };
        reader.Run(sink, CancellationToken.None);
        Assert.Equal(4, runs);

        // Then for a fixed time: at the start, and after one interval.
        runs = 0;
        reader.Run(new CollectingSink { OnEvent = e => e is not IteratorLine text || text.Line != line || ++runs < 1000 }, CancellationToken.None, TimeSpan.FromMilliseconds(200));
        Assert.InRange(runs, 2, 11);
    }

    [KernelFact]
    public void An_iterator_whose_record_has_no_fixed_part_returns_lines()
    {
        var file = Fixture.Compile("unbounded", """
            #include "fixture.h"

            struct seq_file;

            struct bpf_iter_meta {
                struct seq_file *seq;
                unsigned long long session_id;
                unsigned long long seq_num;
            } __attribute__((preserve_access_index));

            struct bpf_iter__task {
                struct bpf_iter_meta *meta;
            } __attribute__((preserve_access_index));

            struct text {
                char line[0];
                int : 32;
            };

            const struct text *iter_record__one_line;

            SEC("iter/task")
            int one_line(struct bpf_iter__task *context)
            {
                static const char line[] = "hello\n";
                if (context->meta->seq_num == 0)
                    bpf_seq_write(context->meta->seq, line, sizeof(line) - 1);
                return 0;
            }
            """);
        using var session = Calls.Load(file);
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        session.Attach();
        var left = 1000;
        var sink = new CollectingSink { OnEvent = _ => --left > 0 };
        reader.Run(sink, CancellationToken.None);

        Assert.Equal("hello", Assert.IsType<IteratorLine>(Assert.Single(sink.Events)).Line);
    }
}
