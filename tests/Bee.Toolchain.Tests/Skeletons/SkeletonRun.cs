using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Toolchain.Tests;

/// <summary>Skeletons of kinds that trace the kernel or a process.</summary>
public class TracingSkeletonTests
{
    public static TheoryData<string> Kinds => SkeletonRun.Kinds(kind => !kind.NeedsCgroup && !kind.NeedsInterface && !kind.NeedsNetworkNamespace);

    [SkippingTheory]
    [MemberData(nameof(Kinds))]
    public void It_loads_and_reports(string kind) => SkeletonRun.Check(kind);
}

/// <summary>Skeletons of kinds that attach to a control group.</summary>
public class CgroupSkeletonTests
{
    public static TheoryData<string> Kinds => SkeletonRun.Kinds(kind => kind.NeedsCgroup);

    [SkippingTheory]
    [MemberData(nameof(Kinds))]
    public void It_loads_and_reports(string kind) => SkeletonRun.Check(kind);
}

/// <summary>Skeletons of kinds that attach to an interface or a network namespace.</summary>
public class NetworkSkeletonTests
{
    public static TheoryData<string> Kinds => SkeletonRun.Kinds(kind => kind.NeedsInterface || kind.NeedsNetworkNamespace);

    [SkippingTheory]
    [MemberData(nameof(Kinds))]
    public void It_loads_and_reports(string kind) => SkeletonRun.Check(kind);
}

/// <summary>
/// Combinations load, and if this kernel attaches their kind, report an event of a process that triggers the programs. If the kernel
/// refuses, the test is skipped with the kernel's reason; the virtual machines have other kernels. There are three classes, because xunit runs classes in parallel.
/// </summary>
internal static class SkeletonRun
{
    // Failures that the kernel or the machine causes; all others are errors of the skeleton.
    private static readonly LoadFault[] s_refusals = [LoadFault.Unsupported, LoadFault.NoTarget, LoadFault.NoTracefs, LoadFault.Other];

    internal static TheoryData<string> Kinds(Func<ProgramKind, bool> isOne) => [.. Combinations.Kinds.Where(name => isOne(ProgramKinds.Find(name)!))];

    internal static void Check(string kind)
    {
        Skip.If(Deeds.Missing);
        using var deeds = new Deeds();
        var refused = new List<string>();
        var silent = new List<string>();
        var ran = 0;
        // The actions run once for all skeletons; an interface accepts one xdp program at a time.
        foreach (var group in Combinations.Loaded(kind).Chunk(kind.StartsWith("xdp", StringComparison.Ordinal) ? 1 : int.MaxValue))
        {
            var running = new List<(string Name, BpfSession Session, EventReader Reader)>();
            try
            {
                foreach (var combination in group)
                {
                    if (Start(combination, deeds, refused) is { } started)
                    {
                        running.Add((combination.Name, started.Session, started.Reader));
                    }

                    // The kernel's reason for one skeleton applies to all of its kind.
                    Skip.If(ran + running.Count == 0 ? $"{kind}: {refused[0]}" : null);
                }

                deeds.Do(isBusy: kind == "perf_event");
                ran += running.Count;
                silent.AddRange(running.Where(item => !Reports(item.Reader)).Select(item => item.Name));
            }
            finally
            {
                foreach (var (_, session, reader) in running)
                {
                    reader.Dispose();
                    session.Dispose();
                }
            }
        }

        Assert.Empty(refused);
        Skip.If(silent.Count == ran ? WhySilent(kind) : null);
        Assert.Empty(silent);
    }

    private static (BpfSession Session, EventReader Reader)? Start(Combination combination, Deeds deeds, List<string> refused)
    {
        var file = Combinations.Compile(combination);
        var takesPid = file.Parameters.Any(parameter => parameter.Name == "target_pid");
        var kind = ProgramKinds.Find(combination.Kind)!;
        BpfSession? session = null;
        EventReader? reader = null;
        try
        {
            session = BpfSession.Load(file, new BpfSessionOptions
            {
                Parameters = takesPid ? new Dictionary<string, object?> { ["target_pid"] = deeds.Id } : [],
                ProcessId = kind.NarrowsToProcess ? deeds.Id : null,
                SampleFrequency = 999,
                Interfaces = kind.NeedsInterface ? ["lo"] : [],
                NetworkNamespace = kind.NeedsInterface || kind.NeedsNetworkNamespace ? deeds.Name : null,
                Cgroup = kind.NeedsCgroup ? deeds.Cgroup : null,
            });
            reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole, Interval = TimeSpan.FromMilliseconds(100) });
            session.Attach();
            return (session, reader);
        }
        catch (BpfLoadException exception) when (s_refusals.Contains(exception.Fault))
        {
            reader?.Dispose();
            session?.Dispose();
            refused.Add(exception.Message);
            return null;
        }
        catch
        {
            reader?.Dispose();
            session?.Dispose();
            throw;
        }
    }

    private static bool Reports(EventReader reader)
    {
        var sink = new FirstSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.FromSeconds(1));
        return sink.First is not null;
    }

    // Kinds that no action of the process triggers, each with its reason.
    private static string? WhySilent(string kind) => kind switch
    {
        "usdt" => "usdt: attached; the process throws no C++ exception",
        "raw_tracepoint.w" => "raw_tracepoint.w: attached; the tracepoint belongs to test runs of programs",
        _ => null,
    };

    private sealed class FirstSink : IEventSink
    {
        internal BpfEvent? First { get; private set; }

        public bool Event(BpfEvent e)
        {
            First = e;
            return false;
        }

        public void Lost(string map, ulong count)
        {
        }
    }
}
