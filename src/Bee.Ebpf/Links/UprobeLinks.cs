using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Attaches uprobes and uretprobes, for all processes or one. A pattern creates a link for each matching function.</summary>
internal static unsafe class UprobeLinks
{
    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        using var files = new TargetFiles(program.Description, options);
        var targets = UprobeTarget.All(program.Description, files);
        if (targets is [var (only, target)] && (target.Function is null || !TargetText.IsPattern(target.Function)))
        {
            // libbpf looks the name up, since it handles symbol versions and 32-bit files.
            yield return One(program, options, only, target, target.Function, target.Offset);
            yield break;
        }

        // Two names may have the same address, which must get only one link.
        var seen = new HashSet<(object File, ulong Place)>();
        foreach (var (file, each) in targets)
        {
            foreach (var place in each.Places(program.Description, file))
            {
                if (seen.Add((file.Identity, place)))
                {
                    yield return One(program, options, file, each, null, place);
                }
            }
        }
    }

    private static LinkHandle One(BpfProgram program, AttachOptions options, TargetFile file, UprobeTarget target, string? function, ulong offset)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        var nameBytes = function is null ? null : Encoding.UTF8.GetBytes(function + '\0');
        fixed (byte* name = nameBytes)
        {
            var details = new LibbpfCalls.UprobeOptions
            {
                Size = (nuint)sizeof(LibbpfCalls.UprobeOptions),
                IsReturn = program.Description.KindRow.IsReturn ? (byte)1 : (byte)0,
                FunctionName = name,
            };
            // Any thread id selects the whole process: the breakpoint belongs to its address space.
            var link = LibbpfCalls.bpf_program__attach_uprobe_opts(program.Pointer, options.ProcessId ?? -1, file.Path, (nuint)offset, &details);
            return link != 0 ? new LinkHandle(link) : throw AttachFailure.ExplainUprobe(program, options, file, target, Marshal.GetLastPInvokeError(), scope.Log.Text);
        }
    }
}

/// <summary>Attaches <c>uprobe.multi</c> programs: one link to many functions of a file.</summary>
internal static unsafe class UprobeMultiLinks
{
    private const uint IsReturn = 1;

    // Before 6.10, restricting a link to a process covered only its first thread.
    private static readonly Version s_since = new(6, 6), s_restrictsSince = new(6, 10);

    /// <summary>Reports whether this kernel has such links, and can restrict them to a process if the options do so.</summary>
    public static bool SuitsKernel(AttachOptions options) => KernelHost.Current.Version >= (options.ProcessId is null ? s_since : s_restrictsSince);

    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        if (options.ProcessId is not null && KernelHost.Current.Version is { } version && version >= s_since && version < s_restrictsSince)
        {
            throw AttachFailure.NarrowsTooFar(program);
        }

        using var files = new TargetFiles(program.Description, options);
        foreach (var group in UprobeTarget.All(program.Description, files).GroupBy(found => found.File.Identity))
        {
            yield return One(program, options, group.First().File, [.. group.SelectMany(found => found.Target.Places(program.Description, found.File)).Distinct()]);
        }
    }

    private static KernelLink One(BpfProgram program, AttachOptions options, TargetFile file, ulong[] offsets)
    {
        fixed (byte* path = Encoding.UTF8.GetBytes(file.Path + '\0'))
        {
            fixed (ulong* start = offsets)
            {
                var link = KernelLink.TryCreate(new KernelLink.Attributes
                {
                    Program = program.Fd,
                    AttachType = KernelLink.UprobeMulti,
                    Path = path,
                    Offsets = start,
                    Count = (uint)offsets.Length,
                    UprobeFlags = program.Description.KindRow.IsReturn ? IsReturn : 0,
                    ProcessId = options.ProcessId ?? 0,
                });
                return link ?? throw (options.ProcessId is { } pid && Marshal.GetLastPInvokeError() == Libc.ESRCH
                    ? AttachFailure.NoProcess(program.Description, pid)
                    : AttachFailure.ExplainMulti(program, Marshal.GetLastPInvokeError(), ""));
            }
        }
    }
}

