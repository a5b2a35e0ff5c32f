using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Ebpf;

/// <summary>Attaches <c>uprobe.multi</c> programs: one link to many functions of a file.</summary>
internal static unsafe class UprobeMultiLinks
{
    private const uint IsReturn = 1;

    public static IEnumerable<IAttachment> Make(BpfProgram program, BpfSessionOptions options)
    {
        foreach (var target in UprobeTarget.All(program, options))
        {
            var offsets = target.Function is null ? [target.Offset] : BinaryFunctions.Matching(program, target).Select(f => f.Offset + target.Offset).Distinct().ToArray();
            yield return One(program, options, target, offsets);
        }
    }

    private static KernelLink One(BpfProgram program, BpfSessionOptions options, UprobeTarget target, ulong[] offsets)
    {
        fixed (byte* path = Encoding.UTF8.GetBytes(BinaryPaths.Resolve(target.Path) + '\0'))
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
                    UprobeFlags = program.Description.Kind == "uretprobe.multi" ? IsReturn : 0,
                    ProcessId = options.ProcessId ?? 0,
                });
                return link ?? throw AttachFailure.ExplainMulti(program, Marshal.GetLastPInvokeError(), "");
            }
        }
    }
}
