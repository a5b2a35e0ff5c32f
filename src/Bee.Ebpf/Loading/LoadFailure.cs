namespace Bee.Ebpf;

/// <summary>Says why an object could not be opened or loaded.</summary>
internal static class LoadFailure
{
    private const int VerdictLines = 5;

    public static BpfLoadException ExplainOpen(ObjectFile file, int errno, string log) =>
        new(LoadFault.BadObject, $"libbpf {Libbpf.Version} does not accept {file.Name}: {Reason(errno, log)}.")
        {
            Errno = errno,
            Log = log,
            Remedy = "It may use something newer than this libbpf, or lack the BTF that map definitions need: compile with clang -g -O2 -target bpf.",
        };

    public static BpfLoadException Explain(ObjectFile file, int errno, string log)
    {
        var verifier = LibbpfText.Verifier(log) is { Log: var text } found && text.Trim().Length > 0 ? found : ((string Program, string Log)?)null;
        if (errno == Libc.EPERM && Permissions.Lacking().Count > 0)
        {
            return Permissions.Refused($"load {file.Name}", errno, LibbpfText.FailedProgram(log), log, perf: false);
        }

        if (errno == Libc.EPERM && verifier is null && LibbpfText.FailedProgram(log) is { } networked && Permissions.LacksForNetwork
            && file.Programs.FirstOrDefault(p => p.Name == networked) is { } program && ProgramKinds.Find(program.Kind) is { } kind && (kind.NeedsInterface || kind.NeedsCgroup || kind.NeedsNetworkNamespace))
        {
            return Permissions.Refused($"load program '{networked}' ({program.SectionName})", errno, networked, log, perf: false, network: true);
        }

        if (errno == Libc.EPERM && verifier is null)
        {
            // Some kernels, hardened ones among them, forbid whole kinds of programs (fentry, lsm) even to root.
            return LibbpfText.FailedProgram(log) is { } forbidden
                ? Refused(file, forbidden, errno, log)
                : Permissions.Refused($"load {file.Name}", errno, null, log, perf: false);
        }

        if (verifier is { } verdict)
        {
            return Rejected(verdict.Program, verdict.Log, errno, log);
        }

        if (LibbpfText.MissingType(log) is { } missing)
        {
            return NoType(file, missing.Program, missing.Target, errno, log);
        }

        if (LibbpfText.LacksKernelBtf(log))
        {
            return new BpfLoadException(LoadFault.NoKernelBtf, $"{file.Name} needs the kernel's type information, and {BtfSpec.KernelPath} cannot be used.")
            {
                Errno = errno,
                Log = log,
                Remedy = "Run a kernel that is built with CONFIG_DEBUG_INFO_BTF=y, as those of current distributions are.",
            };
        }

        if (LibbpfText.FailedMap(log) is { } mapName)
        {
            return NoMap(file, mapName, errno, log);
        }

        return LibbpfText.FailedProgram(log) is { } failed
            ? Refused(file, failed, errno, log)
            : new BpfLoadException(LoadFault.Other, $"{file.Name} cannot be loaded: {Reason(errno, log)}.") { Errno = errno, Log = log };
    }

    private static BpfLoadException Rejected(string program, string verifierLog, int errno, string log)
    {
        var verdict = LibbpfText.Verdict(verifierLog, VerdictLines);
        return new BpfLoadException(LoadFault.VerifierRejected, $"The kernel's verifier turned down program '{program}':\n{string.Join('\n', verdict)}")
        {
            Program = program,
            Errno = errno,
            Log = log,
            VerifierLog = verifierLog,
            Remedy = VerifierAdvice.For(string.Join('\n', verdict)),
        };
    }

    private static BpfLoadException NoType(ObjectFile file, string? programName, string target, int errno, string log)
    {
        var program = file.Programs.FirstOrDefault(p => programName is null ? p.AttachTo == target : p.Name == programName);
        programName ??= program?.Name;
        var names = program is null ? [] : Suggest.Nearest(target, TargetNames.For(program), 5);
        return new BpfLoadException(LoadFault.NoTarget, $"Program '{programName}' attaches to '{target}', which this kernel does not have.")
        {
            Program = programName,
            Errno = errno,
            Log = log,
            Suggestions = names,
            Remedy = names.Count > 0 ? $"Near it are {string.Join(", ", names)}." : "The name may belong to another kernel version, or the function is inlined here.",
        };
    }

    private static BpfLoadException NoMap(ObjectFile file, string mapName, int errno, string log)
    {
        var map = file.Maps.FirstOrDefault(m => m.Name == mapName);
        var what = map is null ? "" : $" ({map.Type}, key {map.KeySize}, value {map.ValueSize} bytes, {map.MaxEntries} entries)";
        return new BpfLoadException(LoadFault.MapCreate, $"The kernel does not create map '{mapName}'{what}: {Libc.Describe(errno)}.")
        {
            Errno = errno,
            Log = log,
            Remedy = errno switch
            {
                Libc.EINVAL => "Its sizes or flags do not suit its type, or this kernel does not know the type.",
                Libc.E2BIG or 12 => "It is too large; lower max_entries.",
                _ => "",
            },
        };
    }

    private static BpfLoadException Refused(ObjectFile file, string programName, int errno, string log)
    {
        var program = file.Programs.FirstOrDefault(p => p.Name == programName);
        return errno is Libc.EINVAL or Libc.EPERM or Libc.ENOTSUPP or Libc.EOPNOTSUPP
            ? new BpfLoadException(
                LoadFault.Unsupported, $"This kernel refuses program '{programName}' ({program?.SectionName}, type {program?.Type}) without looking at its code: {Libc.Describe(errno)}.")
            {
                Program = programName,
                Errno = errno,
                Log = log,
                Remedy = "The kernel is too old for programs of this kind, was built without them, or forbids them. "
                    + "A tracepoint, a raw tracepoint (raw_tp, tp_btf) or a kprobe may do instead.",
            }
            : new BpfLoadException(LoadFault.Other, $"The kernel does not load program '{programName}': {Reason(errno, log)}.") { Program = programName, Errno = errno, Log = log };
    }

    private static string Reason(int errno, string log) => LibbpfText.Last(log) is { Length: > 0 } last ? last.TrimEnd('.') : Libc.Describe(errno);
}