/// <summary>The target of a uprobe: a function or an offset in a file.</summary>
/// <param name="Path">The program or library. A name without a slash is searched in the mappings of the process, on PATH and among the libraries.</param>
/// <param name="Function">The function, or a pattern; null if only the offset is given.</param>
/// <param name="Offset">The offset in bytes from the start of the function, or of the file.</param>
internal sealed record UprobeTarget(string Path, string? Function, ulong Offset)
{
    /// <summary>Parses <c>function</c>, <c>function+offset</c> or <c>offset</c>, with offsets in decimal or 0x hexadecimal. A function of exactly this name takes precedence.</summary>
    /// <returns>The target; null if the text has another form.</returns>
    public static UprobeTarget? Parse(string path, string place, Func<string, bool> isFunction)
    {
        if (path.Length == 0)
        {
            return null;
        }

        var plus = place.LastIndexOf('+');
        if ((plus >= 0 || TargetText.IsPattern(place)) && isFunction(place))
        {
            return new UprobeTarget(path, place, 0);
        }

        if (TargetText.TryOffset(place, out var offset))
        {
            return new UprobeTarget(path, null, offset);
        }

        return plus < 0 ? new UprobeTarget(path, place, 0)
            : plus > 0 && TargetText.TryOffset(place[(plus + 1)..], out offset) ? new UprobeTarget(path, place[..plus], offset) : null;
    }

    /// <summary>Reports whether a file contains a function, pattern or offset.</summary>
    public static PlaceMatch Look(TargetFile? file, string place)
    {
        if (file is null)
        {
            return PlaceMatch.NoFile;
        }

        var plus = place.LastIndexOf('+');
        return file.FunctionNames.Contains(place) || TargetText.TryOffset(place, out _)
            || (plus > 0 && TargetText.TryOffset(place[(plus + 1)..], out _) && file.FunctionNames.Contains(place[..plus])) ? PlaceMatch.Exact
            : TargetText.IsPattern(place) && file.FunctionNames.Any(name => TargetText.Fits(place, name)) ? PlaceMatch.Pattern : PlaceMatch.None;
    }

    /// <summary>Returns the targets of a uprobe program, with their files.</summary>
    /// <exception cref="BpfLoadException">A target has a wrong form, or its file does not exist.</exception>
    public static IReadOnlyList<(TargetFile File, UprobeTarget Target)> All(ProgramDescription program, TargetFiles files)
    {
        var found = new List<(TargetFile, UprobeTarget)>();
        foreach (var (path, place) in BinaryTargetText.Split(program.AttachTo, colons: 1, (path, place) => Look(files.Find(path), place)).DefaultIfEmpty(("", "")))
        {
            var file = path.Length == 0 ? null : files.Existing(path);
            var target = Parse(path, place, name => file!.FunctionNames.Contains(name)) ?? throw new BpfLoadException(
                LoadFault.NoTarget,
                $"Program '{program.Name}' ({program.SectionName}) does not name a function to attach to{(place.Length > 0 ? $": '{(path.Length > 0 ? $"{path}:" : "")}{place}'" : "")}.")
            {
                Program = program.Name,
                Remedy = $"Write file and function, as in SEC(\"{program.Kind}//usr/bin/bash:readline\") or SEC(\"{program.Kind}/libc.so.6:malloc\").",
            };
            if (target.Function is not null && file!.Interpreter is { } interpreter)
            {
                throw AttachFailure.NotElf(program, file, interpreter);
            }

            found.Add((file!, target));
        }

        return found;
    }

    /// <summary>Returns the offsets in the file: of the function of exactly this name, or else of those that match it as a pattern.</summary>
    /// <exception cref="BpfLoadException">The file has no such function.</exception>
    public IReadOnlyList<ulong> Places(ProgramDescription program, TargetFile file)
    {
        if (Function is null)
        {
            return [Offset];
        }

        ulong[] found = [.. file.Functions.Where(f => f.Name == Function).Select(f => f.Offset)];
        if (found.Length == 0 && TargetText.IsPattern(Function))
        {
            found = [.. file.Functions.Where(f => TargetText.Fits(Function, f.Name)).Select(f => f.Offset).Distinct()];
        }

        return found.Length > 0
            ? [.. found.Select(place => place + Offset)]
            : throw AttachFailure.NoTarget(program, Function, file.Functions.Select(f => f.Name), Libc.ENOENT, "", $" in {file}");
    }
}
