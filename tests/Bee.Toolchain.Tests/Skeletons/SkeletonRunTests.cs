using Bee.Ebpf;

namespace Bee.Toolchain.Tests;

/// <summary>
/// Every combination loads, and where this kernel attaches its kind, reports something of a process that does what programs look at. Where the kernel
/// refuses, the test is skipped with the kernel's reason; the virtual machines have other kernels.
/// </summary>
[Collection("environment")]
public class SkeletonRunTests
{
    // Refusals that are the kernel's or the machine's; all others are mistakes of the skeleton.
    private static readonly LoadFault[] Refusals = [LoadFault.Unsupported, LoadFault.NoTarget, LoadFault.NoTracefs, LoadFault.Other];

    public static TheoryData<string> Kinds => [.. Combinations.Kinds];

    [KernelTheory]
    [MemberData(nameof(Kinds))]
    public void It_loads_and_reports(string kind)
    {
        Skip.If(Deeds.Missing);
        using var deeds = new Deeds();
        var refused = new List<string>();
        var running = new List<(Combination Combination, BpfSession Session, EventReader Reader)>();
        try
        {
            // All of a kind at once: the deeds are done for all.
            foreach (var combination in Combinations.Of(kind).Where(item => Combinations.IsFirstOfItsText(item) || item is { Map: SkeletonMapType.RingBuffer, Output: SkeletonOutput.Print }))
            {
                if (Start(combination, deeds, refused) is { } started)
                {
                    running.Add((combination, started.Session, started.Reader));
                }
            }

            Skip.If(running.Count == 0 ? $"{kind}: {refused[0]}" : null);
            Assert.Empty(refused);
            deeds.Do();
            var silent = running.Where(item => !Reports(item.Reader)).Select(item => item.Combination.Name).ToArray();
            Skip.If(silent.Length == running.Count ? WhySilent(kind) : null);
            Assert.Empty(silent);
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
            reader = session.OpenReader(new EventReaderOptions { Interval = TimeSpan.FromMilliseconds(100) });
            session.Attach();
            return (session, reader);
        }
        catch (BpfLoadException exception) when (Refusals.Contains(exception.Fault))
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

    // Kinds for which nothing that the process does is an event, each with its reason.
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

        public void Short(ShortRecord record) => Assert.Fail($"short record of {record.Map}");

        public void Lost(string map, ulong count)
        {
        }
    }
}
