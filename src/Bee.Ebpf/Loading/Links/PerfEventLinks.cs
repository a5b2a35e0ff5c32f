using System.Runtime.InteropServices;

namespace Bee.Ebpf;

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
        var link = LibbpfCalls.AttachPerfEvent(program.Pointer, sampler.Number);
        if (link == 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            sampler.Dispose();
            throw AttachFailure.Explain(program, errno, scope.Log.Text);
        }

        // From here on the link owns the descriptor.
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
