using Bee.Ebpf.Events;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Lines that programs write with bpf_printk.</summary>
[Collection(KernelFactAttribute.Collection)]
public class TraceTests
{
    private static readonly EventReaderOptions s_lines = new() { TraceLines = true };

    [KernelFact]
    public void Trace_lines_are_those_of_the_sessions_own_programs()
    {
        // The same code with the same formats: only the running program distinguishes the lines.
        using var mine = Calls.Load(Fixture.Object("traces"), ("mark", 7));
        using var other = Calls.Load(Fixture.Object("traces"), ("mark", 8));
        using var reader = mine.OpenReader(s_lines);
        using var otherReader = other.OpenReader(s_lines);
        mine.Attach();
        other.Attach();

        var before = DateTime.Now;
        Calls.GetProcessGroup(-1);
        var after = DateTime.Now;

        var lines = Read(reader);
        Assert.Equal(["7: hello", "7: from a function", "7: 1 2 3 4"], lines.Select(line => line.Text));
        Assert.Equal(["8: hello", "8: from a function", "8: 1 2 3 4"], Read(otherReader).Select(line => line.Text));
        Assert.All(lines, line =>
        {
            Assert.Equal("on_call", line.Program);
            Assert.Equal(Environment.ProcessId, line.Pid);
            Assert.Equal(File.ReadAllText($"/proc/self/task/{line.Tid}/comm").TrimEnd('\n'), line.Comm);
            Assert.InRange(line.Cpu, 0, 4096);
            // The offset between the kernel's clock and this one is measured once, to a few microseconds.
            Assert.InRange(line.Time, before.AddMilliseconds(-50), after.AddMilliseconds(50));
        });
    }

    [KernelFact]
    public void A_reader_without_TraceLines_has_no_stream_of_lines()
    {
        using var session = Calls.Load(Fixture.Object("traces"));
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });

        Assert.Empty(reader.Streams);
    }

    [KernelFact]
    public void Every_line_is_either_read_or_counted_as_lost()
    {
        const int Lines = 6000;
        using var session = Calls.Load(Fixture.Object("traces"));
        using var reader = session.OpenReader(s_lines);
        session.Attach();
        // No reader runs yet, so the ring fills up.
        for (var i = 0; i < Lines; i++)
        {
            Calls.Close(Calls.Duplicate(0));
        }

        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);

        var stream = Assert.Single(reader.Streams);
        Assert.InRange(sink.Count, 1, Lines - 1);
        Assert.Equal((ulong)Lines, (ulong)sink.Count + sink.Losses[TraceLine.StreamName]);
        Assert.Equal(stream.Lost, sink.Losses[TraceLine.StreamName]);
        Assert.InRange(stream.HighWater!.Value, 0.9, 1);
    }

    [KernelFact]
    public void Dispose_of_the_reader_unloads_its_program()
    {
        using var session = Calls.Load(Fixture.Object("traces"));
        var before = Programs();
        using (session.OpenReader(s_lines))
        {
            Assert.Equal(before + 1, Programs());
        }

        Assert.Equal(before, Programs());
    }

    [KernelFact]
    public void Functions_that_write_lines_are_found_in_the_object()
    {
        Assert.Equal(["on_call", "say"], TraceCalls.In(Fixture.Object("traces")).Order(StringComparer.Ordinal));
        Assert.Empty(TraceCalls.In(Fixture.Object("losses")));
    }

    private static List<TraceLine> Read(EventReader reader)
    {
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        return [.. sink.Events.Cast<TraceLine>()];
    }

    private static int Programs() => Directory.GetFiles("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget == "anon_inode:bpf-prog");
}
