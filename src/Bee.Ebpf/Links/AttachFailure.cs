using Bee.Ebpf.CoRe;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Says why a program could not be attached.</summary>
internal static class AttachFailure
{
    private const int MostNames = 5;

    public static BpfLoadException Explain(BpfProgram program, int errno, string log, string? target = null, bool isTargetKnown = false)
    {
        var description = program.Description;
        if (errno == Libc.EACCES && description.KindRow.Method == AttachMethod.Tracepoint && Permissions.Lacking().Count == 0 && RecordLength(target ?? "") is not null)
        {
            // The kernel's other reasons are permissions.
            return BeyondRecord(description, target!, errno, log);
        }

        if (errno is Libc.EPERM or Libc.EACCES && !IsModifyReturn(description))
        {
            return Permissions.Refused($"attach program '{program.Name}' ({description.SectionName})", errno, program.Name, log, perf: true);
        }

        return description.KindRow.Method switch
        {
            AttachMethod.Tracepoint when Tracefs.Root is null => Tracefs.NotMounted(program.Name, errno, log),
            AttachMethod.Kprobe or AttachMethod.SystemCall when !HasKprobes => NoKprobes(program, errno, log),
            AttachMethod.AtLoad when errno is Libc.ENOTSUPP or Libc.EOPNOTSUPP => new BpfLoadException(
                LoadFault.Unsupported, $"This kernel does not attach program '{program.Name}' ({description.SectionName}): {Libc.Describe(errno)}.")
            {
                Program = program.Name,
                Errno = errno,
                Log = log,
                Remedy = "The kernel lacks BPF trampolines for this architecture or this function; a kprobe, a tracepoint or a raw tracepoint may do instead.",
            },
            // libbpf 1.0.0 gives this number for whatever fails here, and the true one in its log only.
            AttachMethod.RawTracepoint when errno == Libc.EOPNOTSUPP && description.Type == ProgramType.RawTracepoint => NoTarget(description, target ?? description.AttachTo ?? "", TargetNames.For(description), Libc.ENOENT, log),
            _ when errno is Libc.ENOENT or Libc.EINVAL or Libc.ESRCH && !isTargetKnown => NoTarget(description, target ?? description.AttachTo ?? "", TargetNames.For(description), errno, log),
            _ => Other(program, errno, log),
        };
    }

    public static BpfLoadException ExplainUprobe(BpfProgram program, AttachOptions options, TargetFile file, UprobeTarget target, int errno, string log)
    {
        if (errno is Libc.EPERM or Libc.EACCES)
        {
            return Permissions.Refused($"attach program '{program.Name}' ({program.Description.SectionName})", errno, program.Name, log, perf: true);
        }

        return errno == Libc.ESRCH && options.ProcessId is { } pid ? NoProcess(program.Description, pid)
            : errno is Libc.ENOENT or Libc.EINVAL && target.Function is { } function
            ? NoTarget(program.Description, function, file.Functions.Select(f => f.Name), errno, log, $" in {file}")
            : Other(program, errno, log);
    }

    public static BpfLoadException ExplainMulti(BpfProgram program, int errno, string log)
    {
        var isUser = program.Description.KindRow.Method == AttachMethod.Uprobe;
        return errno is Libc.EINVAL or Libc.EOPNOTSUPP or Libc.ENOTSUPP
            ? new BpfLoadException(LoadFault.Unsupported, $"This kernel does not attach program '{program.Name}' ({program.Description.SectionName}) to many functions at once: {Libc.Describe(errno)}.")
            {
                Program = program.Name,
                Errno = errno,
                Log = log,
                Remedy = isUser
                    ? "That takes Linux 6.6 or later. A section that begins with uprobe/ or uretprobe/ takes the same pattern and makes a link for each function."
                    : "That takes Linux 5.18 or later, built with CONFIG_FPROBE. A section that begins with kprobe/ or kretprobe/ takes the same pattern and makes a link for each function.",
            }
            : Explain(program, errno, log, isTargetKnown: true);
    }

