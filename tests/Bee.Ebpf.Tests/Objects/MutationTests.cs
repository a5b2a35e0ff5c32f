using Bee.Ebpf.Interop;
using Bee.Ebpf.Mutation;
using Bee.Ebpf.Objects;
using Bee.Mutation;
using Xunit.Abstractions;

namespace Bee.Ebpf.Tests.Objects;

/// <summary>Hundreds of thousands of damaged objects: the reader rejects each, or libbpf opens it without a crash.</summary>
public class MutationTests(ITestOutputHelper output)
{
    [LibbpfFact]
    public void Accepted_objects_do_not_crash_libbpf()
    {
        var count = MutationOptions.Count;
        var report = MutationRun.Execute([.. Fixtures.All.OrderBy(f => f.Key).Select(f => f.Value)], MutationOptions.Seed, count);
        Console.WriteLine(report);
        output.WriteLine(report.ToString());
        Assert.True(report.Failures.Count == 0, $"{report}\n{string.Join('\n', report.Failures.Take(20).Select(Keep))}");
        Assert.InRange(report.Opened, count / 10, count);
    }

    [LibbpfFact]
    public void Objects_that_crash_libbpf_are_rejected()
    {
        var files = Fixtures.All.OrderBy(f => f.Key).Select(f => f.Value).ToArray();
        var report = MutationRun.Execute(files, seed: 1, count: 1500, isChecked: false);
        output.WriteLine($"without the reader, {report.Failures.Count} of {report.Count} kill this machine's libbpf");
        foreach (var failure in report.Failures)
        {
            Assert.Throws<BpfObjectException>(() => ObjectFile.Read(failure.Bytes, "killer.o"));
        }
    }

    [LibbpfFact]
    public void Most_survivors_open_in_libbpf()
    {
        // Otherwise the test would prove nothing: libbpf might reject all of them at once.
        var report = MutationRun.Execute([.. Fixtures.All.Values], seed: 3, count: 500);
        Assert.True(report.Opened > 9 * report.RefusedByLibbpf, report.ToString());
    }

    [ClangFact]
    public void A_row_is_the_same_each_time()
    {
        var files = new[] { Fixtures.Bytes("maps"), Fixtures.Bytes("types") };
        var (one, two) = (new Mutator(files, 9), new Mutator(files, 9));
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(one.Make(i), two.Make(i));
        }
    }

    private static string Keep(MutationFailure failure)
    {
        var file = Path.Combine(Path.GetTempPath(), $"bee-mutation-{failure.Index}.o");
        File.WriteAllBytes(file, failure.Bytes);
        return $"  {failure.Index}: {failure.What} ({file})";
    }
}
