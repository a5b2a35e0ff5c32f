using Bee.Ebpf;

namespace Bee.Toolchain.Tests;

/// <summary>Every combination of kind, map and output: written, compiled, loaded, and run on this process where the kernel takes it.</summary>
[Collection("environment")]
public class SkeletonRunTests
{
    [KernelFact]
    public void It_reports_what_this_process_does()
    {
        foreach (var map in new[] { SkeletonMapType.RingBuffer, SkeletonMapType.PerfBuffer })
        {
            var text = ProgramSkeleton.Write(new SkeletonRequest { Name = "opens", FileName = "opens.bpf.c", MapType = map });
            var file = Sources.Compile(text);
            using var session = BpfSession.Load(file, new BpfSessionOptions { Parameters = new Dictionary<string, object?> { ["target_pid"] = Environment.ProcessId } });
            using var reader = session.OpenReader(new EventReaderOptions());
            session.Attach();
            using (System.IO.File.OpenRead("/dev/null"))
            {
            }

            var sink = new CollectingSink();
            reader.Run(sink, CancellationToken.None, TimeSpan.FromMilliseconds(300));
            Assert.Contains(sink.Events, item => "/dev/null".Equals(item.GetType().GetProperty("filename")!.GetValue(item)));
        }
    }
}