    /// <summary>The bytes of a tracepoint's record; null for a pattern, and where the format cannot be read.</summary>
    /// <param name="target">The tracepoint with its group.</param>
    public static int? RecordLength(string target) => target.Replace(':', '/').Split('/') is [var group, var name] ? TracepointFormat.RecordLength(group, name) : null;

    /// <summary>The failure of a program that reads beyond the record of its tracepoint.</summary>
    /// <param name="program">The program.</param>
    /// <param name="target">The tracepoint with its group.</param>
    /// <param name="errno">EACCES.</param>
    /// <param name="log">libbpf's log.</param>
    /// <param name="line">The line that reads it; null when not known.</param>
    /// <param name="end">Where the read ends, in bytes; 0 when not known.</param>
    public static BpfLoadException BeyondRecord(ProgramDescription program, string target, int errno, string log, SourceLine? line = null, long end = 0) =>
        new(
            LoadFault.BeyondRecord,
            $"Program '{program.Name}' ({program.SectionName}) reads {(end > 0 ? $"up to byte {end}" : "beyond the end")} of its record{(line is null ? "" : $" at {line}")}, but the record of {target} has {RecordLength(target)} bytes.")
        {
            Program = program.Name,
            Errno = errno,
            Log = log,
            File = line?.File,
            Line = line?.Line ?? 0,
            Column = line?.Column ?? 0,
            Remedy = $"Read only the fields that {Tracefs.Root}/events/{target.Replace(':', '/')}/format lists."
                + (target.StartsWith("syscalls", StringComparison.Ordinal) ? " The records of raw_syscalls/sys_enter and raw_syscalls/sys_exit have the call's number and all arguments." : ""),
        };

    public static BpfLoadException NoTargetGiven(BpfProgram program) =>
        new(LoadFault.NoTarget, $"Section '{program.Description.SectionName}' of program '{program.Name}' does not say what to attach to.")
        {
            Program = program.Name,
            Remedy = $"Write the target into the section, as in SEC(\"{Example(program.Description.KindRow)}\").",
        };

