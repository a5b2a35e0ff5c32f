using Bee.Ebpf;

namespace Bee.Toolchain.Tests;

/// <summary>What skeletons say, piece by piece. That all of them work is in <see cref="SkeletonRunTests"/>.</summary>
[Collection("environment")]
public class SkeletonTests
{
    [CompileFact]
    public void A_skeleton_has_the_fields_of_its_tracepoint()
    {
        var text = ProgramSkeleton.Write(new SkeletonRequest { Name = "switches", FileName = "switches.bpf.c", AttachTo = "sched/sched_switch" });

        Assert.Contains("struct trace_event_raw_sched_switch *ctx", text);
        Assert.Contains("char prev_comm[16];", text);
        Assert.Contains("next_pid;", text);
        Sources.Compile(text);
    }

    /// <summary>The tests of all combinations count on it.</summary>
    [CompileFact]
    public void A_header_that_was_compiled_before_makes_no_difference()
    {
        var text = new Combination("tracepoint", SkeletonMapType.RingBuffer, SkeletonOutput.Print).Write();

        Assert.True(Sources.Compile(text).Bytes.Span.SequenceEqual(Sources.Compile(text, PrecompiledBee.Flags).Bytes.Span));
    }
}
