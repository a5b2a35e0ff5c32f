using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Attaches one program, by its kind.</summary>
internal static class Attacher
{
    public const string Iterator = "iter", RunOnRequest = "syscall";

    /// <summary>Makes the program's links. Each is handed over as it is made, so that the caller can undo them when a later one fails.</summary>
    /// <exception cref="BpfLoadException">It cannot be attached.</exception>
    public static IEnumerable<LinkHandle> Attach(BpfProgram program, BpfSessionOptions options) => program.Description.Kind switch
    {
        Iterator or RunOnRequest => [],
        "uprobe" or "uretprobe" => [UprobeLink.Make(program, options)],
        "perf_event" => PerfEventLinks.Make(program, options),
        _ => [Make(program, options)],
    };

    // What libbpf attaches by the section's name alone.
    private static LinkHandle Make(BpfProgram program, BpfSessionOptions options)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        if (program.Description.AttachTo is null)
        {
            throw new BpfLoadException(LoadFault.NoTarget, $"Section '{program.Description.SectionName}' of program '{program.Name}' does not say what to attach to.")
            {
                Program = program.Name,
                Remedy = "Write the target into the section, as in SEC(\"tracepoint/syscalls/sys_enter_openat\") or SEC(\"fentry/do_unlinkat\").",
            };
        }

        var link = LibbpfCalls.Attach(program.Pointer);
        return link != 0 ? new LinkHandle(link) : throw AttachFailure.Explain(program, Marshal.GetLastPInvokeError(), scope.Log.Text);
    }
}
