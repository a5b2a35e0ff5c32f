using Bee.Ebpf.CoRe;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Explains why a program could not be attached.</summary>
internal static class AttachFailure
{
    private const int MostNames = 5;

    public static BpfLoadException Explain(BpfProgram program, int errno, string log, string? target = null, bool isTargetKnown = false)
    {
        var description = program.Description;
        if (errno == Libc.EACCES && description.KindRow.Method == AttachMethod.Tracepoint && Permissions.Lacking().Count == 0 && RecordLength(target ?? "") is not null)
        {
            // With all capabilities, EACCES means a read beyond the record.
            return BeyondRecord(description, target!, errno, log);
        }

        if (errno == Libc.EACCES && description.KindRow.Method == AttachMethod.Tracepoint && Permissions.Lacking().Count == 0 && Tracefs.Root is null)
        {
            return Tracefs.Unreadable(program.Name, errno, log);
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
                Remedy = "The kernel lacks BPF trampolines for this architecture or this function; try a kprobe, a tracepoint or a raw tracepoint instead.",
            },
            // libbpf 1.0.0 returns this number for every failure here, and logs the true one.
            AttachMethod.RawTracepoint when errno == Libc.EOPNOTSUPP && description.Type == ProgramType.RawTracepoint => NoTarget(description, target ?? description.AttachTo ?? "", TargetNames.For(description), Libc.ENOENT, log),
            _ when errno is Libc.ENOENT or Libc.EINVAL or Libc.ESRCH && !isTargetKnown => NoTarget(description, target ?? description.AttachTo ?? "", TargetNames.For(description), errno, log),
            // A perf event runs a program once only.
            _ when errno is Libc.EEXIST => new BpfLoadException(LoadFault.Busy, $"Program '{program.Name}' ({description.SectionName}) is already attached to its target: {LibbpfText.Cause(errno, log)}.")
            {
                Program = program.Name,
                Errno = errno,
                Log = log,
                Remedy = "Dispose the program's other link first, or load the object again for a second one.",
            },
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
                    ? "This needs Linux 6.6 or later. A section that begins with uprobe/ or uretprobe/ accepts the same pattern and creates one link per function."
                    : "This needs Linux 5.18 or later with CONFIG_FPROBE. A section that begins with kprobe/ or kretprobe/ accepts the same pattern and creates one link per function.",
            }
            : Explain(program, errno, log, isTargetKnown: true);
    }

    /// <summary>Returns the length of a tracepoint's record, in bytes; null for a pattern, or if the format cannot be read.</summary>
    /// <param name="target">The tracepoint with its group.</param>
    public static int? RecordLength(string target) => target.Replace(':', '/').Split('/') is [var group, var name] ? TracepointFormat.RecordLength(group, name) : null;

    /// <summary>Returns the exception for a program that reads beyond the record of its tracepoint.</summary>
    /// <param name="program">The program.</param>
    /// <param name="target">The tracepoint with its group.</param>
    /// <param name="errno">EACCES.</param>
    /// <param name="log">libbpf's log.</param>
    /// <param name="line">The source line of the read; null if unknown.</param>
    /// <param name="end">The end of the read, in bytes from the start of the record; 0 if unknown.</param>
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
                + (target.StartsWith("syscalls", StringComparison.Ordinal) ? " The records of raw_syscalls/sys_enter and raw_syscalls/sys_exit contain the call's number and all arguments." : ""),
        };

    public static BpfLoadException NoTargetGiven(BpfProgram program) =>
        new(LoadFault.NoTarget, $"Section '{program.Description.SectionName}' of program '{program.Name}' does not name an attach target.")
        {
            Program = program.Name,
            Remedy = $"Write the target into the section, as in SEC(\"{Example(program.Description.KindRow)}\").",
        };

    public static BpfLoadException NoCategory(ProgramDescription program, string tracepoint)
    {
        string[] names = [.. TargetNames.For(program)];
        IReadOnlyList<string> meant = [.. names.Where(name => name.EndsWith($"/{tracepoint}", StringComparison.Ordinal))];
        meant = meant.Count > 0 ? meant : Suggest.Nearest(tracepoint, names, MostNames);
        return new(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{tracepoint}', which is not a complete tracepoint name: the category is missing.")
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
                Remedy = $"The frequency must be from 1 to {limit}, the value of the sysctl kernel.perf_event_max_sample_rate.",
            }
            : new BpfLoadException(LoadFault.Unsupported, $"Program '{program.Name}' attaches to the perf event {target}, which this machine does not have: {Libc.Describe(errno)}.")
            {
                Program = program.Name,
                Errno = errno,
                Remedy = NoEvent(target),
            };
    }

    /// <summary>Returns a remedy for a perf event that the machine does not have.</summary>
    public static string NoEvent(PerfEventTarget target) =>
        (target.Type is PerfEventTarget.Software or PerfEventTarget.Tracepoint ? "" : "The CPU counts this event, and virtual machines often lack such counters. ")
        + $"Every machine has the software events: {string.Join(", ", PerfEventText.SoftwareNames)}.";

    public static BpfLoadException NoProcess(ProgramDescription program, int pid) =>
        new(LoadFault.NoProcess, $"Program '{program.Name}' cannot be restricted to process {pid}: the process does not exist, or has exited.") { Program = program.Name, Errno = Libc.ESRCH };

    /// <summary>Reports whether this kernel was built with kprobes.</summary>
    public static bool HasKprobes => KernelHost.Current.HasKprobes;

    // For a function that does not allow error injection, the kernel returns EPERM or EINVAL.
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
            Remedy = names.Count > 0 ? $"Did you mean {string.Join(", ", names.Select(Quoted))}?" : "The name may belong to another version.",
        };
    }

    public static BpfLoadException NarrowsTooFar(BpfProgram program) =>
        new(LoadFault.Unsupported, $"This kernel would restrict program '{program.Name}' ({program.Description.SectionName}) to the first thread of the process; Linux 6.10 fixed that.")
        {
            Program = program.Name,
            Remedy = "A section that begins with uprobe/ or uretprobe/ accepts the same pattern and covers every thread.",
        };

    public static BpfLoadException NoFile(ProgramDescription program, string path, int? pid)
    {
        var names = BinaryPaths.Near(path, MostNames);
        return new(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{path}', which does not exist{(pid is null ? "" : $", neither for process {pid} nor for this one")}.")
        {
            Program = program.Name,
            Errno = Libc.ENOENT,
            Suggestions = names,
            Remedy = (pid is null ? "Name the program or library by its path on this machine." : $"/proc/{pid}/maps lists what the process has mapped.")
                + (names.Count > 0 ? $" Did you mean {string.Join(", ", names)}?" : ""),
        };
    }

    /// <summary>Returns the exception for a target in a file that is not ELF.</summary>
    /// <param name="program">The program.</param>
    /// <param name="file">The file.</param>
    /// <param name="interpreter">As <see cref="TargetFile.Interpreter"/>.</param>
    public static BpfLoadException NotElf(ProgramDescription program, TargetFile file, string interpreter) =>
        new(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{file}', which is {(interpreter.Length > 0 ? "a script" : "not an ELF file")}.")
        {
            Program = program.Name,
            Remedy = NotElfRemedy(interpreter),
        };

    /// <summary>Returns a remedy that names the file to attach to.</summary>
    private static string NotElfRemedy(string interpreter) => interpreter.Length > 0
        ? $"Attach to its interpreter, {interpreter.Split(' ')[0]}, or to the library that has the function."
        : "Attach to the program or the library that has the function.";

    // Quotes names with a comma or a space, which would look like two names.
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

/// <summary>Explains why a program could not be attached to an existing interface, control group or network namespace.</summary>
internal static class TargetFailure
{
    public static BpfLoadException Explain(BpfProgram program, string target, int errno, string log) => errno switch
    {
        Libc.EPERM or Libc.EACCES => Permissions.Refused($"attach program '{program.Name}' to {target}", errno, program.Name, log, perf: false, network: true),
        Libc.ENODEV or Libc.ENOENT => Make(program, LoadFault.NoTarget, $"Program '{program.Name}' cannot attach to {target}, which no longer exists.", errno, log, ""),
        Libc.EBUSY or Libc.EEXIST => Make(
            program, LoadFault.Busy, $"Program '{program.Name}' cannot attach to {target}: another program is attached there exclusively.", errno, log,
            "`bpftool net show` and `bpftool cgroup tree` list attached programs; detach the other one."),
        Libc.EINVAL or Libc.EOPNOTSUPP or Libc.ENOTSUPP => Make(
            program, LoadFault.Unsupported, $"This kernel does not attach program '{program.Name}' ({program.Description.SectionName}) to {target}: {LibbpfText.Cause(errno, log)}.", errno, log,
            "The kernel may be too old for this kind of program or built without it, or the driver or the MTU of the interface does not allow it."),
        _ => Make(program, LoadFault.Other, $"Program '{program.Name}' ({program.Description.SectionName}) cannot be attached to {target}: {LibbpfText.Cause(errno, log)}.", errno, log, ""),
    };

    public static BpfLoadException NoTcx(BpfProgram program, int errno) => Make(
        program, LoadFault.Unsupported, $"This kernel does not attach program '{program.Name}' ({program.Description.SectionName}): it has no tcx.", errno, "",
        "tcx needs Linux 6.6 or later. A section tc/ingress or tc/egress works on older kernels too.");

    public static BpfLoadException OldQdisc(BpfProgram program, string target) => Make(
        program, LoadFault.Busy, $"Program '{program.Name}' ({program.Description.SectionName}) cannot attach to interface {target}: its qdisc ingress does not handle outgoing packets.",
        Libc.EBUSY, "", $"Remove it for clsact, which handles both directions: `tc qdisc del dev {target} ingress`. This also removes other programs' filters there.");

    private static BpfLoadException Make(BpfProgram program, LoadFault fault, string message, int errno, string log, string remedy) =>
        new(fault, message) { Program = program.Name, Errno = errno, Log = log, Remedy = remedy.TrimEnd() };
}
