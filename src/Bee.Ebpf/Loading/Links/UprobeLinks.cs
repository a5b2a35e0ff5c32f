using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Ebpf;

/// <summary>Attaches uprobes and uretprobes, to all processes or to one; a pattern makes a link for each function that it fits.</summary>
internal static unsafe class UprobeLinks
{
    public static IEnumerable<IAttachment> Make(BpfProgram program, BpfSessionOptions options)
    {
        foreach (var target in UprobeTarget.All(program, options))
        {
            if (target.Function is { } pattern && TargetText.IsPattern(pattern))
            {
                foreach (var (_, offset) in UprobeTarget.Matching(program, target))
                {
                    yield return One(program, options, target with { Function = null, Offset = offset });
                }
            }
            else
            {
                yield return One(program, options, target);
            }
        }
    }

    private static LinkHandle One(BpfProgram program, BpfSessionOptions options, UprobeTarget target)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        var function = target.Function is null ? null : Encoding.UTF8.GetBytes(target.Function + '\0');
        fixed (byte* name = function)
        {
            var details = new LibbpfCalls.UprobeOptions
            {
                Size = (nuint)sizeof(LibbpfCalls.UprobeOptions),
                IsReturn = program.Description.Kind == "uretprobe" ? (byte)1 : (byte)0,
                FunctionName = name,
            };
            // The kernel takes a process by any of its threads: it is the address space that gets the breakpoint.
            var link = LibbpfCalls.AttachUprobe(program.Pointer, options.ProcessId ?? -1, target.Path, (nuint)target.Offset, &details);
            return link != 0 ? new LinkHandle(link) : throw AttachFailure.ExplainUprobe(program, target, Marshal.GetLastPInvokeError(), scope.Log.Text);
        }
    }
}
