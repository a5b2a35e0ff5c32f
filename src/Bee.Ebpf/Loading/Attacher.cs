using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Attaches one program, by its kind.</summary>
internal static class Attacher
{
    /// <summary>Makes the program's attachments. Each is handed over as it is made, so that the caller can undo them when a later one fails.</summary>
    /// <exception cref="BpfLoadException">It cannot be attached.</exception>
    public static IEnumerable<ILink> Attach(BpfProgram program, AttachOptions options, AttachTargets places) => program.Description.Kind switch
    {
        ProgramKinds.Iterator or ProgramKinds.RunOnRequest => [],
        "perf_event" => PerfEventLinks.Make(program, options),
        "tracepoint" => TracepointLinks.Make(program, options),
        "raw_tracepoint" or "raw_tracepoint.w" => Each(program, options, name => LibbpfCalls.AttachRawTracepoint(program.Pointer, name)),
        "kprobe" or "kretprobe" or "kprobe.multi" or "kretprobe.multi" => KprobeLinks.Make(program, options),
        "ksyscall" or "kretsyscall" => Each(program, options, name => KprobeLinks.AttachSystemCall(program, name)),
        "uprobe" or "uretprobe" when !ProgramSetup.BecomesMulti(program.Description, options) => UprobeLinks.Make(program, options),
        "uprobe" or "uretprobe" or "uprobe.multi" or "uretprobe.multi" => UprobeMultiLinks.Make(program, options),
        "usdt" => UsdtLinks.Make(program, options),
        var kind when ProgramKinds.Find(kind) is { NeedsInterface: true } => InterfaceLinks.Make(program, options, places),
        var kind when ProgramKinds.Find(kind) is { NeedsCgroup: true } => [CgroupLink.Make(program, options, places.CgroupOf(program.Description))],
        "sk_lookup" => [places.NamespaceOf(program.Description).Use(space => One(program, options, () => LibbpfCalls.AttachNetworkNamespace(program.Pointer, space)))],
        // The rest is bound to its target already.
        _ => [One(program, options, () => LibbpfCalls.Attach(Targeted(program).Pointer))],
    };

    /// <summary>Makes one link by a call of libbpf's.</summary>
    /// <param name="program">The program.</param>
    /// <param name="options">For the log.</param>
    /// <param name="attach">The call, which gives a link, or zero and the last P/Invoke error.</param>
    /// <param name="target">The one target of several that it is about.</param>
    public static LinkHandle One(BpfProgram program, AttachOptions options, Func<nint> attach, string? target = null)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        var link = attach();
        return link != 0 ? new LinkHandle(link) : throw AttachFailure.Explain(program, Marshal.GetLastPInvokeError(), scope.Log.Text, target);
    }

    /// <summary>The program, once it is sure that it has a target.</summary>
    public static BpfProgram Targeted(BpfProgram program) => !string.IsNullOrWhiteSpace(program.Description.AttachTo) ? program : throw AttachFailure.NoTargetGiven(program);

    private static IEnumerable<ILink> Each(BpfProgram program, AttachOptions options, Func<string, nint> attach) =>
        TargetText.Split(Targeted(program).Description.AttachTo).Select(target => One(program, options, () => attach(target), target));
}
