using System.Text.RegularExpressions;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Posix;

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
        var what = map is null ? "" : $" ({map.Type}, key {map.KeySize}, value {Quantity.Of(map.ValueSize, "byte")}, {Quantity.Of(map.MaxEntries, "entry", "entries")})";
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

/// <summary>What to change in a program that the verifier turned down, by the words of its verdict.</summary>
internal static partial class VerifierAdvice
{
    // In the order of asking: the special before the general.
    private static readonly (Regex Words, string Advice)[] s_known =
    [
        (Relocation(), "The program reads a field or type that this kernel does not have; guard it with bpf_core_field_exists()."),
        (Helper(), "The program calls a helper that this kernel does not have, or not for this type of program."),
        (License(), "The kernel lends this helper only to programs under a license that it knows as compatible with its own, such as BEE_LICENSE(\"GPL\")."),
        (MaybeNull(), "A pointer that may be NULL is followed; compare it with NULL first, as with what bpf_map_lookup_elem and bee_reserve give."),
        (Unknown(), "The program follows an address that the verifier knows nothing about. The kernel's memory is read with BPF_CORE_READ or bpf_probe_read_kernel, a process's with bpf_probe_read_user."),
        (Leak(), "What was reserved or acquired is given back on every way through the program: bee_submit or bee_discard for an event, also before an early return."),
        (Bounds(), "An index or a length may be too large as far as the verifier can see; compare or mask it right before it is used."),
        (Loop(), "The verifier follows every turn of a loop; give it a constant bound, or use bpf_loop, and put what is large into functions of their own."),
        (Unset(), "Something is read that nothing was written to: a variable, or padding of a struct that a helper takes. Begin with = {} or __builtin_memset."),
    ];

    /// <summary>A sentence for a person; where the words say nothing, where to look.</summary>
    /// <param name="verdict">The last lines of the verifier's log.</param>
    public static string For(string verdict) => Array.Find(s_known, known => known.Words.IsMatch(verdict)).Advice
        ?? "The whole log names each instruction with its source line, when the object was compiled with -g.";

    [GeneratedRegex("invalid CO-RE relocation")]
    private static partial Regex Relocation();

    [GeneratedRegex("unknown func|invalid func|program of this type cannot use helper")]
    private static partial Regex Helper();

    [GeneratedRegex("GPL-restricted function from non-GPL|function from a non-GPL")]
    private static partial Regex License();

    [GeneratedRegex(@"invalid mem access '\w*_or_null'|pointer arithmetic on \w*_or_null")]
    private static partial Regex MaybeNull();

    [GeneratedRegex("invalid mem access '(scalar|inv)'")]
    private static partial Regex Unknown();

    [GeneratedRegex("Unreleased reference|reference leak")]
    private static partial Regex Leak();

    [GeneratedRegex("unbounded memory access|min value is (negative|outside)|invalid access to map value|makes .* pointer be out of bounds|unbounded variable-offset")]
    private static partial Regex Bounds();

    [GeneratedRegex("back-edge|infinite loop|too complex|program is too large|too many states")]
    private static partial Regex Loop();

    [GeneratedRegex("!read_ok|invalid (indirect )?read from stack")]
    private static partial Regex Unset();
}
