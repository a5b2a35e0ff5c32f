using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Attaches <c>usdt</c> programs to static probes of programs and libraries.</summary>
internal static unsafe class UsdtLinks
{
    public static IEnumerable<IAttachment> Make(BpfProgram program, BpfSessionOptions options)
    {
        UprobeTarget.CheckProcess(program, options);
        foreach (var target in TargetText.Split(program.Description.AttachTo).DefaultIfEmpty(""))
        {
            var (path, provider, name) = Parse(program, target);
            var probes = StaticProbes.Of(path);
            var wanted = TargetText.IsPattern(provider) || TargetText.IsPattern(name)
                ? probes.Where(p => TargetText.Fits(provider, p.Provider) && TargetText.Fits(name, p.Name)).ToArray()
                : [new StaticProbe(provider, name)];
            if (wanted.Length == 0)
            {
                throw Missing(program, $"{provider}:{name}", path, probes, Libc.ENOENT, "");
            }

            foreach (var one in wanted)
            {
                yield return One(program, options, path, one, probes);
            }
        }
    }

    private static LinkHandle One(BpfProgram program, BpfSessionOptions options, string path, StaticProbe probe, IReadOnlyList<StaticProbe> probes)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        var link = LibbpfCalls.AttachUserProbe(program.Pointer, options.ProcessId ?? -1, path, probe.Provider, probe.Name, null);
        if (link != 0)
        {
            return new LinkHandle(link);
        }

        var errno = Marshal.GetLastPInvokeError();
        if (errno == Libc.ESRCH)
        {
            // A process that has gone was looked for before: what libbpf does not find are its own maps.
            throw NoMaps(program, scope.Log.Text);
        }

        throw probes.Contains(probe) ? AttachFailure.Explain(program, errno, scope.Log.Text, isTargetKnown: true) : Missing(program, probe.ToString(), path, probes, errno, scope.Log.Text);
    }

    private static (string Path, string Provider, string Name) Parse(BpfProgram program, string target)
    {
        var last = target.LastIndexOf(':');
        var first = last > 0 ? target.LastIndexOf(':', last - 1) : -1;
        if (first <= 0 || last == first + 1 || last == target.Length - 1)
        {
            throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' ({program.Description.SectionName}) does not say which static probe to attach to.")
            {
                Program = program.Name,
                Remedy = "Write file, provider and probe, as in SEC(\"usdt//usr/bin/python3:python:function__entry\") or SEC(\"usdt/libc.so.6:libc:setjmp\").",
            };
        }

        return (AttachFailure.Existing(program, target[..first]), target[(first + 1)..last], target[(last + 1)..]);
    }

    private static BpfLoadException NoMaps(BpfProgram program, string log) =>
        new(LoadFault.BadObject, $"Program '{program.Name}' ({program.Description.SectionName}) lacks the maps in which it is told about static probes.")
        {
            Program = program.Name,
            Errno = Libc.ESRCH,
            Log = log,
            Remedy = "Write #include <bpf/usdt.bpf.h> into the C file: it declares them.",
        };

    private static BpfLoadException Missing(BpfProgram program, string probe, string path, IReadOnlyList<StaticProbe> probes, int errno, string log) => probes.Count > 0
        ? AttachFailure.NoTarget(program.Description, probe, probes.Select(p => p.ToString()), errno, log, $" in {path}")
        : new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{probe}', and {path} has no static probes.")
        {
            Program = program.Name,
            Errno = errno,
            Log = log,
            Remedy = "The program or library was built without them (sys/sdt.h); a uprobe on one of its functions may do instead.",
        };
}
