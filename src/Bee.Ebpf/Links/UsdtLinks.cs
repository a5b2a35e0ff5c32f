using System.Runtime.InteropServices;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Attaches <c>usdt</c> programs to static probes of programs and libraries.</summary>
internal static unsafe class UsdtLinks
{
    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        using var files = new TargetFiles(program.Description, options);
        var seen = new HashSet<(object File, StaticProbe Probe)>();
        foreach (var (path, place) in BinaryTargetText.Split(program.Description.AttachTo, colons: 2, (path, place) => Look(files.Find(path), place)).DefaultIfEmpty(("", "")))
        {
            var file = path.Length == 0 ? throw NoProbe(program) : files.Existing(path);
            if (file.Interpreter is { } interpreter)
            {
                throw AttachFailure.NotElf(program.Description, file, interpreter);
            }

            StaticProbe[] wanted = [.. file.Probes.Where(p => p.ToString() == place)];
            if (wanted.Length == 0 && TargetText.IsPattern(place))
            {
                wanted = [.. file.Probes.Where(p => Fits(place, p))];
            }

            if (wanted.Length == 0)
            {
                throw Missing(program, place, file, Libc.ENOENT, "");
            }

            foreach (var one in wanted.Where(one => seen.Add((file.Identity, one))))
            {
                yield return One(program, options, file, one);
            }
        }
    }

    /// <summary>Looks a probe (provider:name) or a pattern up in a file.</summary>
    public static PlaceMatch Look(TargetFile? file, string place) => file is null ? PlaceMatch.NoFile
        : file.Probes.Any(p => p.ToString() == place) ? PlaceMatch.Exact
        : TargetText.IsPattern(place) && file.Probes.Any(p => Fits(place, p)) ? PlaceMatch.Pattern : PlaceMatch.None;

    // Matches provider and name separately: an asterisk does not match a colon.
    private static bool Fits(string pattern, StaticProbe probe) =>
        pattern.LastIndexOf(':') is > 0 and var colon && TargetText.Fits(pattern[..colon], probe.Provider) && TargetText.Fits(pattern[(colon + 1)..], probe.Name);

    private static LinkHandle One(BpfProgram program, AttachOptions options, TargetFile file, StaticProbe probe)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        var link = LibbpfCalls.bpf_program__attach_usdt(program.Pointer, options.ProcessId ?? -1, file.Path, probe.Provider, probe.Name, null);
        if (link != 0)
        {
            return new LinkHandle(link);
        }

        var errno = Marshal.GetLastPInvokeError();
        if (errno == Libc.ESRCH)
        {
            // libbpf returns the same number if the object lacks the maps for static probes.
            throw options.ProcessId is { } pid && !ProcessMappings.IsAlive(pid) ? AttachFailure.NoProcess(program.Description, pid) : NoMaps(program, scope.Log.Text);
        }

        throw scope.Log.Text.Contains("arg #", StringComparison.Ordinal) ? UnknownOperand(program, probe, file, errno, scope.Log.Text) : AttachFailure.Explain(program, errno, scope.Log.Text, isTargetKnown: true);
    }

    // "usdt: unrecognized arg #0 spec '-4@foo(%rip)'"
    private static BpfLoadException UnknownOperand(BpfProgram program, StaticProbe probe, TargetFile file, int errno, string log) =>
        new(LoadFault.Unsupported, $"Program '{program.Name}' cannot attach to '{probe}' in {file}: libbpf {Libbpf.Version} does not understand the location of an argument ({LibbpfText.Last(log)}).")
        {
            Program = program.Name,
            Errno = errno,
            Log = log,
            Remedy = "A newer libbpf may understand it. A uprobe at the probe's function or offset does not need arguments.",
        };

    private static BpfLoadException NoProbe(BpfProgram program) =>
        new(LoadFault.NoTarget, $"Program '{program.Name}' ({program.Description.SectionName}) does not name a static probe to attach to.")
        {
            Program = program.Name,
            Remedy = "Write file, provider and probe, as in SEC(\"usdt//usr/bin/python3:python:function__entry\") or SEC(\"usdt/libc.so.6:libc:setjmp\").",
        };

    private static BpfLoadException NoMaps(BpfProgram program, string log) =>
        new(LoadFault.BadObject, $"Program '{program.Name}' ({program.Description.SectionName}) lacks the maps that describe static probes.")
        {
            Program = program.Name,
            Errno = Libc.ESRCH,
            Log = log,
            Remedy = "Write #include <bpf/usdt.bpf.h> into the C file: it declares them.",
        };

    private static BpfLoadException Missing(BpfProgram program, string probe, TargetFile file, int errno, string log) => file.Probes.Count > 0
        ? AttachFailure.NoTarget(program.Description, probe, file.Probes.Select(p => p.ToString()), errno, log, $" in {file}")
        : new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{probe}', and {file} has no static probes.")
        {
            Program = program.Name,
            Errno = errno,
            Log = log,
            Remedy = "The program or library was built without probes (sys/sdt.h). Use a uprobe on one of its functions instead.",
        };
}
