using Bee.Ebpf.Btf;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>Explains why an object could not be opened or loaded.</summary>
internal static class LoadFailure
{
    public static BpfLoadException ExplainOpen(ObjectFile file, int errno, string log) =>
        new(LoadFault.BadObject, $"libbpf {Libbpf.Version} does not accept {file.Name}: {Reason(errno, log)}.")
        {
            Errno = errno,
            Log = log,
            Remedy = "The object may need a newer libbpf, or lack the BTF of its map definitions: compile it with clang -g -O2 -target bpf.",
        };

    /// <summary>Returns the exception for an object that did not load.</summary>
    /// <param name="file">The object.</param>
    /// <param name="errno">The error number, positive.</param>
    /// <param name="log">libbpf's log.</param>
    /// <param name="verdict">Returns the verifier's verdict on a program; empty if the verifier wrote none.</param>
    /// <param name="trace">Loads the object again and returns the verifier's log with the instructions, and whether the log was cut to fit its buffer.</param>
    public static BpfLoadException Explain(ObjectFile file, int errno, string log, Func<string, string> verdict, Func<string, (string Log, bool IsCut)> trace)
    {
        if (LibbpfText.FailedProgram(log) is { } rejected && verdict(rejected) is var said && (VerifierText.Verdict(said).Count > 0 || errno == Libc.EINVAL && VerifierText.Parameters(said) is not null))
        {
            return errno == Libc.EPERM && Permissions.Lacking().Count > 0
                ? Permissions.Refused($"load {file.Name}", errno, rejected, log, perf: false)
                : Rejected(file, rejected, said, errno, log, trace);
        }

        if (errno == Libc.EPERM)
        {
            return NotPermitted(file, log);
        }

        if (LibbpfText.MissingType(log) is { } missing)
        {
            return NoType(file, missing.Program, missing.Target, errno, log);
        }

        if (LibbpfText.LacksKernelBtf(log))
        {
            return new BpfLoadException(LoadFault.NoKernelBtf, $"{file.Name} needs the kernel's BTF, and {BtfSpec.KernelPath} cannot be used.")
            {
                Errno = errno,
                Log = log,
                Remedy = "Use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as in current distributions.",
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

    private static BpfLoadException NotPermitted(ObjectFile file, string log)
    {
        var name = LibbpfText.FailedProgram(log);
        var program = file.Programs.FirstOrDefault(p => p.Name == name);
        if (program is { KindRow.IsOfNetwork: true } && Permissions.LacksForNetwork)
        {
            return Permissions.Refused($"load program '{name}' ({program.SectionName})", Libc.EPERM, name, log, perf: false, network: true);
        }

        return name is null || Permissions.Lacking().Count > 0
            ? Permissions.Refused($"load {file.Name}", Libc.EPERM, name, log, perf: false)
            // Some hardened kernels forbid whole kinds of programs (fentry, lsm) even to root.
            : Refused(file, name, Libc.EPERM, log);
    }

    private static BpfLoadException Rejected(ObjectFile file, string program, string verdict, int errno, string log, Func<string, (string Log, bool IsCut)> trace)
    {
        var (instructions, isCut) = trace(program);
        var lines = VerifierText.Unresolved(instructions) is { } unresolved ? [unresolved]
            : VerifierText.Verdict(verdict) is { Count: > 0 } found ? found : [VerifierText.Parameters(verdict)!];
        var line = VerifierText.Instruction(lines, instructions) is { } index ? LinkedCode.LineAt(file, program, index)?.In(file) : null;
        var at = line is null ? "" : $" at {line}";
        return new BpfLoadException(LoadFault.VerifierRejected, $"The kernel's verifier rejects program '{program}'{at}: {string.Join("; ", lines)}. The log is in the property VerifierLog.")
        {
            Program = program,
            Errno = errno,
            Log = log,
            VerifierLog = VerifierText.Join(verdict, instructions, isCut),
            File = line?.File,
            Line = line?.Line ?? 0,
            Column = line?.Column ?? 0,
            Remedy = VerifierAdvice.For(string.Join('\n', lines)),
        };
    }

    private static BpfLoadException NoType(ObjectFile file, string? programName, string target, int errno, string log)
    {
        var program = file.Programs.FirstOrDefault(p => programName is null ? p.BoundTo == target : p.Name == programName);
        programName ??= program?.Name;
        var names = program is null ? [] : Suggest.Nearest(target, TargetNames.For(program), 5);
        return new BpfLoadException(LoadFault.NoTarget, $"Program '{programName}' attaches to '{target}', which this kernel does not have.")
        {
            Program = programName,
            Errno = errno,
            Log = log,
            Suggestions = names,
            Remedy = names.Count > 0 ? $"Did you mean {string.Join(", ", names)}?" : "The name may belong to another kernel version, or the kernel inlines the function.",
        };
    }

    private static BpfLoadException NoMap(ObjectFile file, string mapName, int errno, string log)
    {
        var map = file.Maps.FirstOrDefault(m => m.Name == mapName);
        var what = map is null ? "" : $" ({map.Type}, key {map.KeySize}, value {Quantity.Of(map.ValueSize, "byte")}, {Quantity.Of(map.MaxEntries, "entry", "entries")})";
        return new BpfLoadException(LoadFault.MapCreate, $"The kernel does not create map '{mapName}'{what}: {Libc.Describe(errno)}.")
        {
            Errno = errno,
            Log = log,
            Remedy = errno switch
            {
                Libc.EINVAL => "Its sizes or flags may not suit its type, or this kernel does not support the type.",
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
                LoadFault.Unsupported, $"This kernel rejects program '{programName}' ({program?.SectionName}, type {program?.Type}) before verifying it: {Libc.Describe(errno)}.")
            {
                Program = programName,
                Errno = errno,
                Log = log,
                Remedy = "The kernel may be too old for programs of this kind, built without them, or forbid them. "
                    + "Try a tracepoint, a raw tracepoint (raw_tp, tp_btf) or a kprobe instead.",
            }
            : new BpfLoadException(LoadFault.Other, $"The kernel does not load program '{programName}': {Reason(errno, log)}.") { Program = programName, Errno = errno, Log = log };
    }

    private static string Reason(int errno, string log) => LibbpfText.Last(log) is { Length: > 0 } last ? last.TrimEnd('.') : LibbpfText.Describe(errno);
}
