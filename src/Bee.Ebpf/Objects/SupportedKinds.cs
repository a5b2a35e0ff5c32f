using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Objects;

/// <summary>Which kinds of programs Bee attaches or runs.</summary>
internal static class SupportedKinds
{
    /// <exception cref="BpfLoadException">A program of the object is of another kind, and is not optional.</exception>
    public static void Check(ObjectFile file)
    {
        foreach (var program in file.Programs)
        {
            if (!program.AutoLoad || ProgramKinds.Find(program.Kind) is not null)
            {
                continue;
            }

            var message = program.Kind.Length == 0
                ? $"Section '{program.SectionName}' of program '{program.Name}' does not say how the program is attached."
                : $"Program '{program.Name}' is of kind '{program.Kind}', which Bee does not attach.";
            throw new BpfLoadException(LoadFault.Unsupported, message)
            {
                Program = program.Name,
                Suggestions = program.Kind.Length == 0 ? Suggest.Nearest(program.SectionName.Split('/')[0], ProgramKinds.All.Select(k => k.Name), 3) : [],
                Remedy = "What Bee attaches: tracepoint, raw_tp, tp_btf, kprobe, kretprobe, ksyscall, uprobe, uretprobe, usdt, fentry, fexit, fmod_ret, lsm, perf_event, iter; "
                    + "xdp, tc, tcx and socket to an interface; cgroup_skb, cgroup/… and sockops to a control group; sk_lookup to a network namespace; and syscall programs run on request. "
                    + "A program that is not needed can be made optional by writing its section as SEC(\"?…\").",
            };
        }
    }
}
