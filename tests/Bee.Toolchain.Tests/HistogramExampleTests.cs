using Bee.Ebpf.Records;

namespace Bee.Toolchain.Tests;

/// <summary>A test that reads from a disk; skipped, with the reason, if the temporary folder is not on a disk.</summary>
internal sealed class DiskFactAttribute : FactAttribute
{
    public DiskFactAttribute() => Skip = Requirements.Kernel ?? DirectFile.Missing;
}

/// <summary>The examples that count in the kernel, run on this process alone.</summary>
[Collection(Alone.Name)]
public class HistogramExampleTests
{
    [KernelFact]
    public void Runqlat_spreads_the_waits_of_a_process()
    {
        var histograms = ExampleRunTests.Run("runqlat", () =>
        {
            // Each turn puts one thread to sleep and wakes another.
            using var ping = new SemaphoreSlim(0);
            using var pong = new SemaphoreSlim(0);
            var other = new Thread(() =>
            {
                for (var i = 0; i < 200; i++)
                {
                    ping.Wait();
                    Thread.Sleep(0);
                    pong.Release();
                }
            })
            { Name = "runqlat-other" };
            other.Start();
            for (var i = 0; i < 200; i++)
            {
                ping.Release();
                pong.Wait();
                Thread.Sleep(i % 10 == 0 ? 1 : 0);
            }

            other.Join();
        }).Cast<Histogram>().ToList();

        // A histogram that is updated has a larger count.
        var last = histograms.GroupBy(item => (string)Get(item, "comm")).Select(group => group.Last()).ToList();
        Assert.NotEmpty(last);
        Assert.InRange(last.Sum(item => (long)item.Count), 20, 1_000_000);
        Assert.All(last, item => Assert.Equal(("hist_runq_ns", "ns"), (item.MapName, item.Unit)));
        Assert.All(last, item => Assert.Equal(item.Count, item.Buckets.Aggregate(0ul, (sum, bucket) => sum + bucket.Count)));
        // No wait is longer than this test.
        Assert.All(last, item => Assert.InRange(item.Mean!.Value, 100, 60e9));
    }

    [DiskFact]
    public void Biolatency_spreads_the_reads_of_a_process()
    {
        const int Reads = 32, Size = 4096;
        using var folder = new TemporaryFolder();
        var path = folder.Write("data", new string('x', Reads * Size));
        using (var file = File.OpenWrite(path))
        {
            file.Flush(flushToDisk: true);
        }

        var histograms = ExampleRunTests.Run("biolatency", () => Assert.Equal(Reads, DirectFile.Read(path, Size))).Cast<Histogram>().ToList();

        var reads = histograms.Last(item => Get(item, "op").ToString() == "READ");
        Assert.NotEqual("", Get(reads, "disk"));
        Assert.Equal(("hist_block_ns", "ns"), (reads.MapName, reads.Unit));
        // Other tests of this process also read from disks, and the kernel may split or merge reads of the file.
        Assert.InRange(reads.Count, Reads / 2ul, Reads + 10_000ul);
        Assert.InRange(reads.Mean!.Value, 1000, 60e9);
    }

    private static object Get(BpfEvent item, string property) => item.GetType().GetProperty(property)!.GetValue(item)!;
}
