using System.Runtime.InteropServices;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Checks;

/// <summary>Checks whether the programs' attach targets exist.</summary>
internal static class TargetCheck
{
    private const string Name = "AttachTargets";

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        var good = new List<string>();
        foreach (var program in context.Programs)
        {
            using var files = new TargetFiles(program, new AttachOptions { ResolvePath = context.ResolvePath });
            if (ProgramKinds.Find(program.Kind) is not { } kind)
            {
                continue;
            }

            if (Lacking(context, program) is { } lacking)
            {
                yield return lacking;
                continue;
            }

            if (Map(context, program) is { } missing)
            {
                yield return missing;
                continue;
            }

            foreach (var target in kind.HasTargetInSection || program.BoundTo is not null ? Targets(program, kind, files).DefaultIfEmpty("") : [])
            {
                var finding = One(context, program, kind, target, files);
                if (finding is null)
                {
                    good.Add(target);
                }
                else
                {
                    yield return finding with { Target = program.Name };
                }
            }
        }

        if (good.Count > 0)
        {
            yield return new(Name, CheckState.Ok, $"These attach targets exist: {CheckContext.List(good)}.");
        }
    }

    private static CheckResult? Map(CheckContext context, ProgramDescription program)
    {
        try
        {
            _ = program.TargetMaps is { Count: > 0 } types ? TargetMap.Choose(program, types, context.File) : null;
            return null;
        }
        catch (BpfLoadException fault)
        {
            // If several maps qualify, the caller chooses one when the program runs.
            return new(Name, fault.Fault == LoadFault.NoPlace ? CheckState.Warning : CheckState.Failed, fault.Message) { Target = program.Name, Remedy = fault.Remedy };
        }
    }

    // Checks the requirements that all targets of a kind share.
    private static CheckResult? Lacking(CheckContext context, ProgramDescription program)
    {
        if (!context.Kernel.Kernel.IsRunning)
        {
            return null;
        }

        var lacking = program.KindRow switch
        {
            { Method: AttachMethod.Kprobe or AttachMethod.SystemCall } when !AttachFailure.HasKprobes =>
                ("this kernel was built without kprobes (CONFIG_KPROBES)", "Use SEC(\"fentry/…\"), SEC(\"tracepoint/…\") or SEC(\"raw_tp/…\") instead, or a kernel with CONFIG_KPROBES=y."),
            // The kernel has the function that creates such links only with the configuration option.
            { Method: AttachMethod.Kprobe, IsMulti: true } when context.Kernel.Symbols is { } symbols && !symbols.Contains(TraceableFunctions.MultiSymbol) =>
                ("this kernel was built without fprobes (CONFIG_FPROBE)", "A section that begins with kprobe/ or kretprobe/ accepts the same pattern and creates a link for each function."),
            { Method: AttachMethod.Uprobe or AttachMethod.StaticProbe, IsMulti: false } when !KernelHost.Current.HasUprobes =>
                ("this kernel was built without uprobes (CONFIG_UPROBE_EVENTS)", "Run it on a kernel with CONFIG_UPROBE_EVENTS=y."),
            { Target: AttachTarget.SecurityHook } when KernelHost.Current.SecurityModules is { } modules && !modules.Contains("bpf") =>
                ($"the security module bpf is not active (active: {string.Join(", ", modules)})", "Add bpf to the kernel's command line: lsm=…,bpf."),
            _ => default((string What, string Remedy)?),
        };
        return lacking is { } found
            ? new(Name, CheckState.Failed, $"Program {program.Name} ({program.SectionName}) cannot be attached: {found.What}.") { Target = program.Name, Remedy = found.Remedy }
            : null;
    }

    private static CheckResult? One(CheckContext context, ProgramDescription program, ProgramKind kind, string target, TargetFiles files) => kind.Target switch
    {
        _ when target.Length == 0 && kind.HasTargetInSection => new(Name, CheckState.Failed, $"Section '{program.SectionName}' of program {program.Name} names no attach target.") { Remedy = $"Write it as SEC(\"{kind.Section}\")." },
        AttachTarget.Tracepoint => Tracepoint(context.Kernel, program, target.Replace(':', '/')) ?? Record(context, program, target.Replace(':', '/')),
        AttachTarget.RawTracepoint => Known(context.Kernel, program, target, context.Kernel.Tracepoints, "tracepoint"),
        AttachTarget.KernelFunction => KernelFunction(context.Kernel, program, target),
        AttachTarget.SystemCall => SystemCall(context.Kernel, program, target),
        AttachTarget.SecurityHook => Known(context.Kernel, program, target, Stripped(context.Kernel, "bpf_lsm_"), "security hook"),
        AttachTarget.Iterator => Known(context.Kernel, program, target, Stripped(context.Kernel, "bpf_iter_"), "iterator"),
        AttachTarget.PerfEvent => PerfEventTarget(context, program, target),
        AttachTarget.UserFunction when context.Kernel.Kernel.IsRunning => UserFunction(context, program, target, files),
        AttachTarget.UserProbe when context.Kernel.Kernel.IsRunning => UserProbe(context, program, target, files),
        _ => null,
    };

    private static CheckResult? Tracepoint(KernelNames kernel, ProgramDescription program, string target)
    {
        if (kernel.Events is { } events)
        {
            return Any(events, target) ? null : Missing(program, "tracepoint", target, events);
        }

        // The types describe all tracepoints except those of system calls, which have their own names.
        var name = target[(target.IndexOf('/') + 1)..];
        const string Enter = "sys_enter_", Exit = "sys_exit_";
        if (name.StartsWith(Enter, StringComparison.Ordinal) || name.StartsWith(Exit, StringComparison.Ordinal))
        {
            return SystemCall(kernel, program, name[(name.StartsWith(Enter, StringComparison.Ordinal) ? Enter : Exit).Length..]);
        }

        return Known(kernel, program, name, kernel.Tracepoints, "tracepoint");
    }

    private static CheckResult? Record(CheckContext context, ProgramDescription program, string target) =>
        context.Kernel.Kernel.IsRunning && RecordReads.Find(context, program, target) is { } found ? new(Name, CheckState.Failed, found.Message) { Remedy = found.Remedy } : null;

    private static CheckResult? KernelFunction(KernelNames kernel, ProgramDescription program, string target)
    {
        var name = target.Split('+')[0];
        if (kernel.Functions.Count > 0 && Any(kernel.Functions.Keys, name))
        {
            return null;
        }

        var needsType = program.KindRow.BindsAtLoad;
        if (!needsType && kernel.Symbols is { } symbols)
        {
            return Any(symbols, name) ? null : Missing(program, "kernel function", name, symbols);
        }

        return needsType && kernel.Symbols?.Contains(name) == true
            ? new(Name, CheckState.Failed, $"Program {program.Name} attaches to the kernel's function {name}, whose type the kernel does not expose.") { Remedy = $"A kprobe can attach to it: SEC(\"kprobe/{name}\")." }
            : Known(kernel, program, name, kernel.Functions.Keys, "kernel function", isComplete: needsType);
    }

    private static CheckResult? SystemCall(KernelNames kernel, ProgramDescription program, string name)
    {
        string[] prefixes = ["__x64_sys_", "__arm64_sys_", "__riscv_sys_", "__s390x_sys_", "sys_"];
        IEnumerable<string> all = kernel.Symbols ?? (IEnumerable<string>)kernel.Functions.Keys;
        var calls = all.Select(s => Array.Find(prefixes, p => s.StartsWith(p, StringComparison.Ordinal)) is { } prefix ? s[prefix.Length..] : null).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return Known(kernel, program, name, calls, "system call", isComplete: calls.Count > 0);
    }

    // Names of files and symbols may contain commas, so existing files decide where a target ends.
    private static IEnumerable<string> Targets(ProgramDescription program, ProgramKind kind, TargetFiles files) => kind.Target switch
    {
        AttachTarget.UserFunction => Split(program.AttachTo, files).Select(Whole),
        AttachTarget.UserProbe => SplitProbes(program.AttachTo, files).Select(Whole),
        AttachTarget.PerfEvent => [program.AttachTo ?? ""],
        AttachTarget.SocketMap => [],
        _ => TargetText.Split(program.BoundTo),
    };

    private static string Whole((string File, string Place) target) => target.File.Length > 0 ? $"{target.File}:{target.Place}" : target.Place;

    private static IEnumerable<(string File, string Place)> Split(string? text, TargetFiles files) => BinaryTargetText.Split(text, 1, (path, place) => UprobeTarget.Look(files.Find(path), place));

    private static IEnumerable<(string File, string Place)> SplitProbes(string? text, TargetFiles files) => BinaryTargetText.Split(text, 2, (path, place) => UsdtLinks.Look(files.Find(path), place));

    private static CheckResult? UserFunction(CheckContext context, ProgramDescription program, string target, TargetFiles files)
    {
        var (path, place) = Split(target, files).First();
        var file = path.Length > 0 ? files.Find(path) : null;
        if (path.Length > 0 && file is null)
        {
            return NoFile(context, program, path);
        }

        if (UprobeTarget.Parse(path, place, name => file!.FunctionNames.Contains(name)) is not { } found)
        {
            return new(Name, CheckState.Failed, $"Program {program.Name} ({program.SectionName}) does not name the file and function to attach to.") { Remedy = "Write it as SEC(\"uprobe//path/of/file:function\")." };
        }

        if (found.Function is not null && file!.Interpreter is { } interpreter)
        {
            return NotElf(program, file, interpreter);
        }

        return found.Function is not { } function || Any(file!.FunctionNames, function) ? null : Missing(program, $"function in {file},", function, file.FunctionNames);
    }

    private static CheckResult? UserProbe(CheckContext context, ProgramDescription program, string target, TargetFiles files)
    {
        var (path, place) = SplitProbes(target, files).First();
        if (path.Length == 0)
        {
            return new(Name, CheckState.Failed, $"Program {program.Name} ({program.SectionName}) does not name the static probe to attach to.") { Remedy = "Write it as SEC(\"usdt//path/of/file:provider:name\")." };
        }

        return files.Find(path) is not { } file ? NoFile(context, program, path)
            : file.Interpreter is { } interpreter ? NotElf(program, file, interpreter)
            : UsdtLinks.Look(file, place) >= PlaceMatch.Pattern ? null : Missing(program, $"static probe in {file},", place, file.Probes.Select(p => p.ToString()));
    }

    // Opens a perf event on this thread to find out whether it exists.
    private static CheckResult? PerfEventTarget(CheckContext context, ProgramDescription program, string text)
    {
        var (events, fault, near) = PerfEventText.Read(text);
        if (fault is not null)
        {
            return new(Name, CheckState.Failed, $"Program {program.Name} attaches to '{text}': {fault}.") { Remedy = CheckContext.Near(near) };
        }

        foreach (var target in context.Kernel.Kernel.IsRunning ? events : [])
        {
            using var opened = PerfEventLinks.TryOpen(target, new AttachOptions(), thread: 0, cpu: -1);
            if (opened is null)
            {
                return Marshal.GetLastPInvokeError() is Libc.EPERM or Libc.EACCES
                    ? new(Name, CheckState.Unknown, $"Program {program.Name} attaches to the perf event {target}; this process may not check whether the machine has it.")
                    : new(Name, CheckState.Failed, $"Program {program.Name} attaches to the perf event {target}, which this machine does not have.") { Remedy = AttachFailure.NoEvent(target) };
            }
        }

        return null;
    }

    // Of several programs, one with a missing library is skipped.
    private static CheckResult NoFile(CheckContext context, ProgramDescription program, string path) =>
        new(Name, BinaryPaths.IsLibrary(path) && context.Programs.Count() > 1 ? CheckState.Warning : CheckState.Failed, $"Program {program.Name} attaches to {path}, which does not exist.")
        {
            Remedy = CheckContext.Near(BinaryPaths.Near(path, 3)),
        };

    private static CheckResult NotElf(ProgramDescription program, TargetFile file, string interpreter) =>
        new(Name, CheckState.Failed, AttachFailure.NotElf(program, file, interpreter).Message) { Remedy = AttachFailure.NotElf(program, file, interpreter).Remedy };

    private static CheckResult? Known(KernelNames kernel, ProgramDescription program, string name, IReadOnlyCollection<string> all, string what, bool isComplete = true)
    {
        if (Any(all, name))
        {
            return null;
        }

        return kernel.Kernel.Types is null || !isComplete
            ? new(Name, CheckState.Unknown, $"Program {program.Name} attaches to the {what} {name}; it is unknown whether the kernel has it.")
            : Missing(program, what, name, all);
    }

    private static CheckResult? Known(KernelNames kernel, ProgramDescription program, string name, IEnumerable<string> all, string what, bool isComplete = true) =>
        Known(kernel, program, name, all.ToHashSet(StringComparer.Ordinal), what, isComplete);

    private static CheckResult Missing(ProgramDescription program, string what, string name, IEnumerable<string> all) =>
        new(Name, CheckState.Failed, $"Program {program.Name} attaches to the {what} {name}, which does not exist.") { Remedy = CheckContext.Near(name, all) };

    private static bool Any(IEnumerable<string> all, string name) =>
        (all is IReadOnlySet<string> set ? set.Contains(name) : all.Contains(name)) || (TargetText.IsPattern(name) && all.Any(n => TargetText.Fits(name, n)));

    private static IEnumerable<string> Stripped(KernelNames kernel, string prefix) =>
        kernel.Functions.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Select(n => n[prefix.Length..]);
}
