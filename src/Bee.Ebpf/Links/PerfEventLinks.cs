using System.Runtime.InteropServices;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Attaches <c>tracepoint</c> programs: to one tracepoint, or to each that a pattern fits.</summary>
internal static class TracepointLinks
{
    // Events of the function tracer, which take no programs.
    private const string FunctionTracer = "ftrace/";

    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        foreach (var target in TargetText.Split(Attacher.Targeted(program).Description.AttachTo))
        {
            // As perf writes them: syscalls:sys_enter_openat.
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
/// Attaches <c>perf_event</c> programs to samples of the software CPU clock, which virtual machines have too: on every online CPU, or for
/// one process on each of its threads and on what they start later.
/// </summary>
internal static class PerfEventLinks
{
    public static IEnumerable<LinkHandle> Make(BpfProgram program, AttachOptions options)
    {
        if (options.ProcessId is not { } pid)
        {
            foreach (var cpu in Cpus.Online())
            {
                // A CPU may go offline between the list and here.
                if (PerfEvent.TrySample(-1, cpu, options.SampleFrequency) is { } sampler)
                {
                    yield return Link(program, sampler, options);
                }
                else if (Marshal.GetLastPInvokeError() is not Libc.ENODEV and var errno)
                {
                    throw AttachFailure.ExplainSampler(program, options.SampleFrequency, errno);
                }
            }

            yield break;
        }

        var any = false;
        foreach (var thread in Threads(pid))
        {
            if (PerfEvent.TrySample(thread, -1, options.SampleFrequency) is { } sampler)
            {
                any = true;
                yield return Link(program, sampler, options);
            }
            else if (Marshal.GetLastPInvokeError() is not Libc.ESRCH and var errno)
            {
                throw AttachFailure.ExplainSampler(program, options.SampleFrequency, errno);
            }
        }

        if (!any)
        {
            throw AttachFailure.NoProcess(program.Description, pid);
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

        // From here on the link owns the fd.
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
