using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Ebpf;

/// <summary>Attaches <c>uprobe.multi</c> programs: one link to many functions of a file.</summary>
internal static unsafe class UprobeMultiLinks
{
    private const uint IsReturn = 1;

    // It came with 6.6; until 6.10 narrowing to a process meant its first thread alone.
    private static readonly Version s_since = new(6, 6), s_narrowsSince = new(6, 10);

    /// <summary>Whether this kernel has such links, and narrows them to a process if that is asked for.</summary>
    public static bool SuitsKernel(AttachOptions options) => KernelHost.Current.Version >= (options.ProcessId is null ? s_since : s_narrowsSince);

    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        if (options.ProcessId is not null && KernelHost.Current.Version is { } version && version >= s_since && version < s_narrowsSince)
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
                    Program = program.Descriptor,
                    AttachType = KernelLink.UprobeMulti,
                    Path = path,
                    Offsets = start,
                    Count = (uint)offsets.Length,
                    UprobeFlags = program.Description.Kind is "uretprobe" or "uretprobe.multi" ? IsReturn : 0,
                    ProcessId = options.ProcessId ?? 0,
                });
                return link ?? throw (options.ProcessId is { } pid && Marshal.GetLastPInvokeError() == Libc.ESRCH
                    ? AttachFailure.NoProcess(program.Description, pid)
                    : AttachFailure.ExplainMulti(program, Marshal.GetLastPInvokeError(), ""));
            }
        }
    }
}
