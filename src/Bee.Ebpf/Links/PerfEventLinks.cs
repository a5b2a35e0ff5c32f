using System.Runtime.InteropServices;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Attaches <c>tracepoint</c> programs to one tracepoint, or to each that matches a pattern.</summary>
internal static class TracepointLinks
{
    // Events of the function tracer do not accept programs.
    private const string FunctionTracer = "ftrace/";

    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        foreach (var target in TargetText.Split(Attacher.Targeted(program).Description.AttachTo))
        {
            // perf writes syscalls:sys_enter_openat.
            var name = target.Replace(':', '/');
            foreach (var one in TargetText.IsPattern(name) ? Matching(program, name) : [name])
            {
                var slash = one.IndexOf('/');
                var (category, tracepoint) = slash > 0 ? (one[..slash], one[(slash + 1)..]) : throw AttachFailure.NoCategory(program.Description, one);
                yield return Attacher.One(program, options, () => LibbpfCalls.bpf_program__attach_tracepoint(program.Pointer, category, tracepoint), one);
            }
        }
    }

    private static IEnumerable<string> Matching(BpfProgram program, string pattern)
    {
        if (Tracefs.Root is null)
        {
            throw Tracefs.NotMounted(program.Name, Libc.ENOENT, "");
        }

        var names = TargetNames.For(program.Description).ToArray();
        var found = names.Where(n => TargetText.Fits(pattern, n) && !n.StartsWith(FunctionTracer, StringComparison.Ordinal)).ToArray();
        return found.Length > 0 ? found : throw AttachFailure.NoTarget(program.Description, pattern, names, Libc.ENOENT, "");
    }
}

/// <summary>
/// Attaches <c>perf_event</c> programs to perf events: on every online CPU, or for one process to each of its threads and their later children. The default is
/// the software CPU clock, which virtual machines have too.
/// </summary>
internal static class PerfEventLinks
{
    private const int DefaultFrequency = 99;

    /// <summary>Returns the perf events of a program.</summary>
    /// <exception cref="BpfLoadException">The target does not name perf events.</exception>
    public static IReadOnlyList<PerfEventTarget> Events(ProgramDescription program)
    {
        if (program.AttachTo is not { } text)
        {
            return [PerfEventTarget.CpuClock];
        }

        var (events, fault, near) = PerfEventText.Read(text);
        return fault is null ? events : throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{text}': {fault}.")
        {
            Program = program.Name,
            Suggestions = near,
            Remedy = near.Count > 0 ? $"Did you mean {string.Join(", ", near)}?" : "Events are written page-faults, cache-misses,period=1000 or type=1,config=3,frequency=99.",
        };
    }

    /// <summary>Opens an event.</summary>
    /// <param name="target">The event.</param>
    /// <param name="options">The options with the default frequency.</param>
    /// <param name="thread">The thread; -1 for all.</param>
    /// <param name="cpu">The CPU; -1 for all.</param>
    /// <returns>The event, or null with the last P/Invoke error set.</returns>
    public static FdHandle? TryOpen(PerfEventTarget target, AttachOptions options, int thread, int cpu)
    {
        var frequency = target.Frequency ?? (target is { Period: null, IsSampled: true } ? Frequency(options) : null);
        return PerfEvent.TrySample(target.Type, target.Config, frequency ?? target.Period ?? 1, frequency is not null, thread, cpu);
    }

    public static IEnumerable<LinkHandle> Make(BpfProgram program, AttachOptions options)
    {
        if (program.Description.AttachTo is null && options.SampleFrequency is null)
        {
            options.Warn?.Invoke(
                $"Program '{program.Name}' ({program.SectionName}) does not name a perf event, so it samples the CPU clock (cpu-clock) {DefaultFrequency} times a second on each CPU. An attach target such as page-faults selects another event.");
        }

        return Events(program.Description).SelectMany(target => Make(program, target, options));
    }

    private static ulong Frequency(AttachOptions options) => (ulong)(options.SampleFrequency ?? DefaultFrequency);

    private static IEnumerable<LinkHandle> Make(BpfProgram program, PerfEventTarget target, AttachOptions options)
    {
        var places = options.ProcessId is { } pid ? Threads(pid).Select(thread => (Thread: thread, Cpu: -1)) : Cpus.Online().Select(cpu => (Thread: -1, Cpu: cpu));
        var last = 0;
        var any = false;
        foreach (var (thread, cpu) in places)
        {
            if (TryOpen(target, options, thread, cpu) is { } sampler)
            {
                any = true;
                yield return Link(program, sampler, options);
            }
            else if (Marshal.GetLastPInvokeError() is var errno && errno != (cpu >= 0 ? Libc.ENODEV : Libc.ESRCH))
            {
                throw AttachFailure.ExplainSampler(program, target, target.Frequency ?? Frequency(options), errno);
            }
            else
            {
                // The CPU has gone offline or the thread has exited since it was listed.
                last = errno;
            }
        }

        if (!any)
        {
            throw options.ProcessId is { } ended ? AttachFailure.NoProcess(program.Description, ended) : AttachFailure.ExplainSampler(program, target, Frequency(options), last);
        }
    }

    private static LinkHandle Link(BpfProgram program, FdHandle sampler, AttachOptions options)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        var link = LibbpfCalls.bpf_program__attach_perf_event(program.Pointer, sampler.Number);
        if (link == 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            sampler.Dispose();
            throw AttachFailure.Explain(program, errno, scope.Log.Text);
        }

        // The link owns the fd now.
        var number = sampler.Number;
        sampler.SetHandleAsInvalid();
        return new LinkHandle(link) { Event = number };
    }

    private static IEnumerable<int> Threads(int pid)
    {
        try
        {
            return [.. Directory.EnumerateDirectories($"/proc/{pid}/task").Select(d => int.Parse(Path.GetFileName(d)))];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
