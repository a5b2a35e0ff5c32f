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
}