    public static BpfLoadException NoCategory(ProgramDescription program, string tracepoint)
    {
        string[] names = [.. TargetNames.For(program)];
        IReadOnlyList<string> meant = [.. names.Where(name => name.EndsWith($"/{tracepoint}", StringComparison.Ordinal))];
        meant = meant.Count > 0 ? meant : Suggest.Nearest(tracepoint, names, MostNames);
        return new(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{tracepoint}', which is not a tracepoint's whole name: the category is missing.")
        {
            Program = program.Name,
            Suggestions = meant,
            Remedy = $"Write {(meant.Count > 0 ? string.Join(" or ", meant) : "CATEGORY/NAME, such as syscalls/sys_enter_openat")}.",
        };
    }

    public static BpfLoadException ExplainSampler(BpfProgram program, PerfEventTarget target, ulong frequency, int errno)
    {
        if (errno is Libc.EPERM or Libc.EACCES)
        {
            return Permissions.Refused($"open the perf event {target} for program '{program.Name}'", errno, program.Name, "", perf: true);
        }

        const string Limit = "/proc/sys/kernel/perf_event_max_sample_rate";
        var limit = System.IO.File.Exists(Limit) ? RegularFile.ReadAllText(Limit).Trim() : "unknown";
        return errno == Libc.EINVAL && ulong.TryParse(limit, out var most) && frequency > most
            ? new BpfLoadException(LoadFault.Other, $"The kernel does not sample at {frequency} Hz for program '{program.Name}': {Libc.Describe(errno)}.")
            {
                Program = program.Name,
                Errno = errno,
                Remedy = $"The sysctl kernel.perf_event_max_sample_rate is {limit}; the frequency must be from 1 to that.",
            }
            : new BpfLoadException(LoadFault.Unsupported, $"Program '{program.Name}' attaches to the perf event {target}, which this machine does not have: {Libc.Describe(errno)}.")
            {
                Program = program.Name,
                Errno = errno,
                Remedy = NoEvent(target),
            };
    }

    /// <summary>What to do where the machine does not have a perf event.</summary>
    public static string NoEvent(PerfEventTarget target) =>
        (target.Type is PerfEventTarget.Software or PerfEventTarget.Tracepoint ? "" : "The CPU counts this event, and virtual machines often have no such counters. ")
        + $"The software events are on every machine: {string.Join(", ", PerfEventText.SoftwareNames)}.";

    public static BpfLoadException NoProcess(ProgramDescription program, int pid) =>
        new(LoadFault.NoProcess, $"Program '{program.Name}' cannot be narrowed to process {pid}: there is no such process, or it has ended.") { Program = program.Name, Errno = Libc.ESRCH };

    /// <summary>Whether this kernel was built with kprobes.</summary>
    public static bool HasKprobes => KernelHost.Current.HasKprobes;

    // The kernel says "not permitted" or "invalid" when a function is not open to error injection.
    private static bool IsModifyReturn(ProgramDescription description) => description.Kind == ProgramKinds.ModifyReturn && Permissions.Lacking().Count == 0;

    public static BpfLoadException NoKprobes(BpfProgram program, int errno, string log) =>
        new(LoadFault.Unsupported, $"Program '{program.Name}' ({program.Description.SectionName}) needs kprobes, and this kernel was built without them (CONFIG_KPROBES).")
        {
            Program = program.Name,
            Errno = errno,
            Log = log,
            Remedy = "Use SEC(\"fentry/…\"), SEC(\"tracepoint/…\") or SEC(\"raw_tp/…\") instead, or a kernel with CONFIG_KPROBES=y.",
        };

    public static BpfLoadException NoTarget(ProgramDescription program, string target, IEnumerable<string> candidates, int errno, string log, string where = "")
    {
        var names = Suggest.Nearest(target, candidates, MostNames);
        return new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{target}', which does not exist{where}: {Libc.Describe(errno)}.")
        {
            Program = program.Name,
            Errno = errno,
            Log = log,
            Suggestions = names,
            Remedy = names.Count > 0 ? $"Near it are {string.Join(", ", names.Select(Quoted))}." : "The name may belong to another version.",
        };
    }

    public static BpfLoadException NarrowsTooFar(BpfProgram program) =>
        new(LoadFault.Unsupported, $"This kernel narrows program '{program.Name}' ({program.Description.SectionName}) to the first thread of a process; that was mended in Linux 6.10.")
        {
            Program = program.Name,
            Remedy = "A section that begins with uprobe/ or uretprobe/ takes the same pattern, and sees every thread.",
        };

    public static BpfLoadException NoFile(ProgramDescription program, string path, int? pid)
    {
        var names = BinaryPaths.Near(path, MostNames);
        return new(LoadFault.NoTarget, $"Program '{program.Name}' attaches to a place in '{path}', and there is no such file{(pid is null ? "" : $", neither for process {pid} nor for this one")}.")
        {
            Program = program.Name,
            Errno = Libc.ENOENT,
            Suggestions = names,
            Remedy = (pid is null ? "The path must be that of the program or library on this machine." : $"/proc/{pid}/maps lists what the process has mapped.")
                + (names.Count > 0 ? $" Near it are {string.Join(", ", names)}." : ""),
        };
    }

    /// <summary>The failure of a target in a file that has no functions and probes of its own.</summary>
    /// <param name="program">The program.</param>
    /// <param name="file">The file.</param>
    /// <param name="interpreter">As <see cref="TargetFile.Interpreter"/>.</param>
    public static BpfLoadException NotElf(ProgramDescription program, TargetFile file, string interpreter) =>
        new(LoadFault.NoTarget, $"Program '{program.Name}' attaches to a place in '{file}', which is {(interpreter.Length > 0 ? "a script" : "not an ELF file")}.")
        {
            Program = program.Name,
            Remedy = NotElfRemedy(interpreter),
        };

    /// <summary>What to attach to instead of a file that is not ELF.</summary>
    private static string NotElfRemedy(string interpreter) => interpreter.Length > 0
        ? $"What runs is its interpreter: attach to {interpreter.Split(' ')[0]}, or to the library that has the function."
        : "Attach to the program or the library that has the function.";

    // A name with a comma or a blank would read as two.
    private static string Quoted(string name) => name.AsSpan().ContainsAny(", ") ? $"'{name}'" : name;

    private static string Example(ProgramKind kind) => kind.Target switch
    {
        AttachTarget.Tracepoint => $"{kind}/syscalls/sys_enter_openat",
        AttachTarget.RawTracepoint => $"{kind}/sched_switch",
        AttachTarget.SystemCall => $"{kind}/openat",
        AttachTarget.SecurityHook => $"{kind}/file_open",
        _ => $"{kind}/do_unlinkat",
    };

    private static BpfLoadException Other(BpfProgram program, int errno, string log) =>
        new(LoadFault.Other, $"Program '{program.Name}' ({program.Description.SectionName}) cannot be attached: {LibbpfText.Cause(errno, log)}.")
        {
            Program = program.Name,
            Errno = errno,
            Log = log,
        };
}

/// <summary>Says why a program could not be attached to an interface, a control group or a network namespace that is there.</summary>
internal static class TargetFailure
{
    public static BpfLoadException Explain(BpfProgram program, string place, int errno, string log) => errno switch
    {
        Libc.EPERM or Libc.EACCES => Permissions.Refused($"attach program '{program.Name}' to {place}", errno, program.Name, log, perf: false, network: true),
        Libc.ENODEV or Libc.ENOENT => Make(program, LoadFault.NoTarget, $"Program '{program.Name}' cannot attach to {place}, which has gone.", errno, log, ""),
        Libc.EBUSY or Libc.EEXIST => Make(
            program, LoadFault.Busy, $"Program '{program.Name}' cannot attach to {place}: another program is attached there and does not allow others beside it.", errno, log,
            "`bpftool net show` and `bpftool cgroup tree` list what is attached; end what holds it."),
        Libc.EINVAL or Libc.EOPNOTSUPP or Libc.ENOTSUPP => Make(
            program, LoadFault.Unsupported, $"This kernel does not attach program '{program.Name}' ({program.Description.SectionName}) to {place}: {LibbpfText.Cause(errno, log)}.", errno, log,
            "The kernel is too old for this kind of program, was built without it, or the driver or the MTU of the interface does not allow it."),
        _ => Make(program, LoadFault.Other, $"Program '{program.Name}' ({program.Description.SectionName}) cannot be attached to {place}: {LibbpfText.Cause(errno, log)}.", errno, log, ""),
    };

    public static BpfLoadException NoTcx(BpfProgram program, int errno) => Make(
        program, LoadFault.Unsupported, $"This kernel does not attach program '{program.Name}' ({program.Description.SectionName}): it has no tcx.", errno, "",
        "That takes Linux 6.6 or later. A section tc/ingress or tc/egress runs on older kernels too.");

    public static BpfLoadException OldQdisc(BpfProgram program, string place) => Make(
        program, LoadFault.Busy, $"Program '{program.Name}' ({program.Description.SectionName}) cannot attach to interface {place}: the qdisc ingress is there, which has no place for packets that are sent.",
        Libc.EBUSY, "", $"The qdisc clsact does both ways and takes its place: `tc qdisc del dev {place} ingress` makes room, and removes the filters of others there.");

    private static BpfLoadException Make(BpfProgram program, LoadFault fault, string message, int errno, string log, string remedy) =>
        new(fault, message) { Program = program.Name, Errno = errno, Log = log, Remedy = remedy.TrimEnd() };
}
