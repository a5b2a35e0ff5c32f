namespace Bee.Ebpf;

/// <summary>Which kinds of programs Bee attaches or runs.</summary>
internal static class SupportedKinds
{
    private static readonly HashSet<string> s_kinds =
    [
        "tracepoint", "raw_tracepoint", "raw_tp.w", "raw_tracepoint.w", "tp_btf", "kprobe", "kretprobe", "kprobe.multi", "kretprobe.multi", "ksyscall",
        "kretsyscall", "uprobe", "uretprobe", "fentry", "fexit", "fmod_ret", "lsm", "perf_event", "iter", "syscall",
    ];

    /// <exception cref="BpfLoadException">A program of the object is of another kind, and is not optional.</exception>
    public static void Check(ObjectFile file)
    {
        foreach (var program in file.Programs)
        {
            if (!program.AutoLoad || s_kinds.Contains(program.Kind))
            {
                continue;
            }

            var message = program.Kind.Length == 0
                ? $"Section '{program.SectionName}' of program '{program.Name}' does not say how the program is attached."
                : $"Program '{program.Name}' is of kind '{program.Kind}', which Bee does not attach yet.";
            throw new BpfLoadException(LoadFault.Unsupported, message)
            {
                Program = program.Name,
                Suggestions = program.Kind.Length == 0 ? Suggest.Nearest(program.SectionName.Split('/')[0], s_kinds, 3) : [],
                Remedy = "What Bee attaches: tracepoint, raw_tp, tp_btf, kprobe, kretprobe, ksyscall, uprobe, uretprobe, fentry, fexit, fmod_ret, lsm, "
                    + "perf_event, iter; and syscall programs run on request. Not yet: xdp, tc, cgroup, usdt, struct_ops and other network hooks. "
                    + "A program that is not needed can be made optional by writing its section as SEC(\"?…\").",
            };
        }
    }
}
